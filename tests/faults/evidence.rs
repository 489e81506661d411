//! What is known after faults, from three sides that do not know each other: clients, records, and the journal that the
//! processes wrote while they lived.

use std::collections::BTreeMap;

/// Nanoseconds of the clock that all processes of a host share and nobody sets.
pub(crate) type Instant = u64;

/// Everything that a check looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) said: Vec<Submission>,
    /// The records at an earlier time, and at the end.
    pub(crate) earlier: Vec<Job>,
    pub(crate) later: Vec<Job>,
    pub(crate) journal: Vec<Line>,
    /// Slots, and those that are free, once nothing is to be done any more.
    pub(crate) slots: Option<(u64, u64)>,
}

/// What a client sent, and what it was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Submission {
    /// No other submission has it.
    pub(crate) name: String,
    pub(crate) tasks: usize,
    pub(crate) starts_once: bool,
    /// The id in the answer; nothing where there was none.
    pub(crate) acknowledged: Option<String>,
    /// When the answer to a cancel had come.
    pub(crate) cancelled_at: Option<Instant>,
    /// How its tasks may end when nothing is in their way.
    pub(crate) ends: &'static [&'static str],
}

/// A job as it is on record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_finished: bool,
    pub(crate) tasks: Vec<Task>,
}

/// A task as it is on record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Task {
    pub(crate) index: u32,
    /// How it ended; nothing while it did not.
    pub(crate) outcome: Option<String>,
    /// The ends of its attempts, first to last; nothing of those under way.
    pub(crate) attempts: Vec<Option<String>>,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) at: Instant,
    pub(crate) process: u32,
    pub(crate) what: What,
}

/// What a process says that it does, at the time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// The front: the start is on record, and about to be sent.
    Granted {
        attempt: String,
        slot: String,
        job: String,
    },
    /// The front: the slot is free.
    Released { attempt: String },
    /// A worker: the first instruction comes next.
    Started { attempt: String },
    /// A worker: the last instruction was.
    Ended { attempt: String },
    /// Somebody: a planted fault happens.
    Fired { step: String },
    /// Somebody: this process is to be taken for frozen.
    Frozen,
}

/// The lines of the journal in a log, in the order of their instants.
pub(crate) fn journal(log: &str) -> Vec<Line> {
    // The last line may be half written.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut lines: Vec<_> = whole.lines().filter_map(line).collect();
    lines.sort_by_key(|line| line.at);
    lines
}

/// Other programs may write between two lines, and not into one.
fn line(text: &str) -> Option<Line> {
    let (_, told) = text.split_once("fault-journal ")?;
    let words: Vec<&str> = told.split(' ').collect();
    let [at, process, rest @ ..] = words.as_slice() else {
        return None;
    };
    let owned = |word: &&str| (*word).to_owned();
    let what = match rest {
        ["granted", attempt, slot, job] => What::Granted {
            attempt: owned(attempt),
            slot: owned(slot),
            job: owned(job),
        },
        ["released", attempt] => What::Released {
            attempt: owned(attempt),
        },
        ["started", attempt] => What::Started {
            attempt: owned(attempt),
        },
        ["ended", attempt] => What::Ended {
            attempt: owned(attempt),
        },
        ["fired", step] => What::Fired { step: owned(step) },
        ["frozen", ..] => What::Frozen,
        other => panic!("the journal says what nobody knows: {other:?}"),
    };
    Some(Line {
        at: at.parse().expect("an instant is a number"),
        process: process.parse().expect("a process id is a number"),
        what,
    })
}

impl Evidence {
    /// Which attempt of which task of which job a word of the journal means. The front said so before anybody ran it.
    pub(crate) fn meanings(&self) -> BTreeMap<&str, Meaning<'_>> {
        let granted = self.journal.iter().filter_map(|line| match &line.what {
            What::Granted { attempt, slot, job } => {
                let mut numbers = attempt.split('.').skip(1).map(|word| word.parse().ok());
                let meaning = Meaning {
                    job,
                    task: numbers.next()??,
                    number: numbers.next()??,
                    slot,
                    granted_at: line.at,
                };
                Some((attempt.as_str(), meaning))
            }
            _ => None,
        });
        granted.collect()
    }
}

/// An attempt of the journal, in the words of the records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meaning<'a> {
    pub(crate) job: &'a str,
    pub(crate) task: u32,
    pub(crate) number: u32,
    pub(crate) slot: &'a str,
    pub(crate) granted_at: Instant,
}
