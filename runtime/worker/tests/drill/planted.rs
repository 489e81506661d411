//! The worker that somebody has taken over: behind the same wall as any, it does what it is told to.

use std::fmt::Display;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use sublet_worker::wall::{self, Account, Room};

use crate::deeds::{Answer, find};

/// The first argument of this program where it is the worker.
pub(crate) const WORD: &str = "planted";
/// Where a deed is done behind the wall of a worker: on the thread that raised it, and on one that was there before.
pub(crate) const PLACES: [&str; 2] = ["main-thread", "guest-thread"];
/// Where what begins the wall stands, and not what closes it: this tells apart the layers that refuse the same deed.
pub(crate) const BEGUN: &str = "begun";
/// Where the same stands, begun as another account.
pub(crate) const GIVEN: &str = "given";
/// That account.
pub(crate) const ACCOUNT: Account = Account::COMPILERS;
/// Where only that stands which is around the front.
pub(crate) const FRONT: &str = "front";
/// Where there is no wall.
pub(crate) const BARE: &str = "bare";

/// What a planted worker knows of the world.
pub(crate) struct Surroundings {
    pub(crate) root: PathBuf,
    pub(crate) port: u16,
    pub(crate) front: u32,
    pub(crate) other: u32,
    pub(crate) leaked: RawFd,
}

impl Surroundings {
    pub(crate) fn words(&self) -> [String; 5] {
        [
            self.root.display().to_string(),
            self.port.to_string(),
            self.front.to_string(),
            self.other.to_string(),
            self.leaked.to_string(),
        ]
    }

    fn of(words: &[String]) -> Self {
        Self {
            root: PathBuf::from(&words[0]),
            port: words[1].parse().unwrap(),
            front: words[2].parse().unwrap(),
            other: words[3].parse().unwrap(),
            leaked: words[4].parse().unwrap(),
        }
    }

    /// A path in the world.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }
}

/// Does a deed, and writes down what came of it.
pub(crate) fn act(words: &[String]) {
    let (name, place) = (words[0].clone(), words[1].as_str());
    if place == BARE {
        let surroundings = Surroundings::of(&words[2..]);
        say((find(&name).act)(&surroundings));
        return;
    }
    if place == FRONT {
        wall::around_the_front().unwrap();
        let surroundings = Surroundings::of(&words[2..]);
        say((find(&name).act)(&surroundings));
        return;
    }
    let begun = wall::begin((place == GIVEN).then_some(ACCOUNT)).unwrap();
    let surroundings = Surroundings::of(&words[2..]);
    if place == BEGUN || place == GIVEN {
        say((find(&name).act)(&surroundings));
        return;
    }
    let directory = surroundings.path("one");
    let room = if name.starts_with("compiler:") {
        Room::Compiler
    } else {
        Room::Worker(&directory)
    };
    // A thread that is there before the last layer is raised, as those for guests are.
    let (send, receive) = mpsc::channel::<(String, Surroundings)>();
    let make = || {
        Ok(thread::spawn(move || match receive.recv() {
            Ok((name, surroundings)) => (find(&name).act)(&surroundings),
            Err(error) => Answer::Odd(error.to_string()),
        }))
    };
    let (there_before, standings) = begun.around(room, make).unwrap();
    if name == "standings" {
        say(serde_json::to_string(&standings).unwrap());
        return;
    }
    let answer: Answer = if place == PLACES[0] {
        (find(&name).act)(&surroundings)
    } else {
        send.send((name, surroundings)).unwrap();
        there_before.join().unwrap()
    };
    say(answer);
}

/// To the front, or to who called the drill.
#[expect(clippy::print_stdout, reason = "a program whose answer this is")]
pub(crate) fn say(what: impl Display) {
    println!("{what}");
}
