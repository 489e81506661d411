//! How the nouns of the scheduler and of the network are written into frames. They know nothing of any format; the compiler
//! checks these mirrors against the real types, field by field.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sublet_network::{Addresses, Denial, DenialReason, Plan, Protocol, Refusal, Target};
use sublet_scheduler::{
    AttemptId, CancelReason, JobId, Limit, Limits, LossReason, NetworkUsage, Outcome, TrapKind,
    Usage,
};

#[derive(Serialize, Deserialize)]
#[serde(remote = "JobId")]
pub(crate) struct JobIdWire(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "AttemptId")]
pub(crate) struct AttemptIdWire {
    #[serde(with = "JobIdWire")]
    job: JobId,
    task: u32,
    number: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits")]
pub(crate) struct LimitsWire {
    memory_bytes: u64,
    cpu_ms: Option<u64>,
    wall_ms: u64,
    output_bytes: u64,
    scratch_bytes: u64,
    open_files: u32,
    table_elements: u32,
    handles: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Usage")]
pub(crate) struct UsageWire {
    cpu_us: u64,
    wall_us: u64,
    memory_peak_bytes: u64,
    stdout_bytes: u64,
    stderr_bytes: u64,
    output_cut_bytes: u64,
    scratch_peak_bytes: u64,
    memory_denied: u32,
    tables_denied: u32,
    handles_denied: u32,
    #[serde(with = "NetworkUsageWire")]
    network: NetworkUsage,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NetworkUsage")]
pub(crate) struct NetworkUsageWire {
    bytes_sent: u64,
    bytes_received: u64,
    connections_out: u64,
    connections_in: u64,
    datagrams_sent: u64,
    datagrams_received: u64,
    datagrams_dropped: u64,
    denials: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome")]
pub(crate) enum OutcomeWire {
    Succeeded,
    Failed(i32),
    Trapped(#[serde(with = "TrapKindWire")] TrapKind),
    LimitExceeded(#[serde(with = "LimitWire")] Limit),
    Cancelled(#[serde(with = "CancelReasonWire")] CancelReason),
    Lost(#[serde(with = "LossReasonWire")] LossReason),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TrapKind")]
enum TrapKindWire {
    Unreachable,
    MemoryOutOfBounds,
    TableOutOfBounds,
    BadIndirectCall,
    StackOverflow,
    DivisionByZero,
    IntegerOverflow,
    HostCall,
    Other,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limit")]
enum LimitWire {
    Memory,
    Tables,
    Handles,
    Files,
    Cpu,
    Wall,
    Disk,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CancelReason")]
enum CancelReasonWire {
    Asked,
    Shutdown,
    Drained,
    Preempted,
    Dependency,
    Quarantine,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LossReason")]
enum LossReasonWire {
    Worker,
    Server,
    Setup,
    Panic,
    Host,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Plan")]
pub(crate) struct PlanWire {
    v4: Ipv4Addr,
    v4_bits: u8,
    v6: Ipv6Addr,
    v6_bits: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Protocol")]
pub(crate) enum ProtocolWire {
    Tcp,
    Udp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Target")]
pub(crate) enum TargetWire {
    Address(SocketAddr),
    Name { name: String, port: u16 },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Refusal")]
pub(crate) enum RefusalWire {
    Denied(#[serde(with = "DenialWire")] Denial),
    AddressInUse,
    AddressNotBindable,
    ConnectionRefused,
    ConnectionReset,
    Unreachable,
    TimedOut,
    Limit,
    TooLarge,
    InvalidArgument,
    NameNotFound,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Denial")]
struct DenialWire {
    target: String,
    #[serde(with = "DenialReasonWire")]
    reason: DenialReason,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "DenialReason")]
enum DenialReasonWire {
    NotAllowed,
    Protected,
    NotSupported,
}

/// `serde` knows no mirrors inside an `Option`.
pub(crate) struct MaybeAddresses;

impl MaybeAddresses {
    pub(crate) fn serialize<S: Serializer>(
        addresses: &Option<Addresses>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        addresses
            .map(|Addresses { v4, v6 }| (v4, v6))
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(
        deserializer: D,
    ) -> Result<Option<Addresses>, D::Error> {
        let pair = Option::deserialize(deserializer)?;
        Ok(pair.map(|(v4, v6)| Addresses { v4, v6 }))
    }
}
