//! The pool that workloads are played on: its hosts and their nodes, the sub-clusters and their rules. It decides sizes
//! and names, and nothing that happens later.

use sublet_scheduler::Resources;

/// Sub-clusters by the length of jobs, with the slots that they cut.
pub const SUBCLUSTERS: [Partition; 3] = [SHORT, MEDIUM, LONG];

/// For mice.
pub const SHORT: Partition = Partition {
    name: "short",
    slot: amount(250, 256),
    timeout_ms_max: 30_000,
};
/// For minutes.
pub const MEDIUM: Partition = Partition {
    name: "medium",
    slot: amount(500, 1_024),
    timeout_ms_max: 30 * 60_000,
};
/// For elephants.
pub const LONG: Partition = Partition {
    name: "long",
    slot: amount(1_000, 2_048),
    timeout_ms_max: u64::MAX,
};

/// A node with more load than this has to leave its sub-cluster, in thousandths, while nobody changes the rules.
pub const LOAD_MAX_MILLIS: u64 = 900;

/// What each node has.
pub const NODE: Resources = amount(4_000, 8_192);
/// Nodes of each host.
pub const NODES_PER_HOST: u32 = 2;

/// A sub-cluster of the simulated pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name, and the label `role` of the nodes that it takes.
    pub name: &'static str,
    /// The shape of its slots.
    pub slot: Resources,
    /// It takes jobs that declare at most this.
    pub timeout_ms_max: u64,
}

/// So many thousandths of a processor and so many MiB.
#[must_use]
pub const fn amount(cpu_millis: u64, memory_mib: u64) -> Resources {
    Resources {
        cpu_millis,
        memory_bytes: memory_mib << 20,
    }
}

/// The role that a node has at first: half of them for mice, a quarter each for the others.
#[must_use]
pub const fn role(host: u32, node: u32) -> Partition {
    match (host * NODES_PER_HOST + node) % 4 {
        0 | 2 => SHORT,
        1 => MEDIUM,
        _ => LONG,
    }
}

/// The slots that a partition has when every node is where it was at first.
#[must_use]
pub fn slots(hosts: u32, partition: Partition) -> u64 {
    let nodes = (0..hosts).flat_map(|host| (0..NODES_PER_HOST).map(move |node| (host, node)));
    let members = nodes.filter(|&(host, node)| role(host, node) == partition);
    members.map(|_| NODE.slots_of(partition.slot)).sum()
}
