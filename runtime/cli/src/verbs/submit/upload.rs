//! What a job names and the server may not have yet: its module, its stdin, its trees.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sublet_api::{InputKind, InputMount, PushQuery};

use crate::arguments::word::InputPath;
use crate::client::{Client, Upload};
use crate::failure::Failure;
use crate::module_file::{Binary, Source, hexadecimal, unreadable};
use crate::output::Output;
use crate::progress::Transfer;
use crate::tree::{self, pack, unwritable};
use crate::verbs::modules::push;

/// Bytes that are hashed at a time.
const PIECE_BYTES: usize = 64 << 10;

/// The name by which the server knows the module; a file that it does not have is pushed first.
pub(super) async fn module(
    source: Source,
    client: &Client,
    output: &Output,
) -> Result<String, Failure> {
    let binary = match source {
        Source::Reference(reference) => return Ok(reference),
        Source::File(path) => Binary::read(&path)?,
        Source::Stdin => Binary::read_stdin()?,
    };
    let digest = binary.digest();
    if client.find_module(&digest).await?.is_none() {
        push::upload(client, binary, &PushQuery::default(), output).await?;
    }
    Ok(digest)
}

/// The trees of these flags, packed, each with its place in the guest.
pub(super) fn trees(inputs: &[InputPath]) -> Result<Vec<(String, Upload)>, Failure> {
    let mounts = tree::mounts(inputs)?;
    mounts
        .iter()
        .map(|mount| {
            let packed = pack(&mount.entries()?)?;
            let upload = Upload {
                digest: packed.digest,
                kind: InputKind::Tree,
                size_bytes: packed.size_bytes,
                file: packed.file,
            };
            Ok((mount.guest.clone(), upload))
        })
        .collect()
}

/// Sends the trees that the server does not have.
pub(super) async fn send_trees(
    trees: Vec<(String, Upload)>,
    client: &Client,
    output: &Output,
) -> Result<Vec<InputMount>, Failure> {
    let mut mounts = Vec::new();
    for (guest, tree) in trees {
        let digest = send(tree, client, output).await?;
        mounts.push(InputMount { digest, guest });
    }
    Ok(mounts)
}

/// The digest of what each task reads as stdin; it is sent if the server does not have it.
pub(super) async fn stdin(
    input: &str,
    client: &Client,
    output: &Output,
) -> Result<String, Failure> {
    let blob = match input {
        "-" => measured(spooled()?, Path::new("stdin"))?,
        path => {
            let path = Path::new(path);
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            measured(file, path)?
        }
    };
    send(blob, client, output).await
}

async fn send(input: Upload, client: &Client, output: &Output) -> Result<String, Failure> {
    let digest = input.digest.clone();
    if client.has_input(&digest, input.kind).await? {
        return Ok(digest);
    }
    let progress = Transfer::new(output, "uploading input", input.size_bytes, "storing");
    let sent = client.put_input(input, progress.clone()).await;
    progress.done();
    sent.map(|()| digest)
}

/// Our own stdin as a file: it has to be read twice, once for its digest.
fn spooled() -> Result<File, Failure> {
    let mut file = tempfile::tempfile().map_err(|error| unwritable(&error))?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(|error| unwritable(&error))?;
    file.flush()
        .and_then(|()| file.rewind())
        .map_err(|error| unwritable(&error))?;
    Ok(file)
}

/// A file with its digest and size, standing at its beginning.
fn measured(mut file: File, path: &Path) -> Result<Upload, Failure> {
    let (digest, size_bytes) = hashed(&mut file)
        .and_then(|facts| file.rewind().map(|()| facts))
        .map_err(|error| unreadable(path, &error))?;
    Ok(Upload {
        digest,
        kind: InputKind::Blob,
        size_bytes,
        file,
    })
}

fn hashed(file: &mut File) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut size_bytes = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok((hexadecimal(&hash.finalize()), size_bytes));
        }
        hash.update(&piece[..length]);
        size_bytes += u64::try_from(length).expect("a length fits 64 bits");
    }
}
