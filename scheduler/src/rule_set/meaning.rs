//! What the rules of a set say to each other. It decides which pairs of rules contradict the way nodes move, and what an
//! operator should know; it must not know how a single rule is read.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::finding::{Refusal, RefusalReason, Review, Subject};
use super::remark::{Remark, RemarkReason, Winner};
use super::{RuleSet, SubclusterSpec};
use crate::rules::{Overlap, PairCheck, Rule, RuleKind, check_overlap, check_pair};

/// Pairs of sub-clusters whose entry rules are compared. A pair can take long to compare and nothing depends on the
/// answer, so a rule set must not make a review last by its mere number of sub-clusters.
pub(super) const OVERLAPS_ASKED_MAX: usize = 500;

/// Adds to a review what the rules themselves say.
pub(super) fn review(rules: &RuleSet, review: &mut Review) {
    for (subject, kind, rule) in every_rule(rules) {
        review_rule(&subject, kind, rule, review);
    }
    for subcluster in &rules.subclusters {
        review_pair(subcluster, review);
    }
    review_overlaps(rules, review);
}

fn every_rule(rules: &RuleSet) -> impl Iterator<Item = (Subject, RuleKind, &Rule)> {
    let of_subclusters = rules.subclusters.iter().flat_map(|one| {
        let rules = [
            (RuleKind::Entry, &one.entry),
            (RuleKind::Exit, &one.exit),
            (RuleKind::Accept, &one.accept),
        ];
        let subject = Subject::Subcluster(one.name.clone());
        let there = rules
            .into_iter()
            .filter_map(|(kind, rule)| Some((kind, rule.as_ref()?)));
        there.map(move |(kind, rule)| (subject.clone(), kind, rule))
    });
    let of_routes = rules.routes.iter().map(|one| {
        let subject = Subject::Route(one.name.clone());
        (subject, RuleKind::Route, &one.when)
    });
    let of_classes = rules.classes.iter().map(|one| {
        let subject = Subject::Class(one.name.clone());
        (subject, RuleKind::Class, &one.when)
    });
    of_subclusters.chain(of_routes).chain(of_classes)
}

fn review_rule(subject: &Subject, kind: RuleKind, rule: &Rule, review: &mut Review) {
    if rule.kind() != kind {
        review.refusals.push(Refusal {
            subject: subject.clone(),
            reason: RefusalReason::WrongKind {
                needed: kind,
                found: rule.kind(),
            },
        });
    }
    let remarks = rule.notes().iter().map(|&note| Remark {
        subject: subject.clone(),
        reason: RemarkReason::Odd { kind, note },
    });
    review.remarks.extend(remarks);
}

fn review_pair(one: &SubclusterSpec, review: &mut Review) {
    let (Some(entry), Some(exit)) = (&one.entry, &one.exit) else {
        return;
    };
    let subject = || Subject::Subcluster(one.name.clone());
    let remark = match check_pair(entry, exit) {
        PairCheck::CanBothHold { example, remedy } => {
            review.refusals.push(Refusal {
                subject: subject(),
                reason: RefusalReason::EntryAndExit { example, remedy },
            });
            None
        }
        PairCheck::Apart { warning } => warning.map(RemarkReason::TooNear),
        PairCheck::NotDecided => Some(RemarkReason::PairNotDecided),
    };
    let remark = remark.map(|reason| Remark {
        subject: subject(),
        reason,
    });
    review.remarks.extend(remark);
}

fn review_overlaps(rules: &RuleSet, review: &mut Review) {
    let with_entry: Vec<_> = rules
        .subclusters
        .iter()
        .filter_map(|one| Some((one, one.entry.as_ref()?)))
        .collect();
    let pairs = with_entry.iter().enumerate().flat_map(|(index, one)| {
        let later = &with_entry[index + 1..];
        later.iter().map(move |other| (*one, *other))
    });
    for ((one, entry), (other, other_entry)) in pairs.take(OVERLAPS_ASKED_MAX) {
        let remark = overlap(one, other, check_overlap(entry, other_entry));
        review.remarks.extend(remark.map(|reason| Remark {
            subject: Subject::Subcluster(one.name.clone()),
            reason,
        }));
    }
    let count = with_entry.len();
    let not_asked = (count * count.saturating_sub(1) / 2).saturating_sub(OVERLAPS_ASKED_MAX);
    if not_asked > 0 {
        review.remarks.push(Remark {
            subject: Subject::RuleSet,
            reason: RemarkReason::OverlapsNotAsked { pairs: not_asked },
        });
    }
}

fn overlap(one: &SubclusterSpec, other: &SubclusterSpec, overlap: Overlap) -> Option<RemarkReason> {
    let name = || -> String { other.name.clone() };
    match overlap {
        Overlap::Disjoint => None,
        Overlap::NotDecided => Some(RemarkReason::OverlapNotDecided { other: name() }),
        Overlap::Overlaps { example } => Some(RemarkReason::Overlap {
            other: name(),
            example,
            winner: winner(one, other),
        }),
    }
}

fn winner(one: &SubclusterSpec, other: &SubclusterSpec) -> Winner {
    let by_priority = |first: &SubclusterSpec, second: &SubclusterSpec| Winner::ByPriority {
        name: first.name.clone(),
        priority: first.priority,
        other: second.priority,
    };
    match one.priority.cmp(&other.priority) {
        Ordering::Greater => by_priority(one, other),
        Ordering::Less => by_priority(other, one),
        Ordering::Equal => Winner::ByNeed {
            name: one.name.as_str().min(&other.name).to_owned(),
        },
    }
}
