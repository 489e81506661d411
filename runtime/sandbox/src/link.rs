//! What guests can call: WASI 0.1 for core modules, WASI 0.2 and `sublet:job` for components, and of none more than stands here.
//!
//! Each interface is named. Sockets are our own ([`sockets`]): wasmtime's would be those of the host, and are never linked.
//! So is what sends requests ([`http`]).

use wasmtime::{Engine, Linker, Result, component};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi::{I32Exit, p1, p2};

use crate::state::State;
use crate::{files, http, job, sockets};

/// The module that WASI 0.1 programs import from.
pub(crate) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Both linkers, built once per process and never cloned (an advisory tells why).
pub(crate) struct Linkers {
    pub(crate) core: Linker<State>,
    pub(crate) component: component::Linker<State>,
}

impl Linkers {
    pub(crate) fn new(engine: &Engine) -> Result<Self> {
        Ok(Self {
            core: core(engine)?,
            component: component(engine)?,
        })
    }
}

fn core(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    p1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        PREVIEW1,
        "path_open",
        |caller, arguments: files::PathOpen| Box::new(files::path_open(caller, arguments)),
    )?;
    // wasmtime's own turns codes from 126 on into an error without the code.
    linker.func_wrap(PREVIEW1, "proc_exit", |code: i32| -> Result<()> {
        Err(I32Exit(code).into())
    })?;
    linker.allow_shadowing(false);
    Ok(linker)
}

fn component(engine: &Engine) -> Result<component::Linker<State>> {
    let mut linker = component::Linker::new(engine);
    let l = &mut linker;
    // Streams, polling, both clocks, the standard streams and secure random bytes.
    p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<State, WasiRandom>(l, State::random)?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(l, State::random)?;
    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    sockets::add_to_linker(l)?;
    http::add_to_linker(l)?;
    job::add_to_linker(l)?;
    l.allow_shadowing(true);
    l.instance("wasi:filesystem/types@0.2.12")?
        .func_wrap_async(
            "[method]descriptor.open-at",
            |store, arguments: files::OpenAt| {
                Box::new(async move {
                    files::open_at(store, arguments)
                        .await
                        .map(|opened| (opened,))
                })
            },
        )?;
    l.allow_shadowing(false);
    Ok(linker)
}
