//! What a run is played on: the fixed world, or the pool that its setting brings along.

use sublet_scheduler::{Event, NodeId, NodeSpec, Resources, RuleSet, Scheduler};

use super::{EPOCH, Setting, play, pool};
use crate::pool::Fit;
use crate::world::NODES_PER_HOST;

impl Setting {
    pub(super) fn nodes_per_host(&self) -> u32 {
        match &self.pool {
            Some(pool) => pool.nodes_per_host(),
            None => NODES_PER_HOST,
        }
    }

    /// The id of a host's node; a host with fewer nodes has its first one in place of those that it lacks.
    pub(super) fn node_id(&self, host: u32, node: u32) -> NodeId {
        let per_host = self.nodes_per_host();
        NodeId(host * per_host + node % per_host)
    }

    /// All nodes of a host; in the world the first one has the given role.
    pub(super) fn nodes(&self, host: u32, role_of_first: &str) -> Vec<NodeSpec> {
        match &self.pool {
            Some(pool) => pool.nodes(host, &pool::host_name(host)),
            None => pool::nodes(host, role_of_first),
        }
    }

    /// What so many hosts have in sum; they are alike.
    pub(super) fn capacity(&self, hosts: u32) -> Resources {
        let of_one = sum(&self.nodes(0, ""));
        Resources {
            cpu_millis: of_one.cpu_millis.saturating_mul(u64::from(hosts)),
            memory_bytes: of_one.memory_bytes.saturating_mul(u64::from(hosts)),
        }
    }

    /// The rules. An operator's own say nothing of the load that the world's operator has in mind.
    pub(super) fn rules(&self, version: u64, load_max_millis: u64) -> RuleSet {
        match &self.pool {
            Some(pool) => pool.rules(version),
            None => pool::rules(pool::Terms {
                version,
                preemption: self.load.preemption(),
                load_max_millis,
            }),
        }
    }

    pub(super) fn moves_per_minute_max(&self) -> u32 {
        match &self.pool {
            Some(pool) => pool.moves_per_minute_max(),
            None => pool::MOVES_PER_MINUTE_MAX,
        }
    }

    /// How the loads fit the pool that was brought along, as its rules carve it before anything happens.
    pub(super) fn fit(&self) -> Option<Fit> {
        let pool = self.pool.as_ref()?;
        let mut scheduler = Scheduler::new(play::config(self.load));
        let mut actions = Vec::new();
        scheduler.handle(EPOCH, Event::RulesChanged(pool.rules(1)), &mut actions);
        for host in 0..self.hosts {
            scheduler.handle(EPOCH, self.host(host, ""), &mut actions);
        }
        Some(Fit::of(&scheduler.pool()))
    }

    /// The host comes, with all its nodes.
    pub(super) fn host(&self, host: u32, role_of_first: &str) -> Event {
        Event::HostChanged {
            host: pool::host_name(host),
            capacity: self.capacity(1),
            nodes: self.nodes(host, role_of_first),
        }
    }
}

fn sum(nodes: &[NodeSpec]) -> Resources {
    let capacity = nodes.iter().map(|node| node.capacity);
    capacity.fold(Resources::default(), Resources::plus)
}
