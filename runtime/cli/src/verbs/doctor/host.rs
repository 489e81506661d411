//! The host: its kernel, what it lets this account do, and whether the configuration fits it.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, getrlimit};
use sublet_daemon::config::{Config, Size};
use sublet_worker::Bursting;

use super::Finding;

/// Worker processes are waited for by descriptors of processes, which came with this kernel.
const KERNEL_MIN: (u32, u32) = (5, 3);
/// Kernels from here on say which pages a guest wrote to.
const KERNEL_PAGEMAP: (u32, u32) = (6, 7);
/// Connections at their limits, with room for workers and files.
const FILES_MIN: u64 = 4_096;
/// Memory below which only few of the smallest slots fit.
const MEMORY_MIN: u64 = 512 << 20;
/// What the service manager's own clock client leaves once the clock is right.
const SYNCHRONIZED: &str = "/run/systemd/timesync/synchronized";

pub(super) fn findings() -> Vec<Finding> {
    let release = rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned();
    vec![
        kernel(&release),
        bursts(sublet_worker::bursting()),
        pagemap(&release),
        files(getrlimit(Resource::Nofile).current),
        memory(&fs::read_to_string("/proc/meminfo").unwrap_or_default()),
        clock(Path::new(SYNCHRONIZED).exists()),
    ]
}

/// The configuration, and whether a server would start with it on this host. Defaults stand in for one that cannot be read.
pub(super) fn configuration(named: Option<&Path>) -> (Config, Finding) {
    match sublet_daemon::check_configuration(named) {
        Ok((config, _)) => (
            config,
            Finding::yes("configuration", "a server would start with it here").promised(),
        ),
        Err(error) => {
            let first = error.to_string();
            let first = first.lines().next().unwrap_or_default();
            let finding = Finding::no("configuration", first)
                .promised()
                .help("`sublet admin config check` shows the place");
            (Config::default(), finding)
        }
    }
}

fn kernel(release: &str) -> Finding {
    match version(release) {
        Some(version) if version >= KERNEL_MIN => {
            Finding::yes("kernel", format!("Linux {release}"))
        }
        Some(_) => {
            let (major, minor) = KERNEL_MIN;
            Finding::no(
                "kernel",
                format!("Linux {release} is older than {major}.{minor}"),
            )
            .help("workers cannot be started: use a newer kernel")
        }
        None => Finding::unknown("kernel", format!("`{release}` is no version")),
    }
    .promised()
}

fn pagemap(release: &str) -> Finding {
    let name = "pagemap scan";
    if version(release).is_some_and(|version| version >= KERNEL_PAGEMAP) {
        Finding::yes(
            name,
            "the kernel says which pages a guest wrote to, and only those are cleared",
        )
    } else {
        Finding::no(name, "the kernel cannot say which pages a guest wrote to")
            .help("Linux 6.7 can; without it starts are somewhat slower, and nothing else")
    }
}

fn bursts(bursting: Bursting) -> Finding {
    match bursting {
        Bursting::Idle => Finding::yes(
            "bursts",
            "guests beyond their share run in the idle class and take nothing from others",
        ),
        Bursting::LowestNiceness => Finding::no(
            "bursts",
            "this account may not leave the idle class, so guests beyond their share run at the lowest niceness",
        )
        .help("give the server RLIMIT_NICE 20: LimitNICE=20 in its unit"),
    }
}

fn files(limit: Option<u64>) -> Finding {
    let name = "open files";
    match limit {
        None => Finding::yes(name, "no limit"),
        Some(limit) if limit >= FILES_MIN => Finding::yes(name, format!("limit {limit}")),
        Some(limit) => Finding::no(
            name,
            format!("limit {limit}: that is fewer than connections and workers may need"),
        )
        .help("LimitNOFILE=65536 in the unit, or `ulimit -n 65536`"),
    }
}

fn memory(meminfo: &str) -> Finding {
    let bytes = |key: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(key))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kib << 10)
    };
    let (Some(total), Some(free)) = (bytes("MemTotal:"), bytes("MemAvailable:")) else {
        return Finding::unknown("memory", "/proc/meminfo cannot be read");
    };
    let mib = |bytes: u64| Size::mib(bytes >> 20);
    let detail = format!("{} of {} available", mib(free), mib(total));
    if free >= MEMORY_MIN {
        Finding::yes("memory", detail)
    } else {
        Finding::no("memory", detail)
            .help("end other programs, or expect guests to be refused memory")
    }
}

fn clock(is_synchronized: bool) -> Finding {
    if is_synchronized {
        Finding::yes("clock", "synchronised by systemd-timesyncd")
    } else {
        Finding::unknown("clock", "nothing says whether the clock is synchronised")
            .help("certificates and deadlines go by it: run a time service")
    }
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::Holds;
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (release, holds) in [
            ("6.18.44-fc", Holds::Yes),
            ("5.3.0", Holds::Yes),
            ("5.2.99", Holds::No),
            ("4.19", Holds::No),
            ("plan9", Holds::Unknown),
        ] {
            assert_eq!(kernel(release).holds, holds, "{release}");
        }
        assert!(kernel("4.19").is_broken());
        assert_eq!(pagemap("6.10.1").holds, Holds::Yes);
        assert_eq!(pagemap("6.6.9").holds, Holds::No);
    }

    #[test]
    fn few_files_little_memory_and_missing_rights_are_told_with_what_to_do() {
        assert_eq!(files(None).holds, Holds::Yes);
        assert_eq!(files(Some(FILES_MIN)).holds, Holds::Yes);
        let meminfo = |mib: u64| format!("MemTotal: 8388608 kB\nMemAvailable: {} kB\n", mib << 10);
        assert_eq!(memory(&meminfo(512)).holds, Holds::Yes);
        assert_eq!(memory("").holds, Holds::Unknown);
        for finding in [
            files(Some(1024)),
            memory(&meminfo(511)),
            bursts(Bursting::LowestNiceness),
        ] {
            assert_eq!(finding.holds, Holds::No, "{finding:?}");
            assert!(
                finding.help.is_some() && !finding.is_broken(),
                "{finding:?}"
            );
        }
    }
}
