//! What a guest reads and writes: complete, in order, held back, cut, closed.

use std::io;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use std::sync::{Arc, Mutex};
use sublet_sandbox::{Input, Sink};
use sublet_scheduler::Outcome;
use tokio::io::AsyncWriteExt;

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core};
use crate::harness::{Guest, MIB};

/// Copies its input to its output, 100 bytes at a time.
fn echo() -> String {
    let body = format!(
        r#"{WRITE}
           (func (export "_start") (local $length i32)
               (loop
                   (i32.store (i32.const 0) (i32.const 1024))
                   (i32.store (i32.const 4) (i32.const 100))
                   (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
                   (local.set $length (i32.load (i32.const 8)))
                   (if (local.get $length) (then
                       (if (call $put (i32.const 1) (local.get $length)) (then unreachable))
                       (br 1)))))"#
    );
    core(&["fd_read", "fd_write"], &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_input_there_is_the_end() {
    assert_eq!(
        Guest::new(&echo()).ends(Outcome::Succeeded).await.stdout,
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_arrive_complete() {
    let text: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    let guest = Guest::new(&echo()).stdin(Input::Bytes(Bytes::from(text.clone())));
    let ran = guest.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, text);
    assert_eq!(
        ran.ending.usage.stdout_bytes,
        u64::try_from(text.len()).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_arrives_as_it_comes_and_ends() {
    let (mut writer, reader) = tokio::io::duplex(16);
    let running = tokio::spawn(
        Guest::new(&echo())
            .stdin(Input::Reader(Box::new(reader)))
            .run(),
    );
    for number in 0..1000 {
        writer
            .write_all(format!("line {number}\n").as_bytes())
            .await
            .unwrap();
    }
    drop(writer);
    let ran = running.await.unwrap();
    assert_eq!(ran.ending.outcome, Outcome::Succeeded);
    assert_eq!(ran.stdout.lines().count(), 1000);
    assert_eq!(ran.stdout.lines().last(), Some("line 999"));
}

/// Writes `times` times 1,000 bytes of `x` to the stream `fd`.
fn flood(fd: u32, times: u32, then: &str) -> String {
    let body = format!(
        r#"{WRITE}
           (func (export "_start") (local $times i32)
               (memory.fill (i32.const 1024) (i32.const 120) (i32.const 1000))
               (loop
                   (if (call $put (i32.const {fd}) (i32.const 1000)) (then unreachable))
                   (local.set $times (i32.add (local.get $times) (i32.const 1)))
                   (br_if 0 (i32.lt_u (local.get $times) (i32.const {times}))))
               {then})"#
    );
    core(&["fd_write", "proc_exit"], &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn output_beyond_the_limit_is_cut_and_counted_and_the_guest_goes_on() {
    let guest = Guest::new(&flood(1, 1000, "(call $proc_exit (i32.const 7))"));
    let ran = guest
        .limit(|limits| limits.output_bytes = 1500)
        .ends(Outcome::Failed(7))
        .await;
    assert_eq!(ran.stdout, "x".repeat(1500));
    assert_eq!(ran.ending.usage.stdout_bytes, 1_000_000);
    assert_eq!(ran.ending.usage.output_cut_bytes, 998_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_streams_share_the_limit() {
    let then = "(drop (call $put (i32.const 2) (i32.const 700)))";
    let ran = Guest::new(&flood(1, 1, then))
        .limit(|limits| limits.output_bytes = 1500)
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!((ran.stdout.len(), ran.stderr.len()), (1000, 500));
    assert_eq!(ran.ending.usage.stderr_bytes, 700);
    assert_eq!(ran.ending.usage.output_cut_bytes, 200);
}

/// A reader that went away.
struct Gone;

impl Sink for Gone {
    fn write(&mut self, _bytes: Bytes) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_pipe_is_an_error_that_the_guest_can_live_with() {
    // 29 is EIO, the word of WASI 0.1 for a closed stream.
    let body = format!(
        r#"{WRITE} (func (export "_start") (call $proc_exit (call $put (i32.const 1) (i32.const 10))))"#
    );
    Guest::new(&core(&["fd_write", "proc_exit"], &body))
        .stdout(Gone)
        .ends(Outcome::Failed(29))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_told_that_the_stream_is_closed() {
    // The result is a tag at 0, and the case of the error at 4: 1 is closed.
    let main = format!(
        r#"{USE_STDOUT} (func (export "run") (result i32)
            (call $write (call $get-stdout) (i32.const 64) (i32.const 6) (i32.const 0))
            (i32.eqz (i32.and (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 4)))))"#
    );
    Guest::new(&command(STDOUT, &main, WITH_STDOUT))
        .stdout(Gone)
        .ends(Outcome::Succeeded)
        .await;
}

/// Takes one chunk at a time; [`Slow::take`] makes room for the next.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<SlowState>>);

#[derive(Default)]
struct SlowState {
    held: Option<Bytes>,
    waiting: Option<Waker>,
}

impl Sink for Slow {
    fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let before = self.0.lock().unwrap().held.replace(bytes);
        assert!(before.is_none(), "written to without being ready");
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.held.is_none() {
            return Poll::Ready(());
        }
        state.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Slow {
    fn take(&self) -> Option<Bytes> {
        let mut state = self.0.lock().unwrap();
        let taken = state.held.take();
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
        taken
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_taker_holds_the_guest_back_and_loses_nothing() {
    let slow = Slow::default();
    let running = tokio::spawn(Guest::new(&flood(1, 100, "")).stdout(slow.clone()).run());
    let mut taken = 0;
    while taken < 100_000 {
        taken += slow.take().map_or(0, |bytes| bytes.len());
        tokio::task::yield_now().await;
    }
    assert_eq!(running.await.unwrap().ending.outcome, Outcome::Succeeded);
    assert_eq!(taken, 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_cannot_hand_over_more_than_a_mebibyte() {
    // 48 is ENOMEM.
    let body = format!(
        r#"{WRITE} (func (export "_start")
            (drop (memory.grow (i32.const 64)))
            (if (call $put (i32.const 1) (i32.const 1000000)) (then unreachable))
            (call $proc_exit (call $put (i32.const 1) (i32.const 2000000))))"#
    );
    let ran = Guest::new(&core(&["fd_write", "proc_exit"], &body))
        .ends(Outcome::Failed(48))
        .await;
    assert_eq!(ran.ending.usage.stdout_bytes, 1_000_000);
    assert!(ran.ending.usage.stdout_bytes < MIB);
}
