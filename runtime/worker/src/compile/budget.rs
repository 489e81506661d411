//! What the compilation of a module may cost. The same numbers hold on both sides: the child asks the kernel to keep
//! them, the parent keeps the wall clock, and the size of what comes out.

const MIB: u64 = 1 << 20;

/// The cost allowed for one compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Processor time, in seconds: 5 and 6 more per MiB of module, at most 120.
    pub cpu_s: u64,
    /// Wall time, in seconds: room for a busy machine, and an end for a compiler that sleeps.
    pub wall_s: u64,
    /// Address space, in bytes.
    pub memory_bytes: u64,
    /// Size of the artifact: 8 times the module, at least 1 MiB and at most 128 MiB.
    pub artifact_bytes: u64,
}

impl Budget {
    /// The budget for a module of this size.
    #[must_use]
    pub fn for_module(bytes: u64) -> Self {
        let cpu_s = (5 + 6 * bytes.div_ceil(MIB)).min(120);
        Self {
            cpu_s,
            wall_s: 10 + 4 * cpu_s,
            memory_bytes: 2048 * MIB,
            artifact_bytes: bytes.saturating_mul(8).clamp(MIB, 128 * MIB),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tiny_module_has_little_and_a_huge_one_not_without_end() {
        assert_eq!(Budget::for_module(100).cpu_s, 11);
        assert_eq!(Budget::for_module(100).artifact_bytes, MIB);
        assert_eq!(Budget::for_module(10 * MIB).cpu_s, 65);
        assert_eq!(Budget::for_module(64 * MIB).cpu_s, 120);
        assert_eq!(Budget::for_module(64 * MIB).artifact_bytes, 128 * MIB);
    }
}
