//! Shares of the processors: kept to where nothing beyond is allowed, gone beyond only with what nobody else wants.
//!
//! Every comparison is one of processor times that guests of the same run had, so a busy machine slows all of them and
//! changes none of the ratios.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use sublet_sandbox::{Burst, Occupancy, Program, Sandbox, Share};
use sublet_scheduler::{CancelReason, Limit, Outcome};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::guests::{core, spinner};
use crate::harness::{Collected, Guest, MIB, Ran, SHAPE, program_in, soon};

/// Threads for guests that all have one processor, and what they start inherits that.
fn one_processor() -> Runtime {
    let pin = || {
        let mine = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| mine.is_set(*cpu)).unwrap();
        let mut one = CpuSet::new();
        one.set(first);
        sched_setaffinity(None, &one).unwrap();
    };
    Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(pin)
        .enable_all()
        .build()
        .unwrap()
}

/// A guest that computes until its wall time is over.
fn spin(sandbox: &Sandbox, program: &Program, share: Share, wall_ms: u64) -> JoinHandle<Ran> {
    let guest = Guest::of(sandbox, program)
        .share(share)
        .limit(|limits| limits.wall_ms = wall_ms);
    tokio::spawn(guest.run())
}

/// What a guest used, in microseconds of processor time, and in how many of wall time.
#[derive(Clone, Copy, Debug)]
struct Used {
    cpu_us: u64,
    wall_us: u64,
}

impl Used {
    /// What a slot of this share may use in that time, with what its bucket held at first.
    const fn entitled_us(self, cpu_millis: u64) -> u64 {
        (self.wall_us + 1_000_000) * cpu_millis / 1000
    }
}

/// A guest may end in the middle of a turn.
const TURN_US: u64 = 10_000;

/// Guests with these shares, side by side on one processor that is not enough for them all.
fn side_by_side(shares: &[(u64, Burst)]) -> Vec<Used> {
    const WALL_MS: u64 = 6000;
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    one_processor().block_on(async {
        let guests: Vec<_> = shares
            .iter()
            .map(|(cpu_millis, burst)| {
                let share = Share::new(*cpu_millis, *burst);
                spin(&sandbox, &program, share, WALL_MS)
            })
            .collect();
        let mut used = Vec::new();
        for guest in guests {
            let ran = soon(guest).await.unwrap();
            let wall = Outcome::LimitExceeded(Limit::Wall);
            assert_eq!(ran.ending.outcome, wall, "{ran:#?}");
            used.push(Used {
                cpu_us: ran.ending.usage.cpu_us,
                wall_us: ran.ending.usage.wall_us,
            });
        }
        used
    })
}

const CONTENDER: (u64, Burst) = (1, Burst::Allowed);

#[test]
fn guests_of_one_user_get_processor_time_in_the_ratio_of_their_shares() {
    // Little enough for the busiest machine, beside others that take what is left.
    let used = side_by_side(&[
        (20, Burst::Forbidden),
        (40, Burst::Forbidden),
        (80, Burst::Forbidden),
        CONTENDER,
        CONTENDER,
    ]);
    let [one, two, four, ..] = &used[..] else {
        panic!("five guests ran: {used:?}");
    };
    for (least, most, times) in [(one, two, 2), (two, four, 2), (one, four, 4)] {
        let expected = least.cpu_us * times;
        assert!(
            most.cpu_us.abs_diff(expected) <= expected / 10 + TURN_US * times,
            "not {times} times as much within a tenth: {used:?}"
        );
    }
}

#[test]
fn a_guest_that_may_not_burst_has_no_more_than_its_share() {
    let shares = [(50, Burst::Forbidden), (300, Burst::Forbidden)];
    let used = side_by_side(&shares);
    for (used, (cpu_millis, _)) in used.iter().zip(shares) {
        let most = used.entitled_us(cpu_millis);
        assert!(used.cpu_us <= most + most / 10 + TURN_US, "{used:?}");
    }
}

#[test]
fn a_burst_costs_a_neighbour_nothing_of_its_share() {
    // More than an equal part beside the threads of the lane.
    const SHARE: u64 = 600;
    let contenders = [CONTENDER; 6];
    let mut seen = Vec::new();
    // A window in which the rest of the machine took the processor says nothing, so there are several.
    let kept = (0..5).any(|_| {
        let used = side_by_side(&[&[(SHARE, Burst::Forbidden)], &contenders[..]].concat());
        let (neighbour, bursting) = used.split_first().unwrap();
        let taken: u64 = bursting.iter().map(|used| used.cpu_us).sum();
        seen.push((*neighbour, taken));
        let has_its_share = neighbour.cpu_us + TURN_US >= neighbour.entitled_us(SHARE) * 9 / 10;
        // Where the rest leaves less than the share, a burst must have found next to nothing.
        has_its_share || taken * 10 <= neighbour.cpu_us
    });
    assert!(kept, "the neighbour and the bursts had {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_goes_on_with_what_nobody_else_wants() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    // By its share alone it would come to this limit after 300 seconds.
    let guest = Guest::of(&sandbox, &program)
        .share(Share::new(1, Burst::Allowed))
        .limit(|limits| {
            limits.cpu_ms = Some(300);
            limits.wall_ms = u64::MAX;
        });
    guest.ends(Outcome::LimitExceeded(Limit::Cpu)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_far_beyond_its_share_is_stopped_where_it_is() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    let mut running = Vec::new();
    for _ in 0..6 {
        let said = Collected::default();
        let guest = Guest::of(&sandbox, &program)
            .share(Share::new(1, Burst::Allowed))
            .limit(|limits| limits.wall_ms = u64::MAX)
            .stdout(said.clone());
        let stop = guest.stop.clone();
        running.push((stop, tokio::spawn(guest.run())));
        said.wait_for("x").await;
    }
    for (stop, guest) in running {
        stop.request(CancelReason::Asked);
        let ran = soon(guest).await.unwrap();
        assert_eq!(ran.ending.outcome, Outcome::Cancelled(CancelReason::Asked));
    }
    assert_eq!(sandbox.occupancy(), Occupancy::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_that_nobody_waits_for_ends_also_beyond_its_share() {
    let sandbox = Sandbox::new(SHAPE).unwrap();
    let program = program_in(&sandbox, &spinner());
    let said = Collected::default();
    let guest = Guest::of(&sandbox, &program)
        .share(Share::new(1, Burst::Allowed))
        .limit(|limits| limits.wall_ms = u64::MAX)
        .stdout(said.clone());
    let running = tokio::spawn(guest.run());
    said.wait_for("x").await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    soon(async {
        while sandbox.occupancy() != Occupancy::default() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Says `x`, then uses far more of its share in one instruction than it gets back within the deadline of these tests.
fn overdraws() -> String {
    let body = r#"
        (memory (export "memory") 2048)
        (data (i32.const 0) "\08\00\00\00\01\00\00\00x")
        (func $fill (memory.fill (i32.const 65536) (i32.const 1) (i32.const 0x7fe0000)))
        (func $spin (loop (br 0)))
        (func (export "_start")
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))
            (call $fill) (call $spin))"#;
    core(&["fd_write"], "").replace(r#"(memory (export "memory") 1)"#, body)
}

fn overdrawn() -> (Guest, Collected) {
    let said = Collected::default();
    let guest = Guest::new(&overdraws())
        .share(Share::new(1, Burst::Forbidden))
        .limit(|limits| {
            limits.memory_bytes = 256 * MIB;
            limits.wall_ms = u64::MAX;
        })
        .stdout(said.clone());
    (guest, said)
}

// On one thread, so that the guest has come as far as it comes whenever the test goes on.
#[tokio::test]
async fn a_guest_that_waits_for_its_share_is_stopped_at_once() {
    let (guest, said) = overdrawn();
    let stop = guest.stop.clone();
    let running = tokio::spawn(guest.run());
    said.wait_for("x").await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    stop.request(CancelReason::Asked);
    let ran = soon(running).await.unwrap();
    assert_eq!(
        ran.ending.outcome,
        Outcome::Cancelled(CancelReason::Asked),
        "{ran:#?}"
    );
}

#[tokio::test]
async fn a_guest_that_waits_for_its_share_keeps_to_its_wall_time() {
    let (guest, _said) = overdrawn();
    let guest = guest.limit(|limits| limits.wall_ms = 1000);
    let ran = guest.ends(Outcome::LimitExceeded(Limit::Wall)).await;
    let usage = ran.ending.usage;
    assert!(usage.cpu_us > 61_000, "it has to be beyond it: {usage:?}");
}
