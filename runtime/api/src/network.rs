//! Networks: what a job asks of its own, what is seen of one, and what an operator lets out.
//!
//! A network belongs to one user; the instances of all that user's jobs are on it, each by its nic. Patterns are
//! `HOST:PORT`: a name, `*.name`, an address or a range of them (IPv6 in brackets), and a port, `8000-8999` or `*`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a job has of a network. Without it a job is on its user's network and reaches nothing outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobNetwork {
    /// Whether it is on a network at all.
    #[serde(default)]
    pub mode: NetworkMode,
    /// Patterns of what it may dial outside, as far as the operator's policy allows that too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Ports of the host that lead to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publish: Vec<Publish>,
}

/// Whether a job is on a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkMode {
    /// On none: it has no sockets.
    None,
    /// On its user's.
    #[default]
    Own,
}

/// A port of the host that leads to a port of the guest, for as long as its attempt lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// Where the host listens: 1 to 65,535.
    pub host_port: u16,
    /// Where the guest does: 1 to 65,535.
    pub guest_port: u16,
}

/// What went over a nic. For a job: the sum over its attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NetworkUsage {
    /// Bytes that the guest sent, over connections and as datagrams.
    pub bytes_sent: u64,
    /// Bytes that it received.
    pub bytes_received: u64,
    /// Connections that it made.
    pub connections_out: u64,
    /// Connections that it accepted.
    pub connections_in: u64,
    /// Datagrams that it sent.
    pub datagrams_sent: u64,
    /// Datagrams that it received.
    pub datagrams_received: u64,
    /// Datagrams that a limit cost: of a queue that is full, or of the rate. What goes to a port where nobody is, as on any
    /// network, is not among them.
    pub datagrams_dropped: u64,
    /// Connections, datagrams and lookups that no rule allows.
    pub denials: u64,
}

impl NetworkUsage {
    /// Whether nothing happened at all.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

/// Where an attempt is on its user's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Nic {
    /// Its IPv4 address.
    #[schema(value_type = String, format = Ipv4)]
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    #[schema(value_type = String, format = Ipv6)]
    pub v6: Ipv6Addr,
    /// What it was denied, each in a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<String>,
}

/// `GET /v1/networks`: an operator sees all that are assigned, a user their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NetworkList {
    /// Networks that have a user.
    pub items: Vec<Network>,
    /// How many are ready and have none.
    pub prepared: u64,
    /// With fewer ready than this the operator is warned.
    pub low: u64,
}

/// A user's virtual network: `GET /v1/networks/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Network {
    /// Its name, `net-` and a number.
    pub name: String,
    /// Whose it is; absent before it is assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its IPv4 addresses: `10.80.3.0/24`.
    pub v4: String,
    /// Its IPv6 addresses: `fd5b:1e7::/64`.
    pub v6: String,
    /// When it was assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Timestamp>,
    /// How many instances are on it now.
    pub nics: u64,
    /// The operator's policy for its user: what their jobs may dial outside, if they ask for it.
    pub allow: Vec<String>,
    /// How much each instance on it may use; absent from servers that do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<NicLimits>,
}

/// How much one instance may use of its network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct NicLimits {
    /// Sockets at a time.
    pub sockets: u32,
    /// Connections at a time that leave its worker.
    pub connections: u32,
    /// Bytes per second, those sent and those received together.
    pub bytes_per_s: u64,
    /// Datagrams sent per second.
    pub datagrams_per_s: u32,
}

/// An attempt that is on a network, and its counters as last reported: an item of `GET /v1/networks/{name}/flows`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Public id of its job.
    pub job: String,
    /// Index of its task.
    pub task: u32,
    /// Which attempt at it, counted from 1.
    pub attempt: u32,
    /// Its IPv4 address.
    #[schema(value_type = String, format = Ipv4)]
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    #[schema(value_type = String, format = Ipv6)]
    pub v6: Ipv6Addr,
    /// The names that lead to it.
    #[serde(default)]
    pub names: Vec<String>,
    /// What went over it so far.
    #[serde(default)]
    pub usage: NetworkUsage,
}

/// A name of a network and who carries it: an item of `GET /v1/networks/{name}/peers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Peer {
    /// The name, without `.internal`.
    pub name: String,
    /// The addresses of those who carry it.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<IpAddr>,
}

/// `GET` and `PUT /v1/users/{name}/policy`: what a user's jobs may dial outside, if they ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EgressPolicy {
    /// Patterns; with none, nothing. One that begins with `protected:` opens a protected range.
    pub allow: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Job, SubmitJob, Usage};

    fn read(json: &str) -> Result<JobNetwork, String> {
        let job: Result<SubmitJob, _> =
            serde_json::from_str(&format!(r#"{{"module": "m", "network": {json}}}"#));
        job.map(|job| job.network.unwrap_or_default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_that_says_nothing_is_on_its_own_network_and_closed() {
        let silent: SubmitJob = serde_json::from_str(r#"{"module": "m"}"#).unwrap();
        assert_eq!(silent.network, None);
        for nothing in ["null", "{}", r#"{"mode": "own", "allow": []}"#] {
            assert_eq!(read(nothing), Ok(JobNetwork::default()), "{nothing}");
        }
        assert_eq!(JobNetwork::default().mode, NetworkMode::Own);
    }

    #[test]
    fn a_network_is_written_as_it_is_read() {
        let json = r#"{"mode":"own","allow":["api.example.org:443"],"publish":[{"host_port":18080,"guest_port":8080}]}"#;
        assert_eq!(serde_json::to_string(&read(json).unwrap()).unwrap(), json);
        let none = r#"{"mode":"none"}"#;
        assert_eq!(serde_json::to_string(&read(none).unwrap()).unwrap(), none);
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for (json, word) in [
            (r#"{"alow": []}"#, "alow"),
            (r#"{"mode": "host"}"#, "host"),
            (
                r#"{"publish": [{"host_port": 65536, "guest_port": 1}]}"#,
                "65536",
            ),
            (r#"{"publish": [{"host_port": 1}]}"#, "guest_port"),
            ("[]", "an object"),
            (r#""own""#, "an object"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
    }

    #[test]
    fn usage_without_a_network_says_nothing_of_one() {
        let silent = serde_json::to_value(Usage::default()).unwrap();
        assert_eq!(silent.get("network"), None);
        let network = NetworkUsage {
            denials: 1,
            ..NetworkUsage::default()
        };
        let usage = Usage {
            network,
            ..Usage::default()
        };
        let json = serde_json::to_string(&usage).unwrap();
        assert!(json.contains(r#""denials":1"#), "{json}");
        assert_eq!(serde_json::from_str::<Usage>(&json).unwrap(), usage);
        assert_eq!(
            serde_json::from_str::<Usage>("{}").unwrap(),
            Usage::default()
        );
    }

    #[test]
    fn a_job_of_an_older_server_is_on_its_own_network() {
        let json = r#"{"id": "job_1", "number": 1, "user": "ada", "module": "m", "state": "queued", "tasks": {},
            "limits": {}, "priority": 0, "restart": {"policy": "on-loss"}, "submitted_at": "2025-11-21T20:13:20Z", "usage": {}}"#;
        let job: Job = serde_json::from_str(json).unwrap();
        assert_eq!(job.network, JobNetwork::default());
    }
}
