//! From tables to a rule set. Every rule that cannot be read is told, not only the first; only then the set as a whole
//! is looked at.

use std::ops::Range;

use sublet_scheduler::rule_set::{
    Burst, ClassRule, Isolation, Preemption, Refusal, RefusalReason, Remark, RouteRule, RuleSet,
    SubclusterSpec, Subject,
};
use sublet_scheduler::rules::{Reason, Rule, RuleKind};
use toml::Spanned;

use super::super::place::Place;
use super::super::quantity::{Size, Span};
use super::super::tables::{self, Class, Route, Subcluster, Tables};
use super::{Fault, RulesError};

/// Times that one node may change its sub-cluster within a minute, unless it is said.
const MOVES_PER_MINUTE: u32 = 6;
/// Slots above this have a process each unless it is said: their jobs are few and long.
const SHARED_SLOT_MAX: Size = Size::mib(1024);
/// The entry rule of a sub-cluster that has none: every node.
pub(super) const EVERY_NODE: &str = "true";

/// The rule set that these tables of a document say, and what is worth knowing about it.
pub(super) fn rule_set(
    tables: &Tables,
    document: &str,
) -> Result<(RuleSet, Vec<String>), RulesError> {
    let mut reader = Reader {
        document,
        faults: Vec::new(),
    };
    let set = RuleSet {
        version: 0,
        subclusters: reader.each(&tables.subclusters, Reader::subcluster),
        routes: reader.each(&tables.routes, Reader::route),
        classes: reader.each(&tables.classes, Reader::class),
        moves_per_minute_max: tables.pool.moves_per_minute.unwrap_or(MOVES_PER_MINUTE),
    };
    if !reader.faults.is_empty() {
        return Err(RulesError::Invalid(reader.faults));
    }
    let review = set.review();
    if review.is_usable() {
        let remarks = review.remarks.iter().map(Remark::to_string).collect();
        return Ok((set, remarks));
    }
    let refusals = review.refusals.iter();
    let faults = refusals.map(|refusal| fault(refusal, tables, document));
    Err(RulesError::Refused(faults.collect()))
}

struct Reader<'a> {
    document: &'a str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    /// Those that can be read; the faults of the others are noted.
    fn each<T, R>(&mut self, items: &[T], read: fn(&mut Self, &T) -> Option<R>) -> Vec<R> {
        items.iter().filter_map(|item| read(self, item)).collect()
    }

    fn subcluster(&mut self, said: &Subcluster) -> Option<SubclusterSpec> {
        let about = format!("sub-cluster {}", said.name.get_ref());
        let entry = match &said.entry {
            Some(entry) => self.rule(RuleKind::Entry, &about, entry),
            None => Rule::parse(RuleKind::Entry, EVERY_NODE).ok(),
        };
        let exit = self.optional(RuleKind::Exit, &about, said.exit.as_ref());
        let accept = self.optional(RuleKind::Accept, &about, said.accept.as_ref());
        Some(SubclusterSpec {
            name: said.name.get_ref().clone(),
            slot: said.slot.resources(),
            entry: Some(entry?),
            exit: exit?,
            accept: accept?,
            nodes_min: said.nodes.min,
            nodes_max: said.nodes.max.unwrap_or(super::text::NODES_MAX),
            weight: said.weight,
            priority: said.priority,
            grace_ms: said.grace.map(Span::as_millis),
            dwell_min_ms: said.dwell.map_or(0, Span::as_millis),
            isolation: isolation(said),
            burst: if said.burst {
                Burst::Allowed
            } else {
                Burst::Denied
            },
            preemption: if said.preempt {
                Preemption::On
            } else {
                Preemption::Off
            },
        })
    }

    fn route(&mut self, said: &Route) -> Option<RouteRule> {
        let about = format!("route {}", said.name.get_ref());
        Some(RouteRule {
            name: said.name.get_ref().clone(),
            when: self.rule(RuleKind::Route, &about, &said.when)?,
            to: said.to.get_ref().clone(),
        })
    }

    fn class(&mut self, said: &Class) -> Option<ClassRule> {
        let about = format!("class {}", said.name.get_ref());
        Some(ClassRule {
            name: said.name.get_ref().clone(),
            when: self.rule(RuleKind::Class, &about, &said.when)?,
            spread: said.spread.0.clone(),
        })
    }

    /// A rule that may be left out: `Some(None)` where it is, `None` where it cannot be read.
    #[expect(
        clippy::option_option,
        reason = "left out and unreadable are two things, and the reader has noted the latter"
    )]
    fn optional(
        &mut self,
        kind: RuleKind,
        about: &str,
        said: Option<&Spanned<String>>,
    ) -> Option<Option<Rule>> {
        match said {
            Some(text) => self.rule(kind, about, text).map(Some),
            None => Some(None),
        }
    }

    fn rule(&mut self, kind: RuleKind, about: &str, said: &Spanned<String>) -> Option<Rule> {
        let text = said.get_ref();
        match Rule::parse(kind, text) {
            Ok(rule) => Some(rule),
            Err(error) => {
                let place = Place::within(self.document, &said.span(), text, error.position);
                let mut fault = Fault::new(error.reason.to_string()).at(place);
                fault.nearest = meant(&error.reason).map(str::to_owned);
                self.faults.push(fault.about(format!("{about}, {kind}")));
                None
            }
        }
    }
}

/// The name that may have been meant in place of one that is not there.
fn meant(reason: &Reason) -> Option<&str> {
    match reason {
        Reason::UnknownAttribute { nearest, .. } | Reason::UnknownWord { nearest, .. } => {
            Some(nearest)
        }
        Reason::UnknownUnit { nearest, .. } | Reason::UnknownValue { nearest, .. } => Some(nearest),
        _ => None,
    }
}

fn isolation(said: &Subcluster) -> Isolation {
    match said.isolation {
        Some(tables::Isolation::User) => Isolation::User,
        Some(tables::Isolation::Process) => Isolation::Process,
        None if said.slot.memory.as_bytes() > SHARED_SLOT_MAX.as_bytes() => Isolation::Process,
        None => Isolation::User,
    }
}

/// A refusal with the place of what it is about.
fn fault(refusal: &Refusal, tables: &Tables, document: &str) -> Fault {
    let mut fault = Fault::new(refusal.reason.to_string()).about(refusal.subject.to_string());
    if let RefusalReason::UnknownTarget { nearest, .. } = &refusal.reason {
        fault.nearest.clone_from(nearest);
    }
    match bytes(refusal, tables) {
        Some(bytes) => fault.at(Place::of(document, &bytes)),
        None => fault,
    }
}

/// Where the name of the subject stands; of two with one name the second is meant. Where one value is at fault, that.
fn bytes(refusal: &Refusal, tables: &Tables) -> Option<Range<usize>> {
    let spans = match &refusal.subject {
        Subject::RuleSet => return None,
        Subject::Subcluster(name) => last(&tables.subclusters, name, |one| {
            (&one.name, one.entry.as_ref())
        }),
        Subject::Route(name) => last(&tables.routes, name, |one| (&one.name, Some(&one.to))),
        Subject::Class(name) => last(&tables.classes, name, |one| (&one.name, None)),
    };
    let (name, value) = spans?;
    let is_in_the_value = matches!(
        refusal.reason,
        RefusalReason::UnknownTarget { .. } | RefusalReason::EntryAndExit { .. }
    );
    Some(value.filter(|_| is_in_the_value).unwrap_or(name).span())
}

/// Name and telling value of the last item of this name.
fn last<'a, T>(
    items: &'a [T],
    name: &str,
    spans: impl Fn(&'a T) -> (&'a Spanned<String>, Option<&'a Spanned<String>>),
) -> Option<(&'a Spanned<String>, Option<&'a Spanned<String>>)> {
    let mut spans = items.iter().rev().map(spans);
    spans.find(|(own, _)| own.get_ref() == name)
}
