//! Modules and the jobs that need them: only the driver sees both at one instant, so only it can say that nobody needs a
//! module any more, or that a job still finds its own.

use sublet_scheduler::UserId;
use sublet_store::{Digest, ModuleSelector, Record, Whose};

use super::{Answer, DeleteError, Driver, NotKept, reply};

impl Driver {
    pub(super) fn delete_module(
        &mut self,
        user: UserId,
        module: Digest,
        answer: Answer<Result<(), DeleteError>>,
    ) {
        if self.disk_full {
            return reply(answer, Err(DeleteError::NotKept(NotKept::DiskFull)));
        }
        if self.jobs.need(user, module) {
            return reply(answer, Err(DeleteError::InUse));
        }
        self.batch.record_aside(vec![Record::ModuleDeleted {
            user,
            digest: module,
        }]);
        self.batch
            .answer(|kept| reply(answer, kept.map_err(DeleteError::NotKept)));
    }

    /// Whether the module is recorded and will be after this batch. When the store cannot be asked, the start will tell.
    pub(super) fn module_is_there(&self, user: UserId, module: Digest) -> bool {
        if self.batch.deletes(user, module) {
            return false;
        }
        let found = self
            .reader
            .find_modules(Whose::User(user), &ModuleSelector::Digest(module.into()));
        found.map_or(true, |found| !found.is_empty())
    }
}
