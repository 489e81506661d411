//! The wall around workers, as this host gives it: found out once, by starting one that gets nothing to do.

use sublet_scheduler::UserId;
use sublet_worker::wall::{self, Layer};

use super::ServeError;
use crate::workers::Surroundings;

/// Which layers workers of this host do not have, each with its reason, as seen by one of this user.
///
/// # Errors
/// There is one, and the operator wants all of them; or a worker could have no directory.
pub(super) fn gaps(
    surroundings: &Surroundings,
    user: UserId,
) -> Result<Vec<(Layer, String)>, ServeError> {
    let directory = surroundings.directory_of(user)?;
    let account = surroundings.accounts.of_user(user);
    let gaps = match wall::probe(&surroundings.executable, &directory, account) {
        Ok(standings) => wall::gaps(&standings),
        // It would be no better with those that get something to do.
        Err(error) => Layer::ALL
            .map(|layer| (layer, format!("a worker could not be started: {error}")))
            .into(),
    };
    if gaps.is_empty() {
        tracing::info!("every layer of the wall around workers stands");
        return Ok(gaps);
    }
    let told = told(&gaps);
    if surroundings.require_hardening {
        return Err(ServeError::Unhardened(told));
    }
    tracing::warn!("the wall around workers is not whole: {told}");
    Ok(gaps)
}

/// The gaps in one line.
pub(crate) fn told(gaps: &[(Layer, String)]) -> String {
    let each = gaps
        .iter()
        .map(|(layer, why)| format!("no {layer} ({why})"));
    each.collect::<Vec<_>>().join(", ")
}
