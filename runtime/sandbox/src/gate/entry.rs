//! Whether there is something to run.

use wasmparser::types::{EntityType, Types};

use crate::program::CORE_ENTRY;
use crate::{Interface, Kind, Refusal, RefusalCode};

/// What a component of a command exports, of any 0.2 version.
const COMPONENT_ENTRY: &str = "wasi:cli/run@0.2.";

pub(super) fn check(interface: &Interface, types: &Types) -> Result<(), Refusal> {
    let present = match interface.kind {
        Kind::Core => core_entry(types),
        Kind::Component => exports(interface, COMPONENT_ENTRY).then_some(Entry::Callable),
    };
    let message = match present {
        Some(Entry::Callable) => return Ok(()),
        Some(Entry::OfAnotherType) => {
            "the entry point `_start` is not a function without parameters and results: build a \
             program with a main function, for wasm32-wasip1 or wasm32-wasip2"
                .to_owned()
        }
        None => absent(interface),
    };
    Err(Refusal::new(RefusalCode::NoEntryPoint, message))
}

enum Entry {
    Callable,
    OfAnotherType,
}

fn core_entry(types: &Types) -> Option<Entry> {
    let types = types.as_ref();
    let (_, entry) = types
        .core_exports()?
        .find(|(name, _)| *name == CORE_ENTRY)?;
    match entry {
        EntityType::Func(id) | EntityType::FuncExact(id) => {
            let signature = types[id].unwrap_func();
            let is_plain = signature.params().is_empty() && signature.results().is_empty();
            Some(if is_plain {
                Entry::Callable
            } else {
                Entry::OfAnotherType
            })
        }
        _ => Some(Entry::OfAnotherType),
    }
}

fn absent(interface: &Interface) -> String {
    let wanted = match interface.kind {
        Kind::Core => "`_start`",
        Kind::Component => "`wasi:cli/run@0.2`",
    };
    let looks = if exports(interface, "_initialize") {
        " (it looks like a library: it exports `_initialize`)"
    } else if exports(interface, "wasi:http/") {
        " (it looks like an HTTP handler)"
    } else {
        ""
    };
    format!(
        "the module exports no entry point {wanted}{looks}: build a program with a main function, \
         not a library, for wasm32-wasip1 or wasm32-wasip2"
    )
}

fn exports(interface: &Interface, begin: &str) -> bool {
    let mut names = interface.exports.iter();
    names.any(|name| name.starts_with(begin))
}
