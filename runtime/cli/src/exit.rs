//! Every exit code of the binary, in one place. They are a promise to scripts: `sublet help exit-codes` is their page.
//!
//! A command that runs or watches a job tells the job's fate; every other command tells how the command itself went.

use std::process::ExitCode;

use sublet_api::{Code, Outcome};

/// What the process tells the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(u8);

impl Exit {
    /// Done; or the job succeeded.
    pub(crate) const DONE: Self = Self(0);
    /// The command failed.
    pub(crate) const FAILED: Self = Self(1);
    /// The command line is not valid.
    pub(crate) const USAGE: Self = Self(2);
    /// The caller is not who may do this.
    pub(crate) const DENIED: Self = Self(4);
    /// The thing does not exist.
    pub(crate) const NOT_FOUND: Self = Self(5);
    /// The thing is in another state than the command needs.
    pub(crate) const CONFLICT: Self = Self(6);
    /// There is no room for it now.
    pub(crate) const NO_ROOM: Self = Self(7);

    /// The job ran into its wall time.
    pub(crate) const WALL_TIME: Self = Self(124);
    /// Our side failed: the server, the configuration, a lost attempt.
    pub(crate) const OUR_SIDE: Self = Self(125);
    /// The job was refused before it started.
    pub(crate) const REFUSED: Self = Self(126);
    /// The module, a file or the job was not found.
    pub(crate) const MISSING: Self = Self(127);
    /// Ctrl-C while watching.
    pub(crate) const INTERRUPTED: Self = Self(130);
    /// The job trapped.
    pub(crate) const TRAPPED: Self = Self(134);
    /// The job ran into its memory limit.
    pub(crate) const MEMORY: Self = Self(137);
    /// The job was cancelled.
    pub(crate) const CANCELLED: Self = Self(143);
    /// The job ran into its limit of processor time.
    pub(crate) const CPU_TIME: Self = Self(152);
    /// The job ran into a limit of bytes written.
    pub(crate) const BYTES: Self = Self(153);
    /// The job ran into any other limit.
    pub(crate) const OTHER_LIMIT: Self = Self(159);

    /// The fate of a job, or of one of its tasks.
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::DONE,
            Outcome::Failed { code } => Self::of_guest(*code),
            Outcome::Trapped { .. } => Self::TRAPPED,
            Outcome::LimitExceeded { limit } => Self::of_limit(limit),
            Outcome::Cancelled { .. } => Self::CANCELLED,
            Outcome::Lost { .. } | Outcome::Unknown => Self::OUR_SIDE,
        }
    }

    /// The fate of a job in one bit, for those who must not take a guest's code for one of ours.
    pub(crate) fn of_outcome_in_one_bit(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::DONE,
            _ => Self::FAILED,
        }
    }

    /// A guest's own code. One that a shell cannot carry becomes 1: it must not look like success.
    fn of_guest(code: i32) -> Self {
        u8::try_from(code).map_or(Self::FAILED, Self)
    }

    fn of_limit(limit: &str) -> Self {
        match limit {
            "wall" => Self::WALL_TIME,
            "memory" => Self::MEMORY,
            "cpu" => Self::CPU_TIME,
            "disk" | "output" => Self::BYTES,
            _ => Self::OTHER_LIMIT,
        }
    }

    /// How a command ended that did not do what it was asked, for this reason.
    pub(crate) fn of_command(code: Option<Code>) -> Self {
        use Code as C;
        match code {
            Some(C::Usage) => Self::USAGE,
            Some(
                C::ForeignCaller
                | C::NotPermitted
                | C::CertificateRefused
                | C::UserSuspended
                | C::CredentialInvalid,
            ) => Self::DENIED,
            Some(
                C::JobNotFound
                | C::ModuleNotFound
                | C::TaskNotFound
                | C::ArtifactNotFound
                | C::InputNotFound
                | C::SubclusterNotFound
                | C::NodeNotFound
                | C::NetworkNotFound
                | C::UserNotFound
                | C::CertificateNotFound
                | C::DependencyUnknown
                | C::FileUnreadable,
            ) => Self::NOT_FOUND,
            Some(
                C::Ambiguous
                | C::ModuleInUse
                | C::ModuleQuarantined
                | C::UserExists
                | C::NoOlderAuthority
                | C::RotationUnfinished
                | C::ConfigurationRefused
                | C::NotListening
                | C::NothingToRetry
                | C::KeyReused
                | C::VersionMismatch
                | C::SubclusterBusy
                | C::DependencyBroken
                | C::PortTaken
                | C::DataDirectoryHeld,
            ) => Self::CONFLICT,
            Some(
                C::QueueFull
                | C::NotPlaceable
                | C::QuotaExceeded
                | C::GangTooLarge
                | C::TooFast
                | C::TooManyModules
                | C::TooManyUploads
                | C::TooMuchStored
                | C::NoNetworkLeft
                | C::Draining
                | C::DiskFull,
            ) => Self::NO_ROOM,
            _ => Self::FAILED,
        }
    }

    /// How a command ended that should have told a job's fate, when there was none to tell.
    pub(crate) fn of_missing_fate(code: Option<Code>) -> Self {
        use Code as C;
        match code {
            Some(C::Usage) => Self::USAGE,
            Some(
                C::JobNotFound
                | C::ModuleNotFound
                | C::TaskNotFound
                | C::ArtifactNotFound
                | C::InputNotFound
                | C::DependencyUnknown
                | C::FileUnreadable,
            ) => Self::MISSING,
            None
            | Some(
                C::ServerFault
                | C::CompilerFault
                | C::Draining
                | C::DiskFull
                | C::NoSuchRoute
                | C::MethodNotAllowed
                | C::ServerUnreachable
                | C::DataDirectoryHeld
                | C::ConfigurationInvalid
                | C::FileUnwritable
                | C::LocalFault,
            ) => Self::OUR_SIDE,
            Some(_) => Self::REFUSED,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(json: &str) -> u8 {
        let outcome: Outcome = serde_json::from_str(json).unwrap();
        Exit::of_outcome(&outcome).0
    }

    #[test]
    fn each_fate_has_the_code_of_the_table() {
        for (outcome, code) in [
            (r#"{"kind":"succeeded"}"#, 0),
            (r#"{"kind":"failed","code":1}"#, 1),
            (r#"{"kind":"failed","code":123}"#, 123),
            (r#"{"kind":"failed","code":255}"#, 255),
            (r#"{"kind":"failed","code":256}"#, 1),
            (r#"{"kind":"failed","code":-1}"#, 1),
            (r#"{"kind":"trapped","trap":"unreachable"}"#, 134),
            (r#"{"kind":"limit_exceeded","limit":"wall"}"#, 124),
            (r#"{"kind":"limit_exceeded","limit":"memory"}"#, 137),
            (r#"{"kind":"limit_exceeded","limit":"cpu"}"#, 152),
            (r#"{"kind":"limit_exceeded","limit":"disk"}"#, 153),
            (r#"{"kind":"limit_exceeded","limit":"tables"}"#, 159),
            (
                r#"{"kind":"limit_exceeded","limit":"of a newer server"}"#,
                159,
            ),
            (r#"{"kind":"cancelled","reason":"asked"}"#, 143),
            (r#"{"kind":"lost","reason":"worker"}"#, 125),
            (r#"{"kind":"of a newer server"}"#, 125),
        ] {
            assert_eq!(fate(outcome), code, "{outcome}");
        }
    }

    #[test]
    fn each_reason_has_the_code_of_the_table() {
        for (code, command, fate) in [
            (Code::Usage, 2, 2),
            (Code::ForeignCaller, 4, 126),
            (Code::JobNotFound, 5, 127),
            (Code::ModuleNotFound, 5, 127),
            (Code::FileUnreadable, 5, 127),
            (Code::ModuleInUse, 6, 126),
            (Code::ModuleQuarantined, 6, 126),
            (Code::KeyReused, 6, 126),
            (Code::NothingToRetry, 6, 126),
            (Code::DataDirectoryHeld, 6, 125),
            (Code::QueueFull, 7, 126),
            (Code::NotPlaceable, 7, 126),
            (Code::DiskFull, 7, 125),
            (Code::GangTooLarge, 7, 126),
            (Code::QuotaExceeded, 7, 126),
            (Code::TooFast, 7, 126),
            (Code::SubclusterNotFound, 5, 126),
            (Code::NodeNotFound, 5, 126),
            (Code::NetworkNotFound, 5, 126),
            (Code::NoNetworkLeft, 7, 126),
            (Code::PortTaken, 6, 126),
            (Code::EgressDenied, 1, 126),
            (Code::PatternInvalid, 1, 126),
            (Code::DependencyUnknown, 5, 127),
            (Code::DependencyBroken, 6, 126),
            (Code::VersionMismatch, 6, 126),
            (Code::SubclusterBusy, 6, 126),
            (Code::RuleInvalid, 1, 126),
            (Code::RulesRefused, 1, 126),
            (Code::UnknownImport, 1, 126),
            (Code::NotWasm, 1, 126),
            (Code::OutOfRange, 1, 126),
            (Code::ServerUnreachable, 1, 125),
            (Code::ServerFault, 1, 125),
            (Code::CompilerFault, 1, 125),
        ] {
            assert_eq!(
                Exit::of_command(Some(code)).0,
                command,
                "{code} of a command"
            );
            assert_eq!(
                Exit::of_missing_fate(Some(code)).0,
                fate,
                "{code} instead of a fate"
            );
        }
        assert_eq!(Exit::of_command(None).0, 1);
        assert_eq!(Exit::of_missing_fate(None).0, 125);
    }
}
