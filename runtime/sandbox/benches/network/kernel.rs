//! The floor: bare wasmtime, whose guests have the sockets of the host. The engine is configured as the sandbox
//! configures its own, which wasmtime itself checks, because the machine code is the same.

use std::net::Ipv4Addr;

use anyhow::anyhow;
use sublet_sandbox::engine_identity;
use sublet_scheduler::Limits;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, ModuleVersionStrategy,
    PoolingAllocationConfig, Store, WasmFeatures,
};
use wasmtime_wasi::cli::AsyncStdinStream;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, p2};

use crate::ground::{Ground, Life, Part};
use crate::guest;

/// Longer than any guest here runs. Without a ticker the epoch stands still anyway.
const EPOCH_NEVER: u64 = 1 << 40;

pub(crate) struct Kernel {
    engine: Engine,
    program: CommandPre<World>,
}

struct World {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for World {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Kernel {
    pub(crate) fn new(artifact: &[u8], instances_max: u32) -> anyhow::Result<Self> {
        let engine = Engine::new(&configuration(instances_max)?)?;
        let mut linker = Linker::new(&engine);
        p2::add_to_linker_async(&mut linker)?;
        let component = deserialize(&engine, artifact)?;
        let program = CommandPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, program })
    }
}

impl Ground for Kernel {
    fn address(&self, _number: u16) -> Ipv4Addr {
        Ipv4Addr::LOCALHOST
    }

    fn life(&self, _number: u16, part: Part) -> anyhow::Result<Life> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.args(&part.args)
            .stdin(AsyncStdinStream::new(part.stdin))
            .stdout(part.words.clone())
            .stderr(part.words)
            .inherit_network()
            .allow_tcp(true)
            .allow_udp(true)
            .allow_ip_name_lookup(true);
        let world = World {
            wasi: wasi.build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&self.engine, world);
        store.set_epoch_deadline(EPOCH_NEVER);
        let program = self.program.clone();
        Ok(Box::pin(async move {
            let command = program.instantiate_async(&mut store).await?;
            let ended = command.wasi_cli_run().call_run(&mut store).await?;
            ended.map_err(|()| anyhow!("a guest failed"))
        }))
    }
}

fn configuration(instances_max: u32) -> anyhow::Result<Config> {
    let mut config = Config::new();
    config.module_version(ModuleVersionStrategy::Custom(engine_identity(
        guest::PREEMPTION,
    )))?;
    config
        .wasm_features(features().complement(), false)
        .wasm_features(features(), true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(instances_max)?))
        .concurrency_support(false)
        .shared_memory(false)
        .epoch_interruption(true)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .guard_before_linear_memory(true)
        .memory_may_move(false)
        .native_unwind_info(false);
    Ok(config)
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

/// A component of Rust is made of a few core modules, which share one memory.
fn pool(instances_max: u32) -> anyhow::Result<PoolingAllocationConfig> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances_max)
        .total_core_instances(instances_max * 8)
        .total_memories(instances_max)
        .total_tables(instances_max * 16)
        .total_stacks(instances_max)
        .max_memory_size(usize::try_from(Limits::default().memory_bytes)?)
        .table_elements(20_000)
        .max_core_instance_size(2 << 20)
        .max_component_instance_size(2 << 20)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .decommit_batch_size(1);
    Ok(pool)
}

#[expect(
    unsafe_code,
    reason = "the floor runs what our own compiler has just made"
)]
fn deserialize(engine: &Engine, artifact: &[u8]) -> anyhow::Result<Component> {
    // SAFETY: the bytes come straight from the compiler, and wasmtime checks that they fit this engine.
    Ok(unsafe { Component::deserialize(engine, artifact) }?)
}
