//! What a module did to our side, as it is recorded. Who is to blame for what was decided by whoever records it.

use sublet_scheduler::{UnixMillis, UserId};

use crate::Digest;

/// What a user's module did so far. The same bytes of another user are another module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleHarm {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub digest: Digest,
    /// What it did.
    pub counts: HarmCounts,
    /// Whether its attempts run without neighbours until one of them ends well.
    pub is_suspect: bool,
    /// When something of this last changed.
    pub at: UnixMillis,
    /// Since when nothing of it is started, if it has come so far.
    pub quarantined_at: Option<UnixMillis>,
}

/// How often a module did harm, by what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HarmCounts {
    /// Worker processes that died of it.
    pub worker_deaths: u32,
    /// Functions of the host that panicked when it called them.
    pub host_panics: u32,
    /// Compile processes that were ended because it cost more than its budget.
    pub compile_kills: u32,
}

impl HarmCounts {
    /// All of it.
    #[must_use]
    pub const fn sum(self) -> u32 {
        self.worker_deaths
            .saturating_add(self.host_panics)
            .saturating_add(self.compile_kills)
    }
}

impl ModuleHarm {
    /// Whether there is nothing to say of it any more.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.counts.sum() == 0 && !self.is_suspect && self.quarantined_at.is_none()
    }
}
