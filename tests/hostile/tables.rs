//! Tables: growth, sums over several, minimums, and elements that a module brings along.

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, exceeded, succeeded};

static GROUND: Ground = Ground::new("");

const TABLES: Counter = Counter::limit("tables");
/// How a record says which limit there was.
const LIMIT: &str = "the limit of table elements is 20000";

/// Two tables that grow in turns until neither may; then `$then`.
fn grower(then: &str) -> String {
    let grow = |table: &str| {
        format!(
            "(loop (br_if 0 (i32.ne (table.grow {table} (ref.null func) (i32.const 100)) (i32.const -1))))"
        )
    };
    let (first, second) = (grow("$a"), grow("$b"));
    format!(
        r#"(module (table $a 1 funcref) (table $b 1 funcref)
            (func (export "_start") {first} {second} {then}))"#
    )
}

#[test]
fn growth_beyond_the_limit_of_all_tables_is_denied_and_counted() {
    besiege(&GROUND, &[Counter::Usage("/tables_denied")], |siege| {
        let job = siege.wave(&wat("tables-grow-and-live", &grower("")), &[]);
        siege.each_ends(&job, &succeeded(), "");
        assert_eq!(siege.server.job(&job)["usage"]["tables_denied"], 12);
    });
}

#[test]
fn guests_that_die_of_a_denied_table_are_ended_by_their_tables() {
    besiege(&GROUND, &[TABLES], |siege| {
        let guest = wat("tables-grow-and-die", &grower("unreachable"));
        let job = siege.launch(&guest, &["--array", "0-99"], "");
        siege.each_ends(&job, &exceeded("tables"), LIMIT);
    });
}

#[test]
fn one_growth_by_more_than_there_is_takes_nothing() {
    let text = r#"(module (table 1 funcref)
        (func (export "_start")
            (loop
                (if (i32.ne (table.grow (ref.null func) (i32.const 0xfffffff0)) (i32.const -1)) (then unreachable))
                (br 0))))"#;
    besiege(&GROUND, &[Counter::Usage("/tables_denied")], |siege| {
        let job = siege.wave(&wat("asks-for-all-tables", text), &["--cpu-time", "100ms"]);
        siege.each_ends(
            &job,
            &exceeded("cpu"),
            "the limit of processor time is 100 ms",
        );
    });
}

#[test]
fn tables_and_elements_that_a_module_brings_are_bounded_before_the_compiler() {
    let elements = |count: usize| {
        format!(
            "(table 1 funcref) (func $f) (elem func {})",
            "$f ".repeat(count)
        )
    };
    besiege(&GROUND, &[Counter::refusal("S0405")], |siege| {
        for (fields, words) in [
            ("(table 20001 funcref)".to_owned(), "20001 initial elements"),
            ("(table 1 funcref)".repeat(17), "the limit is"),
            (
                elements(1_000_001),
                "1000001 elements in segments, the limit is 1000000",
            ),
        ] {
            let text = format!(r#"(module {fields} (func (export "_start")))"#);
            siege.upload_is_refused(&wat::parse_str(text).unwrap(), "S0405", words);
        }
    });
}

#[test]
fn minimums_that_are_too_much_in_sum_do_not_start() {
    let text = r#"(module (table 15000 funcref) (table 15000 funcref) (func (export "_start")))"#;
    besiege(&GROUND, &[TABLES], |siege| {
        let job = siege.wave(&wat("tables-in-sum", text), &[]);
        siege.each_ends(&job, &exceeded("tables"), "20000");
    });
}
