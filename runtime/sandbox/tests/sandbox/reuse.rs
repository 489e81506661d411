//! After any ending everything is given back, and the sandbox goes on.

use std::io;
use std::task::{Context, Poll};

use bytes::Bytes;
use sublet_sandbox::{Occupancy, Sandbox, Sink};
use sublet_scheduler::{CancelReason, LossReason, Outcome};

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core, spinner};
use crate::harness::{Collected, Guest, SHAPE, program_in, soon};

#[tokio::test(flavor = "multi_thread")]
async fn every_ending_gives_everything_back() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let component = format!(
        "{USE_STDOUT} (func (export \"run\") (result i32) (drop (call $get-stdout)) (i32.const 0))"
    );
    let texts = [
        core(&[], r#"(func (export "_start"))"#),
        core(
            &["proc_exit"],
            r#"(func (export "_start") (call $proc_exit (i32.const 3)))"#,
        ),
        core(
            &[],
            r#"(table 1000 funcref) (func (export "_start") unreachable)"#,
        ),
        core(&[], r#"(func (export "_start") (call 0))"#),
        "(module (memory 1000) (func (export \"_start\")))".to_owned(),
        spinner(),
        command(STDOUT, &component, WITH_STDOUT),
    ];
    for text in texts {
        let program = program_in(&sandbox, &text);
        for _ in 0..10 {
            let guest = Guest::of(&sandbox, &program)
                .limit(|limits| (limits.memory_bytes, limits.wall_ms) = (1 << 20, 20));
            guest.run().await;
            assert_eq!(sandbox.occupancy(), Occupancy::default(), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_future_that_is_dropped_gives_everything_back() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    let said = Collected::default();
    let running = tokio::spawn(Guest::of(&sandbox, &program).stdout(said.clone()).run());
    said.wait_for("x").await;
    assert_ne!(sandbox.occupancy(), Occupancy::default());
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(sandbox.occupancy(), Occupancy::default());
}

/// A host function with a bug.
struct Broken;

impl Sink for Broken {
    fn write(&mut self, _bytes: Bytes) -> io::Result<()> {
        panic!("this panic is part of the test")
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_host_function_ends_one_attempt_and_no_other() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let body = format!(
        r#"{WRITE} (func (export "_start") (drop (call $put (i32.const 1) (i32.const 1))))"#
    );
    let program = program_in(&sandbox, &core(&["fd_write"], &body));
    let said = Collected::default();
    let neighbour = Guest::of(&sandbox, &program_in(&sandbox, &spinner())).stdout(said.clone());
    let stop = neighbour.stop.clone();
    let neighbour = tokio::spawn(neighbour.run());
    said.wait_for("x").await;

    Guest::of(&sandbox, &program)
        .stdout(Broken)
        .ends(Outcome::Lost(LossReason::Panic))
        .await;
    Guest::of(&sandbox, &program).ends(Outcome::Succeeded).await;

    stop.request(CancelReason::Asked);
    assert_eq!(
        neighbour.await.unwrap().ending.outcome,
        Outcome::Cancelled(CancelReason::Asked)
    );
    assert_eq!(sandbox.occupancy(), Occupancy::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_the_shape_says_live_at_once() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    let mut running = Vec::new();
    for _ in 0..SHAPE.instances_max {
        let said = Collected::default();
        let guest = Guest::of(&sandbox, &program).stdout(said.clone());
        running.push((guest.stop.clone(), said, tokio::spawn(guest.run())));
    }
    for (_, said, _) in &running {
        soon(said.wait_for("x")).await;
    }
    assert_eq!(
        sandbox.occupancy().core_instances,
        u64::from(SHAPE.instances_max)
    );
    for (stop, _, guest) in running {
        stop.request(CancelReason::Asked);
        assert_eq!(
            guest.await.unwrap().ending.outcome,
            Outcome::Cancelled(CancelReason::Asked)
        );
    }
}
