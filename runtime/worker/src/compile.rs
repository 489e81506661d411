//! Turning a module into machine code, in a process that may be killed.
//!
//! Compile time is outside the promises of any WebAssembly engine: a module of a few kilobytes can keep a compiler busy
//! for minutes. So a module is compiled by a process of its own, `sublet compile`, under limits that the kernel keeps:
//! the module goes in through standard input, a report and the artifact come out through standard output.
//!
//! ```text
//!   in:   one byte, for which engine · module, to the end
//!   out:  report length (u32, little endian) · report (JSON) · artifact, to the end
//! ```

mod budget;
#[cfg(feature = "compile")]
pub(crate) mod child;
mod parent;

pub use budget::Budget;
pub use parent::{CompileError, Compiled, Compiler};

use serde::{Deserialize, Serialize};
use sublet_sandbox::{Interface, Preemption, Refusal};

/// The byte before the module.
const fn byte_of(preemption: Preemption) -> u8 {
    match preemption {
        Preemption::Checks => b'c',
        Preemption::Kernel => b'k',
    }
}

/// What stands before the artifact.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    /// The module may be run; the artifact follows.
    Compiled(Interface),
    /// The module may not be run; nothing follows.
    Refused(Refusal),
}

/// Longest report: a module may have a thousand imports with long names.
const REPORT_BYTES_MAX: u32 = 4 << 20;
