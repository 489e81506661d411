//! Requests of a guest: `wasi:http/outgoing-handler` 0.2, over the nic of its instance.
//!
//! ```text
//!   guest ── handle ──► Reach ──► Call: target ─► Nic::connect_name ─► TLS, if the scheme says so ─► HTTP/1.1
//!                                   │                                                                    │
//!                                   └─ host and port from the authority, and from nowhere else    answer ┘
//! ```
//!
//! The types of the standard are wasmtime's; what is sent, where to and how long is waited is decided here. Who is reached
//! is decided by the network alone, as for sockets: a server of the user's own network needs no rule, all else needs one.
//! One connection serves one request, is counted as a socket, and goes with the guest's handle of the answer.

mod reach;

mod target;
mod timeouts;
mod trust;

mod call;
mod exchange;
mod request;

mod incoming;
mod outgoing;

mod errors;

#[cfg(test)]
mod tests;

use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::p2::IoError;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtx, WasiHttpCtxView};

use crate::state::State;

pub(crate) use reach::Reach;
pub(crate) use trust::Trust;

/// What one set of headers may take. A guest can hold as many sets as it can hold handles.
const FIELDS_BYTES_MAX: usize = 32 << 10;

/// Adds both interfaces. Of `types`, what serves requests that come in can be made by a guest, but given to nobody.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    types::add_to_linker::<State, WasiHttp>(linker, &types::LinkOptions::default(), State::http)?;
    outgoing_handler::add_to_linker::<State, WasiHttp>(linker, State::http)?;
    linker.allow_shadowing(true);
    linker
        .instance("wasi:http/types@0.2.12")?
        .func_wrap("http-error-code", http_error_code)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Why a stream of a body ended.
fn http_error_code(
    mut store: StoreContextMut<'_, State>,
    (error,): (Resource<IoError>,),
) -> Result<(Option<ErrorCode>,)> {
    let table = store.data_mut().wasi.ctx().table;
    Ok((errors::body_code(table.get(&error)?),))
}

/// What of the standard's state is kept for each instance.
pub(crate) fn context() -> WasiHttpCtx {
    let mut context = WasiHttpCtx::new();
    context.set_field_size_limit(FIELDS_BYTES_MAX);
    context
}

impl State {
    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.reach,
            table: self.wasi.ctx().table,
            ctx: &mut self.http,
        }
    }
}
