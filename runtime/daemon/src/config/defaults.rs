//! What holds when a job or a user says nothing.

use serde::Deserialize;
use sublet_scheduler::{Limits, Terms};

use super::network::NetworkDefaults;
use super::quantity::{Cpu, Size, Span};

/// What holds when a job or a user says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    /// Of a job.
    pub job: JobDefaults,
    /// Of a user.
    pub quota: Quota,
    /// Of one running instance on its network.
    pub network: NetworkDefaults,
    /// What users may reach beyond their networks: patterns such as `*.example.org:443`. Nothing, unless it stands here.
    pub egress: Vec<String>,
}

/// What holds when a job says nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JobDefaults {
    /// Share of processors.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Size,
    /// Wall time.
    pub timeout: Span,
    /// Output that is kept.
    pub output: Size,
}

impl Default for JobDefaults {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            cpu: Cpu::millis(50),
            memory: Size::bytes(limits.memory_bytes),
            timeout: Span::millis(limits.wall_ms),
            output: Size::bytes(limits.output_bytes),
        }
    }
}

/// What one user may have at a time, in all sub-clusters together. What is left out has no limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quota {
    /// Slots held.
    pub slots: Option<u64>,
    /// Processors held.
    pub cpu: Option<Cpu>,
    /// Memory held.
    pub memory: Option<Size>,
    /// Tasks that are queued or running.
    pub queued: u64,
    /// Submissions per second.
    pub submits_per_s: Option<u32>,
    /// Modules.
    pub modules: Option<u64>,
    /// Bytes of modules and inputs together.
    pub stored: Option<Size>,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            slots: None,
            cpu: None,
            memory: None,
            queued: 1_000_000,
            submits_per_s: None,
            modules: None,
            stored: None,
        }
    }
}

impl Quota {
    /// What the scheduler keeps of it.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            weight: 1,
            quota: sublet_scheduler::Quota {
                slots: self.slots.unwrap_or(u64::MAX),
                cpu_millis: self.cpu.map_or(u64::MAX, Cpu::as_millis),
                memory_bytes: self.memory.map_or(u64::MAX, Size::as_bytes),
                queued: self.queued,
                submits_per_s: self.submits_per_s.unwrap_or(0),
            },
        }
    }
}
