//! Why the network does not do what it is asked.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

/// Why the network does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No rule allows it.
    #[error("the destination is not allowed: {0}")]
    Denied(Denial),
    /// Another socket has the port, or no ephemeral port is free.
    #[error("the port is in use")]
    AddressInUse,
    /// Not an address of this instance.
    #[error("the address is not one of this instance")]
    AddressNotBindable,
    /// Nobody listens, or not in time.
    #[error("nobody listens there")]
    ConnectionRefused,
    /// One end is gone.
    #[error("the connection was reset")]
    ConnectionReset,
    /// Nothing is there, or not from this address.
    #[error("the destination cannot be reached")]
    Unreachable,
    /// Nobody answered.
    #[error("the connection took too long")]
    TimedOut,
    /// A counted thing is used up.
    #[error("a limit of sockets or connections is reached")]
    Limit,
    /// Longer than a datagram may be.
    #[error("the datagram is too large")]
    TooLarge,
    /// A wrong family, port 0, a mapped address, or a port of another protocol.
    #[error("the address makes no sense here")]
    InvalidArgument,
    /// Nobody has the name.
    #[error("the name does not resolve")]
    NameNotFound,
}

/// Which rule was missing, and for what: the reason that a user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// What was asked for, as `name:port` or `address:port`; a name alone if only that was looked up.
    pub target: String,
    /// Why not.
    pub reason: DenialReason,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, reason } = self;
        match reason {
            DenialReason::NotAllowed => write!(
                f,
                "{target} is allowed by no egress rule of the job, or by none of the operator"
            ),
            DenialReason::Protected => write!(
                f,
                "{target} is in a protected range, which only a rule of the operator can open"
            ),
            DenialReason::NotSupported => {
                write!(
                    f,
                    "{target} is multicast or broadcast, which do not exist here"
                )
            }
        }
    }
}

/// Why a destination is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DenialReason {
    /// No rule matches.
    NotAllowed,
    /// A rule may match, but the address is of a range that stays closed.
    Protected,
    /// There is no such thing on this network.
    NotSupported,
}

/// Why a name has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LookupError {
    /// Nobody has it, or no rule allows it.
    #[error("the name does not resolve")]
    NotFound,
    /// It cannot be one.
    #[error("this is not a name")]
    Invalid,
    /// Later it may work.
    #[error("too many lookups, or the lookup took too long")]
    Temporary,
}

/// Why an instance cannot join.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttachError {
    /// Another nic of this network has it.
    #[error("address {0} is taken")]
    AddressTaken(IpAddr),
    /// The plan of the network does not contain it.
    #[error("address {0} is not of this network")]
    ForeignAddress(IpAddr),
    /// Nobody could look it up.
    #[error("{0} is not a name")]
    BadName(String),
}
