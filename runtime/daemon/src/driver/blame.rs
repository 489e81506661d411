//! Who answers for harm that was done to our side. Decisions only: nothing here kills, starts or records anything, and
//! time is an argument.
//!
//! ```text
//!   a worker died ─► ordered, or before its first guest? ─yes─► nobody
//!                      │ no
//!                      ▼
//!                    modules that had an attempt in it ─none─► nobody
//!                      │ one                 │ several
//!                      ▼                     ▼
//!                    blamed                suspected: each runs alone from now on, so that the next death has one name
//! ```
//!
//! A suspicion ends with an attempt that ran alone and ended well, blame only with an operator. Modules are each user's
//! own: workers are as well, so nobody answers for what another user's did.

use std::collections::{BTreeSet, HashMap};

use sublet_scheduler::{LossReason, Outcome, UnixMillis, UserId};
use sublet_store::{Digest, HarmCounts, ModuleHarm};

use crate::workers::{Company, DeathCause};

/// What a module can do to our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// A worker process died of it.
    WorkerDeath,
    /// A function of the host panicked when it called it.
    HostPanic,
    /// A compile process was ended because it cost more than its budget.
    CompileKill,
}

impl Harm {
    /// Its word in metrics and logs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::WorkerDeath => "worker_death",
            Self::HostPanic => "host_panic",
            Self::CompileKill => "compile_kill",
        }
    }

    const fn count(self, counts: &mut HarmCounts) -> &mut u32 {
        match self {
            Self::WorkerDeath => &mut counts.worker_deaths,
            Self::HostPanic => &mut counts.host_panics,
            Self::CompileKill => &mut counts.compile_kills,
        }
    }
}

/// Who answers for a death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No guest can have done it.
    Nobody,
    /// This module did it.
    Blamed(Digest),
    /// One of these did it.
    Suspected(BTreeSet<Digest>),
}

/// Who answers for the death of a worker in which these modules had attempts.
pub(super) fn verdict(cause: DeathCause, modules: BTreeSet<Digest>) -> Verdict {
    match cause {
        DeathCause::Ordered | DeathCause::BeforeItsGuests => Verdict::Nobody,
        DeathCause::Unforeseen => match (modules.first(), modules.len()) {
            (None, _) => Verdict::Nobody,
            (Some(&only), 1) => Verdict::Blamed(only),
            (Some(_), _) => Verdict::Suspected(modules),
        },
    }
}

/// What the end of an attempt, as its worker tells it, says about its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It did harm.
    Harmful(Harm),
    /// It ran without neighbours, and its worker lived.
    Clean,
    /// Nothing.
    None,
}

/// What an end that a worker tells of says about the module.
pub(super) const fn sign(outcome: Outcome, company: Company) -> Sign {
    match (outcome, company) {
        (Outcome::Lost(LossReason::Panic), _) => Sign::Harmful(Harm::HostPanic),
        (
            Outcome::Succeeded
            | Outcome::Failed(_)
            | Outcome::Trapped(_)
            | Outcome::LimitExceeded(_),
            Company::Alone,
        ) => Sign::Clean,
        // One that was told to end may have been about to do it.
        (Outcome::Cancelled(_) | Outcome::Lost(_), _) | (_, Company::Shared) => Sign::None,
    }
}

/// A module in quarantine, as it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quarantined {
    pub(crate) digest: Digest,
    pub(crate) counts: HarmCounts,
    /// How often is too often, as the configuration has it now.
    pub(crate) limit: u32,
}

/// What modules did so far, as it is recorded or about to be.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How much harm leads to quarantine; none does if it is 0.
    limit: u32,
    modules: HashMap<(UserId, Digest), ModuleHarm>,
}

impl Ledger {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            modules: HashMap::new(),
        }
    }

    /// Takes up what a former server recorded.
    pub(super) fn take_up(&mut self, recorded: Vec<ModuleHarm>) {
        let by_module = recorded
            .into_iter()
            .map(|one| ((one.user, one.digest), one));
        self.modules.extend(by_module);
    }

    /// Another limit holds for what comes. Who is in quarantine stays there.
    pub(super) const fn go_by(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// How many modules are in quarantine.
    pub(crate) fn quarantined(&self) -> usize {
        let is_in = |one: &&ModuleHarm| one.quarantined_at.is_some();
        self.modules.values().filter(is_in).count()
    }

    /// The module, if nothing of it is to be started.
    pub(super) fn quarantine_of(&self, user: UserId, digest: Digest) -> Option<Quarantined> {
        let found = self.modules.get(&(user, digest))?;
        found.quarantined_at?;
        Some(Quarantined {
            digest,
            counts: found.counts,
            limit: self.limit,
        })
    }

    /// Whom the attempts of a module run with.
    pub(super) fn company_of(&self, user: UserId, digest: Digest) -> Company {
        match self.modules.get(&(user, digest)) {
            Some(one) if one.is_suspect => Company::Alone,
            Some(_) | None => Company::Shared,
        }
    }

    /// The module did harm once more. Answers with what is to be recorded.
    pub(super) fn blame(
        &mut self,
        user: UserId,
        digest: Digest,
        harm: Harm,
        now: UnixMillis,
    ) -> ModuleHarm {
        let limit = self.limit;
        let found = self.entry(user, digest, now);
        let count = harm.count(&mut found.counts);
        *count = count.saturating_add(1);
        found.is_suspect |= harm == Harm::WorkerDeath;
        if limit > 0 && found.counts.sum() >= limit {
            found.quarantined_at.get_or_insert(now);
        }
        *found
    }

    /// The module may have done harm. Answers with what is to be recorded, if that is new.
    pub(super) fn suspect(
        &mut self,
        user: UserId,
        digest: Digest,
        now: UnixMillis,
    ) -> Option<ModuleHarm> {
        let found = self.entry(user, digest, now);
        let is_new = !std::mem::replace(&mut found.is_suspect, true);
        is_new.then_some(*found)
    }

    /// The module is not suspected any more. Answers with what is to be recorded, if it was.
    pub(super) fn clear(
        &mut self,
        user: UserId,
        digest: Digest,
        now: UnixMillis,
    ) -> Option<ModuleHarm> {
        let found = self.modules.get_mut(&(user, digest))?;
        if !std::mem::replace(&mut found.is_suspect, false) {
            return None;
        }
        found.at = now;
        let cleared = *found;
        self.set(cleared);
        Some(cleared)
    }

    /// The module begins anew: alone, if that is how it ended. Answers with what is to be recorded and what was so before,
    /// if there is anything to let go.
    pub(super) fn released(
        &self,
        user: UserId,
        digest: Digest,
        now: UnixMillis,
    ) -> Option<(ModuleHarm, HarmCounts)> {
        let found = self.modules.get(&(user, digest))?;
        let begins_anew = ModuleHarm {
            counts: HarmCounts::default(),
            quarantined_at: None,
            at: now,
            ..*found
        };
        Some((begins_anew, found.counts))
    }

    /// What is recorded of a module is this from now on.
    pub(super) fn set(&mut self, harm: ModuleHarm) {
        let key = (harm.user, harm.digest);
        if harm.is_nothing() {
            self.modules.remove(&key);
        } else {
            self.modules.insert(key, harm);
        }
    }

    fn entry(&mut self, user: UserId, digest: Digest, now: UnixMillis) -> &mut ModuleHarm {
        let harm = self
            .modules
            .entry((user, digest))
            .or_insert_with(|| ModuleHarm {
                user,
                digest,
                counts: HarmCounts::default(),
                is_suspect: false,
                at: now,
                quarantined_at: None,
            });
        harm.at = now;
        harm
    }
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::{CancelReason, Limit, TrapKind};

    use super::*;

    const ADA: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const NOW: UnixMillis = UnixMillis(1_000);

    fn modules(names: &[&str]) -> BTreeSet<Digest> {
        names
            .iter()
            .map(|name| Digest::of(name.as_bytes()))
            .collect()
    }

    #[test]
    fn a_death_has_one_name_or_nobody_is_blamed_for_it() {
        let [a, ab] = [&["a"][..], &["a", "b"][..]].map(modules);
        let blamed = Verdict::Blamed(Digest::of(b"a"));
        let suspected = Verdict::Suspected(ab.clone());
        for (cause, there, expected) in [
            (DeathCause::Unforeseen, modules(&[]), Verdict::Nobody),
            (DeathCause::Unforeseen, a.clone(), blamed),
            (DeathCause::Unforeseen, ab.clone(), suspected),
            (DeathCause::Ordered, a.clone(), Verdict::Nobody),
            (DeathCause::Ordered, ab.clone(), Verdict::Nobody),
            (DeathCause::BeforeItsGuests, a, Verdict::Nobody),
            (DeathCause::BeforeItsGuests, ab, Verdict::Nobody),
        ] {
            assert_eq!(
                verdict(cause, there.clone()),
                expected,
                "{cause:?} {there:?}"
            );
        }
    }

    #[test]
    fn an_end_alone_clears_unless_it_was_ordered_and_a_panic_is_the_callers() {
        let clean = [
            Outcome::Succeeded,
            Outcome::Failed(3),
            Outcome::Trapped(TrapKind::Unreachable),
            Outcome::LimitExceeded(Limit::Wall),
        ];
        for outcome in clean {
            assert_eq!(sign(outcome, Company::Alone), Sign::Clean, "{outcome}");
            assert_eq!(sign(outcome, Company::Shared), Sign::None, "{outcome}");
        }
        let silent = [
            Outcome::Cancelled(CancelReason::Asked),
            Outcome::Lost(LossReason::Setup),
            Outcome::Lost(LossReason::Worker),
        ];
        for company in [Company::Alone, Company::Shared] {
            for outcome in silent {
                assert_eq!(sign(outcome, company), Sign::None, "{outcome}");
            }
            let panicked = sign(Outcome::Lost(LossReason::Panic), company);
            assert_eq!(panicked, Sign::Harmful(Harm::HostPanic));
        }
    }

    #[test]
    fn harm_of_every_kind_adds_up_to_quarantine_for_one_user_and_one_module() {
        let mut ledger = Ledger::new(3);
        let [poison, other] = [b"poison", b"harmly"].map(|name| Digest::of(name));
        for (harm, is_last) in [
            (Harm::WorkerDeath, false),
            (Harm::HostPanic, false),
            (Harm::CompileKill, true),
        ] {
            assert_eq!(ledger.quarantine_of(ADA, poison), None);
            let recorded = ledger.blame(ADA, poison, harm, NOW);
            assert_eq!(recorded.quarantined_at.is_some(), is_last, "{harm:?}");
        }
        let found = ledger.quarantine_of(ADA, poison).unwrap();
        assert_eq!((found.counts.sum(), found.limit), (3, 3));
        assert_eq!(ledger.quarantine_of(BOB, poison), None);
        assert_eq!(ledger.quarantine_of(ADA, other), None);
        assert_eq!(ledger.quarantined(), 1);
    }

    #[test]
    fn without_a_limit_nothing_comes_to_quarantine() {
        let mut ledger = Ledger::new(0);
        let poison = Digest::of(b"poison");
        for _ in 0..100 {
            ledger.blame(ADA, poison, Harm::WorkerDeath, NOW);
        }
        assert_eq!(ledger.quarantine_of(ADA, poison), None);
    }

    #[test]
    fn a_suspect_runs_alone_until_it_is_cleared_and_then_there_is_nothing_to_say_of_it() {
        let mut ledger = Ledger::new(3);
        let suspect = Digest::of(b"suspect");
        assert!(ledger.suspect(ADA, suspect, NOW).is_some());
        assert!(ledger.suspect(ADA, suspect, NOW).is_none(), "it is one");
        assert_eq!(ledger.company_of(ADA, suspect), Company::Alone);
        assert_eq!(ledger.company_of(BOB, suspect), Company::Shared);
        let cleared = ledger.clear(ADA, suspect, NOW).unwrap();
        assert!(cleared.is_nothing());
        assert!(ledger.modules.is_empty());
        assert_eq!(ledger.clear(ADA, suspect, NOW), None);
    }

    #[test]
    fn blame_outlives_suspicion_and_a_release_begins_anew_but_alone() {
        let mut ledger = Ledger::new(2);
        let poison = Digest::of(b"poison");
        ledger.blame(ADA, poison, Harm::WorkerDeath, NOW);
        let cleared = ledger.clear(ADA, poison, NOW).unwrap();
        assert_eq!(cleared.counts.worker_deaths, 1);
        ledger.blame(ADA, poison, Harm::WorkerDeath, NOW);
        let (anew, before) = ledger.released(ADA, poison, NOW).unwrap();
        assert_eq!(before.worker_deaths, 2);
        ledger.set(anew);
        assert_eq!(ledger.quarantine_of(ADA, poison), None);
        assert_eq!(ledger.company_of(ADA, poison), Company::Alone);
        assert_eq!(ledger.released(BOB, poison, NOW), None);
    }

    #[test]
    fn another_limit_holds_for_what_comes() {
        let mut ledger = Ledger::new(0);
        let poison = Digest::of(b"poison");
        for _ in 0..5 {
            ledger.blame(ADA, poison, Harm::HostPanic, NOW);
        }
        ledger.go_by(3);
        assert_eq!(ledger.quarantine_of(ADA, poison), None);
        ledger.blame(ADA, poison, Harm::HostPanic, NOW);
        ledger.go_by(0);
        assert!(ledger.quarantine_of(ADA, poison).is_some(), "it stays");
    }
}
