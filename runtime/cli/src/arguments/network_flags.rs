//! The flags of a job's network: whether it has one, what it may dial outside and which ports lead to it.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use sublet_api::{JobNetwork, NetworkMode, Publish};

use super::egress;
use crate::failure::Failure;

/// What a job has of a network.
#[derive(Args, Debug)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkFlags {
    /// `own`, the network of all your jobs, or `none`: no sockets at all [default: own]
    #[arg(long, value_name = "own|none")]
    network: Option<Mode>,
    /// A destination outside that it may dial, if the operator allows it too: api.example.org:443
    #[arg(long, value_name = "HOST:PORT", allow_hyphen_values = true, value_parser = egress::of_job)]
    allow_net: Vec<String>,
    /// A port of the host that leads to one of the guest: 18080:8080
    #[arg(long, value_name = "HOSTPORT:GUESTPORT", allow_hyphen_values = true, value_parser = publication)]
    publish: Vec<Publish>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    Own,
    None,
}

impl NetworkFlags {
    /// What was asked for; nothing where no flag was given.
    pub(super) fn asked(&self) -> Result<Option<JobNetwork>, Failure> {
        self.agree()?;
        let asked = JobNetwork {
            mode: match self.network {
                Some(Mode::None) => NetworkMode::None,
                Some(Mode::Own) | None => NetworkMode::Own,
            },
            allow: self.allow_net.clone(),
            publish: self.publish.clone(),
        };
        let is_silent = self.network.is_none() && asked == JobNetwork::default();
        Ok((!is_silent).then_some(asked))
    }

    /// What each flag alone cannot tell.
    fn agree(&self) -> Result<(), Failure> {
        if self.network == Some(Mode::None)
            && let Some(flag) = self.in_need_of_one()
        {
            return Err(Failure::usage(format!(
                "`{flag}` needs a network, and `--network none` takes it away"
            ))
            .help(format!("leave out {flag} or --network none")));
        }
        let mut taken = BTreeSet::new();
        let twice = self.publish.iter().find(|one| !taken.insert(one.host_port));
        match twice {
            Some(Publish { host_port, .. }) => Err(Failure::usage(format!(
                "`--publish` gives port {host_port} of the host away twice"
            ))
            .help("a port of the host leads to one port of the guest; choose another")),
            None => Ok(()),
        }
    }

    /// The flag that says nothing without a network.
    const fn in_need_of_one(&self) -> Option<&'static str> {
        match (self.allow_net.is_empty(), self.publish.is_empty()) {
            (false, _) => Some("--allow-net"),
            (true, false) => Some("--publish"),
            (true, true) => None,
        }
    }
}

/// `--publish HOSTPORT:GUESTPORT`.
fn publication(text: &str) -> Result<Publish, String> {
    let (host, guest) = text
        .split_once(':')
        .ok_or_else(|| "write HOSTPORT:GUESTPORT, such as 18080:8080".to_owned())?;
    let port = |whose: &str, text: &str| {
        egress::port(text)
            .ok_or_else(|| format!("the {whose}'s port `{text}` is none; write 1 to 65535"))
    };
    Ok(Publish {
        host_port: port("host", host)?,
        guest_port: port("guest", guest)?,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        flags: NetworkFlags,
    }

    fn asked(flags: &str) -> Result<Option<JobNetwork>, String> {
        let words = ["sublet"].into_iter().chain(flags.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.render().to_string())?;
        line.flags.asked().map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn flags_become_a_network() {
        assert_eq!(asked(""), Ok(None));
        assert_eq!(asked("--network own"), Ok(Some(JobNetwork::default())));
        let none = asked("--network none").unwrap().unwrap();
        assert_eq!(none.mode, NetworkMode::None);
        let open = asked(
            "--allow-net a.example:443 --publish 18080:8080 --allow-net *:80 --publish 1:8080",
        );
        let open = open.unwrap().unwrap();
        assert_eq!(open.mode, NetworkMode::Own);
        assert_eq!(open.allow, ["a.example:443", "*:80"]);
        let ports: Vec<_> = open
            .publish
            .iter()
            .map(|one| (one.host_port, one.guest_port))
            .collect();
        assert_eq!(ports, [(18080, 8080), (1, 8080)]);
    }

    #[test]
    fn what_contradicts_itself_says_so() {
        for (flags, words) in [
            (
                "--network none --allow-net a.example:443",
                ["`--allow-net`", "`--network none`"],
            ),
            (
                "--publish 1:1 --network none",
                ["`--publish`", "`--network none`"],
            ),
            ("--publish 80:1 --publish 80:2", ["port 80", "twice"]),
        ] {
            let error = asked(flags).unwrap_err();
            assert!(
                words.iter().all(|word| error.contains(word)),
                "{flags}: {error}"
            );
        }
    }

    #[test]
    fn an_error_names_the_port_at_fault() {
        for (text, part) in [
            ("8080", "HOSTPORT:GUESTPORT"),
            ("0:80", "host's port `0`"),
            ("80:0", "guest's port `0`"),
            ("65536:1", "host's port `65536`"),
            ("1:-1", "guest's port `-1`"),
            ("1:2:3", "guest's port `2:3`"),
            ("0.0.0.0:80", "host's port `0.0.0.0`"),
            (":80", "host's port ``"),
        ] {
            let error = publication(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
