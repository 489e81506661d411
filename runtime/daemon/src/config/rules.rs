//! Documents of rules: read into what the scheduler takes, with every fault and its place; and written in their one
//! canonical form. It decides what a document says when it says nothing; whether the rules can be obeyed is the
//! scheduler's review to say, and what is on the host is not known here but to `carve`.
//!
//! ```text
//!   text ──toml──► tables ──compile──► rule set ──review──► Rules ──text──► canonical text
//!                                                             └────carve──► nodes of a host
//! ```

mod compile;
mod fault;
mod text;

#[cfg(test)]
mod tests;

use sublet_scheduler::Resources;
use sublet_scheduler::rule_set::RuleSet;

pub use fault::{Fault, RulesError};

use super::carve::{self, CarvedNode};
use super::place::Place;
use super::tables::{NodeGroup, Tables};
use crate::nearest::{nearest, unknown_name};

/// Everything that an operator says of nodes, sub-clusters and the ways into them.
#[derive(Clone, Debug)]
pub struct Rules {
    /// For the scheduler. Its version is 0 until its owner counts it.
    pub set: RuleSet,
    /// What is allowed and worth knowing: each a sentence that names its sub-cluster.
    pub remarks: Vec<String>,
    /// What the host is carved into. Nothing: it is one node.
    nodes: Vec<NodeGroup>,
}

impl Rules {
    /// Reads a document.
    ///
    /// # Errors
    /// All that is wrong with it, as far as can be told at once.
    pub fn parse(document: &str) -> Result<Self, RulesError> {
        let tables: Tables = toml::from_str(document)
            .map_err(|error| RulesError::Invalid(vec![unreadable(document, &error)]))?;
        Self::of_tables(&tables, document)
    }

    /// Reads tables that stand in this document.
    pub(super) fn of_tables(tables: &Tables, document: &str) -> Result<Self, RulesError> {
        let (set, remarks) = compile::rule_set(tables, document)?;
        let groups = tables.pool.nodes.iter().flatten();
        Ok(Self {
            set,
            remarks,
            nodes: groups.map(|group| group.get_ref().clone()).collect(),
        })
    }

    /// The same in canonical form: what reads the same is written the same.
    #[must_use]
    pub fn document(&self) -> String {
        text::document(self)
    }

    /// The same rules without a sub-cluster.
    ///
    /// # Errors
    /// What is left cannot be obeyed, such as a route that leads there.
    pub fn without(&self, subcluster: &str) -> Result<Self, RulesError> {
        let mut rest = self.clone();
        rest.set.subclusters.retain(|one| one.name != subcluster);
        Self::parse(&rest.document())
    }

    /// As [`Rules::carve`], for a host that has exactly the nodes that are listed.
    ///
    /// # Errors
    /// None are listed, a slot fits into none of them, or their names are not names.
    pub fn carve_listed(&self) -> Result<Vec<CarvedNode>, RulesError> {
        if self.nodes.is_empty() {
            return Err(RulesError::Refused(vec![Fault::new(
                "there are no [pool] nodes, so nothing says what the host has: list them, such as nodes = [{ count = 4, cpu = 0.5, memory = \"2GiB\" }]",
            )]));
        }
        self.carve(Resources {
            cpu_millis: u64::MAX,
            memory_bytes: u64::MAX,
        })
    }

    /// As [`Rules::carve`], for a host that may have shrunk since the rules were applied: what does not fit it any more is
    /// listed all the same, and waits.
    #[must_use]
    pub fn carve_anyway(&self, offered: Resources) -> Vec<CarvedNode> {
        carve::listed(&self.nodes, offered)
    }

    /// The nodes of a host that offers so much, its reserve taken off.
    ///
    /// # Errors
    /// They promise more than is offered, a slot fits into none of them, or their names are not names.
    pub fn carve(&self, offered: Resources) -> Result<Vec<CarvedNode>, RulesError> {
        carve::carve(&self.nodes, &self.set, offered)
            .map_err(|messages| RulesError::Refused(messages.into_iter().map(Fault::new).collect()))
    }
}

/// What the reader of TOML says.
pub(super) fn unreadable(document: &str, error: &toml::de::Error) -> Fault {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let place = error.span().map(|bytes| Place::of(document, &bytes));
    Fault {
        about: None,
        nearest: unknown_name(&message)
            .and_then(|(unknown, known)| nearest(unknown, known))
            .map(str::to_owned),
        message,
        place,
    }
}
