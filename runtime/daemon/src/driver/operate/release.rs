//! A module in quarantine is let go, because an operator says so.

use sublet_scheduler::UserId;
use sublet_store::{Digest, Record, Who};

use crate::driver::{Driver, NotKept};

impl Driver {
    /// The module begins anew. One of which nothing is recorded is as it is to be.
    pub(in crate::driver) fn release_module(
        &mut self,
        (user, name): (UserId, &str),
        module: Digest,
        who: Who,
    ) -> Result<(), NotKept> {
        let Some((anew, before)) = self.ledger.released(user, module, (self.now)()) else {
            return Ok(());
        };
        let mut audited = self.audited(who, "modules.release", format!("{module} of {name}"));
        audited.before = Some(format!(
            "worker deaths {}, host panics {}, compile kills {}",
            before.worker_deaths, before.host_panics, before.compile_kills
        ));
        let records = vec![
            Record::ModuleReleased(anew),
            Record::Audited(Box::new(audited)),
        ];
        self.keep_now(records)?;
        self.ledger.set(anew);
        Ok(())
    }
}
