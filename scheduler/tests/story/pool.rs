//! What operators and hosts say, in the words of stories.
//!
//! ```text
//! rules a slot=50:64 entry={node.load < 0.5} exit={node.load > 0.9} accept={job.tasks < 9}; b priority=1
//!       also: min=, max=, weight=, grace=MS, dwell=MS, preemption=on; without `entry`, everybody may enter
//! rules a; b; route long {job.timeout > 1m} -> b; class c {true} -> a:2 b:1
//! ```

use std::collections::BTreeMap;

use sublet_scheduler::rules::{Rule, RuleKind};
use sublet_scheduler::*;

use crate::notation::{SLOT, Stage};
use crate::words::number;

impl Stage {
    /// The event that a line about the pool is, if it is one.
    pub(crate) fn of_the_pool(&mut self, verb: &str, words: &[&str]) -> Option<Event> {
        let first = words.first().copied().unwrap_or_default();
        Some(match verb {
            "host" => host(first, &words[1..]),
            "lose" => Event::HostLost {
                host: first.to_owned(),
            },
            "load" => self.see(first, |seen| seen.0 = number(words[1])),
            "ill" => self.see(first, |seen| seen.1 = false),
            "well" => self.see(first, |seen| seen.1 = true),
            "label" => Event::NodeLabelled {
                node: NodeId(number(first)),
                labels: pairs(&words[1..]),
            },
            "drain-node" => Event::NodeDrainAsked {
                node: NodeId(number(first)),
                reason: "an operator said so".to_owned(),
                grace_ms: pairs(words).get("grace").map(|grace| number(grace)),
            },
            "resume-node" => Event::NodeResumed {
                node: NodeId(number(first)),
            },
            "pause" => Event::SubclusterPaused {
                subcluster: self.subcluster(first),
                reason: words[1..].join(" "),
            },
            "unpause" => Event::SubclusterResumed {
                subcluster: self.subcluster(first),
            },
            "terms" => terms(words),
            _ => return None,
        })
    }

    fn see(&mut self, node: &str, change: impl FnOnce(&mut (u64, bool))) -> Event {
        let node = NodeId(number(node));
        let seen = self.seen.entry(node).or_insert((0, true));
        change(seen);
        Event::NodeFacts {
            node,
            load_millis: seen.0,
            is_healthy: seen.1,
        }
    }

    /// The last one of that name.
    fn subcluster(&self, name: &str) -> SubclusterId {
        let found = self.names.iter().rfind(|(_, one)| one.as_str() == name);
        *found.expect("a story speaks of sub-clusters it has").0
    }
}

/// A rule set.
pub(crate) fn rules(version: u64, text: &str) -> RuleSet {
    let mut rules = RuleSet {
        version,
        ..RuleSet::default()
    };
    for clause in text.split(';') {
        let words = words(clause);
        match words[0].as_str() {
            "route" => rules.routes.push(RouteRule {
                name: words[1].clone(),
                when: rule(RuleKind::Route, &words[2]),
                to: words[4].clone(),
            }),
            "class" => rules.classes.push(ClassRule {
                name: words[1].clone(),
                when: rule(RuleKind::Class, &words[2]),
                spread: words[4..].iter().map(|one| share(one)).collect(),
            }),
            _ => rules.subclusters.push(subcluster(&words)),
        }
    }
    rules
}

fn subcluster(words: &[String]) -> SubclusterSpec {
    let mut spec = SubclusterSpec {
        entry: Some(rule(RuleKind::Entry, "true")),
        ..SubclusterSpec::new(&words[0], SLOT)
    };
    for word in &words[1..] {
        let (key, value) = word.split_once('=').expect("KEY=VALUE");
        match key {
            "slot" => spec.slot = shape(value),
            "entry" => spec.entry = Some(rule(RuleKind::Entry, value)),
            "exit" => spec.exit = Some(rule(RuleKind::Exit, value)),
            "accept" => spec.accept = Some(rule(RuleKind::Accept, value)),
            "min" => spec.nodes_min = number(value),
            "max" => spec.nodes_max = number(value),
            "weight" => spec.weight = number(value),
            "priority" => spec.priority = number(value),
            "grace" => spec.grace_ms = Some(number(value)),
            "dwell" => spec.dwell_min_ms = number(value),
            "preemption" => spec.preemption = Preemption::On,
            unknown => panic!("a sub-cluster has no `{unknown}`"),
        }
    }
    spec
}

/// Words, where braces hold several together and are left out.
fn words(clause: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_inside = false;
    for letter in clause.trim().chars() {
        match letter {
            '{' => is_inside = true,
            '}' => is_inside = false,
            ' ' if !is_inside => words.push(String::new()),
            letter => words.last_mut().expect("there is one").push(letter),
        }
    }
    words
}

fn rule(kind: RuleKind, text: &str) -> Rule {
    Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn shape(text: &str) -> Resources {
    let (cpu, memory) = text.split_once(':').expect("CPU:MEMORY");
    Resources {
        cpu_millis: number(cpu),
        memory_bytes: number::<u64>(memory) << 20,
    }
}

fn share(text: &str) -> (String, u32) {
    let (name, weight) = text.split_once(':').expect("NAME:WEIGHT");
    (name.to_owned(), number(weight))
}

fn host(name: &str, words: &[&str]) -> Event {
    let of_slots = |slots: u64| Resources {
        cpu_millis: SLOT.cpu_millis * slots,
        memory_bytes: SLOT.memory_bytes * slots,
    };
    let sizes = words.iter().filter_map(|word| word.split_once(':'));
    let nodes: Vec<(u32, u64)> = sizes
        .map(|(id, slots)| (number(id), number(slots)))
        .collect();
    let listed = nodes.iter().map(|(_, slots)| slots).sum();
    let room = pairs(words).get("room").map_or(listed, |room| number(room));
    let spec = |(id, slots)| NodeSpec {
        id: NodeId(id),
        name: format!("n{id}"),
        capacity: of_slots(slots),
        priority: 0,
        labels: BTreeMap::new(),
    };
    Event::HostChanged {
        host: name.to_owned(),
        capacity: of_slots(room),
        nodes: nodes.into_iter().map(spec).collect(),
    }
}

fn terms(words: &[&str]) -> Event {
    let said = pairs(words);
    let or = |key: &str, otherwise: u64| said.get(key).map_or(otherwise, |value| number(value));
    let quota = Quota {
        slots: or("slots", u64::MAX),
        cpu_millis: or("cpu", u64::MAX),
        memory_bytes: or("memory", u64::MAX >> 20) << 20,
        queued: or("queued", u64::MAX),
        submits_per_s: u32::try_from(or("rate", 0)).expect("rates are small"),
    };
    Event::UserTerms {
        user: UserId(or("user", 1)),
        name: said.get("name").cloned().unwrap_or_default(),
        role: match said.get("role").map(String::as_str) {
            Some("operator") => Role::Operator,
            _ => Role::User,
        },
        terms: Terms {
            weight: u32::try_from(or("weight", 1)).expect("weights are small"),
            quota,
        },
    }
}

fn pairs(words: &[&str]) -> BTreeMap<String, String> {
    let pairs = words.iter().filter_map(|word| word.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
