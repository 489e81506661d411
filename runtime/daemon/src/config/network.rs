//! How much one running instance may use of its network. It decides which amounts make sense at all.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sublet_worker::network::NicLimits;

use super::quantity::Size;

/// Less than one write of the largest size at a time would stand still more than it moves.
const BANDWIDTH_MIN: Size = Size::bytes(64 << 10);

/// How much one running instance may use of its network.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkDefaults {
    /// Sockets at a time. As many as the bound allows can make a worker hold 2 GiB for one instance.
    #[serde(deserialize_with = "within::<1, 4_096, _>")]
    pub sockets: u32,
    /// Connections at a time that leave its worker.
    #[serde(deserialize_with = "within::<0, 16_384, _>")]
    pub connections: u32,
    /// Bytes per second, those sent and those taken in together.
    #[serde(deserialize_with = "worth_waiting_for")]
    pub bandwidth: Size,
    /// Datagrams sent per second.
    #[serde(deserialize_with = "within::<1, 100_000_000, _>")]
    pub datagrams_per_s: u32,
}

impl Default for NetworkDefaults {
    fn default() -> Self {
        let limits = NicLimits::default();
        Self {
            sockets: limits.sockets,
            connections: limits.connections,
            bandwidth: Size::bytes(limits.bytes_per_s),
            datagrams_per_s: limits.datagrams_per_s,
        }
    }
}

impl From<NetworkDefaults> for NicLimits {
    fn from(defaults: NetworkDefaults) -> Self {
        Self {
            sockets: defaults.sockets,
            connections: defaults.connections,
            bytes_per_s: defaults.bandwidth.as_bytes(),
            datagrams_per_s: defaults.datagrams_per_s,
        }
    }
}

fn within<'de, const MIN: u32, const MAX: u32, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u32, D::Error> {
    let number = i64::deserialize(deserializer)?;
    u32::try_from(number)
        .ok()
        .filter(|number| (MIN..=MAX).contains(number))
        .ok_or_else(|| D::Error::custom(format!("{number} is not a number from {MIN} to {MAX}")))
}

fn worth_waiting_for<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
    let size = Size::deserialize(deserializer)?;
    if size.as_bytes() < BANDWIDTH_MIN.as_bytes() {
        return Err(D::Error::custom(format!(
            "a bandwidth of {size} per second is too little: write {BANDWIDTH_MIN} or more"
        )));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<NicLimits, String> {
        let config = Config::parse(&format!("[defaults.network]\n{text}"));
        config
            .map(|config| config.defaults.network.into())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_holds_and_the_rest_is_as_ever() {
        assert_eq!(read(""), Ok(NicLimits::default()));
        assert_eq!(
            read("sockets = 7\nbandwidth = \"1MiB\""),
            Ok(NicLimits {
                sockets: 7,
                bytes_per_s: 1 << 20,
                ..NicLimits::default()
            })
        );
        assert_eq!(
            read("connections = 0\ndatagrams_per_s = 9"),
            Ok(NicLimits {
                connections: 0,
                datagrams_per_s: 9,
                ..NicLimits::default()
            })
        );
    }

    #[test]
    fn amounts_that_make_no_sense_are_refused_with_their_bounds() {
        for (text, words) in [
            ("sockets = 0", "0 is not a number from 1 to 4096"),
            ("sockets = 4097", "4097 is not a number from 1 to 4096"),
            ("connections = -1", "-1 is not a number from 0 to 16384"),
            ("connections = 16385", "from 0 to 16384"),
            ("datagrams_per_s = 0", "from 1 to 100000000"),
            (
                "bandwidth = \"65535B\"",
                "65535B per second is too little: write 64KiB",
            ),
            ("bandwidth = \"fast\"", "`fast` is not a size"),
            ("bandwith = \"1MiB\"", "mean `bandwidth`?"),
        ] {
            let error = read(text).unwrap_err();
            assert!(
                error.contains(words) && error.contains("line 2"),
                "{text}: {error}"
            );
        }
    }
}
