//! Whether a rule set can be obeyed: names, numbers and targets. What the rules themselves say is looked at in
//! `meaning`, and only when all this is in order: it takes longer.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::finding::{Quantity, Refusal, RefusalReason, Review, Subject};
use super::{ClassRule, RuleSet, SubclusterSpec, meaning};
use crate::rules::nearest::nearest;

impl RuleSet {
    /// What is wrong with the rules, and what is worth knowing about them. A rule set with refusals must not be used.
    #[must_use]
    pub fn review(&self) -> Review {
        let mut refusals = Refusals::default();
        refusals.check_counts(self);
        if !refusals.0.is_empty() {
            // What follows takes time that grows with the counts.
            return refusals.into_review();
        }
        refusals.check_names(self);
        for subcluster in &self.subclusters {
            refusals.check_numbers(subcluster);
        }
        refusals.check_targets(self);
        let mut review = refusals.into_review();
        if review.is_usable() {
            meaning::review(self, &mut review);
        }
        review
    }

    /// Whether a text may be the name of a sub-cluster, a route or a class.
    #[must_use]
    pub fn is_name(text: &str) -> bool {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=Self::NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_letter)
    }
}

#[derive(Debug, Default)]
struct Refusals(Vec<Refusal>);

impl Refusals {
    fn into_review(self) -> Review {
        Review {
            refusals: self.0,
            remarks: Vec::new(),
        }
    }

    fn add(&mut self, subject: &Subject, reason: RefusalReason) {
        self.0.push(Refusal {
            subject: subject.clone(),
            reason,
        });
    }

    fn check_counts(&mut self, rules: &RuleSet) {
        let whole = Subject::RuleSet;
        if rules.subclusters.is_empty() {
            self.add(&whole, RefusalReason::NoSubcluster);
        }
        let counts = [
            (
                "sub-clusters",
                rules.subclusters.len(),
                RuleSet::SUBCLUSTERS_MAX,
            ),
            ("routes", rules.routes.len(), RuleSet::RULES_PER_KIND_MAX),
            ("classes", rules.classes.len(), RuleSet::RULES_PER_KIND_MAX),
        ];
        for (what, count, limit) in counts {
            self.check_count(&whole, what, count, limit);
        }
        for class in &rules.classes {
            let subject = Subject::Class(class.name.clone());
            self.check_count(
                &subject,
                "targets",
                class.spread.len(),
                RuleSet::TARGETS_MAX,
            );
        }
        let moves = u64::from(rules.moves_per_minute_max);
        self.check_range(
            &whole,
            Quantity::MovesPerMinuteMax,
            moves,
            RuleSet::MOVES_PER_MINUTE,
        );
    }

    fn check_count(&mut self, subject: &Subject, what: &'static str, count: usize, limit: usize) {
        if count > limit {
            self.add(subject, RefusalReason::TooMany { what, count, limit });
        }
    }

    fn check_range(
        &mut self,
        subject: &Subject,
        quantity: Quantity,
        found: u64,
        range: RangeInclusive<u64>,
    ) {
        if !range.contains(&found) {
            let (least, most) = range.into_inner();
            let reason = RefusalReason::OutOfRange {
                quantity,
                found,
                least,
                most,
            };
            self.add(subject, reason);
        }
    }

    fn check_names(&mut self, rules: &RuleSet) {
        let subclusters = rules.subclusters.iter();
        self.check_names_of(subclusters.map(|one| Subject::Subcluster(one.name.clone())));
        self.check_names_of(
            rules
                .routes
                .iter()
                .map(|one| Subject::Route(one.name.clone())),
        );
        self.check_names_of(
            rules
                .classes
                .iter()
                .map(|one| Subject::Class(one.name.clone())),
        );
    }

    /// Names of one kind. The second and any further of a name is refused.
    fn check_names_of(&mut self, subjects: impl Iterator<Item = Subject>) {
        let mut seen = BTreeSet::new();
        for subject in subjects {
            let name = subject.name();
            if !RuleSet::is_name(name) {
                self.add(&subject, RefusalReason::BadName);
            }
            if !seen.insert(name.to_owned()) {
                self.add(&subject, RefusalReason::DoubleName);
            }
        }
    }

    fn check_numbers(&mut self, spec: &SubclusterSpec) {
        let subject = Subject::Subcluster(spec.name.clone());
        let ranges = [
            (
                Quantity::SlotCpu,
                spec.slot.cpu_millis,
                SubclusterSpec::SLOT_CPU_MILLIS,
            ),
            (
                Quantity::SlotMemory,
                spec.slot.memory_bytes,
                SubclusterSpec::SLOT_MEMORY_BYTES,
            ),
            (
                Quantity::NodesMax,
                spec.nodes_max.into(),
                SubclusterSpec::NODES_MAX,
            ),
            (Quantity::Weight, spec.weight.into(), SubclusterSpec::WEIGHT),
            (
                Quantity::Grace,
                spec.grace_ms.unwrap_or(0),
                0..=SubclusterSpec::GRACE_MS_MAX,
            ),
            (
                Quantity::DwellMin,
                spec.dwell_min_ms,
                0..=SubclusterSpec::DWELL_MS_MAX,
            ),
        ];
        for (quantity, found, range) in ranges {
            self.check_range(&subject, quantity, found, range);
        }
        let (min, max) = (spec.nodes_min, spec.nodes_max);
        if min > max {
            self.add(&subject, RefusalReason::MinAboveMax { min, max });
        }
    }

    fn check_targets(&mut self, rules: &RuleSet) {
        for route in &rules.routes {
            self.check_target(rules, &Subject::Route(route.name.clone()), &route.to);
        }
        for class in &rules.classes {
            self.check_spread(rules, class);
        }
    }

    fn check_spread(&mut self, rules: &RuleSet, class: &ClassRule) {
        let subject = Subject::Class(class.name.clone());
        let mut seen = BTreeSet::new();
        for (to, _) in &class.spread {
            self.check_target(rules, &subject, to);
            if !seen.insert(to) {
                let to = to.clone();
                self.add(&subject, RefusalReason::DoubleTarget { to });
            }
        }
        if class.spread.iter().all(|(_, weight)| *weight == 0) {
            self.add(&subject, RefusalReason::NothingSpread);
        }
    }

    fn check_target(&mut self, rules: &RuleSet, subject: &Subject, to: &str) {
        let names = || rules.subclusters.iter().map(|one| one.name.as_str());
        if names().all(|name| name != to) {
            let reason = RefusalReason::UnknownTarget {
                to: to.to_owned(),
                nearest: nearest(to, names()).map(str::to_owned),
            };
            self.add(subject, reason);
        }
    }
}
