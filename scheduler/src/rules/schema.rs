//! The table of the schema: one row per attribute a rule may read.

use super::attribute::{Attribute, Object, Pace, Sort};

use Attribute as A;
use Pace::{Aging, Fixed, Live};
use Sort::{Bytes, Count, Duration, Labels, Priority, Text, TextSet, Thousandths, Truth, Word};

pub(super) struct Entry {
    pub(super) attribute: Attribute,
    pub(super) object: Object,
    pub(super) name: &'static str,
    pub(super) sort: Sort,
    pub(super) pace: Pace,
}

const RESTARTS: &[&str] = &["never", "on-loss", "on-failure"];
const ROLES: &[&str] = &["user", "operator"];

/// One row per attribute, in the order of the enum: an attribute is the number of its row.
pub(super) static SCHEMA: [Entry; Attribute::COUNT as usize] = [
    node(A::NodeId, "id", Text, Fixed),
    node(A::NodeHost, "host", Text, Fixed),
    node(A::NodeCpu, "cpu", Thousandths, Fixed),
    node(A::NodeMemory, "memory", Bytes, Fixed),
    node(A::NodePriority, "priority", Priority, Fixed),
    node(A::NodeLabel, "labels", Labels, Fixed),
    node(A::NodeLoad, "load", Thousandths, Live),
    node(A::NodeCpuFree, "cpu_free", Thousandths, Live),
    node(A::NodeMemoryFree, "memory_free", Bytes, Live),
    node(A::NodeSlots, "slots", Count, Live),
    node(A::NodeSlotsFree, "slots_free", Count, Live),
    node(A::NodeRunning, "running", Count, Live),
    node(A::NodeHealthy, "healthy", Truth, Live),
    node(A::NodeDraining, "draining", Truth, Live),
    node(A::NodeIdle, "idle", Duration, Aging),
    node(A::NodeAge, "age", Duration, Aging),
    node(A::NodeDwell, "dwell", Duration, Aging),
    sub(A::SubName, "name", Text, Fixed),
    sub(A::SubPriority, "priority", Priority, Fixed),
    sub(A::SubWeight, "weight", Count, Fixed),
    sub(A::SubNodesMin, "nodes_min", Count, Fixed),
    sub(A::SubNodesMax, "nodes_max", Count, Fixed),
    sub(A::SubNodes, "nodes", Count, Live),
    sub(A::SubSlots, "slots", Count, Live),
    sub(A::SubSlotsFree, "slots_free", Count, Live),
    sub(A::SubQueued, "queued", Count, Live),
    sub(A::SubRunning, "running", Count, Live),
    sub(A::SubExpectedWait, "expected_wait", Duration, Live),
    sub(A::SubIdle, "idle", Duration, Aging),
    job(A::JobCpu, "cpu", Thousandths, Fixed),
    job(A::JobMemory, "memory", Bytes, Fixed),
    job(A::JobTimeout, "timeout", Duration, Fixed),
    job(A::JobPriority, "priority", Priority, Fixed),
    job(A::JobTasks, "tasks", Count, Fixed),
    job(A::JobGang, "gang", Count, Fixed),
    job(A::JobClass, "class", Text, Fixed),
    job(A::JobLabel, "labels", Labels, Fixed),
    job(A::JobModule, "module", Text, Fixed),
    job(A::JobImports, "imports", TextSet, Fixed),
    job(A::JobNetwork, "network", Text, Fixed),
    job(A::JobRestart, "restart", Word(RESTARTS), Fixed),
    job(A::JobAttempt, "attempt", Count, Live),
    job(A::JobWaited, "waited", Duration, Aging),
    user(A::UserId, "id", Text, Fixed),
    user(A::UserRole, "role", Word(ROLES), Fixed),
    user(A::UserWeight, "weight", Count, Fixed),
    user(A::UserLabel, "labels", Labels, Fixed),
    user(A::UserRunning, "running", Count, Live),
    user(A::UserQueued, "queued", Count, Live),
    user(A::UserShare, "share", Thousandths, Live),
];

const fn node(attribute: Attribute, name: &'static str, sort: Sort, pace: Pace) -> Entry {
    Entry {
        attribute,
        object: Object::Node,
        name,
        sort,
        pace,
    }
}

const fn sub(attribute: Attribute, name: &'static str, sort: Sort, pace: Pace) -> Entry {
    Entry {
        object: Object::Subcluster,
        ..node(attribute, name, sort, pace)
    }
}

const fn job(attribute: Attribute, name: &'static str, sort: Sort, pace: Pace) -> Entry {
    Entry {
        object: Object::Job,
        ..node(attribute, name, sort, pace)
    }
}

const fn user(attribute: Attribute, name: &'static str, sort: Sort, pace: Pace) -> Entry {
    Entry {
        object: Object::User,
        ..node(attribute, name, sort, pace)
    }
}
