//! A module as it comes from a file or from stdin. Text is turned into a binary here; what the binary is worth is for
//! the sandbox to judge.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use sublet_api::Code;

use crate::failure::Failure;

/// Most bytes that are read: above what any server takes, below what would trouble this process.
const BYTES_MAX: u64 = 256 << 20;

/// A module's bytes and their name.
#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: [u8; 32],
}

/// What stands where a module is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`
    Stdin,
    /// A file here.
    File(PathBuf),
    /// A module of the server: a digest, a prefix of one, `name@tag`.
    Reference(String),
}

impl Source {
    /// A file, or stdin.
    pub(crate) fn of_file(text: &str) -> Self {
        match text {
            "-" => Self::Stdin,
            path => Self::File(PathBuf::from(path)),
        }
    }

    /// A file where it looks like one or is one, else a reference.
    pub(crate) fn of_module(text: &str) -> Self {
        let path = Path::new(text);
        let looks = text.contains('/')
            || path
                .extension()
                .is_some_and(|end| end == "wasm" || end == "wat");
        if text == "-" || looks || path.exists() {
            Self::of_file(text)
        } else {
            Self::Reference(text.to_owned())
        }
    }

    /// A name for people: the file's, or the module's own.
    pub(crate) fn name(&self) -> Option<String> {
        let text = match self {
            Self::Stdin => None,
            Self::File(path) => path.file_stem().and_then(|stem| stem.to_str()),
            // A digest is no name.
            Self::Reference(text) if is_hexadecimal(text) => None,
            Self::Reference(text) => text.split('@').next(),
        }?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let name: String = text
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .take(64)
            .collect();
        (!name.is_empty()).then_some(name)
    }
}

fn is_hexadecimal(text: &str) -> bool {
    let text = text.strip_prefix("sha256:").unwrap_or(text);
    text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Binary {
    /// Reads a module from a file; text becomes a binary.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = File::open(path)
            .and_then(all)
            .map_err(|error| unreadable(path, &error))?;
        Self::new(bytes, &name)
    }

    /// Reads a module from stdin; text becomes a binary.
    pub(crate) fn read_stdin() -> Result<Self, Failure> {
        let bytes = all(io::stdin().lock()).map_err(|error| {
            Failure::new(Code::FileUnreadable, "the module cannot be read from stdin")
                .caused_by(&error)
        })?;
        Self::new(bytes, "stdin")
    }

    fn new(bytes: Vec<u8>, name: &str) -> Result<Self, Failure> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
            let detail = format!(
                "`{name}` is larger than {} MiB, which no server takes",
                BYTES_MAX >> 20
            );
            return Err(Failure::new(Code::BodyTooLarge, detail).help("is it the right file?"));
        }
        let bytes = if is_text(&bytes, name) {
            binary_of(&bytes, name)?
        } else {
            bytes
        };
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Self { bytes, sha256 })
    }

    /// The sha256 in lower-case hex, the module's name everywhere.
    pub(crate) fn digest(&self) -> String {
        hexadecimal(&self.sha256)
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        u64::try_from(self.bytes.len()).expect("a length fits 64 bits")
    }
}

fn all(source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether this is the text format: by the file's name, or because a module's text begins with a bracket or comment.
fn is_text(bytes: &[u8], name: &str) -> bool {
    let start = bytes.trim_ascii_start();
    let looks = start.starts_with(b"(module")
        || start.starts_with(b"(component")
        || start.starts_with(b";;");
    !bytes.starts_with(b"\0asm")
        && (looks || Path::new(name).extension().is_some_and(|end| end == "wat"))
}

fn binary_of(text: &[u8], name: &str) -> Result<Vec<u8>, Failure> {
    wat::Parser::new()
        .parse_bytes(Some(Path::new(name)), text)
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| {
            Failure::new(
                Code::TextInvalid,
                format!("`{name}` is not valid WebAssembly text"),
            )
            .caused_by(&error)
        })
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// A file that cannot be read, and why.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Code::FileUnreadable, format!("there is no file `{path}`"))
            .help("check the path; modules of the server are named without a slash: `sublet modules list`"),
        _ => Failure::new(Code::FileUnreadable, format!("`{path}` cannot be read")).caused_by(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_a_binary() {
        for name in ["a.wat", "stdin"] {
            let binary = Binary::new(b"  (module)".to_vec(), name).unwrap();
            assert_eq!(binary.bytes, b"\0asm\x01\0\0\0");
            assert_eq!(&binary.digest()[..16], "93a44bbb96c75121");
        }
    }

    #[test]
    fn what_is_no_text_is_left_for_the_sandbox_to_judge() {
        for bytes in [&b"\x7fELF"[..], b"", b"#!/bin/sh", b"\0asm"] {
            assert_eq!(Binary::new(bytes.to_vec(), "a.wasm").unwrap().bytes, bytes);
        }
    }

    #[test]
    fn bad_text_is_told_with_its_place() {
        let Err(failure) = Binary::new(b"(module (fun))".to_vec(), "a.wat") else {
            panic!("accepted");
        };
        assert_eq!(failure.code(), Some(Code::TextInvalid));
        assert!(format!("{failure:?}").contains("a.wat:1:10"), "{failure:?}");
    }

    #[test]
    fn a_file_or_a_reference() {
        for (text, expected) in [
            ("-", Source::Stdin),
            ("render.wasm", Source::File("render.wasm".into())),
            ("render.wat", Source::File("render.wat".into())),
            ("./render", Source::File("./render".into())),
            ("render@2", Source::Reference("render@2".to_owned())),
            ("93a44bbb", Source::Reference("93a44bbb".to_owned())),
        ] {
            assert_eq!(Source::of_module(text), expected, "{text}");
        }
    }

    #[test]
    fn names_for_people() {
        for (text, expected) in [
            ("target/render tiles.wasm", Some("render-tiles")),
            ("render@2", Some("render")),
            ("93a44bbb96c7", None),
            ("sha256:93a44bbb96c7", None),
            ("-", None),
        ] {
            assert_eq!(
                Source::of_module(text).name().as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
