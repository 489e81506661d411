//! Who may ask: users come, are suspended, and go; certificates are issued and revoked; quotas are set.
//!
//! Each change is durable first. Then the doors know of it, at once and on connections that are open, and the scheduler
//! does where it is a matter of slots.

use sublet_scheduler::{Event, Quota, Terms, UserId};
use sublet_store::{Certificate, NewUser, Record, Serial, UserChange, Who};

use crate::driver::{Driver, NotKept};
use crate::people::Person;

/// A change of who may ask.
#[derive(Clone, Debug)]
pub(crate) enum PeopleChange {
    /// Somebody new, with their first certificate.
    Add {
        name: String,
        role: sublet_store::Role,
        certificate: Box<Certificate>,
    },
    /// They may ask for nothing, and nothing of theirs starts.
    Suspend(UserId),
    Resume(UserId),
    /// They are gone, and so is what they wanted done.
    Remove(UserId, Vec<Serial>),
    SetQuota(UserId, Box<sublet_store::Quota>),
    Certify(Box<Certificate>),
    Revoke(Serial, String),
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeopleError {
    /// There is or was a user of that name.
    Exists,
    /// The account that runs the server is its operator, whatever anybody says.
    IsOwner,
    /// It could not be recorded.
    NotKept(NotKept),
}

impl Driver {
    pub(in crate::driver) fn change_people(
        &mut self,
        change: PeopleChange,
        who: Who,
    ) -> Result<(), PeopleError> {
        self.check_people(&change)?;
        let mut audited = self.audited(who, change.action(), self.object_of(&change));
        audited.after = change.said();
        let mut records = self.records_of(&change);
        records.push(Record::Audited(Box::new(audited)));
        self.keep_now(records).map_err(PeopleError::NotKept)?;
        self.obey_people(change);
        Ok(())
    }

    fn check_people(&self, change: &PeopleChange) -> Result<(), PeopleError> {
        match change {
            PeopleChange::Add { name, .. } if self.people.named(name).is_some() => {
                Err(PeopleError::Exists)
            }
            PeopleChange::Suspend(user) | PeopleChange::Remove(user, _) if *user == self.owner => {
                Err(PeopleError::IsOwner)
            }
            _ => Ok(()),
        }
    }

    fn object_of(&self, change: &PeopleChange) -> String {
        match change {
            PeopleChange::Add { name, .. } => name.clone(),
            PeopleChange::Suspend(user)
            | PeopleChange::Resume(user)
            | PeopleChange::Remove(user, _)
            | PeopleChange::SetQuota(user, _) => self.people.name_of(*user),
            PeopleChange::Certify(certificate) => self.people.name_of(certificate.user),
            PeopleChange::Revoke(serial, _) => serial.to_string(),
        }
    }

    fn records_of(&self, change: &PeopleChange) -> Vec<Record> {
        let at = (self.now)();
        let changed = |user: UserId, change| Record::UserChanged { user, change, at };
        let revoked = |serial: Serial, reason: &str| Record::CertificateRevoked {
            serial,
            reason: reason.to_owned(),
            at,
        };
        match change {
            PeopleChange::Add {
                name,
                role,
                certificate,
            } => {
                let id = self.ids.user;
                let user = NewUser {
                    id,
                    name: name.clone(),
                    role: *role,
                    at,
                };
                let certificate = Certificate {
                    user: id,
                    ..(**certificate).clone()
                };
                vec![
                    Record::UserAdded(user),
                    Record::CertificateIssued(certificate),
                ]
            }
            PeopleChange::Suspend(user) => vec![changed(*user, UserChange::Suspended)],
            PeopleChange::Resume(user) => vec![changed(*user, UserChange::Resumed)],
            PeopleChange::Remove(user, serials) => {
                let serials = serials.iter();
                let mut records: Vec<_> = serials
                    .map(|serial| revoked(*serial, "the user was removed"))
                    .collect();
                records.push(changed(*user, UserChange::Removed));
                records
            }
            PeopleChange::SetQuota(user, quota) => vec![Record::QuotaSet {
                user: *user,
                quota: **quota,
                at,
            }],
            PeopleChange::Certify(certificate) => {
                vec![Record::CertificateIssued((**certificate).clone())]
            }
            PeopleChange::Revoke(serial, reason) => vec![revoked(*serial, reason)],
        }
    }

    /// What follows once a change is durable.
    fn obey_people(&mut self, change: PeopleChange) {
        match change {
            PeopleChange::Add { name, role, .. } => {
                let id = self.ids.user;
                self.ids.user.0 += 1;
                self.people.put(Person {
                    id,
                    name,
                    role: crate::convert::role_of_record(role),
                    is_suspended: false,
                    is_removed: false,
                });
                self.tell_terms(id);
            }
            PeopleChange::Suspend(user) => {
                self.alter(user, |person| person.is_suspended = true);
            }
            PeopleChange::Resume(user) => {
                self.alter(user, |person| person.is_suspended = false);
            }
            PeopleChange::Remove(user, serials) => {
                self.people
                    .revoke(serials.into_iter().map(crate::convert::serial));
                self.alter(user, |person| person.is_removed = true);
                self.cancel_all_of(user);
            }
            PeopleChange::SetQuota(user, quota) => {
                self.quotas.insert(user, *quota);
                self.tell_terms(user);
            }
            PeopleChange::Certify(_) => {}
            PeopleChange::Revoke(serial, _) => {
                self.people.revoke([crate::convert::serial(serial)]);
            }
        }
    }

    fn alter(&mut self, user: UserId, change: impl FnOnce(&mut Person)) {
        let name = self.people.name_of(user);
        if let Some(mut person) = self.people.named(&name) {
            change(&mut person);
            self.people.put(person);
        }
        self.tell_terms(user);
    }

    fn cancel_all_of(&mut self, user: UserId) {
        let at = (self.now)();
        for job in self.jobs.of(user) {
            let task = None;
            self.batch.record(Record::CancelAsked { job, task, at });
            self.happened(Event::CancelAsked { job, task });
        }
    }

    /// Tells the scheduler what holds for a user. One who may ask for nothing starts nothing either.
    pub(in crate::driver) fn tell_terms(&mut self, user: UserId) {
        let name = self.people.name_of(user);
        let Some(person) = self.people.named(&name) else {
            return;
        };
        let mut terms = terms_with(self.terms, self.quotas.get(&user));
        if person.is_suspended || person.is_removed {
            terms.quota.slots = 0;
        }
        self.happened(Event::UserTerms {
            user,
            name,
            role: crate::convert::role_in_rules(person.role),
            terms,
        });
    }
}

/// What holds for everyone, but for what was set for one.
pub(crate) fn terms_with(everyone: Terms, set: Option<&sublet_store::Quota>) -> Terms {
    let Some(set) = set else { return everyone };
    let quota = everyone.quota;
    Terms {
        weight: set.weight.unwrap_or(everyone.weight),
        quota: Quota {
            slots: set.slots.map_or(quota.slots, u64::from),
            cpu_millis: set.cpu_millis.unwrap_or(quota.cpu_millis),
            memory_bytes: set.memory_bytes.unwrap_or(quota.memory_bytes),
            queued: set.queued.unwrap_or(quota.queued),
            submits_per_s: set.submits_per_s.unwrap_or(quota.submits_per_s),
        },
    }
}

impl PeopleChange {
    const fn action(&self) -> &'static str {
        match self {
            Self::Add { .. } => "users.add",
            Self::Suspend(_) => "users.suspend",
            Self::Resume(_) => "users.resume",
            Self::Remove(..) => "users.remove",
            Self::SetQuota(..) => "users.quota",
            Self::Certify(_) => "certs.issue",
            Self::Revoke(..) => "certs.revoke",
        }
    }

    /// What the change says, for whoever reads the account.
    fn said(&self) -> Option<String> {
        match self {
            Self::Add {
                role, certificate, ..
            } => Some(format!(
                "{}, certificate {}",
                role.word(),
                certificate.serial
            )),
            Self::SetQuota(_, quota) => Some(format!("{quota:?}")),
            Self::Certify(certificate) => Some(format!("certificate {}", certificate.serial)),
            Self::Revoke(_, reason) => Some(reason.clone()),
            Self::Suspend(_) | Self::Resume(_) | Self::Remove(..) => None,
        }
    }
}
