//! The uploader's mistake, told so that it can be mended: what, how much, the limit, the next step.

use serde::{Deserialize, Serialize};

/// Why bytes do not become a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable word.
    pub code: RefusalCode,
    /// The sentence for people. Text taken from the module is escaped and bounded.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The stable words. New ones may come; none changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// It is something else, or nothing.
    NotWasm,
    /// It is native code, made by wasmtime or by a native compiler. We only run what we compiled.
    NativeCode,
    /// It starts like wasm but is damaged or breaks the rules of WebAssembly.
    Invalid,
    /// It uses a proposal that is switched off here.
    Proposal,
    /// Some count in it is above its limit.
    TooLarge,
    /// It imports something that nothing provides.
    UnknownImport,
    /// It exports no entry point.
    NoEntryPoint,
    /// The compiler failed on it.
    Compiler,
}
