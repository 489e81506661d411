//! The gate before the compiler: what is refused, by which word, at which number.

use sublet_sandbox::gate::limits::{self, Bound};
use sublet_sandbox::{Kind, Preemption, Refusal, RefusalCode, compile, gate};

use crate::guests::{STDOUT, USE_STDOUT, WITH_STDOUT, command, core};

const START: &str = r#"(func (export "_start"))"#;

fn pass(text: &str) -> Result<sublet_sandbox::Interface, Refusal> {
    gate::pass(&wat::parse_str(text).expect("the text is well formed"))
}

fn refused(text: &str, code: RefusalCode, part: &str) {
    let refusal = pass(text).expect_err(part);
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.message.contains(part), "{refusal}");
}

/// What is exactly at the limit passes, one more is refused with both numbers.
fn bounded(bound: Bound, module: impl Fn(u64) -> String) {
    let Bound { what, max } = bound;
    if let Err(refusal) = pass(&module(max)) {
        panic!("{max} {what}: {refusal}");
    }
    let above = max + 1;
    refused(
        &module(above),
        RefusalCode::TooLarge,
        &format!("the module has {above} {what}, the limit is {max}"),
    );
}

/// A core module with `count` copies of a field beside its entry point.
fn fields(count: u64, field: impl Fn(u64) -> String) -> String {
    let fields: String = (0..count).map(field).collect();
    format!("(module {fields} {START})")
}

fn function(declarations: &str, code: &str) -> String {
    format!(r#"(module (func (export "_start") {declarations} {code}))"#)
}

fn times(count: u64, piece: &str) -> String {
    piece.repeat(usize::try_from(count).unwrap())
}

#[test]
fn counts_of_a_module_are_bounded() {
    bounded(limits::FUNCTIONS, |count| {
        fields(count - 1, |_| "(func)".to_owned())
    });
    bounded(limits::TYPES, |count| {
        fields(count - 1, |_| "(type (func (param i64)))".to_owned())
    });
    bounded(limits::GLOBALS, |count| {
        fields(count, |_| "(global i32 (i32.const 0))".to_owned())
    });
    bounded(limits::DATA_SEGMENTS, |count| {
        fields(count, |_| "(data \"\")".to_owned())
    });
    bounded(limits::ELEMENT_SEGMENTS, |count| {
        fields(count, |_| "(elem func)".to_owned())
    });
    bounded(limits::ELEMENTS, |count| {
        format!("(module (elem func {}) {START})", times(count, "0 "))
    });
    bounded(limits::EXPORTS, |count| {
        fields(count - 1, |index| format!("(export \"{index}\" (func 0))"))
    });
    bounded(limits::IMPORTS, |count| {
        fields(count, |_| {
            "(import \"wasi_snapshot_preview1\" \"sched_yield\" (func (result i32)))".to_owned()
        })
    });
}

#[test]
fn signatures_are_bounded() {
    bounded(limits::PARAMETERS, |count| {
        format!(
            "(module (type (func (param {}))) {START})",
            times(count, "i32 ")
        )
    });
    bounded(limits::RESULTS, |count| {
        format!(
            "(module (type (func (result {}))) {START})",
            times(count, "i32 ")
        )
    });
}

#[test]
fn bodies_are_bounded() {
    // A body is its code, one byte for "no locals" and one for its end.
    bounded(limits::BODY_BYTES, |bytes| {
        function("", &times(bytes - 2, "nop "))
    });
    bounded(limits::BLOCK_NESTING, |depth| {
        function("", &(times(depth, "block ") + &times(depth, "end ")))
    });
    bounded(limits::LOOP_NESTING, |depth| {
        function("", &(times(depth, "loop ") + &times(depth, "end ")))
    });
    bounded(limits::BRANCH_TARGETS, |targets| {
        function(
            "",
            &format!("block i32.const 0 br_table {} 0 end", times(targets, "0 ")),
        )
    });
}

#[test]
fn locals_are_bounded_in_sum() {
    bounded(limits::LOCALS, |count| {
        let most = 50_000;
        let whole = format!("(func (local {}))", times(most, "i32 "));
        let rest = format!("(func (local {}))", times(count % most, "i32 "));
        format!("(module {} {rest} {START})", times(count / most, &whole))
    });
}

#[test]
fn loops_around_locals_are_bounded() {
    let locals = |count: u64| format!("(local {})", times(count, "i32 "));
    let in_sequence = |loops: u64| function(&locals(1000), &times(loops, "loop end "));
    assert!(pass(&in_sequence(100)).is_ok());
    refused(
        &in_sequence(101),
        RefusalCode::TooLarge,
        "101000 locals times loops in one function, the limit is 100000",
    );
    let nested = |loops: u64| {
        function(
            &locals(1000),
            &(times(loops, "loop ") + &times(loops, "end ")),
        )
    };
    assert!(pass(&nested(10)).is_ok());
    refused(
        &nested(11),
        RefusalCode::TooLarge,
        "11000 locals times depth of loops in one function, the limit is 10000",
    );
}

#[test]
fn tables_are_bounded() {
    bounded(limits::MODULE_TABLES, |count| {
        fields(count, |_| "(table 1 funcref)".to_owned())
    });
    bounded(limits::TABLE_ELEMENTS, |count| {
        format!("(module (table {count} funcref) {START})")
    });
}

/// A component that is a command and has more beside it.
fn component(more: &str) -> String {
    command(
        more,
        r#"(func (export "run") (result i32) (i32.const 0))"#,
        "",
    )
}

#[test]
fn components_are_bounded() {
    bounded(limits::EMBEDDED_MODULES, |count| {
        component(&times(count - 1, "(core module)"))
    });
    bounded(limits::COMPONENT_DEPTH, |depth| {
        component(&(times(depth, "(component ") + &times(depth, ")")))
    });
    bounded(limits::CONVERSIONS, |count| {
        component(&format!(
            "(type $r (resource (rep i32))) {}",
            times(count - 1, "(core func (canon resource.drop $r))")
        ))
    });
    bounded(limits::CORE_INSTANCES, |count| {
        component(&format!(
            "(core module $m) {}",
            times(count - 1, "(core instance (instantiate $m))")
        ))
    });
    bounded(limits::MEMORIES, |count| {
        component(&times(count, "(core module (memory 1))"))
    });
    bounded(limits::TABLES, |count| {
        component(&times(count, "(core module (table 1 funcref))"))
    });
}

#[test]
fn proposals_that_are_off_are_named() {
    for (field, name) in [
        ("(memory i64 1)", "memory64"),
        ("(memory 1 1 shared)", "threads"),
        ("(memory 1) (memory 1)", "multi-memory"),
        ("(type (struct))", "gc"),
        ("(table 1 externref)", "gc"),
        ("(type (func (param (ref func))))", "function references"),
        ("(tag)", "exceptions"),
        (
            "(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
            "relaxed SIMD",
        ),
        ("(memory 1 (pagesize 1))", "custom page sizes"),
        (
            "(func (result i64 i64) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
            "wide",
        ),
        (
            "(func (i32.atomic.load (i32.const 0)) drop) (memory 1)",
            "threads",
        ),
    ] {
        refused(
            &format!("(module {field} {START})"),
            RefusalCode::Proposal,
            name,
        );
    }
    refused(
        &component("(type (future))"),
        RefusalCode::Proposal,
        "WASI 0.3",
    );
}

#[test]
fn what_toolchains_emit_passes() {
    for field in [
        "(func $f (return_call $f))",
        "(func (result v128) (v128.const i32x4 0 0 0 0))",
        "(memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(func (result i32 i32) (i32.const 0) (i32.const 0))",
        "(table 1 funcref) (func (drop (table.grow (ref.null func) (i32.const 1))))",
        "(global (mut i32) (i32.const 0)) (func (drop (i32.extend8_s (i32.const 0))))",
    ] {
        compile(
            &wat::parse_str(format!("(module {field} {START})")).unwrap(),
            Preemption::Checks,
        )
        .expect(field);
    }
}

#[test]
fn unknown_imports_are_named() {
    let import = |module: &str, name: &str| {
        format!("(module (import \"{module}\" \"{name}\" (func)) {START})")
    };
    refused(
        &import("rb-js-abi-host", "rb_abi_lookup"),
        RefusalCode::UnknownImport,
        "the module imports `rb-js-abi-host`.`rb_abi_lookup`, which nothing provides: build it as a WASI command",
    );
    refused(
        &format!("(module (import \"a\" \"b\" (func)) (import \"c\" \"d\" (func)) {START})"),
        RefusalCode::UnknownImport,
        "(and 1 more)",
    );
    refused(
        &import("wasi_unstable", "fd_write"),
        RefusalCode::UnknownImport,
        "WASI before 0.1",
    );
    refused(
        &import("wasi_snapshot_preview1", "fd_teleport"),
        RefusalCode::UnknownImport,
        "no such function",
    );
    refused(
        &import("wasi_snapshot_preview1", "sock_connect"),
        RefusalCode::UnknownImport,
        "WASI 0.1 can make no sockets: build it for WASI 0.2 (wasm32-wasip2)",
    );
    refused(
        &import("a\\1b[2J", "b"),
        RefusalCode::UnknownImport,
        r"`a\u{1b}[2J`.`b`",
    );
    refused(
        &format!("(module (import \"env\" \"memory\" (memory 1)) {START})"),
        RefusalCode::UnknownImport,
        "`env`.`memory`",
    );
}

#[test]
fn a_known_import_of_another_type_is_refused() {
    let text = format!("(module (import \"wasi_snapshot_preview1\" \"fd_close\" (func)) {START})");
    let refusal = compile(&wat::parse_str(text).unwrap(), Preemption::Checks).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::UnknownImport, "{refusal}");
    assert!(refusal.message.contains("fd_close"), "{refusal}");
}

#[test]
fn components_import_known_interfaces_only() {
    let import = |name: &str| component(&format!("(import \"{name}\" (instance))"));
    refused(
        &import("wasi:sockets/types@0.3.0"),
        RefusalCode::UnknownImport,
        "build it for WASI 0.2 (wasm32-wasip2)",
    );
    refused(
        &import("wasi:http/incoming-handler@0.2.0"),
        RefusalCode::UnknownImport,
        "of wasi:http there are outgoing requests alone",
    );
    refused(
        &import("wasi:cli/environment@0.3.0"),
        RefusalCode::UnknownImport,
        "WASI 0.3 is not available yet",
    );
    refused(
        &import("acme:things/door"),
        RefusalCode::UnknownImport,
        "`acme:things/door`, which nothing provides",
    );
}

#[test]
fn a_program_needs_an_entry_point() {
    refused(
        "(module)",
        RefusalCode::NoEntryPoint,
        "no entry point `_start`",
    );
    refused(
        r#"(module (func (export "_initialize")))"#,
        RefusalCode::NoEntryPoint,
        "it looks like a library",
    );
    for entry in [
        r#"(module (func (export "_start") (param i32)))"#,
        r#"(module (func (export "_start") (result i32) i32.const 0))"#,
        r#"(module (memory (export "_start") 1))"#,
    ] {
        refused(
            entry,
            RefusalCode::NoEntryPoint,
            "`_start` is not a function without parameters",
        );
    }
    refused(
        "(component)",
        RefusalCode::NoEntryPoint,
        "no entry point `wasi:cli/run@0.2`",
    );
}

#[test]
fn damaged_and_foreign_bytes_are_refused() {
    // Without names: a file that is cut where they begin would be whole.
    let wasm = wat::parse_str(format!("(module (memory 1) {START})")).unwrap();
    for length in 0..wasm.len() {
        assert!(
            compile(&wasm[..length], Preemption::Checks).is_err(),
            "cut to {length} bytes"
        );
    }
    let code = |bytes: &[u8]| compile(bytes, Preemption::Checks).unwrap_err().code;
    assert_eq!(code(b"#!/bin/sh\n"), RefusalCode::NotWasm);
    assert_eq!(code(&wasm[..wasm.len() - 1]), RefusalCode::Invalid);
    assert_eq!(
        code(b"\0asm\x01\0\0\0\xff\xff\xff\xff"),
        RefusalCode::Invalid
    );
    assert_eq!(
        code(&compile(&wasm, Preemption::Checks).unwrap().artifact),
        RefusalCode::NativeCode
    );
}

#[test]
fn bombs_are_stopped_before_the_compiler() {
    // Each took the compiler tens of seconds or a gigabyte when it was let through.
    let nested = function(
        &format!("(local {})", times(200, "i32 ")),
        &(times(1000, "loop ") + &times(1000, "end ")),
    );
    let in_sequence = function(
        &format!("(local {})", times(500, "i32 ")),
        &times(2000, "loop end "),
    );
    let few_and_wide = function(
        &format!("(local {})", times(780, "i32 ")),
        &(times(64, "loop ") + &times(64, "end ")),
    );
    let results = format!(
        "(module (type (func (result {}))) {START})",
        times(1000, "i32 ")
    );
    let empty = fields(200_000, |_| "(func)".to_owned());
    let blocks = function("", &(times(300_000, "block ") + &times(300_000, "end ")));
    for bomb in [nested, in_sequence, few_and_wide, results, empty, blocks] {
        assert_eq!(pass(&bomb).unwrap_err().code, RefusalCode::TooLarge);
    }
}

#[test]
fn the_interface_tells_what_a_program_is() {
    let interface = pass(&core(
        &["fd_write", "args_get"],
        "(table 7 funcref) (func (export \"_start\"))",
    ))
    .unwrap();
    assert_eq!(interface.kind, Kind::Core);
    assert_eq!(
        interface.imports,
        [
            "wasi_snapshot_preview1.fd_write",
            "wasi_snapshot_preview1.args_get"
        ]
    );
    assert_eq!(interface.exports, ["memory", "_start"]);
    assert_eq!(
        (interface.memory_bytes_min, interface.table_elements_min),
        (65_536, 7)
    );

    let main = format!("{USE_STDOUT} (func (export \"run\") (result i32) (i32.const 0))");
    let interface = pass(&command(STDOUT, &main, WITH_STDOUT)).unwrap();
    assert_eq!(interface.kind, Kind::Component);
    assert_eq!(
        interface.imports,
        [
            "wasi:io/error@0.2.0",
            "wasi:io/streams@0.2.0",
            "wasi:cli/stdout@0.2.0"
        ]
    );
    assert_eq!(interface.exports, ["wasi:cli/run@0.2.0"]);
    assert_eq!(interface.memory_bytes_min, 65_536);
}
