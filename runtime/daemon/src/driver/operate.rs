//! What operators ask for while everything runs. Each wish is durable before it is obeyed, and stands in the audit record
//! with who asked and what was so before.

mod apply;
mod people;
mod policy;
mod release;
mod wish;

use sublet_store::{AuditOutcome, Audited, Record, Who};

pub(crate) use apply::{ApplyError, Change};
pub(crate) use people::{PeopleChange, PeopleError, terms_with};
pub(crate) use wish::{Wish, WishError};

use super::{Driver, NotKept};

impl Driver {
    /// Makes records durable now, with all that came before them. Answers once they are.
    fn keep_now(&mut self, records: Vec<Record>) -> Result<(), NotKept> {
        let unkept = |error: sublet_store::Error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "what an operator asked for cannot be recorded"
            );
            NotKept::Fault
        };
        self.settle().map_err(unkept)?;
        if self.disk_full {
            return Err(NotKept::DiskFull);
        }
        self.batch.record_aside(records);
        self.settle().map_err(unkept)?;
        if self.disk_full {
            return Err(NotKept::DiskFull);
        }
        Ok(())
    }

    fn audited(&self, who: Who, action: &str, object: String) -> Audited {
        Audited {
            at: (self.now)(),
            who,
            action: action.to_owned(),
            object,
            before: None,
            after: None,
            outcome: AuditOutcome::Done,
        }
    }
}
