//! A hash over every step of a run: the instant, the event and the actions. Frequent ones are taken as numbers, rare ones
//! as their debug text.

use std::fmt::{self, Write};

use sublet_scheduler::{Action, AttemptId, Event, Next, SlotId, TaskRange, UnixMillis};

/// The hash so far (FNV over 64-bit words, turned so that high bits come down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    pub(super) const fn value(self) -> u64 {
        self.0
    }

    pub(super) fn event(&mut self, now: UnixMillis, event: &Event) {
        self.word(now.0);
        match event {
            Event::Submitted(job) => {
                self.words([1, job.id.0, job.user.0, job.want.memory_bytes]);
                self.tasks(&job.tasks);
            }
            Event::Started(attempt) => self.attempt(2, *attempt),
            Event::Exited { attempt, outcome } => {
                self.attempt(3, *attempt);
                self.word(u64::from(outcome.is_success()));
            }
            Event::Reclaimed(attempt) => self.attempt(4, *attempt),
            Event::TimePassed => self.word(5),
            rare => self.text(rare),
        }
    }

    pub(super) fn action(&mut self, action: &Action) {
        match action {
            Action::Start {
                attempt,
                slot,
                subcluster,
            } => {
                self.attempt(11, *attempt);
                self.slot(*slot);
                self.word(u64::from(subcluster.0));
            }
            Action::Finish {
                attempt,
                outcome,
                next,
            } => {
                self.attempt(12, *attempt);
                let next = match next {
                    Next::Settled => 0,
                    Next::Retry { at, .. } => at.0,
                };
                self.words([u64::from(outcome.is_success()), next]);
            }
            Action::Reclaim { attempt, slot } => {
                self.attempt(13, *attempt);
                self.slot(*slot);
            }
            Action::JobFinished(job) => self.words([14, job.0]),
            Action::Routed { job, routing } => {
                let home = routing.as_ref().map(|routing| routing.subcluster);
                self.words([15, job.0, home.map_or(u64::MAX, |home| u64::from(home.0))]);
            }
            Action::WakeAt(at) => self.words([16, at.0]),
            rare => self.text(rare),
        }
    }

    fn attempt(&mut self, kind: u64, id: AttemptId) {
        self.words([kind, id.job.0, u64::from(id.task), u64::from(id.number)]);
    }

    fn slot(&mut self, slot: SlotId) {
        self.words([u64::from(slot.node.0), u64::from(slot.index)]);
    }

    fn tasks(&mut self, tasks: &TaskRange) {
        self.words([u64::from(*tasks.start()), u64::from(*tasks.end())]);
    }

    fn text(&mut self, what: &dyn fmt::Debug) {
        write!(self, "{what:?}").expect("a hash takes all that is written");
    }

    fn words<const COUNT: usize>(&mut self, words: [u64; COUNT]) {
        for word in words {
            self.word(word);
        }
    }

    const fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(23);
    }
}

impl Write for Fingerprint {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.word(u64::from(byte));
        }
        Ok(())
    }
}
