//! What a process costs, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// Memory of a process in bytes: what is resident, and the page tables that it takes to have it there.
pub(crate) fn memory_bytes(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes = |field: &str| -> anyhow::Result<u64> {
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        let number = value.and_then(|value| value.split_whitespace().next());
        Ok(number
            .with_context(|| format!("the kernel does not tell {field}"))?
            .parse()?)
    };
    Ok((kibibytes("VmRSS:")? + kibibytes("VmPTE:")?) * 1024)
}

/// Processor time of a process so far, all its threads together.
pub(crate) fn processor_time(process: u32) -> anyhow::Result<Duration> {
    /// Of the fields after the name: time in user mode, and time in the kernel.
    const TIMES: std::ops::Range<usize> = 11..13;
    let fields = fields_after_name(process)?;
    let ticks = fields
        .get(TIMES)
        .context("the kernel does not tell processor times")?
        .iter()
        .map(|field| field.parse::<u64>())
        .sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second())?)
}

/// The child of `parent` that was started with this argument first.
pub(crate) fn child(parent: u32, argument: &str) -> anyhow::Result<u32> {
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse() else {
            continue;
        };
        if is_child(process, parent, argument).unwrap_or(false) {
            return Ok(process);
        }
    }
    anyhow::bail!("there is no `{argument}` process")
}

/// How many children a process has.
pub(crate) fn children(parent: u32) -> anyhow::Result<u32> {
    let parent = parent.to_string();
    let mut count = 0;
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse() else {
            continue;
        };
        // One that ends meanwhile is nobody's child.
        let fields = fields_after_name(process).unwrap_or_default();
        count += u32::from(fields.get(1) == Some(&parent));
    }
    Ok(count)
}

/// A process that ends meanwhile is an error, and nobody's child.
fn is_child(process: u32, parent: u32, argument: &str) -> anyhow::Result<bool> {
    if fields_after_name(process)?.get(1) != Some(&parent.to_string()) {
        return Ok(false);
    }
    let command = fs::read_to_string(format!("/proc/{process}/cmdline"))?;
    // Behind it may stand the account of the host that it has.
    Ok(command.split('\0').nth(1) == Some(argument))
}

/// A name may hold anything, so what follows begins after its last bracket.
fn fields_after_name(process: u32) -> anyhow::Result<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = stat.rsplit_once(')').context("a process has a name")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}
