//! A job that was started natively, without a test: an ordinary program at a terminal or in a pipe.

use std::io::{self, Read as _};
use std::{fmt, process};

use super::World;
use crate::payload::{Bytes, JSON};

pub(super) fn world() -> World {
    if cfg!(target_family = "wasm") {
        talk("error: `cargo test` built this, for tests only: build it again with `cargo build`");
        exit(1);
    }
    let mut body = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut body) {
        talk(format_args!("error: stdin cannot be read: {error}"));
    }
    World {
        job: "native".to_owned(),
        input: Bytes::typed(JSON, body),
        is_tested: false,
        ..World::default()
    }
}

#[expect(clippy::print_stderr, reason = "the terminal is whom it talks to")]
pub(super) fn talk(text: impl fmt::Display) {
    eprintln!("{text}");
}

#[expect(
    clippy::exit,
    reason = "the code of the job is the code of the program"
)]
pub(super) fn exit(code: u8) {
    process::exit(i32::from(code));
}
