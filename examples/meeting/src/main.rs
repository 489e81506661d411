//! Tasks of one job that wait for each other and then meet: each greets the next one over a plain socket.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use sublet_job::prelude::*;

const PORT: u16 = 7000;
const PATIENCE: Duration = Duration::from_secs(20);
const GREETING_BYTES_MAX: u64 = 200;

#[sublet_job::main]
fn main(job: &Job) -> Result<String> {
    let (peers, task) = (job.peers(), job.task());
    // Before the barrier, so that whoever is past it finds everybody listening.
    let listener = TcpListener::bind(("0.0.0.0", PORT)).or_retry("the port")?;
    peers.barrier("", task.count, PATIENCE)?;
    let members = peers.members("")?;
    let me = members.iter().position(|peer| peer.task == task.index);
    let me = me.or_retry("this task is not among its peers")?;
    let next = &members[(me + 1) % members.len()];
    let mut there = TcpStream::connect((next.name.as_str(), PORT)).or_retry(&next.name)?;
    write!(there, "{} greets {}", peers.hostname(), next.name)?;
    drop(there);
    let (here, _) = listener.accept()?;
    let mut greeting = String::new();
    here.take(GREETING_BYTES_MAX)
        .read_to_string(&mut greeting)?;
    Ok(greeting)
}
