//! How an attempt ended, and what it used. An outcome is a value and never an error: what happens to a guest is not a
//! fault of the runner.

use core::fmt;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest returned, or exited with code 0.
    Succeeded,
    /// The guest exited with another code.
    Failed(i32),
    /// The guest did something that WebAssembly forbids.
    Trapped(TrapKind),
    /// The guest used more of something than its limits allow.
    LimitExceeded(Limit),
    /// Somebody asked for it.
    Cancelled(CancelReason),
    /// Our side failed: nothing is known of how far the guest came.
    Lost(LossReason),
}

/// What a guest did that WebAssembly forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// It executed `unreachable`: how most languages abort.
    Unreachable,
    /// It read or wrote outside its memory.
    MemoryOutOfBounds,
    /// It read or wrote outside a table.
    TableOutOfBounds,
    /// It called through a table entry of another type, or an empty one.
    BadIndirectCall,
    /// Its stack was used up.
    StackOverflow,
    /// It divided by zero.
    DivisionByZero,
    /// An integer result did not fit.
    IntegerOverflow,
    /// It passed a host function something that it must not.
    HostCall,
    /// Any other trap.
    Other,
}

/// A limit that ended an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Linear memory: a declared minimum above the limit, or a trap after a denied growth.
    Memory,
    /// Table elements: as for memory.
    Tables,
    /// Component handles.
    Handles,
    /// Open files.
    Files,
    /// Processor time.
    Cpu,
    /// Wall time.
    Wall,
    /// Bytes in writable directories.
    Disk,
}

/// Why an attempt or a task was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// Its user, or an operator, asked.
    Asked,
    /// The server was stopping and its grace was over.
    Shutdown,
    /// Its node was to leave its sub-cluster, and the grace of that was over.
    Drained,
    /// Its slot was needed for a user who had less than a fair share.
    Preempted,
    /// A job that it waited for ended in another way than it had to.
    Dependency,
    /// Its module is in quarantine.
    Quarantine,
}

/// What was lost together with the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// The worker process died or was ended.
    Worker,
    /// The server itself was ended while the attempt was under way.
    Server,
    /// The attempt could not be started: its module or a directory could not be had.
    Setup,
    /// A host function panicked: our bug, not the guest's.
    Panic,
    /// The host that it ran on is gone.
    Host,
}

/// What an attempt used, measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Wall time in microseconds, from the first instruction to the end.
    pub wall_us: u64,
    /// Highest sum of linear memories, in bytes.
    pub memory_peak_bytes: u64,
    /// Bytes written to stdout, the cut ones included.
    pub stdout_bytes: u64,
    /// Bytes written to stderr, the cut ones included.
    pub stderr_bytes: u64,
    /// Bytes of stdout and stderr beyond the output limit, which were not kept.
    pub output_cut_bytes: u64,
    /// Highest number of bytes seen in writable directories.
    pub scratch_peak_bytes: u64,
    /// Growths of memory that were denied.
    pub memory_denied: u32,
    /// Growths of tables that were denied.
    pub tables_denied: u32,
    /// Files, sockets, connections or handles that were denied.
    pub handles_denied: u32,
    /// What went over its network interface.
    pub network: NetworkUsage,
}

impl Usage {
    /// Both together: sums, and the higher of the peaks. A sum that does not fit is the greatest there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cpu_us: self.cpu_us.saturating_add(other.cpu_us),
            wall_us: self.wall_us.saturating_add(other.wall_us),
            memory_peak_bytes: self.memory_peak_bytes.max(other.memory_peak_bytes),
            stdout_bytes: self.stdout_bytes.saturating_add(other.stdout_bytes),
            stderr_bytes: self.stderr_bytes.saturating_add(other.stderr_bytes),
            output_cut_bytes: self.output_cut_bytes.saturating_add(other.output_cut_bytes),
            scratch_peak_bytes: self.scratch_peak_bytes.max(other.scratch_peak_bytes),
            memory_denied: self.memory_denied.saturating_add(other.memory_denied),
            tables_denied: self.tables_denied.saturating_add(other.tables_denied),
            handles_denied: self.handles_denied.saturating_add(other.handles_denied),
            network: self.network.plus(other.network),
        }
    }
}

/// What went over the network interface of an attempt, counted by the host and not by the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkUsage {
    /// Bytes that the guest sent over connections and in datagrams, without any headers.
    pub bytes_sent: u64,
    /// Bytes that came to the guest over connections and in datagrams, without any headers.
    pub bytes_received: u64,
    /// Connections that the guest opened.
    pub connections_out: u64,
    /// Connections that the guest accepted.
    pub connections_in: u64,
    /// Datagrams that the guest sent, the dropped ones included.
    pub datagrams_sent: u64,
    /// Datagrams that came to the guest.
    pub datagrams_received: u64,
    /// Datagrams that nobody got: a queue was full, a rate was used up, or there was no receiver.
    pub datagrams_dropped: u64,
    /// Destinations and names that were denied, each time that the guest tried.
    pub denials: u64,
}

impl NetworkUsage {
    /// Both together. A sum that does not fit is the greatest there is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes_sent: self.bytes_sent.saturating_add(other.bytes_sent),
            bytes_received: self.bytes_received.saturating_add(other.bytes_received),
            connections_out: self.connections_out.saturating_add(other.connections_out),
            connections_in: self.connections_in.saturating_add(other.connections_in),
            datagrams_sent: self.datagrams_sent.saturating_add(other.datagrams_sent),
            datagrams_received: self
                .datagrams_received
                .saturating_add(other.datagrams_received),
            datagrams_dropped: self
                .datagrams_dropped
                .saturating_add(other.datagrams_dropped),
            denials: self.denials.saturating_add(other.denials),
        }
    }
}

impl Outcome {
    /// Whether the guest did what it was asked to.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Succeeded)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed(code) => write!(f, "failed with exit code {code}"),
            Self::Trapped(kind) => write!(f, "trapped: {kind}"),
            Self::LimitExceeded(limit) => write!(f, "limit exceeded: {limit}"),
            Self::Cancelled(CancelReason::Asked) => f.write_str("cancelled"),
            Self::Cancelled(CancelReason::Shutdown) => {
                f.write_str("cancelled: the server was stopping")
            }
            Self::Cancelled(CancelReason::Drained) => {
                f.write_str("cancelled: its node was drained")
            }
            Self::Cancelled(CancelReason::Preempted) => {
                f.write_str("cancelled: its slot was needed for another user's share")
            }
            Self::Cancelled(CancelReason::Dependency) => {
                f.write_str("cancelled: a job that it waited for did not end as it had to")
            }
            Self::Cancelled(CancelReason::Quarantine) => {
                f.write_str("cancelled: its module is in quarantine")
            }
            Self::Lost(reason) => write!(f, "lost: {reason}"),
        }
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "unreachable code was reached",
            Self::MemoryOutOfBounds => "memory access out of bounds",
            Self::TableOutOfBounds => "table access out of bounds",
            Self::BadIndirectCall => "indirect call to an empty entry or another type",
            Self::StackOverflow => "stack overflow",
            Self::DivisionByZero => "division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::HostCall => "a host function refused its arguments",
            Self::Other => "other",
        })
    }
}

impl Limit {
    /// The word of the API and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Tables => "tables",
            Self::Handles => "handles",
            Self::Files => "files",
            Self::Cpu => "cpu",
            Self::Wall => "wall",
            Self::Disk => "disk",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worker => "the worker process died",
            Self::Server => "the server was ended",
            Self::Setup => "it could not be started",
            Self::Panic => "a host function failed",
            Self::Host => "its host is gone",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::NetworkUsage;

    #[test]
    fn what_went_over_two_interfaces_is_added_and_never_wraps() {
        let one = NetworkUsage {
            bytes_sent: 1,
            bytes_received: 2,
            connections_out: 3,
            connections_in: 4,
            datagrams_sent: 5,
            datagrams_received: 6,
            datagrams_dropped: u64::MAX - 7,
            denials: u64::MAX,
        };
        let sum = NetworkUsage {
            bytes_sent: 2,
            bytes_received: 4,
            connections_out: 6,
            connections_in: 8,
            datagrams_sent: 10,
            datagrams_received: 12,
            datagrams_dropped: u64::MAX,
            denials: u64::MAX,
        };
        assert_eq!(one.plus(one), sum);
        assert_eq!(one.plus(NetworkUsage::default()), one);
    }
}
