//! What somebody who broke out would try, what an honest worker has to do, and how each is to end.

mod another;
mod asking;
mod fronting;
mod honest;
mod prying;

use std::fmt;
use std::io;

use sublet_worker::wall::Layer;

use crate::planted::{BEGUN, FRONT, GIVEN, PLACES, Surroundings};

/// One thing to try.
pub(crate) struct Deed {
    pub(crate) name: &'static str,
    pub(crate) act: fn(&Surroundings) -> Answer,
    pub(crate) expected: Expected,
    /// The layers that see to it.
    pub(crate) needs: &'static [Layer],
    /// Whether it would get somewhere otherwise, on every host and as every account.
    pub(crate) works_without_the_wall: bool,
}

impl Deed {
    /// Whether it is tried as an account that only root can give.
    pub(crate) fn is_of_another_account(&self) -> bool {
        self.name.starts_with("account:")
    }

    /// Where it is tried: what the calls refuse as well, where the calls are free.
    pub(crate) fn places(&self) -> &'static [&'static str] {
        if self.name.starts_with("front:") {
            &[FRONT]
        } else if self.is_of_another_account() {
            &[GIVEN]
        } else if self.needs.contains(&Layer::Namespaces) {
            &[BEGUN]
        } else {
            &PLACES
        }
    }
}

/// How a deed ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// It did what it was meant to.
    Done,
    /// The kernel said no, with this number.
    Refused(i32),
    /// The kernel ended the process.
    Ended,
    /// Something that nobody thought of.
    Odd(String),
}

/// How a deed is to end.
#[derive(Debug)]
pub(crate) enum Expected {
    Done,
    Refused(&'static [i32]),
    Ended,
}

impl Expected {
    pub(crate) fn holds(&self, answer: &Answer) -> bool {
        match (self, answer) {
            (Self::Done, Answer::Done) | (Self::Ended, Answer::Ended) => true,
            (Self::Refused(numbers), Answer::Refused(number)) => numbers.contains(number),
            _ => false,
        }
    }
}

impl Answer {
    pub(crate) fn of<T>(result: io::Result<T>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => match error.raw_os_error() {
                Some(number) => Self::Refused(number),
                None => Self::Odd(error.to_string()),
            },
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.strip_prefix("refused ").map(str::parse) {
            Some(Ok(number)) => Self::Refused(number),
            _ if text == "done" => Self::Done,
            _ => Self::Odd(text.to_owned()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Refused(number) => write!(f, "refused {number}"),
            Self::Ended => f.write_str("ended"),
            Self::Odd(words) => f.write_str(words),
        }
    }
}

/// The deed of a name.
pub(crate) fn find(name: &str) -> &'static Deed {
    all().find(|deed| deed.name == name).unwrap_or(&Deed {
        name: "standings",
        act: |_| Answer::Done,
        expected: Expected::Done,
        needs: &[],
        works_without_the_wall: false,
    })
}

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Deed> {
    let parts = [
        prying::DEEDS,
        asking::DEEDS,
        fronting::DEEDS,
        another::DEEDS,
        honest::DEEDS,
    ];
    parts.into_iter().flatten()
}
