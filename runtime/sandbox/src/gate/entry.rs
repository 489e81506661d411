//! Whether there is something to run.

use crate::program::CORE_ENTRY;
use crate::{Interface, Kind, Refusal, RefusalCode};

/// What a component of a command exports, of any 0.2 version.
const COMPONENT_ENTRY: &str = "wasi:cli/run@0.2.";

pub(super) fn check(interface: &Interface) -> Result<(), Refusal> {
    let exports = |begin: &str| {
        interface
            .exports
            .iter()
            .any(|export| export.starts_with(begin))
    };
    let (present, wanted) = match interface.kind {
        Kind::Core => (
            interface.exports.iter().any(|export| export == CORE_ENTRY),
            "`_start`",
        ),
        Kind::Component => (exports(COMPONENT_ENTRY), "`wasi:cli/run@0.2`"),
    };
    if present {
        return Ok(());
    }
    let looks = if exports("_initialize") {
        " (it looks like a library: it exports `_initialize`)"
    } else if exports("wasi:http/") {
        " (it looks like an HTTP handler)"
    } else {
        ""
    };
    let message = format!(
        "the module exports no entry point {wanted}{looks}: build a program with a main function, \
         not a library, for wasm32-wasip1 or wasm32-wasip2"
    );
    Err(Refusal::new(RefusalCode::NoEntryPoint, message))
}
