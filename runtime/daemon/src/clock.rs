//! The one place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use sublet_scheduler::UnixMillis;

/// Now. A clock before 1970 reads as 1970.
pub(crate) fn now() -> UnixMillis {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
