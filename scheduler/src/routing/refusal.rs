//! Why a job can go nowhere, and what would have to change.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Resources;
use crate::quantity::{write_bytes, write_thousandths};
use crate::rules::Explanation;

/// Sub-clusters that a sentence names; of further ones it says how many. The data have them all.
const NAMED_MAX: usize = 8;

/// Why a job can go nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// The user named a sub-cluster that is not there.
    UnknownSubcluster {
        /// What they wrote.
        asked: String,
        /// What they may have meant.
        nearest: Option<String>,
    },
    /// Nobody who was asked takes it.
    Refused {
        /// Those who were asked, with what stands against the job. The one with the fewest obstacles first.
        reasons: Vec<Refused>,
    },
}

/// One sub-cluster that does not take the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name.
    pub subcluster: String,
    /// All that would have to change. Never empty.
    pub obstacles: Vec<Obstacle>,
}

/// One thing that would have to change before a sub-cluster takes a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its slots have less than an attempt asks for.
    SlotTooSmall {
        /// What one of its slots has.
        slot: Resources,
        /// What an attempt asks for.
        asked: Resources,
    },
    /// None of the nodes there are can hold one of its slots.
    NoSlots {
        /// What one of its slots would have.
        slot: Resources,
    },
    /// A gang, or a job that may have children, wants more slots at once than there can be.
    GangTooLarge {
        /// Slots it needs.
        asked: u64,
        /// The most slots there can be.
        slots_ever: u64,
    },
    /// Its accept rule does not hold for the job.
    NotAccepted(Explanation),
}

impl fmt::Display for NoRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSubcluster { asked, nearest } => {
                write!(f, "there is no sub-cluster {asked:?}")?;
                match nearest {
                    Some(nearest) => write!(f, ", did you mean {nearest:?}?"),
                    None => f.write_str(", leave it out or name one that is there"),
                }
            }
            Self::Refused { reasons } => write_refused(f, reasons),
        }
    }
}

impl core::error::Error for NoRoute {}

fn write_refused(f: &mut fmt::Formatter<'_>, reasons: &[Refused]) -> fmt::Result {
    match reasons {
        [] => f.write_str("there is no sub-cluster yet, define one first"),
        [one] => {
            write!(f, "sub-cluster {} does not take the job: ", one.subcluster)?;
            write_obstacles(f, &one.obstacles)
        }
        _ => {
            f.write_str("no sub-cluster takes the job")?;
            for (index, one) in reasons.iter().take(NAMED_MAX).enumerate() {
                let before = if index == 0 { ": " } else { "; " };
                write!(f, "{before}{}: ", one.subcluster)?;
                write_obstacles(f, &one.obstacles)?;
            }
            match reasons.len().saturating_sub(NAMED_MAX) {
                0 => Ok(()),
                more => write!(f, "; and {more} more"),
            }
        }
    }
}

pub(super) fn write_obstacles(f: &mut fmt::Formatter<'_>, obstacles: &[Obstacle]) -> fmt::Result {
    for (index, obstacle) in obstacles.iter().enumerate() {
        let before = if index == 0 { "" } else { ", and " };
        write!(f, "{before}{obstacle}")?;
    }
    Ok(())
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlotTooSmall { slot, asked } => write_too_small(f, *slot, *asked),
            Self::NoSlots { slot } => write!(f, "no node can hold a slot of it ({slot})"),
            Self::GangTooLarge { asked, slots_ever } => write!(
                f,
                "it needs {asked} slots at once, at most {slots_ever} can exist"
            ),
            Self::NotAccepted(explanation) => write_not_accepted(f, explanation),
        }
    }
}

/// `it takes jobs with job.memory <= 64MiB (job.memory = 128MiB)`.
fn write_not_accepted(f: &mut fmt::Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    write!(f, "it takes jobs with {}", explanation.clause)?;
    for (index, reading) in explanation.readings.iter().enumerate() {
        let before = if index == 0 { " (" } else { ", " };
        write!(f, "{before}{reading}")?;
    }
    if !explanation.readings.is_empty() {
        f.write_str(")")?;
    }
    Ok(())
}

/// `a slot has 0.5 cpu (asked: 1) and 64MiB of memory (asked: 128MiB)`, only what is in the way.
fn write_too_small(f: &mut fmt::Formatter<'_>, slot: Resources, asked: Resources) -> fmt::Result {
    let cpu_is_short = slot.cpu_millis < asked.cpu_millis;
    let memory_is_short = slot.memory_bytes < asked.memory_bytes;
    f.write_str("a slot has ")?;
    if cpu_is_short {
        write_thousandths(f, slot.cpu_millis)?;
        f.write_str(" cpu (asked: ")?;
        write_thousandths(f, asked.cpu_millis)?;
        f.write_str(")")?;
    }
    if cpu_is_short && memory_is_short {
        f.write_str(" and ")?;
    }
    if memory_is_short {
        write_bytes(f, slot.memory_bytes)?;
        f.write_str(" of memory (asked: ")?;
        write_bytes(f, asked.memory_bytes)?;
        f.write_str(")")?;
    }
    Ok(())
}
