//! Hostile and broken uploads: each is refused by its code, nothing of it is kept, and the server goes on.

use std::fmt::Write;
use std::fs;

use crate::harness::{Answer, Server, core};

/// What the front may grow by over all of these uploads. It never parses a module itself.
const GROWTH_BYTES_MAX: u64 = 200 << 20;

fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap()
}

/// A module around one function body.
fn body(locals: &str, code: &str) -> Vec<u8> {
    text(&format!(
        "(module (memory (export \"memory\") 1) (func (export \"_start\") {locals} {code}))"
    ))
}

fn push(server: &Server, bytes: &[u8]) -> Answer {
    server.request("POST", "/v1/modules", bytes)
}

/// Pushes it, and sees to it that it is refused with this code and that nothing is kept.
#[track_caller]
fn refused(server: &Server, what: &str, bytes: &[u8], codes: &[&str]) -> String {
    let problem = push(server, bytes).problem();
    let code = problem["code"].as_str().unwrap();
    assert!(codes.contains(&code), "{what}: {problem:#}");
    let page = server.get("/v1/modules");
    assert_eq!(
        page["items"].as_array().unwrap().len(),
        0,
        "{what} was kept: {page:#}"
    );
    problem["detail"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_not_a_program_is_refused_and_not_kept() {
    let server = Server::start();
    let before = server.process().memory_bytes();
    let hello = fs::read(core("hello").path).unwrap();
    let mut flipped = hello.clone();
    flipped[hello.len() / 3] ^= 0xff;
    for (what, bytes, codes) in [
        ("nothing", Vec::new(), &["S0401"][..]),
        ("words", b"hello".to_vec(), &["S0401"]),
        ("text format", b"(module)".to_vec(), &["S0401"]),
        ("gzip", b"\x1f\x8b\x08\0".to_vec(), &["S0401"]),
        ("native code", b"\x7fELF\x02\x01\x01\0".to_vec(), &["S0402"]),
        ("the magic alone", b"\0asm".to_vec(), &["S0403"]),
        ("another version", b"\0asm\x02\0\0\0".to_vec(), &["S0403"]),
        ("an empty module", b"\0asm\x01\0\0\0".to_vec(), &["S0413"]),
        (
            "an empty component",
            b"\0asm\x0d\0\x01\0".to_vec(),
            &["S0413"],
        ),
        (
            "half of a module",
            hello[..hello.len() / 2].to_vec(),
            &["S0403"],
        ),
        (
            "a module with one byte flipped",
            flipped,
            &["S0403", "S0404", "S0405", "S0412"],
        ),
        (
            "no entry point",
            text("(module (func (export \"run\")))"),
            &["S0413"],
        ),
        (
            "an entry point of another type",
            text("(module (func (export \"_start\") (param i32)))"),
            &["S0413"],
        ),
        (
            "two memories",
            text("(module (memory 1) (memory 1) (func (export \"_start\")))"),
            &["S0404"],
        ),
        (
            "a 64-bit memory",
            text("(module (memory i64 1) (func (export \"_start\")))"),
            &["S0404"],
        ),
        (
            "a shared memory",
            text("(module (memory 1 2 shared) (func (export \"_start\")))"),
            &["S0404"],
        ),
    ] {
        refused(&server, what, &bytes, codes);
    }
    let growth = server.process().memory_bytes().saturating_sub(before);
    assert!(
        growth < GROWTH_BYTES_MAX,
        "the front grew by {growth} bytes"
    );
    assert_eq!(push(&server, &hello).status, 201);
}

#[test]
fn an_unknown_import_is_named() {
    let server = Server::start();
    let module = |name: &str, import: &str| {
        text(&format!(
            "(module (import \"{name}\" \"{import}\" (func)) (func (export \"_start\")))"
        ))
    };
    for (name, import) in [
        ("env", "now"),
        ("wasi_snapshot_preview1", "teleport"),
        ("wasi_unstable", "fd_write"),
    ] {
        let detail = refused(&server, name, &module(name, import), &["S0412"]);
        assert!(detail.contains(name) && detail.contains(import), "{detail}");
    }
    let long = "x".repeat(100_000);
    let detail = refused(
        &server,
        "a long name",
        &module("env", &long),
        &["S0412", "S0403", "S0405"],
    );
    assert!(
        detail.len() < 1_000,
        "{} bytes of the guest's choosing",
        detail.len()
    );
    let control = "\\1b[2J\\00\\0d\\0a";
    let detail = refused(
        &server,
        "control characters",
        &module("env", control),
        &["S0412"],
    );
    assert!(!detail.chars().any(char::is_control), "{detail:?}");
}

#[test]
fn an_upload_above_the_limit_is_refused_before_it_is_read() {
    let server = Server::start();
    let head = "POST /v1/modules HTTP/1.1\r\nhost: sublet\r\nconnection: close\r\n";
    let request = format!("{head}content-length: 99999999999\r\n\r\n");
    let problem = server.raw(request.as_bytes()).problem();
    assert_eq!(
        (&problem["code"], &problem["status"]),
        (&"S0104".into(), &413.into()),
        "{problem:#}"
    );
}

#[test]
fn an_upload_without_a_length_is_cut_off_at_the_limit() {
    let server = Server::start();
    let before = server.process().memory_bytes();
    let mut request =
        b"POST /v1/modules HTTP/1.1\r\nhost: sublet\r\nconnection: close\r\n".to_vec();
    request.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
    let piece = vec![0_u8; 1 << 20];
    for _ in 0..65 {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(&piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let problem = server.raw(&request).problem();
    assert_eq!(problem["code"], "S0104", "{problem:#}");
    let growth = server.process().memory_bytes().saturating_sub(before);
    assert!(
        growth < GROWTH_BYTES_MAX,
        "the front grew by {growth} bytes"
    );
}

#[test]
fn bytes_that_differ_from_their_digest_are_refused() {
    let server = Server::start();
    let hello = fs::read(core("hello").path).unwrap();
    let zeroes = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    let answer = server.request_with("POST", "/v1/modules", &[("content-digest", zeroes)], &hello);
    assert_eq!(answer.problem()["code"], "S0415");
}

#[test]
fn compile_bombs_cost_their_budget_once_and_nothing_after() {
    let server = Server::start();
    let before = server.process().memory_bytes();
    for (what, bytes, code) in bombs() {
        refused(&server, what, &bytes, &[code]);
        let again = push(&server, &bytes).problem();
        assert_eq!(again["code"], code, "{what}: {again:#}");
        let help = again["help"].as_str().unwrap_or_default();
        assert!(help.contains("refused before"), "{what}: {again:#}");
    }
    assert!(server.process().children("compile").is_empty());
    let growth = server.process().memory_bytes().saturating_sub(before);
    assert!(
        growth < GROWTH_BYTES_MAX,
        "the front grew by {growth} bytes"
    );
    assert_eq!(
        push(&server, &fs::read(core("hello").path).unwrap()).status,
        201
    );
}

/// Small files that are large work, and who stops them: the gate before the compiler, or the compiler's budget.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    const GATE: &str = "S0405";
    const BUDGET: &str = "S0406";
    let huge = body("(local i32)", &straight_line(400_000));
    vec![
        (
            "nested loops",
            body(&locals(200), &nested(1_000, 200)),
            GATE,
        ),
        (
            "many loops",
            body(&locals(500), &in_a_row(2_000, 500)),
            GATE,
        ),
        ("a huge function", huge, GATE),
        ("many functions", functions("(func)", 200_000), GATE),
        ("a switch of many arms", switch(100_000), GATE),
        ("what the gate lets pass", slow_functions(), BUDGET),
    ]
}

/// Each of these is just small enough for the gate, and too much by far: processors differ.
pub(crate) fn slow_functions() -> Vec<u8> {
    let function = format!("(func {} {})", locals(5), in_a_row(20_000, 5));
    functions(&function, 2)
}

fn locals(count: usize) -> String {
    format!("(local{})", " i64".repeat(count))
}

fn nested(depth: usize, locals: usize) -> String {
    let mut code = String::new();
    for level in 0..depth {
        let local = level % locals;
        write!(
            code,
            "loop local.get {local} i64.const 1 i64.add local.set {local} "
        )
        .unwrap();
    }
    for level in 0..depth {
        let local = level % locals;
        write!(code, "local.get {local} i64.const 3 i64.lt_s br_if 0 end ").unwrap();
    }
    code
}

fn in_a_row(count: usize, locals: usize) -> String {
    let mut code = String::new();
    for index in 0..count {
        let (from, to) = (index % locals, (index * 7 + 3) % locals);
        write!(
            code,
            "loop local.get {from} i64.const 1 i64.add local.set {to} \
             local.get {to} i64.const 9 i64.lt_s br_if 0 end "
        )
        .unwrap();
    }
    code
}

fn straight_line(steps: usize) -> String {
    let step = "local.get 0 i32.const 7 i32.mul i32.const 3 i32.xor local.set 0 ";
    step.repeat(steps)
}

fn functions(function: &str, count: usize) -> Vec<u8> {
    let functions = function.repeat(count);
    text(&format!(
        "(module {functions} (memory (export \"memory\") 1) (func (export \"_start\")))"
    ))
}

fn switch(arms: usize) -> Vec<u8> {
    let open = "block ".repeat(1_000);
    let close = "end ".repeat(1_000);
    let labels: String = (0..arms).map(|arm| format!("{} ", arm % 1_000)).collect();
    body(
        "(local i32)",
        &format!("{open} local.get 0 br_table {labels} {close}"),
    )
}
