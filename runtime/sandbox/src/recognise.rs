//! The first look at uploaded bytes: is it wasm at all, and if not, what is it? Reads the beginning only and costs
//! nothing, so it stands before everything else.

use crate::{Refusal, RefusalCode};

/// Every wasm binary begins with these.
const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a core module, and of a component.
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];

/// Passes what begins like a core module or a component. `head` is the beginning of the file, or all of it: 64 bytes
/// are enough to tell what the usual mistakes are.
pub fn recognise(head: &[u8]) -> Result<(), Refusal> {
    if let Some(rest) = head.strip_prefix(MAGIC) {
        return version(rest);
    }
    if head.starts_with(b"\x7fELF") {
        return Err(Refusal::new(
            RefusalCode::NativeCode,
            "this is native code (ELF), perhaps a program for Linux or a precompiled module: upload the .wasm it was made from",
        ));
    }
    Err(Refusal::new(
        RefusalCode::NotWasm,
        format!("this is not wasm: it {}", looks_like(head)),
    ))
}

fn version(rest: &[u8]) -> Result<(), Refusal> {
    let Some(version) = rest.first_chunk::<4>() else {
        return Err(Refusal::new(
            RefusalCode::Invalid,
            "the file ends after 4 bytes: upload all of it",
        ));
    };
    match *version {
        CORE_MODULE | COMPONENT => Ok(()),
        other => Err(Refusal::new(
            RefusalCode::Invalid,
            format!(
                "its version is {other:02x?}; a core module has {CORE_MODULE:02x?}, a component {COMPONENT:02x?}"
            ),
        )),
    }
}

fn looks_like(head: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"\x1f\x8b", "looks like gzip: unpack it first"),
        (b"\x28\xb5\x2f\xfd", "looks like zstd: unpack it first"),
        (b"BZh", "looks like bzip2: unpack it first"),
        (b"\xfd7zXZ", "looks like xz: unpack it first"),
        (b"PK\x03\x04", "looks like a zip archive: unpack it first"),
        (
            b"!<arch>",
            "looks like a static library: link it into a program first",
        ),
        (
            b"BC\xc0\xde",
            "looks like LLVM bitcode: link it into a program first",
        ),
        (
            b"MZ",
            "looks like a program for Windows: build it for wasm32-wasip1",
        ),
        (
            b"\xcf\xfa\xed\xfe",
            "looks like a program for macOS: build it for wasm32-wasip1",
        ),
        (
            b"#!",
            "looks like a script: upload an interpreter built for WASI and give it the script as input",
        ),
        (b"<", "looks like HTML or XML: perhaps the download failed"),
        (b"{", "looks like JSON: perhaps the download failed"),
    ];
    if head.is_empty() {
        return "is empty";
    }
    let text = head.trim_ascii_start();
    if text.starts_with(b"(module") || text.starts_with(b"(component") || text.starts_with(b";;") {
        return "looks like the text format: turn it into a binary first (`wat2wasm`, `wasm-tools parse`)";
    }
    let known = KNOWN
        .iter()
        .find(|(magic, _)| head.starts_with(magic) || text.starts_with(magic));
    known.map_or(
        "begins with none of the bytes that a wasm binary begins with",
        |(_, name)| name,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(head: &[u8]) -> String {
        recognise(head).expect_err("it is refused").message
    }

    #[test]
    fn core_modules_and_components_pass() {
        assert_eq!(recognise(b"\0asm\x01\0\0\0"), Ok(()));
        assert_eq!(recognise(b"\0asm\x0d\0\x01\0"), Ok(()));
    }

    #[test]
    fn everything_else_is_named() {
        assert_eq!(refused(b""), "this is not wasm: it is empty");
        assert!(refused(b"\x1f\x8b\x08").contains("gzip"));
        assert!(refused(b"  (module)").contains("text format"));
        assert!(refused(b"\n<!DOCTYPE html>").contains("HTML"));
        assert!(refused(b"#!/bin/sh").contains("script"));
        assert!(refused(b"hello").contains("begins with none"));
        assert!(refused(b"\0asm").contains("ends after"));
        assert!(refused(b"\0asm\x02\0\0\0").contains("version"));
    }

    #[test]
    fn native_code_has_its_own_word() {
        assert_eq!(
            recognise(b"\x7fELF\x02\x01").map_err(|refusal| refusal.code),
            Err(RefusalCode::NativeCode)
        );
    }
}
