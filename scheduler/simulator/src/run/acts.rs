//! What users, hosts and operators of the workload do, in the words of the scheduler.

use sublet_scheduler::{Event, JobId, SubclusterId};

use super::play::Run;
use super::pool;
use crate::audit::Checked;
use crate::workload::Act;

/// How long work may go on on a node that an operator drains.
const DRAIN_GRACE_MS: u64 = 100;

impl Run<'_> {
    pub(super) fn act(&mut self, act: Act) -> Checked {
        let act = match &self.fit {
            Some(fit) => fit.act(act),
            None => act,
        };
        match act {
            Act::Submit(submission) => {
                self.jobs += 1;
                self.owner.submit(JobId(self.jobs), submission)
            }
            Act::Load { host, load_millis } if self.has(host) => {
                self.owner.tell(Event::NodeFacts {
                    node: self.setting.node_id(host, 0),
                    load_millis,
                    is_healthy: true,
                })
            }
            Act::Role { host, role } if self.has(host) && self.setting.pool.is_none() => {
                self.roles[host as usize] = role;
                self.owner.tell(Event::NodeLabelled {
                    node: self.setting.node_id(host, 0),
                    labels: pool::labels(role),
                })
            }
            Act::HostLeaves(host) if self.may_leave(host) => {
                let per_host = self.setting.nodes_per_host();
                let nodes = host * per_host..(host + 1) * per_host;
                self.hosts_away += 1;
                self.pool_changed();
                self.owner.lose_host(pool::host_name(host), nodes)
            }
            Act::HostReturns(host) if self.may_leave(host) => {
                self.hosts_away -= 1;
                self.host_comes(host)
            }
            Act::NodeDrained(host) if self.has(host) => self.owner.tell(Event::NodeDrainAsked {
                node: self.setting.node_id(host, 1),
                reason: "to be cleaned".to_owned(),
                grace_ms: Some(DRAIN_GRACE_MS),
            }),
            Act::NodeResumed(host) if self.has(host) => self.owner.tell(Event::NodeResumed {
                node: self.setting.node_id(host, 1),
            }),
            Act::Paused(name) => self.tell_of_subcluster(&name, |subcluster| {
                let reason = "to look at it".to_owned();
                Event::SubclusterPaused { subcluster, reason }
            }),
            Act::Unpaused(name) => {
                self.tell_of_subcluster(&name, |subcluster| Event::SubclusterResumed { subcluster })
            }
            Act::RulesChanged { load_max_millis } => self.change_rules(load_max_millis),
            // What is said of hosts and roles that this pool does not have.
            Act::Load { .. }
            | Act::Role { .. }
            | Act::HostLeaves(_)
            | Act::HostReturns(_)
            | Act::NodeDrained(_)
            | Act::NodeResumed(_) => Ok(()),
        }
    }

    fn tell_of_subcluster(&mut self, name: &str, event: fn(SubclusterId) -> Event) -> Checked {
        match self.owner.scheduler.subcluster_named(name) {
            Some(subcluster) => self.owner.tell(event(subcluster)),
            None => Ok(()),
        }
    }

    pub(super) fn change_rules(&mut self, load_max_millis: u64) -> Checked {
        self.rules_version += 1;
        let rules = self.setting.rules(self.rules_version, load_max_millis);
        self.owner.tell(Event::RulesChanged(rules))?;
        self.owner.learn(self.setting.moves_per_minute_max());
        Ok(())
    }

    const fn has(&self, host: u32) -> bool {
        host < self.setting.hosts
    }

    /// A host that is the whole of somebody's pool stays: without it there would be nothing to see.
    const fn may_leave(&self, host: u32) -> bool {
        let is_whole_pool = self.setting.pool.is_some() && self.setting.hosts == 1;
        self.has(host) && !is_whole_pool
    }

    pub(super) fn host_comes(&mut self, host: u32) -> Checked {
        self.pool_changed();
        let role_of_first = self.roles[host as usize];
        self.owner.tell(self.setting.host(host, role_of_first))
    }

    fn pool_changed(&mut self) {
        let hosts = self.setting.hosts - self.hosts_away;
        self.owner.recorder.pool(self.setting.capacity(hosts));
    }
}
