//! The server, where one answers: what it says of itself, and where it listens.

use std::net::SocketAddr;
use std::path::PathBuf;

use sublet_api::{Check, CheckState, Code, Setting};
use sublet_daemon::config::Config;

use super::Finding;
use crate::failure::Failure;
use crate::verbs::Session;

/// What a server said.
pub(super) struct Seen {
    /// Where its data is, if it told us.
    pub(super) data_dir: Option<PathBuf>,
    pub(super) findings: Vec<Finding>,
    settings: Vec<Setting>,
}

/// Asks the server, if there is one. That there is none is no fault of the host.
pub(super) async fn look(session: &Session) -> Seen {
    let mut seen = Seen {
        data_dir: None,
        findings: Vec::new(),
        settings: Vec::new(),
    };
    match ask(session).await {
        Ok((checks, settings)) => {
            seen.findings = checks.iter().map(of_check).collect();
            seen.settings = settings;
        }
        Err(failure) => {
            let finding = Finding::unknown("server", failure.sentence());
            seen.findings.push(match failure.code() {
                Some(Code::ServerUnreachable) => finding.help("`sublet serve` starts one"),
                _ => finding,
            });
        }
    }
    seen.data_dir = seen.setting("data_dir").map(PathBuf::from);
    seen
}

/// Its checks; and its settings, which it shows to operators only.
async fn ask(session: &Session) -> Result<(Vec<Check>, Vec<Setting>), Failure> {
    let client = session.client()?;
    let checks = client.readiness().await?;
    let settings = client.settings().await;
    Ok((checks, settings.map(|page| page.items).unwrap_or_default()))
}

fn of_check(check: &Check) -> Finding {
    let name = format!("server: {}", check.name);
    match check.state {
        CheckState::Ok => Finding::yes(&name, &check.detail).promised(),
        CheckState::Warning => Finding::no(&name, &check.detail),
        CheckState::Failed => Finding::no(&name, &check.detail).promised(),
    }
}

impl Seen {
    /// Where the server listens, or would as configured: who is let in at each door.
    pub(super) fn listening(&self, config: &Config) -> Vec<Finding> {
        let address = |key: &str, configured: Option<SocketAddr>| match self.setting(key) {
            Some(said) => said.parse().ok(),
            None => configured,
        };
        let api = address("listen.api", config.listen.api);
        let metrics = address("listen.metrics", config.listen.metrics);
        vec![of_api(api), of_metrics(metrics)]
    }

    fn setting(&self, key: &str) -> Option<&str> {
        let found = self.settings.iter().find(|one| one.key == key);
        found.map(|one| one.value.as_str())
    }
}

fn of_api(address: Option<SocketAddr>) -> Finding {
    let detail = match address {
        None => "the unix socket only: nobody from other hosts".to_owned(),
        Some(address) => format!("{address} with TLS, for holders of a certificate of this server"),
    };
    Finding::yes("listening", detail)
}

fn of_metrics(address: Option<SocketAddr>) -> Finding {
    match address {
        None => Finding::yes("metrics", "for operators, through the API only"),
        Some(address) if address.ip().is_loopback() => Finding::yes(
            "metrics",
            format!("{address}: every account of this host may read them"),
        ),
        Some(address) => Finding::no(
            "metrics",
            format!("{address}: whoever reaches it may read them, without TLS"),
        )
        .help("let a firewall say who that is, or choose 127.0.0.1"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Holds;
    use super::*;

    #[test]
    fn open_metrics_are_told_and_those_of_the_host_are_fine() {
        let of = |text: &str| of_metrics(text.parse().ok());
        assert_eq!(of("127.0.0.1:7071").holds, Holds::Yes);
        assert_eq!(of("0.0.0.0:7071").holds, Holds::No);
        assert_eq!(of("nowhere").holds, Holds::Yes);
    }

    #[test]
    fn a_failed_check_of_the_server_is_a_broken_promise_and_a_warning_is_none() {
        let broken = |state| {
            let check = Check {
                name: "disk".to_owned(),
                state,
                detail: "little".to_owned(),
            };
            of_check(&check).is_broken()
        };
        assert!(broken(CheckState::Failed));
        assert!(!broken(CheckState::Warning) && !broken(CheckState::Ok));
    }
}
