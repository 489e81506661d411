//! The first thing a driver does: the rules in force, the host carved by them, and what operators wished before the
//! restart. Only then is the scheduler a place where jobs can be taken up again.

use sublet_scheduler::Resources;
use sublet_store::{Error, Record, RuleSet, Wishes};

use super::operate::Wish;
use super::{Driver, ground::Ground};
use crate::config::Rules;

/// What a driver begins with.
pub(crate) struct Beginning {
    pub(crate) host: String,
    /// What the host offers, its reserve taken off.
    pub(crate) offered: Resources,
    /// The rules that the configuration says, or that fit the host: for a store that has none yet.
    pub(crate) rules: Rules,
    /// Networks to have ready, and how few free ones are worth a warning.
    pub(crate) networks: (u32, u32),
}

impl Driver {
    /// Has the scheduler know rules, host and wishes.
    ///
    /// # Errors
    /// When the store cannot be read, or cannot keep what is new.
    pub(crate) fn begin(&mut self, beginning: Beginning) -> Result<(), Error> {
        let Beginning {
            host,
            offered,
            rules,
            networks: (prepared, low),
        } = beginning;
        self.prepare_networks(prepared, low)?;
        self.ledger.take_up(self.reader.module_harm()?);
        let (rules, records) = self.rules_in_force(rules)?;
        let (known, wishes) = (self.reader.nodes()?, self.reader.wishes()?);
        let carved = rules.carve_anyway(offered);
        self.ground = Ground::new(host, offered, rules.clone(), &known, wishes.labels.clone());
        let adoption = self.ground.adopt(rules, carved);
        let new: Vec<Record> = records
            .into_iter()
            .chain(adoption.records.clone())
            .collect();
        self.writer.commit(&new)?;
        self.quotas = self.reader.quotas()?.into_iter().collect();
        for user in self.people.ids() {
            self.tell_terms(user);
        }
        self.obey_rules(adoption);
        self.take_up_wishes(wishes);
        self.go_on_removing()?;
        self.settle()
    }

    /// The rules that were applied last. In a store without any, those of the configuration are the first.
    fn rules_in_force(&self, configured: Rules) -> Result<(Rules, Vec<Record>), Error> {
        let Some(stored) = self.reader.rule_set()? else {
            let mut first = configured;
            first.set.version = 1;
            let record = Record::RuleSetApplied(RuleSet {
                version: 1,
                document: first.document(),
                by: self.owner,
                at: (self.now)(),
            });
            return Ok((first, vec![record]));
        };
        match Rules::parse(&stored.document) {
            Ok(mut rules) => {
                rules.set.version = stored.version;
                if rules.document() != configured.document() {
                    tracing::info!(
                        version = stored.version,
                        "the rules in force differ from those of the configuration, which only begin an empty store: see `sublet apply`"
                    );
                }
                Ok((rules, Vec::new()))
            }
            Err(error) => {
                tracing::error!(
                    version = stored.version,
                    %error,
                    "the stored rules are not understood, those of the configuration hold until others are applied"
                );
                let mut rules = configured;
                rules.set.version = stored.version;
                Ok((rules, Vec::new()))
            }
        }
    }

    fn take_up_wishes(&mut self, wishes: Wishes) {
        let paused = wishes.paused.into_iter().map(|paused| Wish::Pause {
            subcluster: paused.name,
            reason: paused.reason,
        });
        let drained = wishes.drained.into_iter().map(|drained| Wish::DrainNode {
            node: drained.node,
            reason: drained.reason,
            grace_ms: None,
        });
        for wish in paused.chain(drained).collect::<Vec<_>>() {
            match self.event_of(&wish) {
                Ok(event) => self.happened(event),
                Err(_) => tracing::info!(?wish, "a wish is about something that is not there now"),
            }
        }
    }
}
