//! The server as one caller sees it.
//!
//! A handler that takes a [`Caller`] cannot be reached without an identity, nor without an action that the caller's role
//! may do: the extractor refuses first. Whose rows a question is about comes from here and from nowhere else.

use std::ops::Deref;
use std::sync::Arc;

use sublet_identity::{Reach, Role};
use sublet_scheduler::UserId;
use sublet_store::{AuditOutcome, Audited, Who, Whose};

use crate::clock;
use crate::driver::Command;
use crate::front::Front;
use crate::people::Principal;

/// Somebody who was let in, for one action.
#[derive(Clone)]
pub(super) struct Caller {
    front: Arc<Front>,
    principal: Arc<Principal>,
    reach: Reach,
}

impl Caller {
    pub(super) const fn new(front: Arc<Front>, principal: Arc<Principal>, reach: Reach) -> Self {
        Self {
            front,
            principal,
            reach,
        }
    }

    pub(super) fn user(&self) -> UserId {
        self.principal.user
    }

    pub(super) fn name(&self) -> &str {
        &self.principal.name
    }

    pub(super) fn role(&self) -> Role {
        self.principal.role
    }

    /// The rows of the caller, and of nobody else.
    pub(super) fn own(&self) -> Whose {
        Whose::User(self.principal.user)
    }

    /// The rows that the caller may act on: an operator finds those of everybody, where they are named without doubt.
    pub(super) fn reached(&self) -> Whose {
        match self.reach {
            Reach::Everyone => Whose::Everyone,
            Reach::Own | Reach::Nobody => self.own(),
        }
    }

    /// Whether the caller may act on what is a user's.
    pub(super) fn reaches(&self, user: UserId) -> bool {
        self.reach == Reach::Everyone || self.principal.user == user
    }

    /// Writes into the account of who did what.
    pub(super) fn note(&self, action: &str, object: impl Into<String>) {
        let audited = Audited {
            at: clock::now(),
            who: self.who(),
            action: action.to_owned(),
            object: object.into(),
            before: None,
            after: None,
            outcome: AuditOutcome::Done,
        };
        self.driver.tell(Command::Note(Box::new(audited)));
    }

    /// The same where it was done to what is somebody else's: what users do to their own is on record there.
    pub(super) fn note_if_anothers(&self, owner: UserId, action: &str, object: impl Into<String>) {
        if owner != self.principal.user {
            self.note(action, object);
        }
    }

    /// The caller, for the account of who did what.
    pub(super) fn who(&self) -> Who {
        Who {
            user: Some(self.principal.user),
            name: self.principal.name.clone(),
            via: self.principal.via.to_string(),
        }
    }
}

impl Deref for Caller {
    type Target = Arc<Front>;

    fn deref(&self) -> &Self::Target {
        &self.front
    }
}
