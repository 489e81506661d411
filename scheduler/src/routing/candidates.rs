//! The sub-clusters in the light of one job. It decides which of them take the job; it must not know in which order they
//! are asked.

use alloc::borrow::ToOwned;
use alloc::vec::Vec;

use super::refusal::{NoRoute, Obstacle, Refused};
use super::{Ask, Considered, Place};
use crate::rules::Facts;

/// One sub-cluster, and what stands against the job in it.
#[derive(Debug)]
struct Candidate<'a> {
    place: &'a Place<'a>,
    obstacles: Vec<Obstacle>,
}

/// All of them, by name.
#[derive(Debug)]
pub(super) struct Candidates<'a> {
    by_name: Vec<Candidate<'a>>,
    /// Whether an open one takes the job: then the others are out of play.
    open_one_takes: bool,
}

impl<'a> Candidates<'a> {
    pub(super) fn of(ask: &Ask<'_>, places: &'a [Place<'a>]) -> Self {
        let mut by_name: Vec<_> = places
            .iter()
            .map(|place| Candidate::of(ask, place))
            .collect();
        by_name.sort_by(|one, other| one.name().cmp(other.name()));
        let open_one_takes = by_name.iter().any(|one| one.takes() && one.place.is_open);
        Self {
            by_name,
            open_one_takes,
        }
    }

    fn named(&self, name: &str) -> Option<&Candidate<'a>> {
        let found = self.by_name.binary_search_by(|one| one.name().cmp(name));
        found.ok().map(|index| &self.by_name[index])
    }

    /// The place of that name, if the job may go there.
    pub(super) fn in_play_named(&self, name: &str) -> Option<&'a Place<'a>> {
        let found = self.named(name).filter(|one| self.plays(one));
        found.map(|one| one.place)
    }

    /// Whether the place of that name takes jobs at all now, whatever it says to this one.
    pub(super) fn is_open(&self, name: &str) -> bool {
        let found = self.named(name);
        found.is_some_and(|one| one.place.is_open && one.place.slots_ever > 0)
    }

    /// Those the job may go to.
    pub(super) fn in_play(&self) -> impl Iterator<Item = &'a Place<'a>> {
        let playing = self.by_name.iter().filter(|one| self.plays(one));
        playing.map(|one| one.place)
    }

    fn plays(&self, one: &Candidate<'_>) -> bool {
        one.takes() && (one.place.is_open || !self.open_one_takes)
    }

    pub(super) fn into_considered(self) -> Vec<Considered> {
        let all = self.by_name.into_iter();
        all.map(Candidate::into_considered).collect()
    }

    /// For a job that nobody takes.
    pub(super) fn into_refusal(self) -> NoRoute {
        let refused = self.by_name.into_iter().map(|one| Refused {
            subcluster: one.name().to_owned(),
            obstacles: one.obstacles,
        });
        let mut reasons: Vec<_> = refused.collect();
        reasons.sort_by_key(|one| one.obstacles.len());
        NoRoute::Refused { reasons }
    }
}

impl<'a> Candidate<'a> {
    fn of(ask: &Ask<'_>, place: &'a Place<'a>) -> Self {
        let obstacles = [
            slot_too_small(ask, place),
            no_slots(place),
            gang_too_large(ask, place),
            not_accepted(ask, place),
        ];
        Self {
            place,
            obstacles: obstacles.into_iter().flatten().collect(),
        }
    }

    fn name(&self) -> &'a str {
        &self.place.spec.name
    }

    fn takes(&self) -> bool {
        self.obstacles.is_empty()
    }

    fn into_considered(self) -> Considered {
        Considered {
            subcluster: self.place.id,
            name: self.name().to_owned(),
            is_open: self.place.is_open,
            expected_wait_ms: self.place.facts.expected_wait_ms,
            slots_free: self.place.facts.slots_free,
            obstacles: self.obstacles,
        }
    }
}

fn slot_too_small(ask: &Ask<'_>, place: &Place<'_>) -> Option<Obstacle> {
    let (slot, asked) = (place.spec.slot, ask.want());
    (!slot.covers(asked)).then_some(Obstacle::SlotTooSmall { slot, asked })
}

fn no_slots(place: &Place<'_>) -> Option<Obstacle> {
    let slot = place.spec.slot;
    (place.slots_ever == 0).then_some(Obstacle::NoSlots { slot })
}

fn gang_too_large(ask: &Ask<'_>, place: &Place<'_>) -> Option<Obstacle> {
    let (asked, slots_ever) = (ask.job.gang, place.slots_ever);
    let is_too_large = slots_ever > 0 && asked > slots_ever;
    is_too_large.then_some(Obstacle::GangTooLarge { asked, slots_ever })
}

fn not_accepted(ask: &Ask<'_>, place: &Place<'_>) -> Option<Obstacle> {
    let accept = place.spec.accept.as_ref()?;
    let facts = Facts {
        subcluster: Some(&place.facts),
        ..ask.facts()
    };
    (!accept.holds(&facts)).then(|| Obstacle::NotAccepted(accept.explain(&facts)))
}
