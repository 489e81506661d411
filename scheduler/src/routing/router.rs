//! Who answers where jobs go, and remembers whose turn it is. It holds nothing but the states of the ratios.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::slice;

use super::candidates::Candidates;
use super::decision::{Choice, choose};
use super::refusal::NoRoute;
use super::shares::{Shares, Turn};
use super::{Ask, Place, RoutedBy, Routing};
use crate::rule_set::RuleSet;
use crate::rules::nearest::nearest;

/// Answers where jobs go. It remembers whose turn it is in each class.
#[derive(Clone, Debug, Default)]
pub struct Router {
    /// The rules that the states belong to: under others every ratio starts anew.
    rules_version: u64,
    /// By the name of the class.
    shares: BTreeMap<String, Shares>,
}

impl Router {
    /// Where the job goes, which is taken into account from now on.
    ///
    /// # Errors
    /// If no sub-cluster takes it, or not the one its user named: what would have to change.
    pub fn route(
        &mut self,
        rules: &RuleSet,
        ask: &Ask<'_>,
        places: &[Place<'_>],
    ) -> Result<Routing, NoRoute> {
        let (routing, turn) = self.decide(rules, ask, places)?;
        if let (RoutedBy::Class { name, version }, Some(turn)) = (&routing.by, turn) {
            self.carry_out(*version, name, turn);
        }
        Ok(routing)
    }

    /// Where the job would go if it came in now. Asking changes nothing.
    ///
    /// # Errors
    /// As for [`Router::route`].
    pub fn would_route(
        &self,
        rules: &RuleSet,
        ask: &Ask<'_>,
        places: &[Place<'_>],
    ) -> Result<Routing, NoRoute> {
        self.decide(rules, ask, places).map(|(routing, _)| routing)
    }

    fn decide(
        &self,
        rules: &RuleSet,
        ask: &Ask<'_>,
        places: &[Place<'_>],
    ) -> Result<(Routing, Option<Turn>), NoRoute> {
        let asked = ask.subcluster.map(|name| named(name, places)).transpose()?;
        let candidates = Candidates::of(ask, asked.unwrap_or(places));
        let choice = match asked {
            Some(_) => candidates.in_play().next().map(Choice::asked),
            None => choose(self, rules, ask, &candidates),
        };
        let Some(choice) = choice else {
            return Err(candidates.into_refusal());
        };
        let routing = Routing {
            subcluster: choice.place.id,
            by: choice.by,
            passed_over: choice.passed_over,
            considered: candidates.into_considered(),
        };
        Ok((routing, choice.turn))
    }

    /// The ratios of a class under these rules, if any of its jobs came.
    pub(super) fn shares(&self, rules_version: u64, class: &str) -> Option<&Shares> {
        let shares = self.shares.get(class);
        shares.filter(|_| self.rules_version == rules_version)
    }

    #[cfg(test)]
    pub(super) fn ratios_kept(&self) -> usize {
        self.shares.values().map(Shares::ratios_kept).sum()
    }

    fn carry_out(&mut self, rules_version: u64, class: &str, turn: Turn) {
        if self.rules_version != rules_version {
            self.rules_version = rules_version;
            self.shares.clear();
        }
        if let Some(shares) = self.shares.get_mut(class) {
            return shares.carry_out(turn);
        }
        self.shares.insert(class.to_owned(), Shares::after(turn));
    }
}

/// The one place that the user named.
fn named<'a, 'b>(asked: &str, places: &'b [Place<'a>]) -> Result<&'b [Place<'a>], NoRoute> {
    let found = places.iter().find(|place| place.spec.name == asked);
    found.map(slice::from_ref).ok_or_else(|| {
        let mut names: Vec<_> = places
            .iter()
            .map(|place| place.spec.name.as_str())
            .collect();
        names.sort_unstable();
        NoRoute::UnknownSubcluster {
            asked: asked.to_owned(),
            nearest: nearest(asked, names.into_iter()).map(str::to_owned),
        }
    })
}
