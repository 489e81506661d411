//! What a job has of a network, where its attempts were on it, and what went over them.

use sublet_api::{Attempt, JobNetwork, NetworkMode, NetworkUsage, Publish};

use super::{table, unit};

/// What a job asked for, where that is not its user's network and nothing outside.
pub(super) fn asked(network: &JobNetwork) -> Option<String> {
    if *network == JobNetwork::default() {
        return None;
    }
    if network.mode == NetworkMode::None {
        return Some("none".to_owned());
    }
    let mut text = "own".to_owned();
    if !network.allow.is_empty() {
        text.push_str("  allow ");
        text.push_str(&network.allow.join(" "));
    }
    if !network.publish.is_empty() {
        let ports: Vec<String> = network.publish.iter().map(published).collect();
        text.push_str("  publish ");
        text.push_str(&ports.join(" "));
    }
    Some(text)
}

fn published(one: &Publish) -> String {
    format!("{}:{}", one.host_port, one.guest_port)
}

/// What went over a nic, zeros left out: `sent 2 KiB  connections out 3  denied 2`
pub(super) fn used(usage: &NetworkUsage) -> Option<String> {
    let bytes = [
        ("sent", usage.bytes_sent),
        ("received", usage.bytes_received),
    ];
    let numbers = [
        ("connections out", usage.connections_out),
        ("connections in", usage.connections_in),
        ("datagrams sent", usage.datagrams_sent),
        ("datagrams received", usage.datagrams_received),
        ("datagrams dropped", usage.datagrams_dropped),
        ("denied", usage.denials),
    ];
    let bytes = bytes.map(|(what, bytes)| (what, bytes, unit::bytes(bytes)));
    let numbers = numbers.map(|(what, number)| (what, number, number.to_string()));
    let said: Vec<String> = bytes
        .into_iter()
        .chain(numbers)
        .filter(|(_, number, _)| *number > 0)
        .map(|(what, _, text)| format!("{what} {text}"))
        .collect();
    (!said.is_empty()).then(|| said.join("  "))
}

/// Where an attempt was on its network, what went over that, and what it was denied: a paragraph, if there is any.
pub(super) fn of_attempt(attempt: &Attempt) -> Option<String> {
    let nic = attempt.nic.as_ref();
    let used = attempt.usage.and_then(|usage| used(&usage.network));
    if nic.is_none() && used.is_none() {
        return None;
    }
    let denied = nic.map_or(&[][..], |nic| &nic.denied);
    let facts = [
        ("address", nic.map(|nic| format!("{}  {}", nic.v4, nic.v6))),
        ("network", used),
    ];
    let denied = denied.iter().map(|one| ("denied", Some(one.clone())));
    let facts = table::page(facts.into_iter().chain(denied));
    Some(format!(
        "attempt {}\n{}",
        attempt.number,
        table::indented(&facts)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_told_where_it_is_not_the_usual_one() {
        for (json, text) in [
            (r#"{}"#, None),
            (r#"{"mode": "none"}"#, Some("none")),
            (
                r#"{"allow": ["api.example.org:443", "*:80"]}"#,
                Some("own  allow api.example.org:443 *:80"),
            ),
            (
                r#"{"allow": ["*:80"], "publish": [{"host_port": 18080, "guest_port": 8080}]}"#,
                Some("own  allow *:80  publish 18080:8080"),
            ),
        ] {
            let network: JobNetwork = serde_json::from_str(json).unwrap();
            assert_eq!(asked(&network).as_deref(), text, "{json}");
        }
    }

    #[test]
    fn usage_leaves_out_what_did_not_happen() {
        assert_eq!(used(&NetworkUsage::default()), None);
        let usage = NetworkUsage {
            bytes_sent: 2_048,
            connections_out: 3,
            datagrams_dropped: 4,
            denials: 1,
            ..NetworkUsage::default()
        };
        assert_eq!(
            used(&usage).as_deref(),
            Some("sent 2 KiB  connections out 3  datagrams dropped 4  denied 1")
        );
    }

    #[test]
    fn an_attempt_tells_its_addresses_and_what_it_was_denied() {
        let attempt: Attempt = serde_json::from_str(
            r#"{"number": 2, "state": "running", "nic": {"v4": "10.80.1.5", "v6": "fd5b:1::5", "denied": [
                "api.example.org:443 is allowed by no rule of the job", "10.0.0.1:22 is in a protected range"]},
                "usage": {"network": {"bytes_received": 10, "denials": 2}}}"#,
        )
        .unwrap();
        assert_eq!(
            of_attempt(&attempt).as_deref(),
            Some(
                "attempt 2\n  \
                 address  10.80.1.5  fd5b:1::5\n  \
                 network  received 10 B  denied 2\n  \
                 denied   api.example.org:443 is allowed by no rule of the job\n  \
                 denied   10.0.0.1:22 is in a protected range"
            )
        );
    }

    #[test]
    fn an_attempt_without_a_network_tells_nothing_of_one() {
        let attempt: Attempt =
            serde_json::from_str(r#"{"number": 1, "state": "reclaimed", "usage": {"cpu_us": 1}}"#)
                .unwrap();
        assert_eq!(of_attempt(&attempt), None);
    }
}
