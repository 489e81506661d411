//! The host's trouble. What a guest does is never a fault, and what a caller hands in wrongly is a refusal.

use std::io;

use tokio_rustls::rustls;

/// The sandbox could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The engine, its pool or its linkers could not be made.
    #[error("create the engine: {reason}")]
    Engine {
        /// What wasmtime said.
        reason: String,
    },
    /// A root that was given is no certificate of one.
    #[error("read the roots that guests believe: {reason}")]
    Roots {
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that makes guests give way could not be started.
    #[error("start the ticker thread: {0}")]
    Ticker(#[source] io::Error),
    /// The bytes are not the ones that were asked for. The artifact is to be made again, and somebody should look.
    #[error("load an artifact: its sha256 is {found}, expected {expected}")]
    Hash {
        /// What the bytes hash to.
        found: String,
        /// What they should hash to.
        expected: String,
    },
    /// The artifact is of another engine, too large for this sandbox's pool, or asks for what nothing provides.
    #[error("load an artifact: {reason}")]
    Artifact {
        /// What wasmtime said.
        reason: String,
    },
}

impl Fault {
    pub(crate) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine {
            reason: format!("{error:#}"),
        }
    }

    pub(crate) fn roots(error: &rustls::Error) -> Self {
        Self::Roots {
            reason: error.to_string(),
        }
    }

    pub(crate) fn artifact(error: &wasmtime::Error) -> Self {
        Self::Artifact {
            reason: format!("{error:#}"),
        }
    }
}
