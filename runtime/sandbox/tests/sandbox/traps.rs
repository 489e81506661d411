//! Each thing that WebAssembly forbids has its word.

use sublet_scheduler::{Outcome, TrapKind};

use crate::guests::core;
use crate::harness::Guest;

async fn check(text: &str, kind: TrapKind) {
    let ran = Guest::new(text).ends(Outcome::Trapped(kind)).await;
    assert!(!ran.detail().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trap_has_its_kind() {
    let cases = [
        ("unreachable", TrapKind::Unreachable),
        (
            "(drop (i32.load (i32.const 65536)))",
            TrapKind::MemoryOutOfBounds,
        ),
        (
            "(memory.fill (i32.const 65000) (i32.const 0) (i32.const 1000))",
            TrapKind::MemoryOutOfBounds,
        ),
        (
            "(drop (table.get (i32.const 3)))",
            TrapKind::TableOutOfBounds,
        ),
        ("(call_indirect (i32.const 3))", TrapKind::TableOutOfBounds),
        ("(call_indirect (i32.const 0))", TrapKind::BadIndirectCall),
        (
            "(call_indirect (param i64) (i64.const 0) (i32.const 1))",
            TrapKind::BadIndirectCall,
        ),
        (
            "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
            TrapKind::DivisionByZero,
        ),
        (
            "(drop (i32.rem_u (i32.const 1) (i32.const 0)))",
            TrapKind::DivisionByZero,
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            TrapKind::IntegerOverflow,
        ),
        (
            "(drop (i32.trunc_f32_s (f32.const 1e10)))",
            TrapKind::IntegerOverflow,
        ),
        (
            "(drop (i32.trunc_f32_s (f32.const nan)))",
            TrapKind::IntegerOverflow,
        ),
        ("(call $deep)", TrapKind::StackOverflow),
    ];
    for (code, kind) in cases {
        let text = format!(
            r#"(module (memory 1) (table 3 funcref) (elem (i32.const 1) $f)
                (func $f) (func $deep (call $deep) (call $f)) (func (export "_start") {code}))"#
        );
        check(&text, kind).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_function_that_traps_is_a_trap() {
    check(
        r#"(module (start $s) (func $s unreachable) (func (export "_start")))"#,
        TrapKind::Unreachable,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_that_leaves_the_memory_is_refused_by_the_host_function() {
    let body =
        r#"(func (export "_start") (drop (call $random_get (i32.const 65530) (i32.const 100))))"#;
    check(&core(&["random_get"], body), TrapKind::HostCall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_tells_where_it_was() {
    let text = r#"(module
        (func $inner unreachable) (func $outer (call $inner)) (func (export "_start") (call $outer)))"#;
    let ran = Guest::new(text)
        .ends(Outcome::Trapped(TrapKind::Unreachable))
        .await;
    let lines: Vec<_> = ran.detail().lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.detail());
    assert_eq!(
        lines[0],
        "wasm trap: wasm `unreachable` instruction executed"
    );
    assert!(lines[1].starts_with("  0: inner at 0x"), "{}", lines[1]);
    assert!(lines[2].starts_with("  1: outer at 0x"), "{}", lines[2]);
    assert!(
        lines[3].starts_with("  2: function 2 at 0x"),
        "{}",
        lines[3]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_behind_tail_calls_does_not_confuse_the_backtrace() {
    let text = r#"(module
        (func $even (param i32) (if (i32.eqz (local.get 0)) (then unreachable))
            (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
        (func $odd (param i32) (return_call $even (i32.sub (local.get 0) (i32.const 1))))
        (func (export "_start") (call $even (i32.const 100000))))"#;
    check(text, TrapKind::Unreachable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_a_guest_made_up_are_escaped_and_bounded() {
    let long = "x".repeat(3000);
    let text = format!(
        r#"(module (func $"evil\1b[2J" unreachable) (func $"{long}" (call 0)) (func (export "_start") (call 1)))"#
    );
    let ran = Guest::new(&text)
        .ends(Outcome::Trapped(TrapKind::Unreachable))
        .await;
    assert!(ran.detail().contains(r"evil\u{1b}[2J"), "{}", ran.detail());
    assert!(ran.detail().len() < 1000, "{}", ran.detail().len());
}
