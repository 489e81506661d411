//! What a build for tests has in the place of nothing.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use rustix::time::{ClockId, clock_gettime};

/// The one variable that plants faults.
const VARIABLE: &str = "SUBLET_FAULT";
/// What each line of the journal begins with, on standard error, which the front and its workers share.
const JOURNAL: &str = "fault-journal";

/// What the part begins with that names the file of a clock.
const CLOCK: &str = "clock=";

/// What a process does to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// It is gone, without a chance to tidy up.
    Kill,
    /// It does nothing any more, and is there.
    Freeze,
    /// The thread panics.
    Panic,
    /// The step itself knows what is wrong there.
    Lie,
}

/// A fault that waits for its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Planted {
    step: String,
    /// How often the process comes there before, and once more.
    occurrence: u32,
    deed: Deed,
    text: String,
}

impl Planted {
    /// `step@occurrence:deed`; nothing where it is not that.
    fn parse(text: &str) -> Option<Self> {
        let (step, rest) = text.split_once('@')?;
        let (occurrence, deed) = rest.split_once(':')?;
        Some(Self {
            step: step.to_owned(),
            occurrence: occurrence.parse().ok()?,
            deed: match deed {
                "kill" => Deed::Kill,
                "freeze" => Deed::Freeze,
                "panic" => Deed::Panic,
                "lie" => Deed::Lie,
                _ => return None,
            },
            text: text.to_owned(),
        })
    }

    fn is_of(&self, role: &str) -> bool {
        self.step
            .strip_prefix(role)
            .is_some_and(|rest| rest.starts_with('.'))
    }
}

/// What the variable says of this process and of those that it starts.
#[derive(Debug)]
struct Plan {
    planted: Vec<Planted>,
    /// Where it stands how many milliseconds the clock of the host is off.
    clock: Option<PathBuf>,
    counts: Mutex<HashMap<String, u32>>,
    /// How many processes of each role were handed their part.
    handed: Mutex<HashMap<String, usize>>,
}

impl Plan {
    fn of(text: &str) -> Self {
        Self {
            planted: text.split(',').filter_map(Planted::parse).collect(),
            clock: text
                .split(',')
                .find_map(|part| part.strip_prefix(CLOCK))
                .map(PathBuf::from),
            counts: Mutex::default(),
            handed: Mutex::default(),
        }
    }

    /// What is to happen now that the process comes to a step once more.
    fn due(&self, step: &str) -> Option<Deed> {
        if !self.planted.iter().any(|planted| planted.step == step) {
            return None;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(step.to_owned()).or_default();
        *count += 1;
        let due = |planted: &&Planted| planted.step == step && planted.occurrence == *count;
        self.planted.iter().find(due).map(|planted| planted.deed)
    }

    /// The part of the next process of a role: the first of its faults for the first one, and so on. One fault is then one
    /// fault, however many processes take the place of the one that died of it.
    fn part_of(&self, role: &str) -> String {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = handed.entry(role.to_owned()).or_default();
        let mut theirs = self.planted.iter().filter(|planted| planted.is_of(role));
        let part = theirs.nth(*turn);
        *turn += 1;
        part.map_or_else(|| "journal".to_owned(), |planted| planted.text.clone())
    }
}

fn plan() -> Option<&'static Plan> {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    let read = || std::env::var(VARIABLE).ok().map(|text| Plan::of(&text));
    PLAN.get_or_init(read).as_ref()
}

/// The process comes to a step of the way of a job.
pub fn step(name: &str) {
    let deed = plan().and_then(|plan| plan.due(name));
    match deed {
        None | Some(Deed::Lie) => {}
        Some(deed) => do_it(name, deed),
    }
}

/// The process comes to a step with each of these subjects.
pub fn step_of(role: &str, subjects: &[&str], when: &str) {
    if plan().is_some() {
        for subject in subjects {
            step(&format!("{role}.{subject}.{when}"));
        }
    }
}

/// Whether a lie is to be told at this step.
#[must_use]
pub fn is_due(lie: &str) -> bool {
    let is_due = plan().and_then(|plan| plan.due(lie)) == Some(Deed::Lie);
    if is_due {
        note(|| format!("fired {lie}"));
    }
    is_due
}

/// What the disk says at this step, before it is asked for anything.
///
/// # Errors
/// It is to fail.
pub fn disk(step: &str) -> io::Result<()> {
    match is_due(step) {
        true => Err(io::Error::from_raw_os_error(libc::EIO)),
        false => Ok(()),
    }
}

/// Writes a line of the journal, with the instant and the process: one call to the kernel, so that lines stay whole.
pub fn note(words: impl FnOnce() -> String) {
    if plan().is_none() {
        return;
    }
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, rest) = (now.tv_sec, now.tv_nsec);
    let process = getpid().as_raw_nonzero();
    let line = format!("{JOURNAL} {seconds}{rest:09} {process} {}\n", words());
    // Nobody is there to be told that there is nobody to tell.
    drop(io::stderr().write_all(line.as_bytes()));
}

/// What the clock of the host shows, where somebody has set it to another time than this.
#[must_use]
pub fn shown_by_the_clock(time: Duration) -> Duration {
    let off = || {
        let text = std::fs::read_to_string(plan()?.clock.as_ref()?).ok()?;
        text.trim().parse::<i64>().ok()
    };
    let off = off().unwrap_or_default();
    let far = Duration::from_millis(off.unsigned_abs());
    if off < 0 {
        time.saturating_sub(far)
    } else {
        time.saturating_add(far)
    }
}

/// What a process of this role is to find in its environment.
#[must_use]
pub fn for_child(role: &str) -> Option<(&'static str, String)> {
    plan().map(|plan| (VARIABLE, plan.part_of(role)))
}

#[expect(
    clippy::panic,
    reason = "a panic is one of the faults that tests ask for"
)]
fn do_it(name: &str, deed: Deed) {
    note(|| format!("fired {name}"));
    match deed {
        // Behind the wall no process may signal, itself included, and is ended for the try: which is what is wanted.
        Deed::Kill => signal(Signal::KILL),
        Deed::Freeze if name.starts_with("front.") => signal(Signal::STOP),
        // Behind the wall a process cannot stop itself. The thread stands still, and who reads the journal stops the rest.
        Deed::Freeze => {
            note(|| format!("frozen {name}"));
            loop {
                thread::park();
            }
        }
        Deed::Panic => panic!("a fault was planted at {name}"),
        Deed::Lie => {}
    }
}

fn signal(signal: Signal) {
    if kill_process(getpid(), signal).is_err() {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_at_its_step_at_its_turn_and_only_then() {
        let plan = Plan::of("journal,front.a@2:kill,front.b@1:freeze");
        let met: Vec<_> = ["front.a", "front.b", "front.a", "front.a", "front.c"]
            .map(|step| plan.due(step))
            .into();
        let expected = [None, Some(Deed::Freeze), Some(Deed::Kill), None, None];
        assert_eq!(met, expected);
    }

    #[test]
    fn each_process_of_a_role_has_a_fault_of_its_own() {
        let plan = Plan::of("worker.a@1:kill,compiler.b@1:panic,worker.c@3:freeze");
        let parts: Vec<_> = ["worker", "worker", "worker", "compiler", "work"]
            .map(|role| plan.part_of(role))
            .into();
        let expected = [
            "worker.a@1:kill",
            "worker.c@3:freeze",
            "journal",
            "compiler.b@1:panic",
            "journal",
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn what_is_no_fault_is_none() {
        for text in ["", "journal", "front.a", "front.a@x:kill", "front.a@1:sing"] {
            assert_eq!(Planted::parse(text), None, "{text}");
        }
    }
}
