//! The one table of who may do what. Whatever the API can be asked for is a line in it; there is no other place.
//!
//! It says how far each role reaches, and knows nothing of what is reached: the caller's own things and those of nobody
//! (nodes, sub-clusters) are told from those of others where they are. Somebody else's look like missing ones there.

use crate::name::UserName;
use crate::subject::{Role, Subject};

use Reach::{Everyone, Nobody, Own};

/// How far somebody reaches with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Nobody,
    /// What is their own, and what is nobody's; whatever is others' is left out.
    Own,
    /// Everything.
    Everyone,
}

/// Something that can be asked of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Health, version, pages of problems, the description of the API, who one is.
    ReadServer,

    /// Upload a module.
    PushModule,
    /// Modules: list, show, interface.
    ReadModules,
    /// Name a module.
    TagModule,
    /// Delete a module.
    DeleteModule,
    /// Let a module go that is in quarantine.
    ReleaseModule,
    /// Upload an input.
    PutInput,
    /// Whether an input is there.
    ReadInput,

    /// Submit a job, or ask whether it could be.
    SubmitJob,
    /// Jobs, their tasks, attempts and events: list, show, wait, explain.
    ReadJobs,
    /// What jobs left: logs, output, artifacts.
    ReadOutput,
    /// Cancel a job.
    CancelJob,
    /// Run what failed of a job again.
    RetryJob,
    /// Change priority or labels of a job.
    ChangeJob,
    /// Delete the record of a job.
    DeleteJob,

    /// Networks: list, show, flows, peers.
    ReadNetworks,
    /// What a user's jobs may dial.
    ReadPolicy,
    /// Change what a user's jobs may dial.
    SetPolicy,

    /// Capacity, slots and what is free.
    ReadPool,
    /// Hosts: list, show.
    ReadHosts,
    /// Drain a host, take it back.
    DrainHost,
    /// Nodes: list, show, explain.
    ReadNodes,
    /// Drain a node, take it back.
    DrainNode,
    /// Change labels of a node.
    LabelNode,
    /// Sub-clusters: list, show.
    ReadSubclusters,
    /// Pause a sub-cluster, let it go on.
    PauseSubcluster,
    /// Delete a sub-cluster.
    DeleteSubcluster,
    /// The rules as they are.
    ReadRules,
    /// The rules as they were, and who changed them.
    ReadRulesHistory,
    /// What would move under other rules.
    PlanRules,
    /// Change the rules.
    ApplyRules,

    /// Users: list, show, with their quota.
    ReadUsers,
    /// Add a user.
    AddUser,
    /// Change a quota.
    SetQuota,
    /// Suspend a user, let them go on.
    SuspendUser,
    /// Remove a user.
    RemoveUser,
    /// What was used.
    ReadUsage,
    /// The stream of events.
    ReadEvents,

    /// Certificates: list, show.
    ReadCertificates,
    /// Issue a certificate for anybody.
    IssueCertificate,
    /// Issue the next certificate of somebody who has one.
    RenewCertificate,
    /// Revoke a certificate.
    RevokeCertificate,
    /// Let another authority follow this one.
    RotateAuthority,

    /// The audit log: list, export.
    ReadAudit,
    /// Whether the audit log is whole.
    VerifyAudit,

    /// Metrics.
    ReadMetrics,
    /// The configuration.
    ReadConfig,
    /// Read the configuration again.
    ReloadConfig,
    /// Make a backup, look at one.
    Backup,
    /// Remove what nobody needs.
    CollectGarbage,
    /// What is logged.
    SetLogLevel,
    /// What support asks for.
    DebugBundle,
    /// Whether another version could take over.
    CheckUpgrade,
}

impl Action {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 53] = [
        Self::ReadServer,
        Self::PushModule,
        Self::ReadModules,
        Self::TagModule,
        Self::DeleteModule,
        Self::ReleaseModule,
        Self::PutInput,
        Self::ReadInput,
        Self::SubmitJob,
        Self::ReadJobs,
        Self::ReadOutput,
        Self::CancelJob,
        Self::RetryJob,
        Self::ChangeJob,
        Self::DeleteJob,
        Self::ReadNetworks,
        Self::ReadPolicy,
        Self::SetPolicy,
        Self::ReadPool,
        Self::ReadHosts,
        Self::DrainHost,
        Self::ReadNodes,
        Self::DrainNode,
        Self::LabelNode,
        Self::ReadSubclusters,
        Self::PauseSubcluster,
        Self::DeleteSubcluster,
        Self::ReadRules,
        Self::ReadRulesHistory,
        Self::PlanRules,
        Self::ApplyRules,
        Self::ReadUsers,
        Self::AddUser,
        Self::SetQuota,
        Self::SuspendUser,
        Self::RemoveUser,
        Self::ReadUsage,
        Self::ReadEvents,
        Self::ReadCertificates,
        Self::IssueCertificate,
        Self::RenewCertificate,
        Self::RevokeCertificate,
        Self::RotateAuthority,
        Self::ReadAudit,
        Self::VerifyAudit,
        Self::ReadMetrics,
        Self::ReadConfig,
        Self::ReloadConfig,
        Self::Backup,
        Self::CollectGarbage,
        Self::SetLogLevel,
        Self::DebugBundle,
        Self::CheckUpgrade,
    ];

    /// How far a role reaches with it.
    #[must_use]
    pub const fn reach(self, role: Role) -> Reach {
        match role {
            Role::User => self.reach_of_users(),
            Role::Operator => self.reach_of_operators(),
        }
    }

    /// Whether somebody may do it with something of that owner.
    #[must_use]
    pub fn is_allowed(self, subject: &Subject, owner: &UserName) -> bool {
        match self.reach(subject.role) {
            Nobody => false,
            Own => subject.user == *owner,
            Everyone => true,
        }
    }

    const fn reach_of_users(self) -> Reach {
        match self {
            Self::ReadServer => Own,

            Self::PushModule
            | Self::ReadModules
            | Self::TagModule
            | Self::DeleteModule
            | Self::PutInput
            | Self::ReadInput => Own,
            // Whose module did harm is not the one to say that it will not again.
            Self::ReleaseModule => Nobody,

            Self::SubmitJob
            | Self::ReadJobs
            | Self::ReadOutput
            | Self::CancelJob
            | Self::RetryJob
            | Self::ChangeJob
            | Self::DeleteJob => Own,

            Self::ReadNetworks | Self::ReadPolicy => Own,
            Self::SetPolicy => Nobody,

            // Why a job waits cannot be understood without what there is to wait for.
            Self::ReadPool
            | Self::ReadHosts
            | Self::ReadNodes
            | Self::ReadSubclusters
            | Self::ReadRules => Own,
            Self::DrainHost
            | Self::DrainNode
            | Self::LabelNode
            | Self::PauseSubcluster
            | Self::DeleteSubcluster
            | Self::ReadRulesHistory
            | Self::PlanRules
            | Self::ApplyRules => Nobody,

            Self::ReadUsers | Self::ReadUsage | Self::ReadEvents => Own,
            Self::AddUser | Self::SetQuota | Self::SuspendUser | Self::RemoveUser => Nobody,

            // Who loses a key takes the certificate back at once, and asks nobody.
            Self::ReadCertificates | Self::RenewCertificate | Self::RevokeCertificate => Own,
            Self::IssueCertificate | Self::RotateAuthority => Nobody,

            Self::ReadAudit | Self::VerifyAudit => Nobody,

            Self::ReadMetrics
            | Self::ReadConfig
            | Self::ReloadConfig
            | Self::Backup
            | Self::CollectGarbage
            | Self::SetLogLevel
            | Self::DebugBundle
            | Self::CheckUpgrade => Nobody,
        }
    }

    /// Operators reach everything that is there already. What is new belongs to whoever asks for it, and nobody asks in
    /// another's name.
    const fn reach_of_operators(self) -> Reach {
        match self {
            Self::PushModule | Self::PutInput | Self::SubmitJob => Own,
            _ => Everyone,
        }
    }
}
