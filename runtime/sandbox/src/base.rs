//! What all instances of a sandbox have in common.

use wasmtime::Engine;

use crate::http::Trust;

/// What all instances of a sandbox have in common.
pub(crate) struct Base {
    pub(crate) engine: Engine,
    /// Whom they believe when they speak TLS.
    pub(crate) trust: Trust,
}
