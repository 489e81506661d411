//! What a process may do by who it is: as little as any, and nothing that it could gain.

use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, geteuid, getrlimit, set_dumpable_behavior, setrlimit,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_no_new_privs,
};

use super::{Layer, Standing};

/// With this `RLIMIT_NICE` a thread of the usual niceness may leave the idle class again.
const NICE_MIN: u64 = 20;

/// Gives up what a worker or a compiler has no use for.
pub(super) fn give_up(may_leave_the_idle_class: bool) -> io::Result<Standing> {
    gain_nothing()?;
    drop_capabilities(may_leave_the_idle_class)?;
    Ok(Standing::up(Layer::Privileges))
}

/// Whoever shares the account cannot look into the memory from here on. Later than the rest: until then the engine opens
/// what the kernel tells a process about its own pages.
pub(super) fn hide_memory() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The front keeps of the rights of root, where it has them, those for files of other accounts, for ports below 1024 and
/// for processor shares, and those that give what it starts an account of its own and end it then.
pub(super) fn give_up_in_the_front() -> io::Result<()> {
    const KEPT: CapabilitySet = CapabilitySet::CHOWN
        .union(CapabilitySet::DAC_OVERRIDE)
        .union(CapabilitySet::FOWNER)
        .union(CapabilitySet::KILL)
        .union(CapabilitySet::NET_BIND_SERVICE)
        .union(CapabilitySet::SETFCAP)
        .union(CapabilitySet::SETGID)
        .union(CapabilitySet::SETUID)
        .union(CapabilitySet::SYS_NICE)
        .union(CapabilitySet::SYS_RESOURCE);
    gain_nothing()?;
    let before = capabilities(None)?;
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: before.effective & KEPT,
            permitted: before.permitted & KEPT,
            inheritable: CapabilitySet::empty(),
        },
    )?)
}

/// No program that is run gives rights, and no memory is written to a disk when a process crashes.
fn gain_nothing() -> io::Result<()> {
    set_no_new_privs(true)?;
    Ok(setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?)
}

/// A server that runs as root has workers that are root in name only. Bursts need one right of root; the limit that stands
/// for it does less harm, so the right is kept only where the limit cannot be had.
fn drop_capabilities(may_leave_the_idle_class: bool) -> io::Result<()> {
    let before = capabilities(None)?.effective;
    let kept = if may_leave_the_idle_class {
        CapabilitySet::empty()
    } else {
        before & CapabilitySet::SYS_NICE
    };
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        },
    )?)
}

/// Whether this process may give its account another number in a namespace: everybody may, but since Linux 5.12 root only
/// with this right (`user_namespaces(7)`).
pub(super) fn may_be_another_account() -> io::Result<bool> {
    let has_the_right = capabilities(None)?
        .effective
        .contains(CapabilitySet::SETFCAP);
    Ok(has_the_right || !geteuid().is_root())
}

/// Whether threads of this process may leave the idle class, which takes a limit that is raised here if it can be.
pub(super) fn may_leave_the_idle_class() -> bool {
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= NICE_MIN);
    let wanted = Rlimit {
        current: Some(NICE_MIN),
        maximum: Some(NICE_MIN),
    };
    is_enough(getrlimit(Resource::Nice).current) || setrlimit(Resource::Nice, wanted).is_ok()
}
