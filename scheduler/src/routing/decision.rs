//! The order in which the ways to a sub-cluster are tried. It decides for a job that somebody takes; it must not know
//! why a candidate is in play, and it changes nothing.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::candidates::Candidates;
use super::shares::{Turn, targets_where};
use super::{Ask, Place, RoutedBy, Router};
use crate::rule_set::{ClassRule, RuleSet};

/// What was decided.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) by: RoutedBy,
    pub(super) passed_over: Vec<RoutedBy>,
    /// What the class has to remember, if a class decided.
    pub(super) turn: Option<Turn>,
}

/// The sub-cluster of the job: by a route, else by its class, else by the load. None if nobody takes it.
pub(super) fn choose<'a>(
    router: &Router,
    rules: &RuleSet,
    ask: &Ask<'_>,
    candidates: &Candidates<'a>,
) -> Option<Choice<'a>> {
    let mut passed_over = Vec::new();
    let chosen = by_route(rules, ask, candidates, &mut passed_over)
        .or_else(|| by_class(router, rules, ask, candidates, &mut passed_over))
        .or_else(|| by_load(candidates))?;
    Some(Choice {
        passed_over,
        ..chosen
    })
}

fn by_route<'a>(
    rules: &RuleSet,
    ask: &Ask<'_>,
    candidates: &Candidates<'a>,
    passed_over: &mut Vec<RoutedBy>,
) -> Option<Choice<'a>> {
    let facts = ask.facts();
    for route in rules.routes.iter().filter(|one| one.when.holds(&facts)) {
        let by = RoutedBy::Rule {
            name: route.name.clone(),
            version: rules.version,
        };
        match candidates.in_play_named(&route.to) {
            Some(place) => return Some(Choice::of(place, by)),
            None => passed_over.push(by),
        }
    }
    None
}

/// Only the first class that holds is asked: a job has one class.
fn by_class<'a>(
    router: &Router,
    rules: &RuleSet,
    ask: &Ask<'_>,
    candidates: &Candidates<'a>,
    passed_over: &mut Vec<RoutedBy>,
) -> Option<Choice<'a>> {
    let facts = ask.facts();
    let class = rules.classes.iter().find(|one| one.when.holds(&facts))?;
    let by = RoutedBy::Class {
        name: class.name.clone(),
        version: rules.version,
    };
    let chosen = whose_turn(router, rules.version, class, candidates);
    let Some((place, turn)) = chosen else {
        passed_over.push(by);
        return None;
    };
    Some(Choice {
        turn: Some(turn),
        ..Choice::of(place, by)
    })
}

fn whose_turn<'a>(
    router: &Router,
    rules_version: u64,
    class: &ClassRule,
    candidates: &Candidates<'a>,
) -> Option<(&'a Place<'a>, Turn)> {
    let name_of = |place: usize| class.spread[place].0.as_str();
    let targets = class.spread.len();
    let open = targets_where(targets, |place| candidates.is_open(name_of(place)));
    let in_play = targets_where(targets, |place| {
        candidates.in_play_named(name_of(place)).is_some()
    });
    let so_far = router.shares(rules_version, &class.name);
    let turn = Turn::next(so_far, open, in_play, &class.spread)?;
    let place = candidates.in_play_named(name_of(turn.target))?;
    Some((place, turn))
}

/// The least expected wait, then the most free slots, then the first name.
fn by_load<'a>(candidates: &Candidates<'a>) -> Option<Choice<'a>> {
    let load = |place: &&Place<'_>| {
        let facts = &place.facts;
        (facts.expected_wait_ms, Reverse(facts.slots_free))
    };
    // Candidates come by name, and of equals the first is taken.
    let place = candidates.in_play().min_by_key(load)?;
    Some(Choice::of(place, RoutedBy::Load))
}

impl<'a> Choice<'a> {
    pub(super) const fn asked(place: &'a Place<'a>) -> Self {
        Self::of(place, RoutedBy::Asked)
    }

    const fn of(place: &'a Place<'a>, by: RoutedBy) -> Self {
        Self {
            place,
            by,
            passed_over: Vec::new(),
            turn: None,
        }
    }
}
