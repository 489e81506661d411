//! Stacks: of guests that call themselves, and of whoever reads what is nested.

use crate::harness::wat;
use crate::siege::{Counter, Ground, besiege, trapped};

static GROUND: Ground = Ground::new("");

const OVERFLOW: Counter = Counter::trap("stack_overflow");
const NESTED: Counter = Counter::refusal("S0405");
const WORDS: &str = "call stack exhausted";

#[track_caller]
fn overflows(name: &str, text: &str) {
    besiege(&GROUND, &[OVERFLOW], |siege| {
        let job = siege.launch(&wat(name, text), &["--array", "0-59"], "");
        siege.each_ends(&job, &trapped("stack_overflow"), WORDS);
    });
}

#[test]
fn endless_recursion_is_the_end_of_its_attempt_alone() {
    overflows(
        "recursion",
        r#"(module (func $f (export "_start") (call $f) (call $f)))"#,
    );
}

#[test]
fn recursion_before_the_first_line_is_no_different() {
    overflows(
        "starts-recursion",
        r#"(module (start $f) (func $f (call $f) (call $f)) (func (export "_start")))"#,
    );
}

#[test]
fn recursion_through_a_table_with_wide_frames_is_no_different() {
    // Each frame keeps 200 values alive over the call, so that few of them are large.
    let keep: String = (0..200)
        .map(|local| format!("(local.set {local} (i64.load (i32.const {})))", local * 8))
        .collect();
    let sum: String = (0..200)
        .map(|local| format!("(i64.store (i32.const {}) (local.get {local}))", local * 8))
        .collect();
    let text = format!(
        r#"(module (memory 1) (table 2 funcref) (elem (i32.const 0) $even $odd)
            (func $even (local {}) {keep} (call_indirect (i32.const 1)) {sum})
            (func $odd (call_indirect (i32.const 0)) (i64.store (i32.const 0) (i64.const 1)))
            (func (export "_start") (call $even)))"#,
        "i64 ".repeat(200)
    );
    overflows("recursion-with-wide-frames", &text);
}

#[test]
fn blocks_without_end_inside_each_other_are_refused() {
    besiege(&GROUND, &[NESTED], |siege| {
        for depth in [4_097, 100_000] {
            let code = "block ".repeat(depth) + &"end ".repeat(depth);
            let text = format!(r#"(module (func (export "_start") {code}))"#);
            let words = "blocks inside each other, the limit is 4096";
            siege.upload_is_refused(&wat::parse_str(text).unwrap(), "S0405", words);
        }
    });
}

#[test]
fn components_without_end_inside_each_other_are_refused() {
    besiege(&GROUND, &[NESTED], |siege| {
        for depth in [11, 90] {
            let text = "(component ".repeat(depth + 1) + &")".repeat(depth + 1);
            let words = "components inside each other, the limit is 10";
            siege.upload_is_refused(&wat::parse_str(text).unwrap(), "S0405", words);
        }
    });
}
