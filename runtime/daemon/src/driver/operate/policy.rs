//! What a user may reach beyond the network. It holds for attempts that start from then on: those that run keep what they
//! were granted.

use sublet_scheduler::UserId;
use sublet_store::{Record, Who};

use crate::driver::{Driver, NotKept};

impl Driver {
    pub(in crate::driver) fn set_policy(
        &mut self,
        user: UserId,
        name: String,
        allow: Vec<String>,
        who: Who,
    ) -> Result<(), NotKept> {
        let mut audited = self.audited(who, "users.policy", name);
        audited.before = Some(self.policy_of(user).join("\n"));
        audited.after = Some(allow.join("\n"));
        let policy = Record::EgressPolicySet {
            user,
            allow: allow.clone(),
            at: (self.now)(),
        };
        self.keep_now(vec![policy, Record::Audited(Box::new(audited))])?;
        self.policies.insert(user, allow);
        Ok(())
    }
}
