//! Hosts that come, change and go. What becomes of their nodes the partition decides; here is what it means for jobs.

use alloc::vec::Vec;

use crate::partition::Health;
use crate::scheduler::Scheduler;
use crate::{Action, LossReason, NodeId, NodeSpec, Outcome, Resources, UnixMillis};

impl Scheduler {
    pub(crate) fn host_changed(
        &mut self,
        now: UnixMillis,
        host: &str,
        capacity: Resources,
        nodes: Vec<NodeSpec>,
    ) {
        self.partition.host_changed(now, host, capacity, nodes);
        self.queues.set_pool(self.partition.pool_total());
    }

    pub(crate) fn node_facts(&mut self, node: NodeId, load_millis: u64, is_healthy: bool) {
        let health = if is_healthy {
            Health::Well
        } else {
            Health::Ill
        };
        self.partition.node_facts(node, load_millis, health);
    }

    /// The attempts on it are over without a word, and what they held went with the host: nothing is left to release.
    pub(crate) fn host_lost(&mut self, now: UnixMillis, host: &str, actions: &mut Vec<Action>) {
        let lost = self.partition.host_lost(now, host);
        self.queues.set_pool(self.partition.pool_total());
        for (_, id) in lost {
            self.finish(now, id, Outcome::Lost(LossReason::Host), actions);
            let Some(live) = self.jobs.get_mut(&id.job) else {
                continue;
            };
            let user = live.job.user;
            if let Some(grant) = live.release(id) {
                self.queues.ended(now, grant.subcluster, id);
                self.look_again_for(user, grant.subcluster);
            }
            self.await_instant(now, id.job, id.task);
            self.settle(now, id.job, actions);
        }
    }
}
