//! Sub-clusters and rules in a few words.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::routing::{Ask, NoRoute, Place, Router, Routing};
use crate::rule_set::{
    Burst, ClassRule, Isolation, Preemption, RouteRule, RuleSet, SubclusterSpec,
};
use crate::rules::{JobFacts, Rule, RuleKind, SubclusterFacts, UserFacts};
use crate::{Resources, SubclusterId, UnixMillis};

pub(super) const MIB: u64 = 1 << 20;

static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

/// What changes about a sub-cluster while it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) expected_wait_ms: u64,
    pub(super) slots_free: u64,
    pub(super) slots_ever: u64,
    pub(super) is_open: bool,
}

/// Rules, sub-clusters and a router.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) rules: RuleSet,
    /// In the order of the sub-clusters.
    pub(super) states: Vec<State>,
    pub(super) router: Router,
}

/// A sub-cluster with small slots, which takes every job that fits.
pub(super) fn subcluster(name: &str) -> SubclusterSpec {
    SubclusterSpec {
        name: name.to_owned(),
        slot: Resources {
            cpu_millis: 1000,
            memory_bytes: 1024 * MIB,
        },
        entry: None,
        exit: None,
        accept: None,
        nodes_min: 0,
        nodes_max: 10,
        weight: 1,
        priority: 0,
        grace_ms: None,
        dwell_min_ms: 0,
        isolation: Isolation::User,
        burst: Burst::Allowed,
        preemption: Preemption::Off,
    }
}

pub(super) fn accepting(name: &str, accept: &str) -> SubclusterSpec {
    SubclusterSpec {
        accept: Some(rule(RuleKind::Accept, accept)),
        ..subcluster(name)
    }
}

pub(super) fn with_slot(name: &str, cpu_millis: u64, mib: u64) -> SubclusterSpec {
    let slot = Resources {
        cpu_millis,
        memory_bytes: mib * MIB,
    };
    SubclusterSpec {
        slot,
        ..subcluster(name)
    }
}

pub(super) fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A job that fits every small slot.
pub(super) static JOB: JobFacts<'_> = JobFacts {
    cpu_millis: 50,
    memory_bytes: 64 * MIB,
    timeout_ms: 30_000,
    priority: 0,
    tasks: 1,
    gang: 1,
    class: "",
    labels: &NO_LABELS,
    module: "hello",
    imports: &[],
    network: "none",
    restart: "never",
    attempt: 1,
    submitted_at: UnixMillis(1_000),
};

/// Who submits it.
pub(super) static ALICE: UserFacts<'_> = UserFacts {
    id: "alice",
    role: "user",
    weight: 1,
    labels: &NO_LABELS,
    running: 0,
    queued: 0,
    share_millis: 0,
};

/// A job that names no sub-cluster.
pub(super) fn ask<'a>(job: &'a JobFacts<'a>) -> Ask<'a> {
    Ask {
        now: UnixMillis(1_000),
        subcluster: None,
        job,
        user: &ALICE,
    }
}

/// A job that names its sub-cluster.
pub(super) fn ask_for<'a>(subcluster: &'a str, job: &'a JobFacts<'a>) -> Ask<'a> {
    Ask {
        subcluster: Some(subcluster),
        ..ask(job)
    }
}

impl World {
    /// Version 4 of rules without routes and classes; all sub-clusters open and idle, with ten slots.
    pub(super) fn of(subclusters: impl IntoIterator<Item = SubclusterSpec>) -> Self {
        let subclusters: Vec<_> = subclusters.into_iter().collect();
        let idle = State {
            expected_wait_ms: 0,
            slots_free: 10,
            slots_ever: 10,
            is_open: true,
        };
        Self {
            states: subclusters.iter().map(|_| idle).collect(),
            rules: RuleSet {
                version: 4,
                subclusters,
                routes: Vec::new(),
                classes: Vec::new(),
                moves_per_minute_max: 6,
            },
            router: Router::default(),
        }
    }

    pub(super) fn with_route(mut self, name: &str, when: &str, to: &str) -> Self {
        self.rules.routes.push(RouteRule {
            name: name.to_owned(),
            when: rule(RuleKind::Route, when),
            to: to.to_owned(),
        });
        self
    }

    pub(super) fn with_class(mut self, name: &str, when: &str, spread: &[(&str, u32)]) -> Self {
        let spread = spread
            .iter()
            .map(|(to, weight)| ((*to).to_owned(), *weight));
        self.rules.classes.push(ClassRule {
            name: name.to_owned(),
            when: rule(RuleKind::Class, when),
            spread: spread.collect(),
        });
        self
    }

    pub(super) fn state(&mut self, name: &str) -> &mut State {
        let index = self
            .rules
            .subclusters
            .iter()
            .position(|one| one.name == name);
        &mut self.states[index.expect("the sub-cluster is defined")]
    }

    pub(super) fn places(&self) -> Vec<Place<'_>> {
        let described = self.rules.subclusters.iter().zip(&self.states);
        let numbered = (0..).zip(described);
        let places = numbered.map(|(id, (spec, state))| place(SubclusterId(id), spec, *state));
        places.collect()
    }

    pub(super) fn route(&mut self, ask: &Ask<'_>) -> Result<Routing, NoRoute> {
        let mut router = self.router.clone();
        let routed = router.route(&self.rules, ask, &self.places());
        self.router = router;
        routed
    }

    /// `short by load`: where the job goes and why, or why it goes nowhere.
    pub(super) fn goes(&mut self, ask: &Ask<'_>) -> String {
        match self.route(ask) {
            Ok(routing) => format!("{} by {}", self.name(&routing), routing.by),
            Err(refusal) => format!("{refusal}"),
        }
    }

    pub(super) fn name(&self, routing: &Routing) -> &str {
        &self.rules.subclusters[routing.subcluster.0 as usize].name
    }
}

fn place(id: SubclusterId, spec: &SubclusterSpec, state: State) -> Place<'_> {
    Place {
        id,
        spec,
        facts: SubclusterFacts {
            name: &spec.name,
            priority: spec.priority,
            weight: spec.weight,
            nodes_min: spec.nodes_min,
            nodes_max: spec.nodes_max,
            nodes: 1,
            slots: state.slots_ever,
            slots_free: state.slots_free,
            queued: 0,
            running: 0,
            expected_wait_ms: state.expected_wait_ms,
            idle_since: None,
        },
        slots_ever: state.slots_ever,
        is_open: state.is_open,
    }
}
