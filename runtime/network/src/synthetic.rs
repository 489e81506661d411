//! Addresses that stand for names of the world.
//!
//! A lookup of a name that some rule allows asks nobody: it answers an address of a range that is used for nothing else,
//! and a connection to that address is decided by the name. So a lookup carries nothing out, and there is no address
//! that an attacker could exchange between the question and the connection.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::range::Range;

/// The range, which is reserved for benchmarks between machines.
pub(crate) const SYNTHETIC: Range = Range::v4([198, 18, 0, 0], 15);

/// Names that one nic may have looked up: a wildcard rule would let a guest fill memory with names.
const NAMES_MAX: usize = 1_024;

/// The address before the first that is given.
const BASE: u32 = u32::from_be_bytes([198, 18, 0, 0]);

/// The names of one nic. An address keeps its name as long as the nic lives, so none is ever reused.
#[derive(Debug, Default)]
pub(crate) struct Synthetic {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Synthetic {
    /// The address of a name, always the same. Nothing where too many names were looked up.
    pub(crate) fn address_of(&mut self, name: &str) -> Option<Ipv4Addr> {
        if let Some(number) = self.numbers.get(name) {
            return Some(Ipv4Addr::from(BASE + number));
        }
        if self.names.len() >= NAMES_MAX {
            return None;
        }
        self.names.push(name.to_owned());
        let number = u32::try_from(self.names.len()).ok()?;
        self.numbers.insert(name.to_owned(), number);
        Some(Ipv4Addr::from(BASE + number))
    }

    /// The name that an address stands for.
    pub(crate) fn name_at(&self, ip: IpAddr) -> Option<&str> {
        let IpAddr::V4(ip) = ip else {
            return None;
        };
        let number = u32::from(ip).checked_sub(BASE + 1)?;
        self.names
            .get(usize::try_from(number).ok()?)
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::{SYNTHETIC, Synthetic};

    #[test]
    fn a_name_keeps_its_address_and_no_more_are_kept_than_may_be() {
        let mut synthetic = Synthetic::default();
        let first = synthetic.address_of("a.example").unwrap();
        for number in 1..1_024 {
            let address = synthetic.address_of(&format!("{number}.example")).unwrap();
            assert!(SYNTHETIC.contains(address.into()) && address != first);
        }
        assert_eq!(synthetic.address_of("one.more.example"), None);
        assert_eq!(synthetic.address_of("a.example"), Some(first));
        assert_eq!(synthetic.name_at(first.into()), Some("a.example"));
        assert_eq!(synthetic.name_at("198.18.0.0".parse().unwrap()), None);
        assert_eq!(synthetic.name_at("198.18.200.0".parse().unwrap()), None);
        assert_eq!(synthetic.name_at("::1".parse().unwrap()), None);
    }
}
