//! Guests that spin cost their own share: others on the same threads go on.

use sublet_scheduler::{CancelReason, Outcome};

use crate::guests::spinner;
use crate::harness::{Collected, Guest, program_in, sandbox};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_jobs_finish_beside_more_spinners_than_threads() {
    let program = program_in(sandbox(), &spinner());
    let mut spinners = Vec::new();
    for _ in 0..6 {
        let said = Collected::default();
        let guest = Guest::of(sandbox(), &program)
            .limit(|limits| limits.wall_ms = u64::MAX)
            .stdout(said.clone());
        let stop = guest.stop.clone();
        spinners.push((stop, tokio::spawn(guest.run())));
        said.wait_for("x").await;
    }
    let short = program_in(sandbox(), r#"(module (func (export "_start")))"#);
    for _ in 0..50 {
        // Once from a thread that is not the runtime's, once from one that is.
        tokio::spawn(Guest::of(sandbox(), &short).ends(Outcome::Succeeded))
            .await
            .unwrap();
        Guest::of(sandbox(), &short).ends(Outcome::Succeeded).await;
    }
    for (stop, running) in spinners {
        assert!(!running.is_finished());
        stop.request(CancelReason::Asked);
        assert_eq!(
            running.await.unwrap().ending.outcome,
            Outcome::Cancelled(CancelReason::Asked)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spinners_get_processor_time_in_equal_parts() {
    let program = program_in(sandbox(), &spinner());
    let guests = (0..6).map(|_| {
        let guest = Guest::of(sandbox(), &program).limit(|limits| limits.wall_ms = 1500);
        tokio::spawn(guest.run())
    });
    let mut spent = Vec::new();
    for guest in guests.collect::<Vec<_>>() {
        spent.push(guest.await.unwrap().ending.usage.cpu_us);
    }
    let (least, most) = (spent.iter().min().unwrap(), spent.iter().max().unwrap());
    assert!(*most <= least.saturating_mul(4), "{spent:?}");
}
