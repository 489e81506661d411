//! How busy the host is, and whether it can be trusted with work: what rules read as `node.load` and `node.healthy`. The
//! kernel's counters are read every two seconds; the driver is told only of what changed enough to matter.

use std::time::Duration;
use std::{fs, io};

use tokio::time::MissedTickBehavior;

use crate::driver::{Command, DriverHandle};

/// How often the counters are read.
const PAUSE: Duration = Duration::from_secs(2);
/// A change of the load by less than this many thousandths is noise, and is not told.
const STEP_MILLIS: u64 = 20;
/// A host is healthy as long as this part of its memory is available: below it the kernel soon ends processes.
const MEMORY_DIVISOR: u64 = 50;

/// Watches the host until the driver is gone or the task is dropped.
pub(super) async fn watch(driver: DriverHandle) {
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Processors::default();
    let mut told: Option<(u64, bool)> = None;
    loop {
        ticks.tick().await;
        let Ok((now, is_healthy)) = look() else {
            tracing::debug!("the counters of the host cannot be read");
            continue;
        };
        let load_millis = now.load_since(before);
        before = now;
        let is_news = told.is_none_or(|(load, healthy)| {
            healthy != is_healthy || load.abs_diff(load_millis) >= STEP_MILLIS
        });
        if is_news {
            told = Some((load_millis, is_healthy));
            driver.tell(Command::HostFacts {
                load_millis,
                is_healthy,
            });
        }
    }
}

fn look() -> io::Result<(Processors, bool)> {
    let unreadable = || io::Error::other("not as expected");
    let processors = Processors::read(&fs::read_to_string("/proc/stat")?).ok_or_else(unreadable)?;
    let healthy = has_memory(&fs::read_to_string("/proc/meminfo")?).ok_or_else(unreadable)?;
    Ok((processors, healthy))
}

/// Time of all processors since the host was started, in the kernel's ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Processors {
    busy: u64,
    idle: u64,
}

impl Processors {
    /// From the first line of `/proc/stat`: user, nice, system, idle, waiting for disks, and what interrupts and the
    /// hypervisor took (`proc_stat(5)`). What guests of this host's own virtual machines used is counted in the first two.
    fn read(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let times: Vec<u64> = line
            .split_whitespace()
            .take(8)
            .map_while(|time| time.parse().ok())
            .collect();
        let &[user, nice, system, idle, waiting, ref rest @ ..] = times.as_slice() else {
            return None;
        };
        Some(Self {
            busy: user + nice + system + rest.iter().sum::<u64>(),
            idle: idle + waiting,
        })
    }

    /// Thousandths of all processors that were busy since an earlier look.
    const fn load_since(self, before: Self) -> u64 {
        let busy = self.busy.saturating_sub(before.busy);
        let all = busy + self.idle.saturating_sub(before.idle);
        match (busy * 1000).checked_div(all) {
            Some(load) => load,
            None => 0,
        }
    }
}

/// Whether enough memory is available, from `/proc/meminfo`.
fn has_memory(meminfo: &str) -> Option<bool> {
    let kib = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    };
    Some(kib("MemAvailable:")? >= kib("MemTotal:")? / MEMORY_DIVISOR)
}

#[cfg(test)]
mod tests {
    use super::{Processors, has_memory};

    #[test]
    fn the_load_is_the_busy_part_of_what_passed() {
        let before = Processors::read("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2").unwrap();
        let after = Processors::read("cpu  150 10 130 900 10 0 0 0 7 7\ncpu0 1 2").unwrap();
        assert_eq!(after.load_since(before), 450);
        assert_eq!(after.load_since(after), 0);
    }

    #[test]
    fn counters_that_are_not_there_are_not_made_up() {
        assert_eq!(Processors::read(""), None);
        assert_eq!(Processors::read("cpu  1 2 3"), None);
        assert_eq!(has_memory("MemTotal: 5 kB"), None);
    }

    #[test]
    fn a_fiftieth_of_the_memory_must_be_left() {
        let memory = |available| format!("MemTotal: 1000 kB\nMemAvailable: {available} kB\n");
        assert_eq!(has_memory(&memory(20)), Some(true));
        assert_eq!(has_memory(&memory(19)), Some(false));
    }
}
