//! What one attempt may use. Every quantity that a guest can drive up has a limit here, and each limit has its outcome.

/// The limits of one attempt. All hold at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, summed over all memories of the instance. Growth beyond it is denied to the guest.
    pub memory_bytes: u64,
    /// Processor time of the guest, in milliseconds; the attempt ends beyond it.
    pub cpu_ms: Option<u64>,
    /// Wall time from the first instruction, in milliseconds; the attempt ends beyond it.
    pub wall_ms: u64,
    /// Bytes of stdout and stderr together that are kept. What is beyond is cut and counted; the attempt goes on.
    pub output_bytes: u64,
    /// Bytes in the attempt's writable directories. 0 grants no writable directory; beyond it the attempt ends.
    pub scratch_bytes: u64,
    /// Files the guest may hold open at once. Opening one more answers an error to the guest.
    pub open_files: u32,
    /// Elements summed over all tables. Growth beyond it is denied to the guest.
    pub table_elements: u32,
    /// Component-model handles (resources) held at once.
    pub handles: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            cpu_ms: None,
            wall_ms: 30_000,
            output_bytes: 64 << 20,
            scratch_bytes: 0,
            open_files: 64,
            table_elements: 20_000,
            handles: 1_000,
        }
    }
}
