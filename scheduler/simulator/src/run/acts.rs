//! What users, hosts and operators of the workload do, in the words of the scheduler.

use sublet_scheduler::{Event, JobId, Resources, SubclusterId};

use super::play::Run;
use super::pool;
use crate::audit::Checked;
use crate::workload::Act;
use crate::world::{NODE, NODES_PER_HOST};

/// How long work may go on on a node that an operator drains.
const DRAIN_GRACE_MS: u64 = 100;

impl Run<'_> {
    pub(super) fn act(&mut self, act: Act) -> Checked {
        match act {
            Act::Submit(submission) => {
                self.jobs += 1;
                self.owner.submit(JobId(self.jobs), submission)
            }
            Act::Load { host, load_millis } if self.has(host) => {
                self.owner.tell(Event::NodeFacts {
                    node: pool::node_id(host, 0),
                    load_millis,
                    is_healthy: true,
                })
            }
            Act::Role { host, role } if self.has(host) => {
                self.roles[host as usize] = role;
                self.owner.tell(Event::NodeLabelled {
                    node: pool::node_id(host, 0),
                    labels: pool::labels(role),
                })
            }
            Act::HostLeaves(host) if self.has(host) => {
                let nodes = host * NODES_PER_HOST..(host + 1) * NODES_PER_HOST;
                self.hosts_away += 1;
                self.pool_changed();
                self.owner.lose_host(pool::host_name(host), nodes)
            }
            Act::HostReturns(host) if self.has(host) => {
                self.hosts_away -= 1;
                self.host_comes(host)
            }
            Act::NodeDrained(host) if self.has(host) => self.owner.tell(Event::NodeDrainAsked {
                node: pool::node_id(host, 1),
                reason: "to be cleaned".to_owned(),
                grace_ms: Some(DRAIN_GRACE_MS),
            }),
            Act::NodeResumed(host) if self.has(host) => self.owner.tell(Event::NodeResumed {
                node: pool::node_id(host, 1),
            }),
            Act::Paused(name) => self.tell_of_subcluster(name, |subcluster| {
                let reason = "to look at it".to_owned();
                Event::SubclusterPaused { subcluster, reason }
            }),
            Act::Unpaused(name) => {
                self.tell_of_subcluster(name, |subcluster| Event::SubclusterResumed { subcluster })
            }
            Act::RulesChanged { load_max_millis } => self.change_rules(load_max_millis),
            // What is said of hosts that this pool does not have.
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
        let rules = pool::rules(pool::Terms {
            version: self.rules_version,
            preemption: self.setting.load.preemption(),
            load_max_millis,
        });
        self.owner.tell(Event::RulesChanged(rules))?;
        self.owner.learn(pool::MOVES_PER_MINUTE_MAX);
        Ok(())
    }

    const fn has(&self, host: u32) -> bool {
        host < self.setting.hosts
    }

    pub(super) fn host_comes(&mut self, host: u32) -> Checked {
        self.pool_changed();
        let nodes = pool::nodes(host, self.roles[host as usize]);
        let capacity = nodes.iter().map(|node| node.capacity);
        let capacity = capacity.fold(Resources::default(), Resources::plus);
        self.owner.tell(Event::HostChanged {
            host: pool::host_name(host),
            capacity,
            nodes,
        })
    }

    fn pool_changed(&mut self) {
        let nodes = u64::from((self.setting.hosts - self.hosts_away) * NODES_PER_HOST);
        self.owner.recorder.pool(Resources {
            cpu_millis: NODE.cpu_millis * nodes,
            memory_bytes: NODE.memory_bytes * nodes,
        });
    }
}
