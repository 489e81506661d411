//! From a core module that speaks of its job to a component: what crosses to the host has types then, as those of any
//! component have.
//!
//! ```text
//!   core module ── its section of types ──► sublet:job ┐
//!               ── WASI 0.1 ──► adapter ──► WASI 0.2   ┴► component, which is looked at and compiled like any other
//! ```
//!
//! Generators of bindings write the section into the module. It is the guest's, so it is read where the module is
//! compiled, in the process that may be killed, and what comes out of it goes through the gate once more.

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

use crate::text::shown;
use crate::{Interface, Kind, Refusal, RefusalCode};

/// What a core module imports from that is more than WASI 0.1.
pub(crate) const PACKAGE: &str = "sublet:job/";

/// What to do about it, whatever it is.
const ADVICE: &str = "build it with bindings made from the text of `sublet wit`";

/// Whether a program can run only as the component that is made of it.
pub(crate) fn is_wanted(interface: &Interface) -> bool {
    let mut imports = interface.imports.iter();
    interface.kind == Kind::Core && imports.any(|import| import.starts_with(PACKAGE))
}

/// The component of a core module.
pub(crate) fn of_module(wasm: &[u8]) -> Result<Vec<u8>, Refusal> {
    ComponentEncoder::default()
        .module(wasm)
        .map_err(|error| unreadable(&chain(error.chain())))?
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
        )
        .map_err(|error| unfitting(&chain(error.chain())))?
        .encode()
        .map_err(|error| unfitting(&chain(error.chain())))
}

fn unreadable(error: &str) -> Refusal {
    Refusal::new(
        RefusalCode::Invalid,
        format!(
            "the section that types the imports of `{PACKAGE}` cannot be read: {error}: {ADVICE}"
        ),
    )
}

fn unfitting(error: &str) -> Refusal {
    Refusal::new(
        RefusalCode::UnknownImport,
        format!("the imports of `{PACKAGE}` do not fit: {error}: {ADVICE}"),
    )
}

/// What went wrong, from the import inwards: what stands before it is about the tool and not about the module.
fn chain<'a>(causes: impl Iterator<Item = &'a (dyn std::error::Error + 'static)>) -> String {
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    let about_it = causes.iter().position(|cause| cause.contains('`'));
    let told = causes.get(about_it.unwrap_or(0)..).unwrap_or_default();
    told.iter()
        .map(|cause| shown(cause))
        .collect::<Vec<_>>()
        .join(": ")
}
