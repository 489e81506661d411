//! `sublet networks …`: the virtual networks of users, and what goes over them.

mod flows;
mod list;
mod peers;
mod show;

use clap::Subcommand;
use sublet_api::{Code, Network};

use super::Session;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;

/// List and show networks, who is on one, and what goes over it
#[derive(Debug, Subcommand)]
pub(crate) enum Networks {
    List(list::List),
    Show(show::Show),
    Flows(flows::Flows),
    Peers(peers::Peers),
}

pub(super) async fn networks(verb: Networks, session: &Session) -> Result<Exit, Failure> {
    match verb {
        Networks::List(list) => list::list(list, session).await,
        Networks::Show(show) => show::show(show, session).await,
        Networks::Flows(flows) => flows::flows(flows, session).await,
        Networks::Peers(peers) => peers::peers(peers, session).await,
    }
}

/// The name of the network that is meant: the one that was said, else the only one that the caller can see.
async fn meant(said: Option<String>, client: &Client) -> Result<String, Failure> {
    match said {
        Some(name) => Ok(name),
        None => only(client.networks().await?.items),
    }
}

fn only(networks: Vec<Network>) -> Result<String, Failure> {
    let count = networks.len();
    let mut names = networks.into_iter().map(|network| network.name);
    match (names.next(), count) {
        (Some(name), 1) => Ok(name),
        (Some(_), _) => Err(Failure::new(
            Code::Ambiguous,
            format!("there are {count} networks, and none is named"),
        )
        .help("name one; `sublet networks list` shows them")),
        (None, _) => Err(
            Failure::new(Code::NetworkNotFound, "no network is assigned to you yet")
                .help("the first job brings one: sublet submit FILE"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(names: &[&str]) -> Vec<Network> {
        let named = |name: &&str| Network {
            name: (*name).to_owned(),
            ..Network::default()
        };
        names.iter().map(named).collect()
    }

    #[test]
    fn without_a_name_the_only_network_is_meant() {
        assert_eq!(only(networks(&["net-7"])).unwrap(), "net-7");
        for (names, code) in [
            (&[][..], Code::NetworkNotFound),
            (&["net-1", "net-2"][..], Code::Ambiguous),
        ] {
            let failure = only(networks(names)).unwrap_err();
            assert_eq!(failure.code(), Some(code), "{names:?}");
        }
    }
}
