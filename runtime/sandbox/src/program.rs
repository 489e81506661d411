//! A program: machine code made ready, so that each start costs microseconds.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Extern, InstancePre, Module, ModuleExport, Precompiled, Result, Store};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::link::Linkers;
use crate::state::State;
use crate::{Fault, Kind};

/// The function that a 0.1 command starts with.
pub(crate) const CORE_ENTRY: &str = "_start";

/// A program that can be started any number of times. Clones are the same program.
#[derive(Clone)]
pub struct Program(Arc<Linked>);

enum Linked {
    Core {
        instance: InstancePre<State>,
        entry: ModuleExport,
    },
    Component(CommandPre<State>),
}

impl Program {
    pub(crate) fn load(
        engine: &Engine,
        linkers: &Linkers,
        artifact: &[u8],
        sha256: &[u8; 32],
    ) -> Result<Self, Fault> {
        check_hash(artifact, sha256)?;
        link(engine, linkers, artifact)
            .map(|linked| Self(Arc::new(linked)))
            .map_err(|error| Fault::artifact(&error))
    }

    /// What sort of wasm it was made from.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match *self.0 {
            Linked::Core { .. } => Kind::Core,
            Linked::Component(_) => Kind::Component,
        }
    }

    /// Makes an instance in `store` and runs it. An early exit arrives as an error that holds the code.
    pub(crate) async fn call(&self, store: &mut Store<State>) -> Result<()> {
        match &*self.0 {
            Linked::Core { instance, entry } => {
                let instance = instance.instantiate_async(&mut *store).await?;
                let start = instance
                    .get_module_export(&mut *store, entry)
                    .and_then(Extern::into_func)
                    .ok_or_else(|| wasmtime::Error::msg("the entry point is not a function"))?;
                start.typed::<(), ()>(&*store)?.call_async(store, ()).await
            }
            Linked::Component(command) => {
                let command = command.instantiate_async(&mut *store).await?;
                // The run function can only say that it failed.
                command
                    .wasi_cli_run()
                    .call_run(store)
                    .await?
                    .map_err(|()| I32Exit(1).into())
            }
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.kind()).finish()
    }
}

fn check_hash(artifact: &[u8], expected: &[u8; 32]) -> Result<(), Fault> {
    let found: [u8; 32] = Sha256::digest(artifact).into();
    if found == *expected {
        return Ok(());
    }
    Err(Fault::Hash {
        found: hex(&found),
        expected: hex(expected),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let written = write!(text, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        text
    })
}

fn link(engine: &Engine, linkers: &Linkers, artifact: &[u8]) -> Result<Linked> {
    match Engine::detect_precompiled(artifact) {
        Some(Precompiled::Module) => link_core(linkers, &deserialize_module(engine, artifact)?),
        Some(Precompiled::Component) => {
            let component = deserialize_component(engine, artifact)?;
            Ok(Linked::Component(CommandPre::new(
                linkers.component.instantiate_pre(&component)?,
            )?))
        }
        None => Err(wasmtime::Error::msg("it is not an artifact of this engine")),
    }
}

fn link_core(linkers: &Linkers, module: &Module) -> Result<Linked> {
    let entry = module
        .get_export_index(CORE_ENTRY)
        .ok_or_else(|| wasmtime::Error::msg("it does not export `_start`"))?;
    Ok(Linked::Core {
        instance: linkers.core.instantiate_pre(module)?,
        entry,
    })
}

#[expect(
    unsafe_code,
    reason = "machine code that our own compiler made is loaded here and nowhere else"
)]
fn deserialize_module(engine: &Engine, artifact: &[u8]) -> Result<Module> {
    // SAFETY: the bytes hash to what was recorded when our own compile process wrote them, and wasmtime checks that
    // they were made for this very engine: its version, its configuration, this processor.
    unsafe { Module::deserialize(engine, artifact) }
}

#[expect(
    unsafe_code,
    reason = "machine code that our own compiler made is loaded here and nowhere else"
)]
fn deserialize_component(engine: &Engine, artifact: &[u8]) -> Result<Component> {
    // SAFETY: as for a module.
    unsafe { Component::deserialize(engine, artifact) }
}
