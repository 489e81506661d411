//! What ten thousand instances that sleep cost in processor time: nothing is to look at them.
//!
//! The smallest share is a thousandth of a processor, so a small machine needs several servers for so many. The floor is
//! the same servers with nothing in them.

use std::thread;
use std::time::Duration;

use crate::density::{SLEEP, configuration, run_sleepers};
use crate::report::{self, Pairs};
use crate::server::Server;
use crate::{Scale, processes};

/// How long they are watched.
const WINDOW: Duration = Duration::from_secs(10);

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let count = scale.of(10_000, 100);
    let each = slots_of_a_server()?.min(count);
    let servers = count.div_ceil(each);
    let fleet = (0..servers)
        .map(|_| Server::configured(&configuration(each)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let floor = busy(&fleet, false)?;
    for server in &fleet {
        let mut client = server.connect()?;
        let module = client.push(SLEEP)?;
        run_sleepers(&mut client, &module, each)?;
    }
    let mut share = Pairs::default();
    share.push(busy(&fleet, true)? * 100.0, floor * 100.0);
    share.show(
        &format!(
            "idle: part of one processor that {} sleeping instances take, servers and workers together",
            each * servers
        ),
        "%",
    );
    report::print(&format!(
        "  {servers} servers, the floor is the same without instances"
    ));
    Ok(())
}

fn slots_of_a_server() -> anyhow::Result<u32> {
    const RESERVED_MILLIS: u32 = 500;
    /// Left over, since nodes are cut from what is offered and slots from nodes.
    const MARGIN: u32 = 50;
    let processors = u32::try_from(thread::available_parallelism()?.get())?;
    Ok(processors * 1_000 - RESERVED_MILLIS - MARGIN)
}

/// The part of one processor that all processes of these servers take.
fn busy(fleet: &[Server], with_workers: bool) -> anyhow::Result<f64> {
    let before = spent(fleet, with_workers)?;
    thread::sleep(WINDOW);
    let spent = spent(fleet, with_workers)?.saturating_sub(before);
    Ok(spent.as_secs_f64() / WINDOW.as_secs_f64())
}

fn spent(fleet: &[Server], with_workers: bool) -> anyhow::Result<Duration> {
    let mut sum = Duration::ZERO;
    for server in fleet {
        sum += processes::processor_time(server.process())?;
        if with_workers {
            sum += processes::processor_time(server.worker()?)?;
        }
    }
    Ok(sum)
}
