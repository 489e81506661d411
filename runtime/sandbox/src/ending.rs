//! How an instance ended.

use sublet_scheduler::{LossReason, Outcome, Usage};

/// The end of one instance: a value, whatever the guest did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// A few lines for people: what the trap was and where, which denial came before. Nothing of the host is in it, and
    /// text that the guest made is escaped and bounded.
    pub detail: Option<String>,
}

impl Ending {
    pub(crate) fn lost(reason: LossReason, detail: String) -> Self {
        Self {
            outcome: Outcome::Lost(reason),
            usage: Usage::default(),
            detail: Some(detail),
        }
    }
}
