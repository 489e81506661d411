//! What a server needs to do its work, looked at one by one. A failed check means that something it promises does not hold
//! now; a warning, that somebody should look before it does not.

use std::sync::Arc;
use std::time::Duration;

use sublet_api::{Check, CheckState};
use sublet_identity::Authority;
use sublet_store::DataDirectory;

use crate::clock;
use crate::config::Size;
use crate::front::Front;
use crate::serve::told_gaps;

/// The driver and the store have so long to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// An authority that ends within this many seconds is to be replaced.
const SOON_S: u64 = 30 * 24 * 60 * 60;

/// All of them, always in the same order.
pub(super) async fn all(front: &Arc<Front>) -> Vec<Check> {
    let (driver, store) = tokio::join!(driver(front), store(front));
    let files = Arc::clone(front);
    let on_disk = tokio::task::spawn_blocking(move || {
        [disk(&files), certificate(&files.directory), workers(&files)]
    })
    .await;
    let on_disk = on_disk.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let [disk, certificate, workers] = on_disk;
    let networks = networks(front).await;
    let walls = walls(front);
    vec![driver, store, disk, certificate, networks, workers, walls]
}

async fn driver(front: &Front) -> Check {
    let look = front.driver.look(|state| state.scheduler.pool().draining);
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(false)) => ok("driver", "it turns"),
        Ok(Ok(true) | Err(_)) => failed("driver", "the server is stopping"),
        Err(_elapsed) => failed(
            "driver",
            format!("no answer within {} s", PATIENCE.as_secs()),
        ),
    }
}

async fn store(front: &Arc<Front>) -> Check {
    let read = front.read(|reader| reader.next_ids().map(drop));
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(())) => ok("store", "it answers"),
        Ok(Err(error)) => failed("store", told(&error)),
        Err(_elapsed) => failed(
            "store",
            format!("no answer within {} s", PATIENCE.as_secs()),
        ),
    }
}

fn disk(front: &Front) -> Check {
    let reserve = front.now().config.pool.reserve.disk;
    match front.directory.free_bytes() {
        Ok(free) if free < reserve.as_bytes() => failed(
            "disk",
            format!(
                "{} free, below the reserve of {reserve}: submissions are refused",
                mib(free)
            ),
        ),
        Ok(free) => ok(
            "disk",
            format!("{} free, the reserve is {reserve}", mib(free)),
        ),
        Err(error) => failed("disk", told(&error)),
    }
}

/// The server's own certificate is made anew each day; what ends is the authority behind it.
fn certificate(directory: &DataDirectory) -> Check {
    let end = match oldest_end(directory) {
        Ok(Some(end)) => end,
        Ok(None) => return failed("certificate", "there is no authority"),
        Err(problem) => return failed("certificate", problem),
    };
    let left = end.0.saturating_sub(clock::now().0 / 1000);
    let detail = format!("the authority that vouches for the server is good until {end}");
    match left {
        0 => failed("certificate", format!("the authority ended at {end}")),
        left if left < SOON_S => warning("certificate", detail),
        _ => ok("certificate", detail),
    }
}

fn oldest_end(directory: &DataDirectory) -> Result<Option<sublet_identity::UnixSeconds>, String> {
    let files = directory.keys().map_err(|error| told(&error))?;
    let names = files.names().map_err(|error| told(&error))?;
    let mut ends = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_suffix(".pem")) {
        let read = |end: &str| {
            let text = files.read(&format!("{name}{end}"));
            text.map_err(|error| told(&error))
                .map(Option::unwrap_or_default)
        };
        let authority = Authority::from_pem(&read(".pem")?, &read(".key")?);
        ends.push(
            authority
                .map_err(|error| told(&error))?
                .validity()
                .not_after,
        );
    }
    Ok(ends.into_iter().min())
}

/// Who has a network goes on without another; only newcomers are refused, so none left is not the end.
async fn networks(front: &Arc<Front>) -> Check {
    let low = front.now().config.service.networks.low as usize;
    let free = front.read(|reader| {
        let networks = reader.networks()?;
        Ok((
            networks.iter().filter(|one| one.user.is_none()).count(),
            networks.len(),
        ))
    });
    match free.await {
        Ok((free, all)) if free <= low => warning(
            "networks",
            format!("{free} of {all} are left for new users: prepare more in [service] networks"),
        ),
        Ok((free, all)) => ok("networks", format!("{free} of {all} are left")),
        Err(error) => failed("networks", told(&error)),
    }
}

/// Workers are started from our own executable, which an upgrade may have taken away.
fn workers(front: &Front) -> Check {
    use rustix::fs::{Access, access};
    let path = &front.executable;
    match access(path, Access::EXEC_OK) {
        Ok(()) => ok("workers", "they can be started"),
        Err(error) => failed(
            "workers",
            format!(
                "{} cannot be started ({error}): start the server anew",
                path.display()
            ),
        ),
    }
}

/// As found when the server started: a worker that has fewer layers than that is not used where all are required.
fn walls(front: &Front) -> Check {
    match front.gaps.as_slice() {
        [] => ok("walls", "every layer around workers stands"),
        gaps => warning("walls", told_gaps(gaps)),
    }
}

fn mib(bytes: u64) -> Size {
    Size::mib(bytes >> 20)
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

fn ok(name: &str, detail: impl Into<String>) -> Check {
    check(name, CheckState::Ok, detail)
}

fn warning(name: &str, detail: impl Into<String>) -> Check {
    check(name, CheckState::Warning, detail)
}

fn failed(name: &str, detail: impl Into<String>) -> Check {
    check(name, CheckState::Failed, detail)
}

fn check(name: &str, state: CheckState, detail: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        state,
        detail: detail.into(),
    }
}
