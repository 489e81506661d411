//! Each attribute alone turns a rule: two worlds that differ in nothing else, one rule, two answers.

use sublet_scheduler::UnixMillis;
use sublet_scheduler::rules::{Attribute, AttributeSet, Rule, RuleKind};

use crate::world::{NOW, World, ago};

struct Case {
    attribute: Attribute,
    kind: RuleKind,
    rule: &'static str,
    /// Makes the rule true in a world where it was false.
    change: fn(&mut World),
}

const fn entry(attribute: Attribute, rule: &'static str, change: fn(&mut World)) -> Case {
    Case {
        attribute,
        kind: RuleKind::Entry,
        rule,
        change,
    }
}

const fn accept(attribute: Attribute, rule: &'static str, change: fn(&mut World)) -> Case {
    Case {
        kind: RuleKind::Accept,
        ..entry(attribute, rule, change)
    }
}

use Attribute as A;

fn of_nodes() -> Vec<Case> {
    vec![
        entry(A::NodeId, r#"node.id == "node-2""#, |w| {
            w.node.id = "node-2";
        }),
        entry(A::NodeHost, r#"node.host in ["b", "c"]"#, |w| {
            w.node.host = "b";
        }),
        entry(A::NodeCpu, "node.cpu >= 2", |w| w.node.cpu_millis = 2_000),
        entry(A::NodeMemory, "node.memory > 4GiB", |w| {
            w.node.memory_bytes = 8 << 30;
        }),
        entry(A::NodePriority, "node.priority > 5", |w| {
            w.node.priority = 6;
        }),
        entry(A::NodeLabel, r#"node.labels.size == "large""#, |w| {
            w.node_labels.insert("size".into(), "large".into());
        }),
        entry(A::NodeLoad, "node.load > 0.95", |w| {
            w.node.load_millis = 951;
        }),
        entry(A::NodeCpuFree, "node.cpu_free < 0.25", |w| {
            w.node.cpu_free_millis = 249;
        }),
        entry(A::NodeMemoryFree, "node.memory_free == 0B", |w| {
            w.node.memory_free_bytes = 0;
        }),
        entry(A::NodeSlots, "node.slots == 11", |w| w.node.slots = 11),
        entry(A::NodeSlotsFree, "node.slots_free != 5", |w| {
            w.node.slots_free = 4;
        }),
        entry(A::NodeRunning, "node.running == 0", |w| w.node.running = 0),
        entry(A::NodeHealthy, "!node.healthy", |w| w.node.healthy = false),
        entry(A::NodeDraining, "node.draining", |w| w.node.draining = true),
        entry(A::NodeIdle, "node.idle >= 5m", |w| {
            w.node.idle_since = ago(300_000);
        }),
        entry(A::NodeAge, "node.age > 1h", |w| {
            w.node.joined_at = UnixMillis(NOW - 3_600_001);
        }),
        entry(A::NodeDwell, "node.dwell < 1s", |w| {
            w.node.entered_at = None;
        }),
    ]
}

fn of_subclusters() -> Vec<Case> {
    vec![
        entry(A::SubName, r#"sub.name == "long""#, |w| {
            w.subcluster.name = "long";
        }),
        entry(A::SubPriority, "sub.priority < 0", |w| {
            w.subcluster.priority = -1;
        }),
        entry(A::SubWeight, "sub.weight > 3", |w| w.subcluster.weight = 4),
        entry(A::SubNodesMin, "sub.nodes_min == 0", |w| {
            w.subcluster.nodes_min = 0;
        }),
        entry(A::SubNodesMax, "sub.nodes_max >= 7", |w| {
            w.subcluster.nodes_max = 7;
        }),
        entry(A::SubNodes, "sub.nodes < 2", |w| w.subcluster.nodes = 1),
        entry(A::SubSlots, "sub.slots > 20", |w| w.subcluster.slots = 21),
        entry(A::SubSlotsFree, "sub.slots_free == 0", |w| {
            w.subcluster.slots_free = 0;
        }),
        entry(A::SubQueued, "sub.queued > 0", |w| w.subcluster.queued = 1),
        entry(A::SubRunning, "sub.running < 10", |w| {
            w.subcluster.running = 9;
        }),
        entry(A::SubExpectedWait, "sub.expected_wait > 1.5s", |w| {
            w.subcluster.expected_wait_ms = 1_501;
        }),
        entry(A::SubIdle, "sub.idle > 10m", |w| {
            w.subcluster.idle_since = ago(600_001);
        }),
    ]
}

fn of_jobs() -> Vec<Case> {
    vec![
        accept(A::JobCpu, "job.cpu > 0.05", |w| w.job.cpu_millis = 51),
        accept(A::JobMemory, "job.memory > 64MiB", |w| {
            w.job.memory_bytes = 65 << 20;
        }),
        accept(A::JobTimeout, "job.timeout > 30s", |w| {
            w.job.timeout_ms = 30_001;
        }),
        accept(A::JobPriority, "job.priority == 7", |w| w.job.priority = 7),
        accept(A::JobTasks, "job.tasks >= 1000", |w| w.job.tasks = 1_000),
        accept(A::JobGang, "job.gang > 1", |w| w.job.gang = 4),
        accept(A::JobClass, r#"job.class == "web""#, |w| {
            w.job.class = "web";
        }),
        accept(A::JobLabel, r#"has(job.labels["team/name"])"#, |w| {
            w.job_labels.insert("team/name".into(), String::new());
        }),
        accept(A::JobModule, r#"job.module == "sha256:11""#, |w| {
            w.job.module = "sha256:11";
        }),
        accept(A::JobImports, r#""wasi:sockets/tcp" in job.imports"#, |w| {
            w.imports = vec!["wasi:cli/run".into(), "wasi:sockets/tcp".into()];
        }),
        accept(A::JobNetwork, r#"job.network == "mesh""#, |w| {
            w.job.network = "mesh";
        }),
        accept(A::JobRestart, r#"job.restart == "on-loss""#, |w| {
            w.job.restart = "on-loss";
        }),
        accept(A::JobAttempt, "job.attempt > 1", |w| w.job.attempt = 2),
        accept(A::JobWaited, "job.waited >= 1m", |w| {
            w.job.submitted_at = UnixMillis(NOW - 60_000);
        }),
    ]
}

fn of_users() -> Vec<Case> {
    vec![
        accept(A::UserId, r#"user.id == "bob""#, |w| w.user.id = "bob"),
        accept(A::UserRole, r#"user.role == "operator""#, |w| {
            w.user.role = "operator";
        }),
        accept(A::UserWeight, "user.weight > 1", |w| w.user.weight = 2),
        accept(A::UserLabel, r#"user.labels.group != "guests""#, |w| {
            w.user_labels.insert("group".into(), "staff".into());
        }),
        accept(A::UserRunning, "user.running > 0", |w| w.user.running = 1),
        accept(A::UserQueued, "user.queued > 0", |w| w.user.queued = 1),
        accept(A::UserShare, "user.share > 0.5", |w| {
            w.user.share_millis = 501;
        }),
    ]
}

#[test]
fn i02_every_attribute_alone_turns_a_rule() {
    let cases: Vec<Case> = [of_nodes(), of_subclusters(), of_jobs(), of_users()]
        .into_iter()
        .flatten()
        .collect();
    for Case {
        attribute,
        kind,
        rule: text,
        change,
    } in &cases
    {
        let rule = Rule::parse(*kind, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut world = World::new();
        assert!(!world.holds(&rule), "{text} holds before the change");
        change(&mut world);
        assert!(world.holds(&rule), "{text} does not hold after the change");
        assert_eq!(rule.reads(), AttributeSet::of(&[*attribute]), "{text}");
    }
    let covered: AttributeSet = cases.iter().map(|case| case.attribute).collect();
    let missing: Vec<_> = Attribute::all()
        .filter(|one| !covered.contains(*one))
        .collect();
    assert!(missing.is_empty(), "no case turns {missing:?}");
}
