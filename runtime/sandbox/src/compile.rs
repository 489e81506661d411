//! From wasm to machine code. To be called in a process of its own that is killed at its budget: compiling is outside
//! what wasmtime promises about untrusted code.

use std::panic::catch_unwind;

use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

use crate::link::Linkers;
use crate::text::shown;
use crate::{Interface, Kind, Preemption, Refusal, RefusalCode, component, config, gate};

/// What a program becomes.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Machine code for [`Sandbox::load`](crate::Sandbox::load), of an engine with the same
    /// [identity](crate::engine_identity) only.
    pub artifact: Vec<u8>,
    /// What the program asks for and offers, as it was uploaded.
    pub interface: Interface,
}

/// Compiles a program that the gate lets pass, with the checks that make it give way or without.
pub fn compile(wasm: &[u8], preemption: Preemption) -> Result<Compiled, Refusal> {
    let interface = gate::pass(wasm)?;
    // A panic of the compiler is about this module, and the process has nothing else to do.
    let artifact = catch_unwind(|| artifact(wasm, &interface, preemption))
        .map_err(|_| Refusal::new(RefusalCode::Compiler, "the compiler failed on this module"))??;
    Ok(Compiled {
        artifact,
        interface,
    })
}

fn artifact(
    wasm: &[u8],
    interface: &Interface,
    preemption: Preemption,
) -> Result<Vec<u8>, Refusal> {
    if component::is_wanted(interface) {
        let component = component::of_module(wasm)?;
        let kind = gate::pass(&component)?.kind;
        return machine_code(&component, kind, preemption);
    }
    machine_code(wasm, interface.kind, preemption)
}

fn machine_code(wasm: &[u8], kind: Kind, preemption: Preemption) -> Result<Vec<u8>, Refusal> {
    let engine = Engine::new(&config::compiling(preemption)).map_err(|error| compiler(&error))?;
    let linkers = Linkers::new(&engine).map_err(|error| compiler(&error))?;
    match kind {
        Kind::Core => {
            let module = Module::from_binary(&engine, wasm).map_err(|error| compiler(&error))?;
            linkers
                .core
                .instantiate_pre(&module)
                .map_err(|error| unlinked(&error))?;
            module.serialize().map_err(|error| compiler(&error))
        }
        Kind::Component => {
            let component =
                Component::from_binary(&engine, wasm).map_err(|error| compiler(&error))?;
            linkers
                .component
                .instantiate_pre(&component)
                .map_err(|error| unlinked(&error))?;
            component.serialize().map_err(|error| compiler(&error))
        }
    }
}

fn compiler(error: &wasmtime::Error) -> Refusal {
    Refusal::new(
        RefusalCode::Compiler,
        format!(
            "the module could not be compiled: {}",
            shown(&format!("{error:#}"))
        ),
    )
}

/// The names are known, so it is a type or a function of an interface that does not fit.
fn unlinked(error: &wasmtime::Error) -> Refusal {
    Refusal::new(
        RefusalCode::UnknownImport,
        format!("an import does not fit: {}", shown(&format!("{error:#}"))),
    )
}
