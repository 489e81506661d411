//! The sub-clusters of a host whose operator said nothing: `short`, `medium` and `long`.
//!
//! * **Why three.** Jobs last from microseconds to hours. Behind one queue the short ones wait for the long ones; apart,
//!   each kind waits for its own. What a job declares decides: `job.timeout` and `job.memory`.
//! * **How much each has.** The host is measured in jobs that say nothing. Of so many, a sixth each is for `medium` and
//!   `long`, at least one, and the rest for `short`: most jobs are. Where there is room for two jobs there are `short`
//!   and `long`, where there is room for one `short` has everything, and where there is none the server does not start.
//! * **What a slot has.** At least what a job has that says nothing, so that each kind takes such a job. `medium` aims at
//!   twice and `long` at twenty times the processor share and eight times the memory, but not at fewer than four and two
//!   slots; memory that is left is dealt evenly among the slots, up to what 32-bit memories address.
//! * **Why nodes stay.** A node is carved for one sub-cluster and says so by its label `size`; only a node that does not
//!   work leaves. Processors that one sub-cluster leaves idle are used by the others all the same (`burst`), so there is
//!   nothing to gain by moving but memory, and what never moves never flaps.
//! * **Why routes.** Without them a short job would go wherever the queue is shortest, and mice would fill the slots of
//!   elephants. A job that is short but too large for a slot of `short` goes on to the next.

use sublet_scheduler::Resources;

use super::carve::SLOTS_MAX;
use super::defaults::JobDefaults;
use super::quantity::{Cpu, Size, Span};
use super::rules::Rules;

/// A job of up to this time is short, unless jobs that say nothing have more.
const SHORT_MS: u64 = 60_000;
/// A job of up to this time is medium.
const MEDIUM_MS: u64 = 3_600_000;
/// The part of the host that `medium` and `long` have each.
const SIDE_DIVISOR: u64 = 6;
/// Nodes of one sub-cluster, where it has as many slots: enough to take one out and go on.
const NODES_EACH: u64 = 4;
/// A 32-bit memory has 4 GiB.
const SLOT_MEMORY_MAX: u64 = 4 << 30;

/// The rules for a host that offers so much, its reserve taken off.
///
/// # Errors
/// Not one job that says nothing fits; the sentence has the numbers.
pub(super) fn rules(offered: Resources, job: &JobDefaults) -> Result<Rules, String> {
    let parts = parts(offered, job)?;
    let document = document(&parts, job);
    Ok(Rules::parse(&document).expect("the rules that are suggested hold on every host"))
}

/// One sub-cluster to be.
struct Part {
    name: &'static str,
    size: &'static str,
    slot: Resources,
    slots: u64,
}

/// What a sub-cluster aims at, in jobs that say nothing.
struct Aim {
    name: &'static str,
    size: &'static str,
    cpu: u64,
    memory: u64,
    slots_min: u64,
}

const SHORT: Aim = Aim {
    name: "short",
    size: "small",
    cpu: 1,
    memory: 1,
    slots_min: 1,
};
const MEDIUM: Aim = Aim {
    name: "medium",
    size: "medium",
    cpu: 2,
    memory: 2,
    slots_min: 4,
};
const LONG: Aim = Aim {
    name: "long",
    size: "large",
    cpu: 20,
    memory: 8,
    slots_min: 2,
};

fn parts(offered: Resources, job: &JobDefaults) -> Result<Vec<Part>, String> {
    let shape = Resources {
        cpu_millis: job.cpu.as_millis().max(1),
        memory_bytes: job.memory.as_bytes().max(1),
    };
    let jobs = offered.slots_of(shape);
    let side = (jobs / SIDE_DIVISOR).max(1);
    let shares: &[(&Aim, u64)] = match jobs {
        0 => {
            return Err(format!(
                "a job that says nothing wants {shape}, and the host offers {offered} less the reserve: lower [pool] reserve or [defaults.job]"
            ));
        }
        1 => &[(&SHORT, 1)],
        2 => &[(&SHORT, 1), (&LONG, 1)],
        _ => &[(&SHORT, jobs - 2 * side), (&MEDIUM, side), (&LONG, side)],
    };
    let each = shares.iter();
    Ok(each
        .map(|(aim, share)| part(aim, of(offered, *share, jobs), shape))
        .collect())
}

/// So many of so many parts.
fn of(whole: Resources, share: u64, parts: u64) -> Resources {
    let scaled = |amount: u64| {
        let scaled = u128::from(amount) * u128::from(share) / u128::from(parts);
        u64::try_from(scaled).expect("a part is at most the whole")
    };
    Resources {
        cpu_millis: scaled(whole.cpu_millis),
        memory_bytes: scaled(whole.memory_bytes),
    }
}

fn part(aim: &Aim, has: Resources, job: Resources) -> Part {
    let towards = |times: u64, one: u64, all: u64| {
        one.saturating_mul(times).min(all / aim.slots_min).max(one)
    };
    let least = Resources {
        cpu_millis: towards(aim.cpu, job.cpu_millis, has.cpu_millis),
        memory_bytes: towards(aim.memory, job.memory_bytes, has.memory_bytes),
    };
    let slots = has.slots_of(least).clamp(1, SLOTS_MAX);
    let memory = (has.memory_bytes / slots).min(SLOT_MEMORY_MAX.max(least.memory_bytes));
    let whole_mib = memory >> 20 << 20;
    Part {
        name: aim.name,
        size: aim.size,
        slot: Resources {
            cpu_millis: least.cpu_millis,
            memory_bytes: if whole_mib >= least.memory_bytes {
                whole_mib
            } else {
                memory
            },
        },
        slots,
    }
}

fn document(parts: &[Part], job: &JobDefaults) -> String {
    let nodes: Vec<String> = parts.iter().flat_map(nodes).collect();
    let mut text = format!("[pool]\nnodes = [\n{}]\n", nodes.concat());
    let short_ms = SHORT_MS.max(job.timeout.as_millis());
    let bounds = [short_ms, MEDIUM_MS.max(short_ms)];
    let (last, others) = parts.split_last().expect("there is a part");
    let bounded: Vec<(&Part, u64)> = others.iter().zip(bounds).collect();
    for &(part, timeout_ms) in &bounded {
        text.push_str(&subcluster(part));
        text.push_str(&format!(
            "accept = 'job.timeout <= {} && job.memory <= {}'\n",
            Span::millis(timeout_ms),
            Size::bytes(part.slot.memory_bytes)
        ));
    }
    text.push_str(&subcluster(last));
    if last.name == LONG.name {
        text.push_str("isolation = \"process\"\n");
    }
    for (part, timeout_ms) in bounded {
        text.push_str(&route(part, timeout_ms));
    }
    text
}

/// The nodes of a part: as equal as whole slots allow.
fn nodes(part: &Part) -> Vec<String> {
    let count = part.slots.min(NODES_EACH);
    let (slots, larger) = (part.slots / count, part.slots % count);
    let group = |count: u64, slots: u64| {
        format!(
            "    {{ name = \"{}\", count = {count}, cpu = {}, memory = \"{}\", labels = {{ size = \"{}\" }} }},\n",
            part.name,
            Cpu::millis(part.slot.cpu_millis * slots),
            Size::bytes(part.slot.memory_bytes * slots),
            part.size,
        )
    };
    let groups = [(larger, slots + 1), (count - larger, slots)];
    let there = groups.into_iter().filter(|(count, _)| *count > 0);
    there.map(|(count, slots)| group(count, slots)).collect()
}

fn subcluster(part: &Part) -> String {
    format!(
        "\n[[subcluster]]\nname = \"{}\"\nslot = {{ cpu = {}, memory = \"{}\" }}\nentry = 'node.labels.size == \"{}\" && node.healthy'\nexit = '!node.healthy'\n",
        part.name,
        Cpu::millis(part.slot.cpu_millis),
        Size::bytes(part.slot.memory_bytes),
        part.size,
    )
}

fn route(part: &Part, timeout_ms: u64) -> String {
    format!(
        "\n[[route]]\nname = \"{name}\"\nwhen = 'job.timeout <= {}'\nto = \"{name}\"\n",
        Span::millis(timeout_ms),
        name = part.name,
    )
}

#[cfg(test)]
mod tests {
    use sublet_scheduler::rule_set::SubclusterSpec;

    use super::*;
    use crate::config::Reserve;

    const GIB: u64 = 1 << 30;

    fn offered(cpu_millis: u64, memory_bytes: u64) -> Resources {
        let has = Resources {
            cpu_millis,
            memory_bytes,
        };
        has.checked_sub(Reserve::default().of(has)).unwrap()
    }

    /// Name, slots and MiB of a slot of each sub-cluster.
    fn on(cpu_millis: u64, memory_bytes: u64) -> Vec<(String, u64, u64)> {
        let offered = offered(cpu_millis, memory_bytes);
        let rules = rules(offered, &JobDefaults::default()).unwrap();
        let nodes = rules.carve(offered).unwrap();
        let slots_of = |spec: &SubclusterSpec| {
            let its = nodes
                .iter()
                .filter(|node| node.name.starts_with(&spec.name));
            its.map(|node| node.capacity.slots_of(spec.slot)).sum()
        };
        let each = rules.set.subclusters.iter();
        each.map(|spec| {
            (
                spec.name.clone(),
                slots_of(spec),
                spec.slot.memory_bytes >> 20,
            )
        })
        .collect()
    }

    fn three(slots_and_mib: [(u64, u64); 3]) -> Vec<(String, u64, u64)> {
        let names = ["short", "medium", "long"].into_iter();
        names
            .zip(slots_and_mib)
            .map(|(name, (slots, mib))| (name.to_owned(), slots, mib))
            .collect()
    }

    #[test]
    fn a_small_host_and_a_large_one_have_all_three() {
        assert_eq!(on(1000, GIB / 2), three([(4, 64), (1, 64), (1, 64)]));
        assert_eq!(on(2000, 2 * GIB), three([(16, 64), (4, 64), (2, 128)]));
        assert_eq!(on(2000, 24 * GIB), three([(20, 785), (4, 981), (2, 1962)]));
        assert_eq!(
            on(96_000, 192 * GIB),
            three([(1274, 102), (159, 204), (15, 2170)])
        );
    }

    #[test]
    fn a_host_with_room_for_two_jobs_or_one_has_as_many() {
        let host = |jobs: u64| Resources {
            cpu_millis: 1000,
            memory_bytes: jobs * (64 << 20) + 5,
        };
        let names = |jobs| {
            let rules = rules(host(jobs), &JobDefaults::default()).unwrap();
            rules.carve(host(jobs)).unwrap();
            let each = rules.set.subclusters.into_iter();
            each.map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(names(2), ["short", "long"]);
        assert_eq!(names(1), ["short"]);
        let refused = rules(host(0), &JobDefaults::default()).unwrap_err();
        assert!(
            refused.contains("64MiB") && refused.contains("less the reserve"),
            "{refused}"
        );
    }

    #[test]
    fn every_kind_of_job_has_a_slot_on_every_host() {
        let jobs = [
            JobDefaults::default(),
            JobDefaults {
                cpu: Cpu::millis(333),
                memory: Size::bytes((100 << 20) + 17),
                timeout: Span::millis(7_200_001),
                ..JobDefaults::default()
            },
        ];
        for processors in (1..=12).chain([16, 31, 96, 255, 1024]) {
            for mib in [
                400, 512, 777, 1024, 2048, 5000, 8192, 32_768, 196_608, 4_194_304,
            ] {
                let offered = offered(processors * 1000, mib << 20);
                for job in &jobs {
                    let rules = rules(offered, job).unwrap();
                    let nodes = rules.carve(offered).unwrap();
                    for spec in &rules.set.subclusters {
                        let place = format!("{} on {offered}", spec.name);
                        assert!(spec.slot.cpu_millis >= job.cpu.as_millis(), "{place}");
                        assert!(spec.slot.memory_bytes >= job.memory.as_bytes(), "{place}");
                        let its = nodes
                            .iter()
                            .filter(|node| node.name.starts_with(&spec.name));
                        let slots: u64 = its.map(|node| node.capacity.slots_of(spec.slot)).sum();
                        assert!((1..=SLOTS_MAX).contains(&slots), "{place}: {slots} slots");
                    }
                }
            }
        }
    }
}
