//! How much one nic may use: what an operator decides, and what holds for everybody.

use serde::{Deserialize, Serialize};
use sublet_network::Limits;

/// Bytes that wait in one direction of a connection.
const WINDOW_BYTES: u32 = 256 << 10;
/// Connections begun per second: who does nothing else must not wear the host out.
const CONNECTS_PER_S: u64 = 20_000;
/// Names looked up per second, likewise.
const LOOKUPS_PER_S: u64 = 10_000;

/// What one nic may use, as an operator decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NicLimits {
    /// Sockets at a time, accepted ones included. With the window it bounds what one instance can make its worker hold.
    pub sockets: u32,
    /// Connections at a time that leave its worker, peers of datagrams among them. Each takes a descriptor of the front.
    pub connections: u32,
    /// Bytes per second, those that it sends and those that it takes in together.
    pub bytes_per_s: u64,
    /// Datagrams that it sends per second.
    pub datagrams_per_s: u32,
}

impl Default for NicLimits {
    /// The bandwidth is a fifth of a line of ten gigabits: no single instance fills it, and one with a share of less than a
    /// tenth of a processor does not come to it.
    fn default() -> Self {
        Self {
            sockets: 128,
            connections: 256,
            bytes_per_s: 256 << 20,
            datagrams_per_s: 200_000,
        }
    }
}

impl From<NicLimits> for Limits {
    fn from(limits: NicLimits) -> Self {
        Self {
            sockets: limits.sockets,
            connections: limits.connections,
            window_bytes: WINDOW_BYTES,
            bytes_per_s: Some(limits.bytes_per_s),
            datagrams_per_s: Some(limits.datagrams_per_s.into()),
            connects_per_s: Some(CONNECTS_PER_S),
            lookups_per_s: Some(LOOKUPS_PER_S),
        }
    }
}
