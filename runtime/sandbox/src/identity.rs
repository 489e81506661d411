//! The name of an engine: two processes whose engines have the same name accept each other's artifacts.

use serde::{Deserialize, Serialize};

/// The exact wasmtime that is linked; a test compares it with the lock file.
const WASMTIME_VERSION: &str = "48.0.8";

/// Raised with every change of the configuration that generated code could notice, and of what is let through: refusals are
/// remembered under it as well.
const REVISION: u32 = 4;

/// Who makes a guest give its thread away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preemption {
    /// The guest itself: its code looks in every loop and call whether it is time. Many share a process.
    Checks,
    /// The kernel: the code has no checks and runs faster, and only the end of its process ends it.
    Kernel,
}

/// The name of an engine: wasmtime's full version, the revision of our configuration, what this processor can do, and
/// whether its code has checks. It is the same in a process that compiles and in one that cannot, and safe as a file name.
#[must_use]
pub fn engine_identity(preemption: Preemption) -> String {
    let architecture = std::env::consts::ARCH;
    let checks = match preemption {
        Preemption::Checks => "",
        Preemption::Kernel => "-unchecked",
    };
    format!(
        "wasmtime-{WASMTIME_VERSION}-r{REVISION}-{architecture}-{:x}{checks}",
        processor_features()
    )
}

/// One bit for each instruction set that the compiler may make use of.
#[cfg(target_arch = "x86_64")]
fn processor_features() -> u32 {
    use std::arch::is_x86_feature_detected as has;
    [
        has!("cmpxchg16b"),
        has!("sse3"),
        has!("ssse3"),
        has!("sse4.1"),
        has!("sse4.2"),
        has!("popcnt"),
        has!("avx"),
        has!("avx2"),
        has!("fma"),
        has!("bmi1"),
        has!("bmi2"),
        has!("avx512bitalg"),
        has!("avx512dq"),
        has!("avx512f"),
        has!("avx512vl"),
        has!("avx512vbmi"),
        has!("lzcnt"),
    ]
    .into_iter()
    .fold(0, |bits, present| (bits << 1) | u32::from(present))
}

/// Other processors are told apart by their name alone; wasmtime checks their features when it loads an artifact.
#[cfg(not(target_arch = "x86_64"))]
fn processor_features() -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_wasmtime_that_is_locked() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(
            lock.contains(&format!(
                "name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n"
            )),
            "Cargo.lock has another wasmtime: change WASMTIME_VERSION"
        );
    }

    #[test]
    fn is_a_file_name_that_fits_a_stamp() {
        for preemption in [Preemption::Checks, Preemption::Kernel] {
            let identity = engine_identity(preemption);
            assert!(identity.len() <= 100);
            assert!(
                identity
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)),
                "{identity}"
            );
        }
    }

    #[test]
    fn code_with_checks_and_code_without_have_engines_of_their_own() {
        assert_ne!(
            engine_identity(Preemption::Checks),
            engine_identity(Preemption::Kernel)
        );
    }
}
