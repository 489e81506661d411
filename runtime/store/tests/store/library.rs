//! Files by digest: whole or not there, and never somebody else's.

use std::{fs, io::Read as _, path::PathBuf};

use sublet_store::{Artifact, Digest, Error, Library, WholeArtifact};

use crate::support::*;

fn uploaded(library: &Library, content: &[u8]) -> sublet_store::Uploaded {
    let mut upload = library.upload(1 << 20).unwrap();
    content
        .chunks(7)
        .for_each(|part| upload.write(part).unwrap());
    upload.finish().unwrap()
}

fn whole(artifact: Artifact) -> WholeArtifact {
    match artifact {
        Artifact::Whole(whole) => whole,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_is_kept_by_its_digest_for_its_user() {
    let store = store();
    let library = store.data.library().unwrap();
    let mut upload = uploaded(&library, b"\0asm module");
    assert_eq!(
        (upload.digest, upload.size_bytes),
        (Digest::of(b"\0asm module"), 11)
    );
    assert_eq!(upload.bytes().unwrap(), b"\0asm module");
    let digest = library.keep_module(ADA, upload).unwrap();
    assert_eq!(
        library.module(ADA, digest).unwrap().unwrap(),
        b"\0asm module"
    );
    assert_eq!(library.module(BOB, digest).unwrap(), None);
    library
        .keep_module(ADA, uploaded(&library, b"\0asm module"))
        .unwrap();
    assert_eq!(
        fs::read_dir(store.folder.path().join("tmp"))
            .unwrap()
            .count(),
        0
    );

    library
        .keep_artifact(ADA, digest, "engine-1", b"code")
        .unwrap();
    library.remove_module(ADA, digest).unwrap();
    library.remove_module(ADA, digest).unwrap();
    assert_eq!(library.module(ADA, digest).unwrap(), None);
    assert!(matches!(
        library.artifact(ADA, digest, "engine-1").unwrap(),
        Artifact::Missing
    ));
}

#[test]
fn a_damaged_module_is_not_handed_out() {
    let store = store();
    let library = store.data.library().unwrap();
    let digest = library
        .keep_module(ADA, uploaded(&library, b"module"))
        .unwrap();
    fs::write(
        store
            .folder
            .path()
            .join(format!("users/1/modules/{digest}.wasm")),
        "modulo",
    )
    .unwrap();
    assert!(library.module(ADA, digest).unwrap_err().is_damage());
}

#[test]
fn an_upload_is_cut_off_at_its_limit_and_leaves_nothing() {
    let store = store();
    let library = store.data.library().unwrap();
    let mut upload = library.upload(10).unwrap();
    upload.write(&[0; 10]).unwrap();
    let error = upload.write(&[0]).unwrap_err();
    assert!(matches!(error, Error::UploadTooLong { limit_bytes: 10 }));
    assert_eq!(error.to_string(), "upload is longer than 10 bytes");
    drop(upload);
    drop(uploaded(&library, b"finished and not kept"));
    assert_eq!(
        fs::read_dir(store.folder.path().join("tmp"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn an_artifact_comes_back_byte_for_byte() {
    let store = store();
    let library = store.data.library().unwrap();
    let (module, code) = (Digest::of(b"module"), vec![0xc3; 200_000]);
    library
        .keep_artifact(ADA, module, "48.0.8-abc", &code)
        .unwrap();
    let mut found = whole(library.artifact(ADA, module, "48.0.8-abc").unwrap());
    assert_eq!((found.length, found.sha256), (200_000, Digest::of(&code)));
    let mut bytes = Vec::new();
    (&mut found.file)
        .take(found.length)
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes, code);
    for (user, engine) in [(BOB, "48.0.8-abc"), (ADA, "48.0.9-abc")] {
        assert!(matches!(
            library.artifact(user, module, engine).unwrap(),
            Artifact::Missing
        ));
    }
}

#[test]
fn a_damaged_artifact_is_reported_once_and_then_missing() {
    let store = store();
    let library = store.data.library().unwrap();
    let module = Digest::of(b"module");
    let path: PathBuf = store
        .folder
        .path()
        .join(format!("users/1/artifacts/{module}.e.cwasm"));
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes[3] ^= 1,
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes.truncate(bytes.len() - 1),
        |bytes| bytes.truncate(10),
        Vec::clear,
    ];
    for damage in damages {
        library
            .keep_artifact(ADA, module, "e", b"machine code")
            .unwrap();
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        assert!(matches!(
            library.artifact(ADA, module, "e").unwrap(),
            Artifact::Damaged
        ));
        assert!(matches!(
            library.artifact(ADA, module, "e").unwrap(),
            Artifact::Missing
        ));
    }
}

#[test]
fn a_blob_lies_where_a_worker_may_read_it() {
    let store = store();
    let library = store.data.library().unwrap();
    let kept = library
        .keep_blob(ADA, uploaded(&library, b"input"))
        .unwrap();
    assert_eq!((kept.size_bytes, kept.files), (5, 1));
    let work = store.data.work().unwrap().user_directory(ADA).unwrap();
    let path = sublet_store::Work::blob_path(kept.digest);
    assert_eq!(work.read(&path).unwrap(), b"input");
    assert!(work.metadata(&path).unwrap().permissions().readonly());
}
