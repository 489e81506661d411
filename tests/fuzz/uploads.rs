//! Uploads: the gate takes a module or says why not, and what it takes can be compiled and loaded.

use std::sync::OnceLock;

use arbitrary::{Arbitrary as _, Unstructured};
use sha2::{Digest as _, Sha256};
use sublet_sandbox::{Preemption, RefusalCode, Sandbox, Shape, compile, gate, recognise};
use sublet_simulator::random::Random;
use wasm_smith::{Config, Module};

use super::campaign::Campaign;
use super::mutation::{mutated, noise};

/// Compiling takes thousands of times as long as looking, so only small ones are.
const COMPILED_BYTES_MAX: usize = 16 << 10;
const WORDS: &[&str] = &[
    "\0asm\u{1}\0\0\0",
    "\0asm\r\0\u{1}\0",
    "_start",
    "wasi_snapshot_preview1",
    "wasi:cli/run@0.2.0",
    "memory",
    "sublet:job",
    "\u{b}",
    "\u{0}",
    "\u{40}",
];
/// What a program of ours may import, so that generated ones get past the door.
const IMPORTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32))))"#;
const EXPORTS: &str = r#"(module (func (export "_start")) (memory (export "memory") 1))"#;

#[test]
fn generated_modules_are_refused_or_become_programs() {
    let taken = AtLeast::default();
    let modules = Campaign {
        name: "modules",
        cases: 400,
    };
    modules.play(generated, |wasm| taken.count(upload(wasm, true)));
    taken.assert(20);
}

#[test]
fn damaged_modules_are_refused_or_become_programs() {
    let corpus = corpus();
    let modules = Campaign {
        name: "uploads",
        cases: 4_000,
    };
    let make = |random: &mut Random| match random.below(20) {
        0 => noise(random, 200),
        1..=3 => {
            let whole = [generated(random)];
            mutated(random, &whole, WORDS)
        }
        _ => mutated(random, &corpus, WORDS),
    };
    let taken = AtLeast::default();
    modules.play(make, |wasm| taken.count(upload(wasm, wasm.len() < 400)));
    taken.assert(100);
}

/// How many inputs came through: a campaign whose inputs all stop at the door tries the door only.
#[derive(Default)]
struct AtLeast(std::cell::Cell<u32>);

impl AtLeast {
    fn count(&self, came_through: bool) {
        self.0.set(self.0.get() + u32::from(came_through));
    }

    fn assert(&self, least: u32) {
        assert!(self.0.get() >= least, "only {} came through", self.0.get());
    }
}

/// Whether it was taken.
fn upload(wasm: &[u8], is_compiled: bool) -> bool {
    let recognised = recognise(wasm);
    let refusal = match gate::pass(wasm) {
        Ok(interface) => {
            recognised.expect("what the gate lets pass looks like WebAssembly");
            if is_compiled && wasm.len() <= COMPILED_BYTES_MAX {
                return becomes_a_program(wasm);
            }
            assert!(format!("{interface:?}").len() < 1 << 20);
            return true;
        }
        Err(refusal) => refusal,
    };
    assert!(
        !refusal.message.is_empty() && refusal.message.len() < 4_096,
        "{refusal}"
    );
    assert!(
        !refusal.message.contains(|c: char| c.is_control()),
        "{refusal:?}"
    );
    false
}

fn becomes_a_program(wasm: &[u8]) -> bool {
    match compile(wasm, Preemption::Checks) {
        Ok(compiled) => {
            let sha256 = Sha256::digest(&compiled.artifact).into();
            sandbox()
                .load(&compiled.artifact, &sha256)
                .expect("what was compiled is loaded");
            true
        }
        Err(refusal) => {
            assert_ne!(
                refusal.message, "the compiler failed on this module",
                "it panicked"
            );
            assert_ne!(refusal.code, RefusalCode::NotWasm, "{refusal}");
            false
        }
    }
}

fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        Sandbox::new(Shape {
            instances_max: 1,
            memory_bytes_max: 64 << 20,
            threads: 1,
            preemption: Preemption::Checks,
        })
        .unwrap()
    })
}

/// A valid module of any proposals, imports and exports; three of four are such as could be a program here.
fn generated(random: &mut Random) -> Vec<u8> {
    let bytes: Vec<u8> = (0..512).flat_map(|_| random.next().to_le_bytes()).collect();
    let mut choices = Unstructured::new(&bytes);
    let mut config = Config::arbitrary(&mut choices).unwrap_or_default();
    config.max_instructions = config.max_instructions.min(200);
    config.max_funcs = config.max_funcs.min(20);
    config.generate_custom_sections = random.percent(20);
    config.allow_invalid_funcs = random.percent(10);
    if random.percent(75) {
        config.available_imports = Some(wat::parse_str(IMPORTS).unwrap());
        config.exports = Some(wat::parse_str(EXPORTS).unwrap());
        config.gc_enabled = false;
        config.threads_enabled = false;
        config.memory64_enabled = false;
        config.exceptions_enabled = false;
        config.relaxed_simd_enabled = false;
        config.max_memories = config.max_memories.min(1);
        config.max_memory32_bytes = config.max_memory32_bytes.min(32 << 20);
    }
    Module::new(config, &mut choices)
        .map_or_else(|_| b"\0asm\x01\0\0\0".to_vec(), |module| module.to_bytes())
}

fn corpus() -> Vec<Vec<u8>> {
    let texts = [
        r#"(module (memory (export "memory") 1) (func (export "_start")))"#,
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1 4)
            (table 10 funcref) (elem (i32.const 0) $f $f)
            (global $g (mut i64) (i64.const 5))
            (data (i32.const 8) "hello\n")
            (func $f (param i32) (result i32) (loop (br_if 0 (local.get 0))) (i32.const 1))
            (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))))"#,
        r#"(component
            (core module $m (memory (export "memory") 1) (func (export "run") (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $run_instance (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run_instance)))"#,
    ];
    let mut corpus: Vec<_> = texts.map(|text| wat::parse_str(text).unwrap()).into();
    corpus.push(include_bytes!("../museum/0.1.0/core.wasm").to_vec());
    corpus.push(include_bytes!("../museum/0.1.0/component.wasm").to_vec());
    corpus
}
