//! What tasks left.

use sublet_api::{Artifact, ArtifactSum};

use super::{table, unit};
use crate::output::Named;

/// Digits of a digest that are shown where it only has to be told from others.
const SHORT_DIGITS: usize = 12;

impl Named for Artifact {
    fn name(&self) -> String {
        self.name.clone()
    }
}

/// What one task left.
pub(crate) fn table(artifacts: &[Artifact]) -> String {
    let rows = artifacts.iter().map(|artifact| {
        vec![
            table::plain(&artifact.name),
            unit::bytes(artifact.size_bytes),
            table::plain(&artifact.media_type),
            artifact.digest.chars().take(SHORT_DIGITS).collect(),
        ]
    });
    table::rows(&["NAME", "SIZE", "TYPE", "DIGEST"], rows)
}

/// `3 files, 1.2 MiB`
pub(crate) fn sum(sum: &ArtifactSum) -> String {
    format!(
        "{}, {}",
        unit::count(sum.count, "file"),
        unit::bytes(sum.bytes)
    )
}
