//! What one run costs. Not a test: it prints figures, to be compared with others of the same machine and hour.

use std::time::Instant;

use sublet_scheduler::Outcome;

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core};
use crate::harness::{Guest, program_in, sandbox};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures; run with --release -- --ignored --nocapture floor"]
async fn floor() {
    let hello = format!(
        r#"{WRITE} (data (i32.const 1024) "hello\n")
           (func (export "_start") (drop (call $put (i32.const 1) (i32.const 6))))"#
    );
    let hello2 = format!(
        r#"{USE_STDOUT} (data (i32.const 64) "hello\n") (func (export "run") (result i32)
            (call $write (call $get-stdout) (i32.const 64) (i32.const 6) (i32.const 0)) (i32.const 0))"#
    );
    for (name, text) in [
        (
            "core, nothing",
            r#"(module (func (export "_start")))"#.to_owned(),
        ),
        ("core, hello", core(&["fd_write"], &hello)),
        (
            "component, nothing",
            command(
                "",
                r#"(func (export "run") (result i32) (i32.const 0))"#,
                "",
            ),
        ),
        ("component, hello", command(STDOUT, &hello2, WITH_STDOUT)),
    ] {
        let program = program_in(sandbox(), &text);
        const TIMES: u32 = 20_000;
        let mut best = u128::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            for _ in 0..TIMES {
                Guest::of(sandbox(), &program)
                    .ends(Outcome::Succeeded)
                    .await;
            }
            best = best.min(began.elapsed().as_nanos() / u128::from(TIMES));
        }
        println!("{name}: {:.2} us", best as f64 / 1000.0);
    }
}
