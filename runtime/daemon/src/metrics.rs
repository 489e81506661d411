//! Numbers for those who watch a server: what is counted as it happens, and what is read when somebody asks.
//!
//! No label takes a word that a user chose, and none grows with use: routes, statuses, error codes, reasons, limits and
//! outcomes are ours, and sub-clusters are as many as the operator has rules for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use sublet_api::Code;
use sublet_scheduler::{Outcome, SubclusterView};

use crate::convert;

/// What answers to scrapes are.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From 0.1 ms, a fast disk, to 13 s, one that is about to fail: each twice the one before.
const COMMIT_BUCKETS: (f64, f64, u16) = (0.000_1, 2.0, 18);

type Label = [(&'static str, &'static str); 1];
type Named = [(&'static str, String); 1];

/// What is counted as it happens.
#[derive(Debug)]
pub(crate) struct Metrics {
    started: Instant,
    submissions: Counter,
    tasks: Counter,
    ends: Family<Label, Counter>,
    harm: Family<Label, Counter>,
    limits: Family<Label, Counter>,
    traps: Family<Label, Counter>,
    refusals: Family<Named, Counter>,
    strangers: Family<Label, Counter>,
    requests: Family<Vec<(&'static str, String)>, Counter>,
    connections: Family<Label, Gauge>,
    cut_off: Family<Label, Counter>,
    commits: Histogram,
    disowned: Counter,
}

/// What is read when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) subclusters: Vec<Queue>,
    pub(crate) workers: usize,
    pub(crate) modules_quarantined: usize,
    pub(crate) networks_assigned: usize,
    pub(crate) networks_free: usize,
    pub(crate) module_bytes: u64,
    pub(crate) input_bytes: u64,
    pub(crate) log_bytes: u64,
    pub(crate) disk_free_bytes: u64,
    pub(crate) engine: String,
}

/// One sub-cluster.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    queued: u64,
    running: u64,
    free: u64,
}

impl Queue {
    pub(crate) fn of(view: &SubclusterView) -> Self {
        Self {
            name: view.spec.name.clone(),
            queued: view.queued_tasks,
            running: view.slots.in_use(),
            free: view.slots.free,
        }
    }
}

/// A connection that is open. Counted until it is dropped.
pub(crate) struct OpenConnection {
    metrics: Arc<Metrics>,
    door: &'static str,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let family = &self.metrics.connections;
        family.get_or_create(&[("door", self.door)]).dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let (start, factor, count) = COMMIT_BUCKETS;
        let buckets = prometheus_client::metrics::histogram::exponential_buckets;
        Self {
            started: Instant::now(),
            submissions: Counter::default(),
            tasks: Counter::default(),
            ends: Family::default(),
            harm: Family::default(),
            limits: Family::default(),
            traps: Family::default(),
            refusals: Family::default(),
            strangers: Family::default(),
            requests: Family::default(),
            connections: Family::default(),
            cut_off: Family::default(),
            commits: Histogram::new(buckets(start, factor, count)),
            disowned: Counter::default(),
        }
    }

    /// A job of so many tasks was taken in.
    pub(crate) fn submitted(&self, tasks: u64) {
        self.submissions.inc();
        self.tasks.inc_by(tasks);
    }

    /// An attempt ended: how, and at which limit or by which trap.
    pub(crate) fn ended(&self, outcome: Outcome) {
        self.ends.get_or_create(&[("outcome", word(outcome))]).inc();
        match outcome {
            Outcome::LimitExceeded(limit) => {
                self.limits.get_or_create(&[("limit", limit.word())]).inc();
            }
            Outcome::Trapped(kind) => {
                let trap = convert::trap(kind);
                self.traps.get_or_create(&[("trap", trap)]).inc();
            }
            Outcome::Succeeded | Outcome::Failed(_) | Outcome::Cancelled(_) | Outcome::Lost(_) => {}
        }
    }

    /// A module was blamed for harm of this kind.
    pub(crate) fn harmed(&self, kind: &'static str) {
        self.harm.get_or_create(&[("kind", kind)]).inc();
    }

    /// A request was answered: which route it was for, the class of its status, and the code of a refusal.
    pub(crate) fn answered(&self, route: &str, status: u16, refused: Option<Code>) {
        let labels = vec![
            ("route", route.to_owned()),
            ("status", format!("{}xx", status / 100)),
        ];
        self.requests.get_or_create(&labels).inc();
        if let Some(code) = refused {
            let labels = [("code", code.to_string())];
            self.refusals.get_or_create(&labels).inc();
        }
    }

    /// Somebody was not let in, at the handshake or later.
    pub(crate) fn not_let_in(&self, reason: &'static str) {
        self.strangers.get_or_create(&[("reason", reason)]).inc();
    }

    /// A connection was made at this door.
    pub(crate) fn connected(self: &Arc<Self>, door: &'static str) -> OpenConnection {
        self.connections.get_or_create(&[("door", door)]).inc();
        OpenConnection {
            metrics: Arc::clone(self),
            door,
        }
    }

    /// A worker sent output of an attempt that it does not have.
    pub(crate) fn disowned(&self, bytes: u64) {
        self.disowned.inc_by(bytes);
    }

    /// A connection was ended before its request was through.
    pub(crate) fn cut_off(&self, reason: &'static str) {
        self.cut_off.get_or_create(&[("reason", reason)]).inc();
    }

    /// A batch was made durable.
    pub(crate) fn committed(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// All of it, as a scrape reads it.
    pub(crate) fn text(&self, reading: &Reading) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("sublet");
        self.register_counted(&mut registry);
        register_read(&mut registry, reading);
        let uptime = gauge(self.started.elapsed().as_secs());
        registry.register_with_unit("uptime", "Since the server started", Unit::Seconds, uptime);
        let build = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("engine", reading.engine.clone()),
        ];
        registry.register("build", "What runs", Info::new(build));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn register_counted(&self, registry: &mut Registry) {
        registry.register(
            "submissions",
            "Jobs that were taken in",
            self.submissions.clone(),
        );
        registry.register(
            "submitted_tasks",
            "Tasks of the jobs that were taken in",
            self.tasks.clone(),
        );
        registry.register(
            "attempts_ended",
            "Attempts that ended, by outcome",
            self.ends.clone(),
        );
        registry.register(
            "module_harm",
            "Harm that modules were blamed for: deaths of workers, panics of the host, compilations that were ended",
            self.harm.clone(),
        );
        registry.register(
            "limits_exceeded",
            "Attempts that a limit ended, by limit",
            self.limits.clone(),
        );
        registry.register(
            "traps",
            "Attempts that trapped, by trap",
            self.traps.clone(),
        );
        registry.register(
            "refusals",
            "Requests that were refused or failed, by error code",
            self.refusals.clone(),
        );
        registry.register(
            "not_let_in",
            "Handshakes and callers that were refused, by reason",
            self.strangers.clone(),
        );
        registry.register(
            "http_requests",
            "Requests that were answered, by route and class of status",
            self.requests.clone(),
        );
        registry.register(
            "connections",
            "Connections that are open, by door",
            self.connections.clone(),
        );
        registry.register(
            "connections_cut_off",
            "Connections that ended before their request was through, by reason",
            self.cut_off.clone(),
        );
        registry.register_with_unit(
            "store_commit",
            "Time that it took to make a batch of records durable",
            Unit::Seconds,
            self.commits.clone(),
        );
        registry.register_with_unit(
            "disowned_output",
            "Output that workers sent of attempts that they did not have, which is not kept",
            Unit::Bytes,
            self.disowned.clone(),
        );
    }
}

fn register_read(registry: &mut Registry, reading: &Reading) {
    let queued = Family::<Named, Gauge>::default();
    let slots = Family::<Vec<(&'static str, String)>, Gauge>::default();
    for one in &reading.subclusters {
        let name = [("subcluster", one.name.clone())];
        set(&queued.get_or_create(&name), one.queued);
        for (state, count) in [("running", one.running), ("free", one.free)] {
            let labels = vec![
                ("subcluster", one.name.clone()),
                ("state", state.to_owned()),
            ];
            set(&slots.get_or_create(&labels), count);
        }
    }
    registry.register("queued_tasks", "Tasks that wait, by sub-cluster", queued);
    registry.register("slots", "Slots by sub-cluster: running or free", slots);
    let networks = Family::<Label, Gauge>::default();
    for (state, count) in [
        ("assigned", reading.networks_assigned),
        ("free", reading.networks_free),
    ] {
        set(&networks.get_or_create(&[("state", state)]), count as u64);
    }
    registry.register(
        "networks",
        "Networks that are prepared: assigned to a user or free",
        networks,
    );
    registry.register(
        "workers",
        "Worker processes that live",
        gauge(reading.workers as u64),
    );
    registry.register(
        "modules_quarantined",
        "Modules of which nothing is started until an operator releases them",
        gauge(reading.modules_quarantined as u64),
    );
    let stored = Family::<Label, Gauge>::default();
    for (kind, bytes) in [
        ("modules", reading.module_bytes),
        ("inputs", reading.input_bytes),
        ("logs", reading.log_bytes),
    ] {
        set(&stored.get_or_create(&[("kind", kind)]), bytes);
    }
    registry.register_with_unit("stored", "What users have stored", Unit::Bytes, stored);
    registry.register_with_unit(
        "disk_free",
        "What may still be written on the disk of the data directory",
        Unit::Bytes,
        gauge(reading.disk_free_bytes),
    );
}

fn gauge(value: u64) -> Gauge {
    let gauge = Gauge::default();
    set(&gauge, value);
    gauge
}

fn set(gauge: &Gauge, value: u64) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed(_) => "failed",
        Outcome::Trapped(_) => "trapped",
        Outcome::LimitExceeded(_) => "limit_exceeded",
        Outcome::Cancelled(_) => "cancelled",
        Outcome::Lost(_) => "lost",
    }
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::{Limit, TrapKind};

    use super::*;

    fn text(metrics: &Metrics) -> String {
        metrics.text(&Reading::default()).unwrap()
    }

    #[test]
    fn what_happens_is_counted() {
        let metrics = Arc::new(Metrics::new());
        metrics.submitted(100);
        metrics.ended(Outcome::Failed(3));
        metrics.ended(Outcome::Failed(4));
        metrics.harmed("host_panic");
        metrics.ended(Outcome::LimitExceeded(Limit::Tables));
        metrics.ended(Outcome::Trapped(TrapKind::StackOverflow));
        metrics.cut_off("slow");
        metrics.answered("/v1/jobs/{job}", 404, Some(Code::JobNotFound));
        metrics.not_let_in("slow-handshake");
        metrics.committed(Duration::from_millis(1));
        let open = metrics.connected("socket");
        let during = text(&metrics);
        for line in [
            "sublet_submissions_total 1\n",
            "sublet_submitted_tasks_total 100\n",
            "sublet_attempts_ended_total{outcome=\"failed\"} 2\n",
            "sublet_module_harm_total{kind=\"host_panic\"} 1\n",
            "sublet_attempts_ended_total{outcome=\"limit_exceeded\"} 1\n",
            "sublet_limits_exceeded_total{limit=\"tables\"} 1\n",
            "sublet_traps_total{trap=\"stack_overflow\"} 1\n",
            "sublet_connections_cut_off_total{reason=\"slow\"} 1\n",
            "sublet_refusals_total{code=\"S0201\"} 1\n",
            "sublet_not_let_in_total{reason=\"slow-handshake\"} 1\n",
            "sublet_store_commit_seconds_count 1\n",
            "sublet_connections{door=\"socket\"} 1\n",
            "sublet_http_requests_total{route=\"/v1/jobs/{job}\",status=\"4xx\"} 1\n",
        ] {
            assert!(during.contains(line), "no {line} in\n{during}");
        }
        drop(open);
        assert!(text(&metrics).contains("sublet_connections{door=\"socket\"} 0\n"));
        assert!(during.ends_with("# EOF\n"));
    }

    #[test]
    fn what_is_gone_is_not_told_any_more() {
        let metrics = Metrics::new();
        let queue = |name: &str| Queue {
            name: name.to_owned(),
            queued: 3,
            running: 2,
            free: 1,
        };
        let reading = |name| Reading {
            subclusters: vec![queue(name)],
            ..Reading::default()
        };
        let before = metrics.text(&reading("old")).unwrap();
        assert!(before.contains("sublet_queued_tasks{subcluster=\"old\"} 3\n"));
        assert!(before.contains("sublet_slots{subcluster=\"old\",state=\"free\"} 1\n"));
        let after = metrics.text(&reading("new")).unwrap();
        assert!(!after.contains("old"), "{after}");
    }
}
