//! Where a job goes: the router is asked with the facts of today. It holds together what the router may not know (jobs,
//! queues, nodes) and decides nothing itself.

use alloc::vec::Vec;
use core::slice;

use crate::live_job::{Home, LiveJob};
use crate::routing::{Ask, NoRoute, Place, Routing};
use crate::rules::{Facts, JobFacts, UserFacts};
use crate::scheduler::Scheduler;
use crate::{Action, Job, JobId, SubclusterId, UnixMillis, UserId};

impl Scheduler {
    /// Routes a job, or routes it anew. What of it runs stays where it is. That a job without a home still has none is no
    /// news.
    pub(crate) fn find_home(&mut self, now: UnixMillis, id: JobId, actions: &mut Vec<Action>) {
        let Some(live) = self.jobs.get(&id) else {
            return;
        };
        let mut router = core::mem::take(&mut self.router);
        let routed = self.ask_router(now, &live.job, |ask, places| {
            router.route(&self.rules, ask, places)
        });
        self.router = router;
        if routed.is_err() && self.homeless.contains(&id) {
            return;
        }
        let home = routed.as_ref().ok().map(|routing| Home {
            subcluster: routing.subcluster,
            by: routing.by.clone(),
        });
        self.settle_in(id, home);
        let routing = routed.ok();
        actions.push(Action::Routed { job: id, routing });
    }

    /// Where a job would go that came in now.
    pub(crate) fn would_route(&self, now: UnixMillis, job: &Job) -> Result<Routing, NoRoute> {
        self.ask_router(now, job, |ask, places| {
            self.router.would_route(&self.rules, ask, places)
        })
    }

    /// Whether the job may stay in the queue in which it stands.
    pub(crate) fn is_well_placed(&self, now: UnixMillis, live: &LiveJob) -> bool {
        let Some(subcluster) = live.subcluster() else {
            return false;
        };
        let Some(spec) = self.partition.open_spec(subcluster) else {
            return false;
        };
        let Some(accept) = &spec.accept else {
            return spec.slot.covers(live.job.want);
        };
        let facts = self.partition.facts(subcluster);
        let is_accepted = self.with_facts(live.job.user, &live.job, |job, user| {
            accept.holds(&Facts {
                now,
                node: None,
                subcluster: facts.as_ref(),
                job: Some(job),
                user: Some(user),
            })
        });
        is_accepted && spec.slot.covers(live.job.want)
    }

    /// Has the job wait in its new home instead of the former one.
    fn settle_in(&mut self, id: JobId, home: Option<Home>) {
        let Some(live) = self.jobs.get_mut(&id) else {
            return;
        };
        if let Some(former) = live.subcluster() {
            self.queues.set(former, &live.entry(), 0);
            self.changed.insert(former);
        }
        match &home {
            Some(_) => self.homeless.remove(&id),
            None => self.homeless.insert(id),
        };
        live.home = home;
        self.queue_up(id);
    }

    fn ask_router<T>(
        &self,
        now: UnixMillis,
        job: &Job,
        ask: impl FnOnce(&Ask<'_>, &[Place<'_>]) -> T,
    ) -> T {
        let named = self.place_named(job);
        let all = named.is_none().then(|| self.all_places());
        let all = all.as_deref().unwrap_or_default();
        let places = named.as_ref().map_or(all, slice::from_ref);
        self.with_facts(job.user, job, |job_facts, user| {
            let subcluster = job.subcluster.as_deref();
            let question = Ask {
                now,
                subcluster,
                job: job_facts,
                user,
            };
            ask(&question, places)
        })
    }

    /// The one place that the user named, if it is there: no other one has to be looked at then.
    fn place_named(&self, job: &Job) -> Option<Place<'_>> {
        let asked = job.subcluster.as_deref()?;
        self.place(self.partition.open_subcluster_named(asked)?)
    }

    fn all_places(&self) -> Vec<Place<'_>> {
        let all = self.partition.open_subclusters();
        all.filter_map(|(id, _)| self.place(id)).collect()
    }

    fn place(&self, id: SubclusterId) -> Option<Place<'_>> {
        Some(Place {
            id,
            spec: self.partition.open_spec(id)?,
            facts: self.partition.facts(id)?,
            slots_ever: self.partition.slots_ever(id),
            is_open: !self.pauses.holds(id),
        })
    }

    /// What rules read of a job and of its user.
    fn with_facts<T>(
        &self,
        id: UserId,
        job: &Job,
        then: impl FnOnce(&JobFacts<'_>, &UserFacts<'_>) -> T,
    ) -> T {
        let user = self.users.of(id);
        let running = self.queues.held(id).slots;
        let user_facts = UserFacts {
            id: &user.name,
            role: user.role.word(),
            weight: self.queues.terms(id).weight,
            labels: &user.labels,
            running,
            queued: self.tallies.of(id).saturating_sub(running),
            share_millis: self.queues.share_millis(id),
        };
        let said = &job.said;
        let job_facts = JobFacts {
            cpu_millis: job.want.cpu_millis,
            memory_bytes: job.want.memory_bytes,
            timeout_ms: job.timeout_ms,
            priority: job.priority,
            tasks: job.task_count(),
            gang: job.slots_at_once(),
            class: &said.class,
            labels: &said.labels,
            module: &said.module,
            imports: &said.imports,
            network: &said.network,
            restart: job.restart.word(),
            attempt: 1,
            submitted_at: job.submitted_at,
        };
        then(&job_facts, &user_facts)
    }
}
