//! Both kinds of wasm, end to end: greetings, exits, arguments, variables, clocks.

use sublet_sandbox::gate::limits;
use sublet_scheduler::Outcome;

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core};
use crate::harness::Guest;

#[tokio::test(flavor = "multi_thread")]
async fn a_core_module_says_hello() {
    let body = format!(
        r#"{WRITE} (data (i32.const 1024) "hello\n")
           (func (export "_start") (drop (call $put (i32.const 1) (i32.const 6))))"#
    );
    let ran = Guest::new(&core(&["fd_write"], &body))
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.stdout, "hello\n");
    assert_eq!(ran.ending.usage.stdout_bytes, 6);
    assert_eq!(ran.ending.detail, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_says_hello() {
    let main = format!(
        r#"{USE_STDOUT} (data (i32.const 64) "hello\n")
           (func (export "run") (result i32)
               (call $write (call $get-stdout) (i32.const 64) (i32.const 6) (i32.const 0))
               (i32.load8_u (i32.const 0)))"#
    );
    let ran = Guest::new(&command(STDOUT, &main, WITH_STDOUT))
        .ends(Outcome::Succeeded)
        .await;
    assert_eq!(ran.stdout, "hello\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_returns_an_error_failed() {
    let main = r#"(func (export "run") (result i32) (i32.const 1))"#;
    Guest::new(&command("", main, ""))
        .ends(Outcome::Failed(1))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_may_be_made_of_as_many_core_instances_as_the_gate_passes() {
    // What gathers exports under a name beside them is none, for the gate and for the pool.
    let others: String = (1..limits::CORE_INSTANCES.max)
        .map(|number| {
            format!(
                r#"(core instance $other{number} (instantiate $other))
                   (core instance (export "f" (func $other{number} "f")))"#
            )
        })
        .collect();
    let imports = format!(r#"(core module $other (func (export "f"))) {others}"#);
    let main = r#"(func (export "run") (result i32) (i32.const 0))"#;
    Guest::new(&command(&imports, main, ""))
        .ends(Outcome::Succeeded)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_exit_code_of_a_core_module_arrives() {
    for (code, outcome) in [
        (0, Outcome::Succeeded),
        (3, Outcome::Failed(3)),
        (125, Outcome::Failed(125)),
        (126, Outcome::Failed(126)),
        (255, Outcome::Failed(255)),
        (-1, Outcome::Failed(-1)),
    ] {
        let body =
            format!(r#"(func (export "_start") (call $proc_exit (i32.const {code})) unreachable)"#);
        Guest::new(&core(&["proc_exit"], &body)).ends(outcome).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_exit_code_of_a_component_arrives() {
    for (code, outcome) in [
        (0, Outcome::Succeeded),
        (3, Outcome::Failed(3)),
        (255, Outcome::Failed(255)),
    ] {
        let imports = r#"
            (import "wasi:cli/exit@0.2.12" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
            (core func $exit (canon lower (func $exit "exit-with-code")))"#;
        let main = format!(
            r#"(import "host" "exit" (func $exit (param i32)))
               (func (export "run") (result i32) (call $exit (i32.const {code})) unreachable)"#
        );
        let with = r#"(with "host" (instance (export "exit" (func $exit))))"#;
        Guest::new(&command(imports, &main, with))
            .ends(outcome)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_and_variables_arrive_and_nothing_else() {
    // Prints both blocks of strings as they stand in memory.
    let body = format!(
        r#"{WRITE}
           (func (export "_start")
               (drop (call $args_get (i32.const 32) (i32.const 1024)))
               (drop (call $args_sizes_get (i32.const 512) (i32.const 516)))
               (drop (call $put (i32.const 1) (i32.load (i32.const 516))))
               (drop (call $environ_get (i32.const 32) (i32.const 1024)))
               (drop (call $environ_sizes_get (i32.const 512) (i32.const 516)))
               (drop (call $put (i32.const 1) (i32.load (i32.const 516)))))"#
    );
    let functions = [
        "fd_write",
        "args_get",
        "args_sizes_get",
        "environ_get",
        "environ_sizes_get",
    ];
    let guest = Guest::new(&core(&functions, &body))
        .arg("--fast")
        .env("A", "1")
        .env("B", "zwei");
    assert_eq!(
        guest.ends(Outcome::Succeeded).await.stdout,
        "guest\0--fast\0A=1\0B=zwei\0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_go_in_milliseconds() {
    let check = |clock: u32| {
        format!(
            "(drop (call $clock_time_get (i32.const {clock}) (i64.const 0) (i32.const 0)))
             (if (i64.ne (i64.rem_u (i64.load (i32.const 0)) (i64.const 1000000)) (i64.const 0)) (then unreachable))
             (drop (call $clock_res_get (i32.const {clock}) (i32.const 0)))
             (if (i64.ne (i64.load (i32.const 0)) (i64.const 1000000)) (then unreachable))"
        )
    };
    let body = format!(r#"(func (export "_start") {} {})"#, check(0), check(1));
    Guest::new(&core(&["clock_time_get", "clock_res_get"], &body))
        .ends(Outcome::Succeeded)
        .await;
}
