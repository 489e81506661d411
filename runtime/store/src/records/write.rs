//! One statement, or a few, per record. Everything here runs inside the writer's transaction.

mod artifacts;
mod attempts;
mod audit;
mod certificates;
mod harm;
mod holdings;
mod jobs;
mod library;
mod networks;
mod nics;
mod nodes;
mod operator;
mod places;
mod ranges;
mod retention;
mod told;
mod totals;
mod usage;
mod users;

use rusqlite::{Connection, Params};

use super::record::Record;

use attempts::Ends;

pub(crate) use places::Places;
pub(crate) use retention::{remove, retire};

/// Writes what the records say, in their order.
pub(crate) fn records(
    connection: &Connection,
    places: &mut Places,
    records: &[Record],
) -> rusqlite::Result<()> {
    let mut ends = Ends::of(connection, places)?;
    records
        .iter()
        .try_for_each(|record| write(connection, &mut ends, record))?;
    ends.add_up()
}

fn write(connection: &Connection, ends: &mut Ends<'_>, record: &Record) -> rusqlite::Result<()> {
    match record {
        Record::AttemptFinished(finished) => ends.add(finished),
        Record::AttemptsStarted {
            job,
            tasks,
            number,
            at,
        } => attempts::started(connection, *job, tasks, (*number, *at)),
        Record::ArtifactsKept {
            user,
            attempt,
            artifacts,
        } => artifacts::kept(connection, *user, *attempt, artifacts),
        Record::AttemptTold { attempt, told } => told::told(connection, *attempt, told),
        Record::TasksCancelled { job, tasks, at } => {
            attempts::cancelled(connection, *job, tasks, *at)
        }
        Record::TasksReopened { job, tasks, at } => {
            attempts::reopened(connection, *job, tasks, *at)
        }
        Record::UserAdded(user) => users::added(connection, user),
        Record::UserChanged { user, change, at } => users::changed(connection, *user, *change, *at),
        Record::QuotaSet { user, quota, at } => users::quota_set(connection, *user, quota, *at),
        Record::CertificateIssued(certificate) => certificates::issued(connection, certificate),
        Record::CertificateRevoked { serial, reason, at } => {
            certificates::revoked(connection, *serial, reason, *at)
        }
        Record::JobSubmitted(job) => jobs::submitted(connection, job),
        Record::JobRouted(routed) => jobs::routed(connection, routed),
        Record::CancelAsked { job, task, at } => jobs::cancel_asked(connection, *job, *task, *at),
        Record::JobGivenUp { job, why } => jobs::given_up(connection, *job, *why),
        Record::JobTally { job, tally, at } => jobs::tally(connection, *job, *tally, *at),
        Record::JobFinished { job, at } => jobs::finished(connection, *job, *at),
        Record::IdempotencyKeysExpired { before } => jobs::keys_expired(connection, *before),
        Record::ModuleAdded(module) => library::module_added(connection, module),
        Record::ModuleDeleted { user, digest } => {
            library::module_deleted(connection, *user, *digest)
        }
        Record::ModuleRefused {
            user,
            digest,
            engine,
            code,
            message,
            at,
        } => library::module_refused(connection, (*user, *digest, engine), (code, message, *at)),
        Record::ModuleHarmed(harm) | Record::ModuleReleased(harm) => harm::harmed(connection, harm),
        Record::InputAdded(input) => library::input_added(connection, input),
        Record::RuleSetApplied(rules) => operator::rules_applied(connection, rules),
        Record::SubclusterPaused(paused) => operator::subcluster_paused(connection, paused),
        Record::SubclusterResumed { name } => operator::subcluster_resumed(connection, name),
        Record::NodeDrained(drained) => operator::node_drained(connection, drained),
        Record::NodeResumed { node } => operator::node_resumed(connection, node),
        Record::NodeLabelled { node, key, value } => {
            operator::node_labelled(connection, (node, key), value.as_deref())
        }
        Record::NodeNamed(node) => nodes::named(connection, node),
        Record::NodeMoved(membership) => nodes::moved(connection, membership),
        Record::NetworkPrepared(network) => networks::prepared(connection, network),
        Record::NetworkAssigned { network, user, at } => {
            networks::assigned(connection, *network, *user, *at)
        }
        Record::EgressPolicySet { user, allow, at } => {
            networks::egress_policy_set(connection, *user, allow, *at)
        }
        Record::Audited(audited) => audit::audited(connection, audited),
    }
}

/// Runs a statement that is compiled once and kept.
fn execute(connection: &Connection, sql: &str, parameters: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(parameters)
}
