//! Files that were promised are there after a loss of power, whenever it comes, and no name stands for half a file.
//!
//! `SUBLET_POWER_SEED=17 cargo test -p sublet-store --lib -- durable` plays one seed again.

use std::{fs, io::Read as _, os::fd::OwnedFd, path::Path};

use sublet_scheduler::{AttemptId, JobId, UnixMillis, UserId};

use super::power::{self, Lies, memory_folder};
use crate::{
    Artifact, DataDirectory, Digest, Error, KeyFiles, Library, LogFound, LogPosition, LogSelection,
    Logs, Outputs, Stream, TreeLimits, Uploaded, Work,
};

const ADA: UserId = UserId(1);
const ENGINE: &str = "engine-1";
const PRINTED: u8 = 40;
const BYTES_PRINTED: usize = 700;

/// What a server has of the disk.
struct Server {
    data: DataDirectory,
    library: Library,
    logs: Logs,
    outputs: Outputs,
    keys: KeyFiles,
}

impl Server {
    fn on(root: &Path) -> Result<Self, Error> {
        // Its parent is not there either, at first.
        let path = root.join("of/sublet");
        if path.exists() {
            // What becomes of records is for others to see: as far as these tests go, there are some.
            fs::write(path.join("sublet.db"), "records").unwrap();
        }
        let data = DataDirectory::open(&path)?;
        Ok(Self {
            library: data.library()?,
            logs: data.logs()?,
            outputs: data.outputs()?,
            keys: data.keys()?,
            data,
        })
    }
}

/// Something that a server does and then acknowledges.
struct Deed {
    name: &'static str,
    act: fn(&Server) -> Result<(), Error>,
    /// Whether it is there as it was promised; or, if it was not yet promised, whole or not at all.
    holds: fn(&Server, is_promised: bool) -> Result<bool, Error>,
}

const DEEDS: [Deed; 8] = [
    Deed {
        name: "a module",
        act: |server| {
            let module = uploaded(server, &content(1, 3_000))?;
            server.library.keep_module(ADA, module).map(drop)
        },
        holds: |server, is_promised| {
            let module = server.library.module(ADA, Digest::of(&content(1, 3_000)))?;
            Ok(module.is_some() || !is_promised)
        },
    },
    Deed {
        name: "compiled code",
        act: |server| {
            let code = content(2, 5_000);
            server
                .library
                .keep_artifact(ADA, Digest::of(b"module"), ENGINE, &code)
        },
        holds: |server, is_promised| {
            let found = server
                .library
                .artifact(ADA, Digest::of(b"module"), ENGINE)?;
            Ok(match found {
                Artifact::Whole(whole) => whole.sha256 == Digest::of(&content(2, 5_000)),
                Artifact::Missing => !is_promised,
                Artifact::Damaged => false,
            })
        },
    },
    Deed {
        name: "an input",
        act: |server| {
            let input = uploaded(server, &content(3, 2_000))?;
            server.library.keep_blob(ADA, input).map(drop)
        },
        holds: |server, is_promised| {
            let path = Work::blob_path(Digest::of(&content(3, 2_000)));
            Ok(is(
                &work_of(server).join(path),
                &content(3, 2_000),
                is_promised,
            ))
        },
    },
    Deed {
        name: "an input with folders",
        act: keep_tree,
        holds: |server, is_promised| {
            let tree = work_of(server).join(Work::tree_path(Digest::of(&archive())));
            let must_be_whole = is_promised || tree.exists();
            let file =
                |path: &str, number| is(&tree.join(path), &content(number, 900), must_be_whole);
            Ok(file("one", 4) && file("in/there", 5))
        },
    },
    Deed {
        name: "a key",
        act: |server| server.keys.write("authority", "first"),
        holds: |server, is_promised| {
            let key = server.keys.read("authority")?;
            let known = [Some("first"), Some("second")].contains(&key.as_deref());
            Ok(known || (key.is_none() && !is_promised))
        },
    },
    Deed {
        name: "what a job printed",
        act: |server| {
            (0..PRINTED).try_for_each(|line| print(server, line))?;
            server.logs.close(JobId(1))
        },
        holds: |server, is_promised| Ok(printed(server)?.is_some_and(|all| all || !is_promised)),
    },
    Deed {
        name: "what attempts left",
        act: |server| keep_outputs(server, 1, 2).and_then(|()| keep_outputs(server, 2, 20)),
        // A record names them only after this, so what was not promised is not there for anybody.
        holds: |server, is_promised| {
            let left =
                |number, files| is_promised.then(|| outputs_are_there(server, number, files));
            Ok(left(1, 2).unwrap_or(true) && left(2, 20).unwrap_or(true))
        },
    },
    Deed {
        name: "another key in the place of one",
        act: |server| server.keys.write("authority", "second"),
        holds: |server, is_promised| {
            let key = server.keys.read("authority")?;
            Ok(key.as_deref() == Some("second") || !is_promised)
        },
    },
];

fn content(number: u8, length: usize) -> Vec<u8> {
    // No sector of it is like another.
    (0..length)
        .map(|at| number ^ u8::try_from(at / 7 % 251).unwrap())
        .collect()
}

fn uploaded(server: &Server, content: &[u8]) -> Result<Uploaded, Error> {
    let mut upload = server.library.upload(1 << 20)?;
    upload.write(content)?;
    upload.finish()
}

fn work_of(server: &Server) -> std::path::PathBuf {
    server.data.path().join("users/1/work")
}

/// Whether a file has this content; one that need not be there may be missing.
fn is(path: &Path, content: &[u8], must_be_there: bool) -> bool {
    fs::read(path).map_or(!must_be_there, |found| found == content)
}

fn archive() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, number) in [("one", 4), ("in/there", 5)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(900);
        header.set_mode(0o644);
        let content = content(number, 900);
        archive
            .append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    archive.into_inner().unwrap()
}

fn keep_tree(server: &Server) -> Result<(), Error> {
    let limits = TreeLimits {
        total_bytes: 1 << 20,
        entries: 10,
        depth: 5,
        path_bytes: 100,
    };
    let tree = uploaded(server, &archive())?;
    server.library.keep_tree(ADA, tree, limits).map(drop)
}

fn attempt(number: u32) -> AttemptId {
    AttemptId {
        job: JobId(1),
        task: 0,
        number,
    }
}

fn print(server: &Server, line: u8) -> Result<(), Error> {
    let line = content(line, BYTES_PRINTED);
    server
        .logs
        .append(attempt(1), Stream::Stdout, UnixMillis(1), &line)
}

/// Whether all of the log is there. Nothing if something is there that was not printed, or not in that order.
fn printed(server: &Server) -> Result<Option<bool>, Error> {
    let (selection, from) = (LogSelection::default(), LogPosition::default());
    let mut next = 0;
    let mut is_whole = true;
    for entry in server.logs.read(JobId(1), selection, from)? {
        match entry?.found {
            LogFound::Gap { .. } => is_whole = false,
            LogFound::Chunk(chunk) => {
                let place =
                    (next..PRINTED).find(|line| content(*line, BYTES_PRINTED) == chunk.bytes);
                let Some(place) = place else { return Ok(None) };
                (is_whole, next) = (is_whole && place == next, place + 1);
            }
        }
    }
    Ok(Some(is_whole && next == PRINTED))
}

fn keep_outputs(server: &Server, number: u32, files: u8) -> Result<(), Error> {
    let out = memory_folder();
    for file in 0..files {
        fs::write(out.path().join(format!("{file:02}")), content(file, 1_000)).unwrap();
    }
    let out: OwnedFd = fs::File::open(out.path()).unwrap().into();
    let media_type = |_: &str| "text/plain".to_owned();
    let kept = server
        .outputs
        .keep(attempt(number), &out, 1 << 20, media_type)?;
    assert_eq!(kept.artifacts.len(), usize::from(files));
    Ok(())
}

fn outputs_are_there(server: &Server, number: u32, files: u8) -> bool {
    (0..files).all(|file| {
        let artifact = crate::JobArtifact {
            number,
            place: file.into(),
            name: format!("{file:02}"),
            size_bytes: 1_000,
            digest: Digest::of(&content(file, 1_000)),
            media_type: "text/plain".to_owned(),
        };
        let mut found = Vec::new();
        let opened = server.outputs.open(JobId(1), 0, &artifact);
        opened.is_ok_and(|mut file| file.read_to_end(&mut found).is_ok())
            && found == content(file, 1_000)
    })
}

/// Whether all that was acknowledged is on what a loss left.
fn look(left: &Path, acknowledged: usize) -> Result<(), String> {
    let server = Server::on(left).map_err(|error| format!("no start: {error:?}"))?;
    for (place, deed) in DEEDS.iter().enumerate() {
        let is_promised = place < acknowledged;
        match (deed.holds)(&server, is_promised) {
            Ok(true) => {}
            told => return Err(format!("{}, promised: {is_promised}: {told:?}", deed.name)),
        }
    }
    Ok(())
}

/// How many losses there were while a server did all that, or what was wrong after one.
fn losses(lies: Lies, seed: u64) -> Result<usize, String> {
    println!("SUBLET_POWER_SEED={seed}");
    let folder = memory_folder();
    power::lose(folder.path(), lies, seed, Box::new(look));
    let server = Server::on(folder.path()).unwrap();
    for deed in &DEEDS {
        (deed.act)(&server).unwrap();
        power::acknowledged();
    }
    power::losses()
}

fn seeds() -> Vec<u64> {
    match std::env::var("SUBLET_POWER_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => vec![1, 2, u64::from(std::process::id())],
    }
}

#[test]
fn files_that_were_promised_are_there_after_a_loss_of_power_and_none_is_half() {
    for seed in seeds() {
        let losses = losses(Lies::No, seed).unwrap();
        assert!(losses > 200, "only {losses}");
    }
}

#[test]
fn a_disk_that_lies_of_contents_or_of_names_is_found_out() {
    for lies in [Lies::OfContents, Lies::OfNames] {
        losses(lies, 1).unwrap_err();
    }
}

#[test]
fn what_a_killed_server_had_not_flushed_is_durable_once_another_one_relies_on_it() {
    let folder = memory_folder();
    let server = Server::on(folder.path()).unwrap();
    let before = &DEEDS[..4];
    before.iter().for_each(|deed| (deed.act)(&server).unwrap());
    drop(server);

    // Killed after it had given names, and before it had flushed them.
    let look = |left: &Path, acknowledged| {
        if acknowledged == 0 {
            Ok(())
        } else {
            look(left, 4)
        }
    };
    power::lose(folder.path(), Lies::No, 1, Box::new(look));
    power::all_is_durable();
    for unflushed in [
        "users",
        "users/1",
        "users/1/work",
        "users/1/work/inputs",
        "users/1/modules",
    ] {
        power::forget_names(&folder.path().join("of/sublet").join(unflushed));
    }
    let server = Server::on(folder.path()).unwrap();
    before.iter().for_each(|deed| (deed.act)(&server).unwrap());
    power::acknowledged();
    power::losses().unwrap();
}
