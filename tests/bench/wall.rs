//! What the second wall costs: the same server twice, with its layers and on a kernel that says it has none of them.
//!
//! The floor is the server without them, in turns with the other.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use anyhow::Context;
use rustix::thread::{CapabilitySet, remove_capability_from_bounding_set};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use sublet_api::SubmitJob;
use sublet_worker::wall::why_no_accounts;

use crate::Scale;
use crate::latency::{micros, repeated, submit_and_wait};
use crate::report::{Pairs, quantile};
use crate::server::{Client, Server};
use crate::throughput::duration;

const NOOP: &str = include_str!("guests/noop.wat");

/// With which a process asks whether there is seccomp.
const PR_GET_SECCOMP: u64 = 21;
/// The calls that raise a layer, and what a kernel answers that was built without it.
const ABSENT: [(libc::c_long, Option<u64>, i32); 4] = [
    (libc::SYS_landlock_create_ruleset, None, libc::ENOSYS),
    (libc::SYS_unshare, None, libc::EPERM),
    (libc::SYS_close_range, None, libc::ENOSYS),
    (libc::SYS_prctl, Some(PR_GET_SECCOMP), libc::EINVAL),
];

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let walled = Side::of(Server::start()?)?;
    let bare = thread::spawn(|| without_layers().and_then(|()| Server::start()));
    let bare = Side::of(bare.join().expect("no server is started by panicking")?)?;
    bare.is_bare()?;
    throughput([&walled, &bare], scale)?;
    let mut sides = [walled, bare];
    latency(&mut sides, scale)?;
    compilation(&mut sides, scale)
}

/// A server that is measured.
struct Side {
    server: Server,
    client: Client,
    module: String,
    job: SubmitJob,
}

impl Side {
    /// The server ends a connection on which nothing was said while the other side was measured.
    fn connect_anew(&mut self) -> anyhow::Result<()> {
        self.client = self.server.connect()?;
        Ok(())
    }

    fn of(server: Server) -> anyhow::Result<Self> {
        let mut client = server.connect()?;
        let job = SubmitJob {
            module: client.push(NOOP)?,
            ..SubmitJob::default()
        };
        let module = server.file("noop.wat", NOOP)?;
        // The first jobs of all start the worker and fill caches.
        repeated(20, || submit_and_wait(&mut client, &job))?;
        Ok(Self {
            server,
            client,
            module,
            job,
        })
    }

    /// A comparison with a server that has the wall after all would say nothing.
    fn is_bare(&self) -> anyhow::Result<()> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.worker()?))?;
        // The filters below are those that this program put there, one for each call.
        let count = format!("Seccomp_filters:\t{}\n", ABSENT.len());
        anyhow::ensure!(status.contains(&count), "the wall stands:\n{status}");
        Ok(())
    }
}

fn throughput(sides: [&Side; 2], scale: Scale) -> anyhow::Result<()> {
    let tasks = scale.of(50_000, 2_000);
    let array = format!("0-{}", tasks - 1);
    let mut rates = Pairs::default();
    for _ in 0..scale.of(9, 1) {
        let rate = |side: &Side| -> anyhow::Result<f64> {
            let job = side
                .server
                .submit_and_wait(&["--array", &array, &side.module])?;
            Ok(f64::from(tasks) / duration(&job)?.as_secs_f64())
        };
        rates.push(rate(sides[0])?, rate(sides[1])?);
    }
    rates.show(
        &format!("wall: no-op tasks of an array of {tasks}"),
        "tasks/s",
    );
    Ok(())
}

fn latency(sides: &mut [Side; 2], scale: Scale) -> anyhow::Result<()> {
    let jobs = scale.of(300, 20);
    let (mut medians, mut slow) = (Pairs::default(), Pairs::default());
    for _ in 0..scale.of(9, 1) {
        let mut times = Vec::new();
        for side in &mut *sides {
            side.connect_anew()?;
            times.push(repeated(jobs, || {
                submit_and_wait(&mut side.client, &side.job)
            })?);
        }
        medians.push(quantile(&times[0], 0.5), quantile(&times[1], 0.5));
        slow.push(quantile(&times[0], 0.99), quantile(&times[1], 0.99));
    }
    medians.show(&format!("wall: a warm no-op job, median of {jobs}"), "us");
    slow.show(
        &format!("wall: the same, the slowest of 100 among {jobs}"),
        "us",
    );
    Ok(())
}

/// A compile process raises its wall for each module.
fn compilation(sides: &mut [Side; 2], scale: Scale) -> anyhow::Result<()> {
    sides.iter_mut().try_for_each(Side::connect_anew)?;
    let mut times = Pairs::default();
    for number in 0..scale.of(60, 2) {
        let fresh = format!(r#"(module (func (export "_start") (drop (i32.const {number}))))"#);
        let mut both = Vec::new();
        for side in &mut *sides {
            let began = Instant::now();
            side.client.push(&fresh)?;
            both.push(micros(began.elapsed()));
        }
        times.push(both[0], both[1]);
    }
    times.show("wall: an upload of a small module that is new", "us");
    Ok(())
}

/// Has the kernel say, to this thread and to what it starts, that it has none of the layers, and that root may give nobody
/// an account.
fn without_layers() -> anyhow::Result<()> {
    if why_no_accounts()?.is_none() {
        remove_capability_from_bounding_set(CapabilitySet::SETUID)?;
    }
    for (call, argument, errno) in ABSENT {
        let condition = |value| {
            let is = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
            SeccompRule::new(vec![is])
        };
        let rules = argument.map(condition).transpose()?;
        let filter = SeccompFilter::new(
            BTreeMap::from([(call, rules.into_iter().collect())]),
            SeccompAction::Allow,
            SeccompAction::Errno(errno.unsigned_abs()),
            TargetArch::try_from(std::env::consts::ARCH)?,
        )?;
        let program = BpfProgram::try_from(filter)?;
        apply_filter(&program)
            .context("this host has no seccomp, so there is nothing to compare")?;
    }
    Ok(())
}
