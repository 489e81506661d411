//! Tables: as for memory, summed over all of them.

use sublet_scheduler::{Limit, Outcome};

use crate::harness::Guest;

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_growth_answers_minus_one_and_the_guest_goes_on() {
    // Two tables of forty; a hundred elements in all are allowed.
    let text = r#"(module (table $a 40 funcref) (table $b 40 funcref)
        (func (export "_start")
            (if (i32.ne (table.grow $a (ref.null func) (i32.const 20)) (i32.const 40)) (then unreachable))
            (if (i32.ne (table.grow $b (ref.null func) (i32.const 1)) (i32.const -1)) (then unreachable))))"#;
    let ran = Guest::new(text)
        .limit(|limits| limits.table_elements = 100)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.ending.usage.tables_denied, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_after_a_denied_growth_is_the_table_limit() {
    let text = r#"(module (table 1 funcref)
        (func (export "_start") (drop (table.grow (ref.null func) (i32.const 100))) unreachable))"#;
    let guest = Guest::new(text).limit(|limits| limits.table_elements = 100);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Tables)).await;
    assert_eq!(ran.ending.usage.tables_denied, 1);
    assert!(
        ran.detail().ends_with("the limit of table elements is 100"),
        "{}",
        ran.detail()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_minimum_above_the_limit_does_not_start() {
    let text = r#"(module (table 101 funcref) (func (export "_start")))"#;
    let guest = Guest::new(text).limit(|limits| limits.table_elements = 100);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Tables)).await;
    assert!(
        ran.detail().contains("table minimum size of 101 elements"),
        "{}",
        ran.detail()
    );
}
