//! What a program asks for and offers, as far as admission and people want to know. Written where the program is
//! compiled, kept with its artifact.

use serde::{Deserialize, Serialize};

/// The interface of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// What sort of wasm it is.
    pub kind: Kind,
    /// What it imports, in the order of the file: `module.function` of a core module, `package/interface@version` of a
    /// component.
    pub imports: Vec<String>,
    /// What it exports, in the order of the file.
    pub exports: Vec<String>,
    /// Linear memory it needs to start, summed over its memories.
    pub memory_bytes_min: u64,
    /// Table elements it needs to start, summed over its tables.
    pub table_elements_min: u64,
    /// Functions in all its code.
    pub functions: u64,
    /// Bytes of code.
    pub code_bytes: u64,
}

/// What sort of wasm a program is. Its author is never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A core module, with WASI 0.1.
    Core,
    /// A component, with WASI 0.2.
    Component,
}
