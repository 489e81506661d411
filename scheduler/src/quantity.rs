//! Amounts and instants, in integers: sums are exact and equality means equality.

use core::fmt;

/// Milliseconds since the Unix epoch, UTC. The scheduler only compares and adds; it never asks what time it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The instant `millis` later, or the end of time.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// An amount of what a host has to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// Thousandths of one processor.
    pub cpu_millis: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
}

/// How many slots there are and how many of them nobody holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// All of them.
    pub total: u64,
    /// Those that nobody holds.
    pub free: u64,
}

impl SlotCounts {
    /// Those that an attempt holds.
    #[must_use]
    pub const fn in_use(self) -> u64 {
        self.total - self.free
    }
}

impl Resources {
    /// Whether `self` is enough for `want` in every dimension.
    #[must_use]
    pub const fn covers(self, want: Self) -> bool {
        self.cpu_millis >= want.cpu_millis && self.memory_bytes >= want.memory_bytes
    }

    /// The sum, or nothing when it does not fit the numbers.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match (
            self.cpu_millis.checked_add(other.cpu_millis),
            self.memory_bytes.checked_add(other.memory_bytes),
        ) {
            (Some(cpu_millis), Some(memory_bytes)) => Some(Self {
                cpu_millis,
                memory_bytes,
            }),
            _ => None,
        }
    }

    /// What is left after taking `other` away, or nothing when there is less.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match (
            self.cpu_millis.checked_sub(other.cpu_millis),
            self.memory_bytes.checked_sub(other.memory_bytes),
        ) {
            (Some(cpu_millis), Some(memory_bytes)) => Some(Self {
                cpu_millis,
                memory_bytes,
            }),
            _ => None,
        }
    }

    /// The sum, or as much as the numbers hold: for totals that are shown, not for accounts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            cpu_millis: self.cpu_millis.saturating_add(other.cpu_millis),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }

    /// How many times `shape` can be cut from `self`. A shape that wants nothing cannot be counted and answers 0.
    #[must_use]
    pub fn slots_of(self, shape: Self) -> u64 {
        let by_cpu = self.cpu_millis.checked_div(shape.cpu_millis);
        let by_memory = self.memory_bytes.checked_div(shape.memory_bytes);
        match (by_cpu, by_memory) {
            (Some(by_cpu), Some(by_memory)) => by_cpu.min(by_memory),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0,
        }
    }
}

impl fmt::Display for Resources {
    /// As in a configuration: `0.05 cpu and 64MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_thousandths(f, self.cpu_millis)?;
        f.write_str(" cpu and ")?;
        write_bytes(f, self.memory_bytes)
    }
}

pub(crate) fn write_thousandths(f: &mut fmt::Formatter<'_>, thousandths: u64) -> fmt::Result {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    match rest {
        0 => write!(f, "{whole}"),
        _ if rest % 100 == 0 => write!(f, "{whole}.{}", rest / 100),
        _ if rest % 10 == 0 => write!(f, "{whole}.{:02}", rest / 10),
        _ => write!(f, "{whole}.{rest:03}"),
    }
}

/// In the largest unit that shows the number exactly.
pub(crate) fn write_bytes(f: &mut fmt::Formatter<'_>, bytes: u64) -> fmt::Result {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let exact = units
        .into_iter()
        .find(|(bits, _)| bytes > 0 && bytes.trailing_zeros() >= *bits);
    match exact {
        Some((bits, unit)) => write!(f, "{}{unit}", bytes >> bits),
        None => write!(f, "{bytes}B"),
    }
}
