//! Loading: only what our own compiler made, for this very engine.

use sublet_sandbox::{Fault, Kind, Preemption, engine_identity};

use crate::guests::command;
use crate::harness::{artifact, sandbox, sha256};

const NOTHING: &str = r#"(module (func (export "_start")))"#;

#[test]
fn both_kinds_are_told_apart() {
    for (text, kind) in [
        (NOTHING.to_owned(), Kind::Core),
        (
            command(
                "",
                r#"(func (export "run") (result i32) (i32.const 0))"#,
                "",
            ),
            Kind::Component,
        ),
    ] {
        let artifact = artifact(&text);
        assert_eq!(
            sandbox()
                .load(&artifact, &sha256(&artifact))
                .unwrap()
                .kind(),
            kind
        );
    }
}

#[test]
fn another_hash_is_refused_before_anything_is_read() {
    let mut artifact = artifact(NOTHING);
    let hash = sha256(&artifact);
    *artifact.last_mut().unwrap() ^= 1;
    assert!(matches!(
        sandbox().load(&artifact, &hash),
        Err(Fault::Hash { .. })
    ));
}

#[test]
fn what_is_not_an_artifact_is_refused() {
    let bytes = wat::parse_str(NOTHING).unwrap();
    assert!(matches!(
        sandbox().load(&bytes, &sha256(&bytes)),
        Err(Fault::Artifact { .. })
    ));
}

#[test]
fn the_artifact_of_another_engine_is_refused() {
    let mut artifact = artifact(NOTHING);
    let stamp = engine_identity(Preemption::Checks);
    let at = artifact
        .windows(stamp.len())
        .position(|window| window == stamp.as_bytes())
        .expect("it is stamped");
    // The same major version, another patch: what the built-in stamp would let pass.
    let patch = at + "wasmtime-48.0.".len();
    artifact[patch] = b'7';
    match sandbox().load(&artifact, &sha256(&artifact)) {
        Err(Fault::Artifact { reason }) => {
            assert!(reason.contains("incompatible version"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_memory_that_no_slot_has_is_refused() {
    let artifact = artifact(r#"(module (memory 5000) (func (export "_start")))"#);
    assert!(matches!(
        sandbox().load(&artifact, &sha256(&artifact)),
        Err(Fault::Artifact { .. })
    ));
}
