//! The table of permissions as a whole, so that nothing in it changes unseen.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sublet_identity::{Action, Role, Subject};

use crate::support::ada;

const TABLE: &str = "\
ReadServer Own Everyone
PushModule Own Own
ReadModules Own Everyone
TagModule Own Everyone
DeleteModule Own Everyone
ReleaseModule Nobody Everyone
PutInput Own Own
ReadInput Own Everyone
SubmitJob Own Own
ReadJobs Own Everyone
ReadOutput Own Everyone
CancelJob Own Everyone
RetryJob Own Everyone
ChangeJob Own Everyone
DeleteJob Own Everyone
ReadNetworks Own Everyone
ReadPolicy Own Everyone
SetPolicy Nobody Everyone
ReadPool Own Everyone
ReadHosts Own Everyone
DrainHost Nobody Everyone
ReadNodes Own Everyone
DrainNode Nobody Everyone
LabelNode Nobody Everyone
ReadSubclusters Own Everyone
PauseSubcluster Nobody Everyone
DeleteSubcluster Nobody Everyone
ReadRules Own Everyone
ReadRulesHistory Nobody Everyone
PlanRules Nobody Everyone
ApplyRules Nobody Everyone
ReadUsers Own Everyone
AddUser Nobody Everyone
SetQuota Nobody Everyone
SuspendUser Nobody Everyone
RemoveUser Nobody Everyone
ReadUsage Own Everyone
ReadEvents Own Everyone
ReadCertificates Own Everyone
IssueCertificate Nobody Everyone
RenewCertificate Own Everyone
RevokeCertificate Own Everyone
RotateAuthority Nobody Everyone
ReadAudit Nobody Everyone
VerifyAudit Nobody Everyone
ReadMetrics Nobody Everyone
ReadConfig Nobody Everyone
ReloadConfig Nobody Everyone
Backup Nobody Everyone
CollectGarbage Nobody Everyone
SetLogLevel Nobody Everyone
DebugBundle Nobody Everyone
CheckUpgrade Nobody Everyone
";

#[test]
fn the_table_is_what_was_agreed() {
    let mut table = String::new();
    for action in Action::ALL {
        let [user, operator] = Role::ALL.map(|role| action.reach(role));
        writeln!(table, "{action:?} {user:?} {operator:?}").unwrap();
    }
    assert_eq!(table, TABLE);
}

#[test]
fn every_action_is_in_the_table_once() {
    let source = include_str!("../../src/permission.rs");
    let (_, source) = source.split_once("pub enum Action {").unwrap();
    let (source, _) = source.split_once("\n}").unwrap();
    let declared: Vec<String> = source
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .filter(|line| !line.starts_with("//"))
        .map(str::to_owned)
        .collect();
    let listed = Action::ALL.map(|action| format!("{action:?}"));
    assert_eq!(declared, listed);
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
}

#[test]
fn a_user_reaches_their_own_and_an_operator_everybodys() {
    let (ada, root) = (ada(), Subject::from_uri("sublet:operator:root").unwrap());
    let bob = "bob".parse().unwrap();
    for (action, subject, owner, allowed) in [
        (Action::ReadJobs, &ada, &ada.user, true),
        (Action::ReadJobs, &ada, &bob, false),
        (Action::ReadJobs, &root, &ada.user, true),
        (Action::SubmitJob, &root, &root.user, true),
        (Action::SubmitJob, &root, &ada.user, false),
        (Action::SetQuota, &ada, &ada.user, false),
        (Action::SetQuota, &root, &ada.user, true),
        (Action::RevokeCertificate, &ada, &ada.user, true),
        (Action::RevokeCertificate, &ada, &bob, false),
    ] {
        let found = action.is_allowed(subject, owner);
        assert_eq!(found, allowed, "{action:?} {subject:?} {owner}");
    }
}
