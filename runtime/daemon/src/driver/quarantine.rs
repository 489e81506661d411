//! Harm that modules did becomes records, and in the end a quarantine. What is decided in `blame` is taken down here, before
//! the scheduler hears of the end: so the count is in the same commit as the next start, or there is no next start.

use std::collections::BTreeSet;

use sublet_scheduler::{AttemptId, CancelReason, Event, JobId, Outcome, UserId};
use sublet_store::{Digest, ModuleHarm, Record};
use sublet_worker::compile::CompileError;
use sublet_worker::protocol::Ended;

use super::Driver;
use super::blame::{Harm, Quarantined, Sign, Verdict, sign, verdict};
use super::ending::unreported;
use crate::artifacts::ArtifactError;
use crate::workers::{Death, WorkerId};

impl Driver {
    /// A worker died with these attempts under way.
    pub(super) fn weigh_death(&mut self, death: &Death, attempts: &[AttemptId]) {
        let told = |attempt: &&AttemptId| !death.untold.contains(*attempt);
        let modules: BTreeSet<Digest> = attempts
            .iter()
            .filter(told)
            .filter_map(|attempt| Some(self.jobs.get(attempt.job)?.module))
            .collect();
        match verdict(death.cause, modules) {
            Verdict::Nobody => {}
            Verdict::Blamed(module) => self.blame(death.user, module, Harm::WorkerDeath),
            Verdict::Suspected(modules) => {
                tracing::warn!(
                    modules = modules.len(),
                    "one of several modules killed a worker: each runs alone until it has ended well"
                );
                for module in modules {
                    let suspected = self.ledger.suspect(death.user, module, (self.now)());
                    self.record_harm(suspected);
                }
            }
        }
    }

    /// A worker tells how an attempt ended.
    pub(super) fn weigh_end(&mut self, worker: WorkerId, ended: &Ended) {
        let Some(job) = self.jobs.get(ended.attempt.job) else {
            return;
        };
        let (user, module) = (job.user, job.module);
        if !matches!(ended.outcome, Outcome::Lost(_)) {
            self.workers.ran_well(worker);
        }
        match sign(ended.outcome, self.workers.company_in(worker)) {
            Sign::Harmful(harm) => self.blame(user, module, harm),
            Sign::Clean => {
                let cleared = self.ledger.clear(user, module, (self.now)());
                self.record_harm(cleared);
            }
            Sign::None => {}
        }
    }

    /// There is no machine code for a worker.
    pub(super) fn weigh_compilation(
        &mut self,
        worker: WorkerId,
        module: Digest,
        error: &ArtifactError,
    ) {
        if let ArtifactError::Compile(CompileError::OverBudget(_)) = error
            && let Some(user) = self.workers.user_of(worker)
        {
            self.blame(user, module, Harm::CompileKill);
        }
    }

    /// The module did harm: that is recorded, and what follows from it.
    pub(super) fn blame(&mut self, user: UserId, module: Digest, harm: Harm) {
        let was_in = self.ledger.quarantine_of(user, module).is_some();
        let recorded = self.ledger.blame(user, module, harm, (self.now)());
        self.metrics.harmed(harm.word());
        let (sum, kind) = (recorded.counts.sum(), harm.word());
        tracing::warn!(user = user.0, %module, kind, sum, "a module did harm");
        self.batch.record(Record::ModuleHarmed(recorded));
        if recorded.quarantined_at.is_some() && !was_in {
            tracing::error!(user = user.0, %module, sum, "a module is in quarantine");
            for job in self.jobs.running(user, module) {
                self.bar(job);
            }
        }
    }

    /// Nothing more of the job starts.
    fn bar(&mut self, job: JobId) {
        self.happened(Event::Barred(job));
    }

    /// A job that a former server left: its module may have come into quarantine with the last thing that was recorded.
    pub(super) fn bar_if_quarantined(&mut self, job: JobId, user: UserId, module: Digest) {
        if self.ledger.quarantine_of(user, module).is_some() {
            self.bar(job);
        }
    }

    /// The last look before a start: it was recorded before its module came into quarantine.
    pub(super) fn is_kept_back(&mut self, attempt: AttemptId) -> bool {
        let module = self.jobs.get(attempt.job).map(|job| (job.user, job.module));
        let quarantine = module.and_then(|(user, module)| self.ledger.quarantine_of(user, module));
        if quarantine.is_none() {
            return false;
        }
        let outcome = Outcome::Cancelled(CancelReason::Quarantine);
        self.ended(unreported(attempt, outcome, (self.now)()));
        true
    }

    /// # Errors
    /// The quarantine that the module is in.
    pub(super) fn check_quarantine(&self, user: UserId, module: Digest) -> Result<(), Quarantined> {
        self.ledger.quarantine_of(user, module).map_or(Ok(()), Err)
    }

    fn record_harm(&mut self, changed: Option<ModuleHarm>) {
        if let Some(harm) = changed {
            self.batch.record(Record::ModuleHarmed(harm));
        }
    }
}
