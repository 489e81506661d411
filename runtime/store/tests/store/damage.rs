//! Somebody, or the disk, changes what lies in the data directory: every file cut short, with a bit turned, or gone. What
//! is read is what was written, or said to be damaged or missing; never something else, and never a panic.

use std::{
    fs,
    io::Read as _,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use sublet_scheduler::{AttemptId, JobId, Next, Outcome};
use sublet_store::{
    Artifact, DataDirectory, Digest, Error, JobArtifact, LogFound, LogPosition, LogSelection,
    Record, Stream,
};
use tempfile::TempDir;

use crate::{power_loss::random::Random, support::*};

const MODULE: &[u8] = b"\0asm a module of some length, so that it can be cut in places";
const CODE: &[u8] = b"machine code that is as long as that, and as easily cut in places";
const LEFT: &[u8] = b"what an attempt left for people, who want to have it as it was left";
const ATTEMPT: AttemptId = AttemptId {
    job: JobId(1),
    task: 0,
    number: 1,
};
const LINES: u8 = 20;

/// A data directory with one of everything, whose server has ended.
fn used() -> TempDir {
    let mut store = store_in(memory_folder());
    let library = store.data.library().unwrap();
    let mut upload = library.upload(1 << 20).unwrap();
    upload.write(MODULE).unwrap();
    let module = library.keep_module(ADA, upload.finish().unwrap()).unwrap();
    library
        .keep_artifact(ADA, module, "engine-1", CODE)
        .unwrap();
    store
        .data
        .keys()
        .unwrap()
        .write("authority", "a key")
        .unwrap();
    let logs = store.data.logs().unwrap();
    for line in 0..LINES {
        logs.append(ATTEMPT, Stream::Stdout, at(1), &[line; 100])
            .unwrap();
    }
    logs.close(JobId(1)).unwrap();
    let out = TempDir::new().unwrap();
    fs::write(out.path().join("result"), LEFT).unwrap();
    let out: OwnedFd = fs::File::open(out.path()).unwrap().into();
    let outputs = store.data.outputs().unwrap();
    outputs
        .keep(ATTEMPT, &out, u64::MAX, |_| String::new())
        .unwrap();
    for id in 1..=20 {
        store.commit(&[
            submitted(&job(id, 0..=9)),
            started(id, 0..=0, 1),
            finished(id, 0, 1, Outcome::Succeeded, Next::Settled),
            Record::Audited(Box::new(audited("job.submit", "a job", id))),
        ]);
    }
    let Store {
        writer,
        readers,
        data,
        folder,
    } = store;
    writer.close().unwrap();
    drop((readers, data));
    folder
}

/// What is told of everything in it. Nothing, where that is missing or said to be damaged.
#[derive(Debug, Default, PartialEq)]
struct Told {
    module: Option<Vec<u8>>,
    code: Option<Vec<u8>>,
    key: Option<String>,
    output: Option<Vec<u8>>,
    printed: Vec<u8>,
    gaps: usize,
    jobs: Option<usize>,
}

fn told(path: &Path) -> Result<Told, Error> {
    let data = DataDirectory::open(path)?;
    let jobs = || -> Result<usize, Error> {
        let _writer = data.writer()?;
        Ok(data.readers().get()?.recover()?.len())
    };
    let (library, module) = (data.library()?, Digest::of(MODULE));
    let mut told = Told {
        jobs: jobs().ok(),
        module: library.module(ADA, module).ok().flatten(),
        key: data.keys()?.read("authority").ok().flatten(),
        ..Told::default()
    };
    if let Artifact::Whole(whole) = library.artifact(ADA, module, "engine-1")? {
        told.code = Some(all_of(whole.file.take(whole.length)));
    }
    let left = JobArtifact {
        number: 1,
        place: 0,
        name: "result".to_owned(),
        size_bytes: LEFT.len() as u64,
        digest: Digest::of(LEFT),
        media_type: String::new(),
    };
    let output = data.outputs()?.open_whole(JobId(1), 0, &left);
    told.output = output.ok().map(all_of);
    let (selection, from) = (LogSelection::default(), LogPosition::default());
    for entry in data.logs()?.read(JobId(1), selection, from)? {
        match entry?.found {
            LogFound::Chunk(chunk) => told.printed.push(chunk.bytes[0]),
            LogFound::Gap { .. } => told.gaps += 1,
        }
    }
    Ok(told)
}

fn all_of(mut file: impl std::io::Read) -> Vec<u8> {
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    content
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.sort();
    files
}

/// A copy of the directory in which one file is what `damage` makes of it; nothing removes it.
fn with(from: &Path, damaged: &Path, damage: &impl Fn(Vec<u8>) -> Option<Vec<u8>>) -> TempDir {
    let copy = memory_folder();
    for file in files(from) {
        let to = copy.path().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let content = fs::read(&file).unwrap();
        let content = if file == damaged {
            damage(content)
        } else {
            Some(content)
        };
        content
            .into_iter()
            .for_each(|content| fs::write(&to, content).unwrap());
        if to.exists() {
            fs::set_permissions(&to, fs::metadata(&file).unwrap().permissions()).unwrap();
        }
    }
    copy
}

/// What is told is what was written, or nothing, and what of a log is missing is counted.
fn check(found: Result<Told, Error>, whole: &Told, damage: &str) {
    let told = match found {
        Ok(told) => told,
        Err(error) => return assert!(error.is_damage(), "{damage}: {error:?}"),
    };
    fn is<T: PartialEq>(told: Option<&T>, whole: Option<&T>) -> bool {
        told.is_none() || told == whole
    }
    assert!(is(told.module.as_ref(), whole.module.as_ref()), "{damage}");
    assert!(is(told.code.as_ref(), whole.code.as_ref()), "{damage}");
    assert!(is(told.output.as_ref(), whole.output.as_ref()), "{damage}");
    let mut lines = 0..LINES;
    let in_order = told
        .printed
        .iter()
        .all(|line| lines.any(|next| next == *line));
    assert!(in_order, "{damage}: {:?}", told.printed);
    let is_all = told.printed == whole.printed;
    assert!(is_all || told.gaps > 0, "{damage}: {:?}", told.printed);
}

/// Whether a change of this file may go unseen: nothing in it says what it was.
fn is_unsigned(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    ["sublet.db", "lock", "authority"].contains(&name)
}

#[test]
fn every_file_may_be_cut_or_gone_and_nothing_else_is_told_in_its_place() {
    let used = used();
    let whole = told(with(used.path(), Path::new(""), &Some).path()).unwrap();
    assert_eq!(
        (whole.jobs, whole.gaps, whole.printed.len()),
        (Some(20), 0, 20)
    );
    for file in files(used.path()) {
        let length = usize::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for kept in [0, 1, length / 3, length / 2, length.saturating_sub(1)] {
            let cut = |content: Vec<u8>| Some(content[..kept].to_vec());
            let copy = with(used.path(), &file, &cut);
            check(
                told(copy.path()),
                &whole,
                &format!("{} cut at {kept}", file.display()),
            );
        }
        let gone = with(used.path(), &file, &|_| None);
        let found = told(gone.path());
        if file.ends_with("sublet.db") {
            assert!(matches!(found, Err(Error::NoDatabase)), "{found:?}");
        } else if !file.ends_with("1.log") {
            // A log that is gone as a whole looks like that of a job that printed nothing.
            check(found, &whole, &format!("{} gone", file.display()));
        }
    }
}

#[test]
fn every_file_may_have_turned_bits_and_nothing_else_is_told_in_its_place() {
    let used = used();
    let whole = told(with(used.path(), Path::new(""), &Some).path()).unwrap();
    let seed = 17;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    for file in files(used.path()) {
        let length = u32::try_from(fs::metadata(&file).unwrap().len()).unwrap();
        for _ in 0..30 {
            let (at, bit) = (random.below(length.max(1)) as usize, random.below(8));
            let turned = |mut content: Vec<u8>| {
                content
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte ^= 1 << bit);
                Some(content)
            };
            let copy = with(used.path(), &file, &turned);
            let damage = format!("{} bit {bit} of {at}", file.display());
            let found = told(copy.path());
            if is_unsigned(&file) {
                // It is read as it is, or refused: there was no panic.
                continue;
            }
            check(found, &whole, &damage);
        }
    }
}

#[test]
fn numbers_that_files_have_are_not_given_again() {
    let used = used();
    let data = DataDirectory::open(used.path()).unwrap();
    let _writer = data.writer().unwrap();
    let next = || data.readers().get().unwrap().next_ids().unwrap();
    let mut ids = next();
    assert!(!data.pass_over_files(&mut ids).unwrap());
    assert_eq!(ids, next());
    for folder in [
        "logs/20",
        "logs/100",
        "outputs/99",
        "users/7",
        "logs/not-a-number",
    ] {
        fs::create_dir(used.path().join(folder)).unwrap();
    }
    assert!(data.pass_over_files(&mut ids).unwrap());
    assert_eq!((ids.job, ids.user.0), (JobId(101), 8));
}
