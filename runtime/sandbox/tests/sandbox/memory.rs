//! Memory: what may grow, what may not, and what the next one finds.

use sublet_sandbox::{Sandbox, Shape};
use sublet_scheduler::{Limit, Outcome};

use crate::guests::{command, core};
use crate::harness::{Guest, MIB, PAGE, SHAPE, program_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_growth_answers_minus_one_and_the_guest_goes_on() {
    let text = r#"(module (memory 1)
        (func (export "_start")
            (if (i32.ne (memory.grow (i32.const 15)) (i32.const 1)) (then unreachable))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
            (if (i32.ne (memory.size) (i32.const 16)) (then unreachable))))"#;
    let ran = Guest::new(text)
        .limit(|limits| limits.memory_bytes = MIB)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.ending.usage.memory_denied, 1);
    assert_eq!(ran.ending.usage.memory_peak_bytes, 16 * PAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_after_a_denied_growth_is_the_memory_limit() {
    let text = r#"(module (memory 1)
        (func $allocate (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable)))
        (func (export "_start") (call $allocate)))"#;
    let guest = Guest::new(text).limit(|limits| limits.memory_bytes = MIB);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Memory)).await;
    assert_eq!(ran.ending.usage.memory_denied, 1);
    assert!(
        ran.detail()
            .starts_with("wasm trap: wasm `unreachable` instruction executed"),
        "{}",
        ran.detail()
    );
    assert!(
        ran.detail().contains("0: allocate at 0x"),
        "{}",
        ran.detail()
    );
    assert!(
        ran.detail()
            .ends_with("denied before once: the limit of memory is 1048576 bytes"),
        "{}",
        ran.detail()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_exit_after_a_denied_growth_keeps_its_code_and_tells() {
    let body = r#"(func (export "_start")
        (drop (memory.grow (i32.const 100))) (drop (memory.grow (i32.const 100))) (call $proc_exit (i32.const 1)))"#;
    let guest = Guest::new(&core(&["proc_exit"], body)).limit(|limits| limits.memory_bytes = MIB);
    let ran = guest.ends(Outcome::Failed(1)).await;
    assert_eq!(
        ran.detail(),
        "denied before 2 times: the limit of memory is 1048576 bytes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_minimum_above_the_limit_does_not_start() {
    let text = r#"(module (memory 17) (func (export "_start")))"#;
    let guest = Guest::new(text).limit(|limits| limits.memory_bytes = MIB);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Memory)).await;
    assert!(
        ran.detail().contains("memory minimum size of 17 pages"),
        "{}",
        ran.detail()
    );
    assert_eq!(ran.ending.usage.memory_peak_bytes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guests_own_maximum_is_not_our_denial() {
    let text = r#"(module (memory 1 2)
        (func (export "_start") (drop (memory.grow (i32.const 5))) unreachable))"#;
    let ran = Guest::new(text).run().await;
    assert_eq!(ran.ending.usage.memory_denied, 0);
    assert!(
        matches!(ran.ending.outcome, Outcome::Trapped(_)),
        "{ran:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn memories_of_a_component_are_summed() {
    // Three memories of five pages each; sixteen pages in all are allowed, so one more page passes and two do not.
    let other = r#"
        (core module $other (memory 5))
        (core instance (instantiate $other)) (core instance (instantiate $other))"#;
    let main = r#"(memory 5) (func (export "run") (result i32)
        (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const 5)) (then unreachable))
        (i32.const 0))"#;
    let ran = Guest::new(&command(other, main, "")).limit(|limits| limits.memory_bytes = MIB);
    let ran = ran.ends(Outcome::Succeeded).await;
    assert_eq!(ran.ending.usage.memory_denied, 1);
    assert_eq!(ran.ending.usage.memory_peak_bytes, 16 * PAGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_instance_finds_nothing_of_the_one_before() {
    let sandbox = Sandbox::new(Shape {
        instances_max: 1,
        ..SHAPE
    })
    .unwrap();
    let dirty = r#"(module (memory 1) (table 100 funcref) (elem declare func $f) (func $f)
        (func (export "_start")
            (drop (memory.grow (i32.const 31)))
            (memory.fill (i32.const 0) (i32.const 0xaa) (i32.const 2097152))
            (table.fill (i32.const 0) (ref.func $f) (i32.const 100))))"#;
    let looking = r#"(module (memory 1) (table 100 funcref) (func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 31)))
        (loop
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 2097152))))
        (local.set $at (i32.const 0))
        (loop
            (if (i32.eqz (ref.is_null (table.get (local.get $at)))) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 100))))))"#;
    let (dirty, looking) = (program_in(&sandbox, dirty), program_in(&sandbox, looking));
    for _ in 0..20 {
        Guest::of(&sandbox, &dirty).ends(Outcome::Succeeded).await;
        Guest::of(&sandbox, &looking).ends(Outcome::Succeeded).await;
    }
}
