//! What an operator grants a user: how much of the pool at once, and how large a part when others want it too.

/// What a user may have at once, over all sub-clusters together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Slots held.
    pub slots: u64,
    /// Processor time held, in thousandths of one processor.
    pub cpu_millis: u64,
    /// Memory held, in bytes.
    pub memory_bytes: u64,
    /// Tasks queued or running, so that starting some does not make room for more.
    pub queued: u64,
    /// Submissions per second, cancelled ones included; 0 for no bound.
    pub submits_per_s: u32,
}

/// What holds for one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// With twice the weight of another, a user has twice the share while both want more. 0 counts as 1.
    pub weight: u32,
    /// What the user may have at once.
    pub quota: Quota,
}

impl Quota {
    /// No bound on anything.
    pub const UNLIMITED: Self = Self {
        slots: u64::MAX,
        cpu_millis: u64::MAX,
        memory_bytes: u64::MAX,
        queued: u64::MAX,
        submits_per_s: 0,
    };
}

impl Default for Terms {
    /// An equal share of everything, without a bound.
    fn default() -> Self {
        Self {
            weight: 1,
            quota: Quota::UNLIMITED,
        }
    }
}
