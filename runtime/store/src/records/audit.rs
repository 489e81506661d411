//! Who did what, and how the rows of that account are chained: each has the sha256 of the one before, and the last one's is
//! kept beside them. Whoever changes or removes a row has to make every row after it anew; one digest written down
//! elsewhere then shows it.

use sha2::{Digest as _, Sha256};
use sublet_scheduler::{UnixMillis, UserId};

use crate::Digest;

use super::database::{exact, instant};

/// Something that somebody asked for, whether it was done or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When.
    pub at: UnixMillis,
    /// Who asked.
    pub who: Who,
    /// What for, as a word such as `rules.apply`.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// What changed, as it was.
    pub before: Option<String>,
    /// What changed, as it is now.
    pub after: Option<String>,
    /// What became of it.
    pub outcome: AuditOutcome,
}

/// Somebody who asked for something, as they were known then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Their number, if they are one of the users.
    pub user: Option<UserId>,
    /// What they were called.
    pub name: String,
    /// How they came, such as `socket uid 1000`.
    pub via: String,
}

/// What became of something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was not, for this reason.
    Refused(String),
}

impl AuditOutcome {
    pub(crate) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Refused(reason) => Some(reason),
        }
    }
}

/// The end of a chain: its last row's number and sha256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) digest: Digest,
}

impl Link {
    /// What an empty chain ends with.
    pub(crate) const FIRST: Self = Self {
        seq: 0,
        digest: Digest::from_bytes([0; Digest::BYTES]),
    };

    /// The end of the chain once a row is added. Every field goes in with its length, so that no two rows read alike.
    pub(crate) fn with(self, audited: &Audited) -> rusqlite::Result<Self> {
        let Audited {
            at,
            who: Who { user, name, via },
            action,
            object,
            before,
            after,
            outcome,
        } = audited;
        let seq = self.seq + 1;
        let mut row = Row(Sha256::new());
        row.bytes(self.digest.as_bytes());
        row.number(Some(exact(seq)?));
        row.number(Some(instant(*at)));
        row.number(user.map(|user| exact(user.0)).transpose()?);
        for text in [name, via, action, object] {
            row.text(Some(text));
        }
        row.text(before.as_deref());
        row.text(after.as_deref());
        row.text(outcome.refusal());
        let digest = Digest::from_bytes(row.0.finalize().into());
        Ok(Self { seq, digest })
    }
}

/// A row on its way into a digest.
struct Row(Sha256);

impl Row {
    fn number(&mut self, number: Option<i64>) {
        self.0.update([u8::from(number.is_some())]);
        self.0.update(number.unwrap_or_default().to_be_bytes());
    }

    fn text(&mut self, text: Option<&str>) {
        let length = text.and_then(|text| i64::try_from(text.len()).ok());
        self.number(length);
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
