//! What one run costs, beside wasmtime alone in the same minute. Not a test: it prints figures of this machine.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use sublet_sandbox::{Input, Instance, Program};
use sublet_scheduler::{Limits, Outcome};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig, Store,
};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtxBuilder, p2};

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, WRITE, command, core};
use crate::harness::{Collected, program_in, sandbox};

const TIMES: u32 = 10_000;
const ROUNDS: u32 = 7;

#[tokio::test]
#[ignore = "prints figures: run it alone, with `--ignored --nocapture floor`"]
async fn floor() {
    let hello = format!(
        r#"{WRITE} (data (i32.const 1024) "hello\n")
           (func (export "_start") (drop (call $put (i32.const 1) (i32.const 6))))"#
    );
    let hello_component = format!(
        r#"{USE_STDOUT} (data (i32.const 64) "hello\n") (func (export "run") (result i32)
            (call $write (call $get-stdout) (i32.const 64) (i32.const 6) (i32.const 0)) (i32.const 0))"#
    );
    let nothing = r#"(module (func (export "_start")))"#.to_owned();
    let nothing_component = command(
        "",
        r#"(func (export "run") (result i32) (i32.const 0))"#,
        "",
    );
    for (name, text, is_component) in [
        ("core, nothing", nothing, false),
        ("core, hello", core(&["fd_write"], &hello), false),
        ("component, nothing", nothing_component, true),
        (
            "component, hello",
            command(STDOUT, &hello_component, WITH_STDOUT),
            true,
        ),
    ] {
        let program = program_in(sandbox(), &text);
        let ours = cost(|| run(&program)).await;
        let bare = if is_component {
            bare_component(&text).await
        } else {
            bare_core(&text).await
        };
        println!("{name}: {ours:.2?}, wasmtime alone {bare:.2?}");
    }
}

/// Processor time of one round, the best of some.
async fn cost<F: Future<Output = ()>>(run: impl Fn() -> F) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let before = thread_time();
        for _ in 0..TIMES {
            run().await;
        }
        best = best.min(thread_time() - before);
    }
    best / TIMES
}

fn thread_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

async fn run(program: &Program) {
    let instance = Instance {
        args: Arc::from([String::from("guest")]),
        env: Arc::from([]),
        attempt_env: Vec::new(),
        limits: Limits::default(),
        share: None,
        directories: Vec::new(),
        network: None,
        stdin: Input::Empty,
        stdout: Box::new(Collected::default()),
        stderr: Box::new(Collected::default()),
        job: None,
        stop: sandbox().stop_handle(),
    };
    assert_eq!(
        sandbox().run(program, instance).await.outcome,
        Outcome::Succeeded
    );
}

fn bare_engine() -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    pool.linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(wasmtime::Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true);
    Engine::new(&config).unwrap()
}

fn bare_context() -> WasiP1Ctx {
    WasiCtxBuilder::new()
        .arg("guest")
        .stdout(MemoryOutputPipe::new(4096))
        .build_p1()
}

async fn bare_core(text: &str) -> Duration {
    let engine = bare_engine();
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_async(&mut linker, |context: &mut WasiP1Ctx| context).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let instance = linker.instantiate_pre(&module).unwrap();
    cost(|| async {
        let mut store = Store::new(&engine, bare_context());
        store.set_epoch_deadline(1);
        let instance = instance.instantiate_async(&mut store).await.unwrap();
        let start = instance
            .get_typed_func::<(), ()>(&mut store, "_start")
            .unwrap();
        start.call_async(&mut store, ()).await.unwrap();
    })
    .await
}

async fn bare_component(text: &str) -> Duration {
    let engine = bare_engine();
    let mut linker = wasmtime::component::Linker::new(&engine);
    p2::add_to_linker_async::<WasiP1Ctx>(&mut linker).unwrap();
    let component =
        wasmtime::component::Component::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let command =
        p2::bindings::CommandPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    cost(|| async {
        let mut store = Store::new(&engine, bare_context());
        store.set_epoch_deadline(1);
        let command = command.instantiate_async(&mut store).await.unwrap();
        command
            .wasi_cli_run()
            .call_run(&mut store)
            .await
            .unwrap()
            .unwrap();
    })
    .await
}
