//! Bare wasmtime: the floor. The engine is configured as the sandbox configures its own, which wasmtime itself checks,
//! because the machine code is what `sublet compile` makes. Beside that there is only what a WASI 0.1 command needs.

use std::path::PathBuf;

use sublet_worker::compile::Compiler;
use sublet_worker::{Preemption, engine_identity};
use tokio::runtime::{Builder, Runtime};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    ModuleVersionStrategy, PoolingAllocationConfig, Store, WasmFeatures,
};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

/// Bytes of output that are kept.
const OUTPUT_BYTES_MAX: usize = 64 << 10;
/// Longer than any guest here runs. Without a ticker the epoch stands still anyway.
const EPOCH_NEVER: u64 = 1 << 40;

/// A module that is ready to be instantiated.
#[derive(Clone)]
pub(crate) struct Bare {
    engine: Engine,
    module: InstancePre<WasiP1Ctx>,
}

impl Bare {
    /// Room for this many instances at once, each with a memory of at most this size. Their code has checks.
    pub(crate) fn new(
        wat: &str,
        instances_max: u32,
        memory_bytes_max: usize,
    ) -> anyhow::Result<Self> {
        let pool = pool(instances_max, memory_bytes_max);
        Self::of(wat, Preemption::Checks, pool)
    }

    /// Room for one instance whose code has no checks at all.
    pub(crate) fn without_checks(wat: &str, memory_bytes_max: usize) -> anyhow::Result<Self> {
        Self::of(wat, Preemption::Kernel, pool(1, memory_bytes_max))
    }

    fn of(
        wat: &str,
        preemption: Preemption,
        pool: PoolingAllocationConfig,
    ) -> anyhow::Result<Self> {
        let wasm = wat::parse_str(wat)?;
        let compiler = Compiler::new(PathBuf::from(env!("CARGO_BIN_EXE_sublet")));
        let compiled = runtime()?.block_on(compiler.compile(&wasm, preemption))?;
        let engine = Engine::new(&configuration(preemption, pool))?;
        let module = deserialize(&engine, &compiled.artifact)?;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_async(&mut linker, |wasi| wasi)?;
        Ok(Self {
            module: linker.instantiate_pre(&module)?,
            engine,
        })
    }

    /// The whole life of one instance. What it wrote is read and thrown away.
    pub(crate) async fn run(&self, task: u32) -> anyhow::Result<usize> {
        let stdout = MemoryOutputPipe::new(OUTPUT_BYTES_MAX);
        let mut wasi = WasiCtxBuilder::new();
        wasi.args(&["guest.wasm"])
            .env("SUBLET_TASK_INDEX", task.to_string())
            .env("SUBLET_ATTEMPT", "1")
            .stdout(stdout.clone());
        let mut store = Store::new(&self.engine, wasi.build_p1());
        store.set_epoch_deadline(EPOCH_NEVER);
        let instance = self.module.instantiate_async(&mut store).await?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        start.call_async(&mut store, ()).await?;
        drop(store);
        Ok(stdout.contents().len())
    }
}

/// One thread that polls, as each of the worker's threads for guests is one.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn configuration(preemption: Preemption, pool: PoolingAllocationConfig) -> Config {
    let mut config = Config::new();
    config
        .module_version(ModuleVersionStrategy::Custom(engine_identity(preemption)))
        .expect("the identity is shorter than 255 bytes");
    config
        .wasm_features(features().complement(), false)
        .wasm_features(features(), true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .concurrency_support(false)
        .shared_memory(false)
        .epoch_interruption(preemption == Preemption::Checks)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .guard_before_linear_memory(true)
        .memory_may_move(false)
        .native_unwind_info(false);
    config
}

/// As the sandbox has it.
fn features() -> WasmFeatures {
    WasmFeatures::FLOATS
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::COMPONENT_MODEL
}

/// Places for core modules alone: here are no components.
fn pool(instances_max: u32, memory_bytes_max: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(instances_max)
        .total_memories(instances_max)
        .total_tables(instances_max)
        .total_stacks(instances_max)
        .max_memory_size(memory_bytes_max)
        .table_elements(20_000)
        .max_core_instance_size(2 << 20)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(1);
    pool
}

#[expect(
    unsafe_code,
    reason = "the floor runs what our own compile process has just made"
)]
fn deserialize(engine: &Engine, artifact: &[u8]) -> anyhow::Result<Module> {
    // SAFETY: the bytes come straight from the compile process, and wasmtime checks that they fit this engine.
    Ok(unsafe { Module::deserialize(engine, artifact) }?)
}
