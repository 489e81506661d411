//! The hosts of a simulated pool and its rules, in the words of the scheduler.

use std::collections::BTreeMap;

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::{
    Burst, Isolation, NodeId, NodeSpec, Preemption, RouteRule, RuleSet, SubclusterSpec,
};

use crate::world::{self, NODE, NODES_PER_HOST, Partition, SUBCLUSTERS};

/// Times that a node may leave its sub-cluster within a minute.
pub(super) const MOVES_PER_MINUTE_MAX: u32 = 6;
/// How long work on a node that leaves may go on.
const GRACE_MS: u64 = 2_000;
/// How long a node stays at least.
const DWELL_MS: u64 = 500;

/// What of the rules may differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) version: u64,
    pub(super) preemption: Preemption,
    /// Above this a node has to leave, in thousandths.
    pub(super) load_max_millis: u64,
}

/// Enter at this much less load than that at which a node has to leave, in thousandths.
const HYSTERESIS_MILLIS: u64 = 200;

/// The rules of a run: a node belongs where its label says, unless it is overloaded; a job goes where its timeout says.
pub(super) fn rules(terms: Terms) -> RuleSet {
    let subcluster = |partition: &Partition| SubclusterSpec {
        preemption: terms.preemption,
        ..subcluster(partition, terms.load_max_millis)
    };
    RuleSet {
        version: terms.version,
        subclusters: SUBCLUSTERS.iter().map(subcluster).collect(),
        routes: SUBCLUSTERS.iter().filter_map(route).collect(),
        classes: Vec::new(),
        moves_per_minute_max: MOVES_PER_MINUTE_MAX,
    }
}

fn subcluster(partition: &Partition, load_max_millis: u64) -> SubclusterSpec {
    let name = partition.name;
    let leave = thousandths(load_max_millis);
    let enter = thousandths(load_max_millis.saturating_sub(HYSTERESIS_MILLIS));
    let entry = format!("node.labels.role == \"{name}\" && node.load <= {enter} && node.healthy");
    let exit = format!("node.labels.role != \"{name}\" || node.load > {leave} || !node.healthy");
    SubclusterSpec {
        name: name.to_owned(),
        slot: partition.slot,
        entry: Some(rule(RuleKind::Entry, &entry)),
        exit: Some(rule(RuleKind::Exit, &exit)),
        accept: within(partition).map(|text| rule(RuleKind::Accept, &text)),
        nodes_min: 0,
        nodes_max: 65_536,
        weight: 1,
        priority: 0,
        grace_ms: Some(GRACE_MS),
        dwell_min_ms: DWELL_MS,
        isolation: Isolation::User,
        burst: Burst::Allowed,
        preemption: Preemption::Off,
    }
}

fn thousandths(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

fn route(partition: &Partition) -> Option<RouteRule> {
    Some(RouteRule {
        name: format!("to-{}", partition.name),
        when: rule(RuleKind::Route, &within(partition)?),
        to: partition.name.to_owned(),
    })
}

/// The jobs that a partition is for, when it is not for all.
fn within(partition: &Partition) -> Option<String> {
    let most_ms = partition.timeout_ms_max;
    (most_ms < u64::MAX).then(|| format!("job.timeout <= {most_ms}ms"))
}

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).expect("the rules of the simulated pool are ours")
}

/// The name of a host.
pub(super) fn host_name(host: u32) -> String {
    format!("host-{host}")
}

/// The id of a host's node.
const fn node_id(host: u32, node: u32) -> NodeId {
    NodeId(host * NODES_PER_HOST + node)
}

/// All nodes of a host; the first one has the given role.
pub(super) fn nodes(host: u32, role_of_first: &str) -> Vec<NodeSpec> {
    let node = |node: u32| {
        let role = if node == 0 {
            role_of_first
        } else {
            world::role(host, node).name
        };
        NodeSpec {
            id: node_id(host, node),
            name: format!("{}-{node}", host_name(host)),
            capacity: NODE,
            priority: 0,
            labels: labels(role),
        }
    };
    (0..NODES_PER_HOST).map(node).collect()
}

/// The labels of a node with a role.
pub(super) fn labels(role: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("role".to_owned(), role.to_owned())])
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::Preemption;

    use super::{Terms, rules};

    #[test]
    fn the_rules_of_the_pool_pass_their_review() {
        for load_max_millis in [200, 555, 900] {
            let terms = Terms {
                version: 1,
                preemption: Preemption::On,
                load_max_millis,
            };
            let review = rules(terms).review();
            assert!(review.refusals.is_empty(), "{review:?}");
        }
    }
}
