//! Core modules that become components: what types their imports, and what that is worth.

use std::fmt::Write as _;
use std::ops::Range;

use sublet_sandbox::{Compiled, Kind, Preemption, Refusal, RefusalCode, compile};
use wasmparser::{Parser, Payload};
use wit_component::{StringEncoding, metadata};
use wit_parser::Resolve;

/// A module that a generator of bindings was at work on.
const BOUND: &[u8] = include_bytes!("../../../../tests/museum/0.1.0/core.wasm");

fn compiled(wasm: &[u8]) -> Result<Compiled, Refusal> {
    compile(wasm, Preemption::Checks)
}

/// Where the section is that types the imports.
fn place() -> Range<usize> {
    let payloads = Parser::new(0).parse_all(BOUND);
    let mut places = payloads.filter_map(|payload| match payload.unwrap() {
        Payload::CustomSection(section) if section.name().starts_with("component-type") => {
            Some(section.data_offset()..section.range().end)
        }
        _ => None,
    });
    places.next().expect("the module has one")
}

/// A module that imports a function of this type, with that section.
fn importing(function: &str, signature: &str, section: &[u8]) -> Result<Compiled, Refusal> {
    let section = section.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    });
    let text = format!(
        "(module (import {function} (func {signature})) (@custom \"component-type:job\" \"{section}\")
            (memory (export \"memory\") 1) (func (export \"_start\"))
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) unreachable))"
    );
    compiled(&wat::parse_str(text).unwrap())
}

#[track_caller]
fn refused(compiled: Result<Compiled, Refusal>, words: &[&str]) {
    let refusal = compiled.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::UnknownImport, "{refusal}");
    for word in words {
        assert!(refusal.message.contains(word), "no {word:?} in {refusal}");
    }
}

#[test]
fn the_interface_is_that_of_the_upload() {
    let interface = compiled(BOUND).unwrap().interface;
    assert_eq!(interface.kind, Kind::Core);
    let imports = &interface.imports;
    for import in [
        "sublet:job/context@0.1.0.job",
        "sublet:job/artifacts@0.1.0.[method]writer.write",
        "wasi_snapshot_preview1.fd_write",
    ] {
        assert!(
            imports.iter().any(|one| one == import),
            "no {import} in {imports:?}"
        );
    }
}

#[test]
fn a_function_of_the_type_that_the_section_says_is_taken() {
    importing(
        r#""sublet:job/context@0.1.0" "job""#,
        "(param i32)",
        &BOUND[place()],
    )
    .unwrap();
}

#[test]
fn a_function_of_another_type_is_refused_by_its_name() {
    let job = r#""sublet:job/context@0.1.0" "job""#;
    let named = "`sublet:job/context@0.1.0::job`";
    refused(
        importing(job, "(param f64)", &BOUND[place()]),
        &[named, "type mismatch", "sublet wit"],
    );
}

#[test]
fn a_function_that_is_not_in_the_section_is_refused_by_its_name() {
    let name = r#""sublet:job/context@0.1.0" "colour""#;
    let named = "`sublet:job/context@0.1.0::colour`";
    let importing = importing(name, "", &BOUND[place()]);
    refused(importing, &[named, "missing function `colour`"]);
}

#[test]
fn what_a_section_brings_in_beside_the_package_is_refused_like_any_import() {
    let mut resolve = Resolve::default();
    let text = "package sublet:job@0.1.0;
        interface context { use acme:things/door@1.0.0.{key}; job: func() -> key; }
        world guest { import context; }
        package acme:things@1.0.0 { interface door { record key { number: u32 } } }";
    let package = resolve.push_str("guest.wit", text).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    let section = metadata::encode(&resolve, world, StringEncoding::UTF8, None).unwrap();
    let job = r#""sublet:job/context@0.1.0" "job""#;
    let named = "imports `acme:things/door@1.0.0`, which nothing provides";
    refused(importing(job, "(result i32)", &section), &[named]);
}

#[test]
fn a_damaged_section_is_refused_or_does_no_harm() {
    let section = place();
    let mut refused = 0;
    for place in section.clone().step_by(section.len() / 64) {
        let mut damaged = BOUND.to_vec();
        damaged[place] ^= 0x41;
        refused += u32::from(compiled(&damaged).is_err());
    }
    assert!(refused > 32, "only {refused} of 64 were noticed");
}
