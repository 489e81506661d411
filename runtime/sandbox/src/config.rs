//! The one configuration of the engine, for the process that compiles and the one that runs: they must agree, or an
//! artifact is refused. What wasm may use is decided here too, in one constant that the gate reads as well.
//!
//! Whoever changes anything here raises [`REVISION`](crate::identity), so that artifacts made before are made again.

use wasmparser::WasmFeatures;
use wasmtime::{Config, InstanceAllocationStrategy, ModuleVersionStrategy, WasmBacktraceDetails};

use crate::{Preemption, Shape, engine_identity};

/// What wasm may use: what toolchains emit today. Everything else is off by not standing here: threads and shared
/// memory (no limiter is asked), 64-bit and several memories, garbage collection and exceptions (the largest source of
/// escapes), relaxed SIMD (results differ by processor), and all that is younger.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::FLOATS
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Stack of the guest's own code. What is left of the whole stack belongs to our functions that it calls.
const GUEST_STACK_BYTES: usize = 512 << 10;
/// The whole stack of an instance.
const STACK_BYTES: usize = 2 << 20;
/// Address space per memory. A 32-bit guest cannot leave it, so its accesses need no check of their own.
const MEMORY_RESERVED_BYTES: u64 = 4 << 30;
/// Address space behind it, for constant offsets.
const MEMORY_GUARD_BYTES: u64 = 32 << 20;

/// For a process that runs guests: places from a pool, and no compiler.
pub(crate) fn running(shape: Shape) -> Config {
    let mut config = shared(shape.preemption);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(shape.pool()));
    #[cfg(feature = "compile")]
    config.enable_compiler(false);
    config
}

/// For the process that compiles one module and ends.
#[cfg(feature = "compile")]
pub(crate) fn compiling(preemption: Preemption) -> Config {
    let mut config = shared(preemption);
    config
        .strategy(wasmtime::Strategy::Cranelift)
        .cranelift_opt_level(wasmtime::OptLevel::Speed)
        .cranelift_debug_verifier(false)
        .cranelift_nan_canonicalization(false);
    config
}

fn shared(preemption: Preemption) -> Config {
    let mut config = Config::new();
    // The built-in stamp is the major version only: code made by a faulty patch release would go on being accepted.
    let stamped = config.module_version(ModuleVersionStrategy::Custom(engine_identity(preemption)));
    debug_assert!(stamped.is_ok(), "the identity is shorter than 255 bytes");
    config
        .wasm_features(FEATURES.complement(), false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .shared_memory(false)
        .epoch_interruption(preemption == Preemption::Checks)
        .consume_fuel(false)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(STACK_BYTES)
        .async_stack_zeroing(false)
        .memory_reservation(MEMORY_RESERVED_BYTES)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .guard_before_linear_memory(true)
        .memory_may_move(false)
        .memory_init_cow(true)
        .signals_based_traps(true)
        // The default reads an environment variable, and would parse the guest's debug information on a trap.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .native_unwind_info(false)
        .debug_info(false)
        .profiler(wasmtime::ProfilingStrategy::None);
    config
}
