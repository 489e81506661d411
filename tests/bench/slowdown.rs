//! How much slower a guest that computes for seconds is inside Sublet, alone on the machine, than in bare wasmtime that
//! runs the very same machine code, its checks included, without anybody who makes it give way.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use sublet_api::Job;

use crate::Scale;
use crate::bare::{self, Bare};
use crate::report::Pairs;
use crate::server::Server;

/// The programs, and how many rounds of each take about a second.
const GUESTS: [(&str, &str, u32); 2] = [
    ("sieve", include_str!("guests/sieve.wat"), 400),
    ("julia", include_str!("guests/julia.wat"), 400),
];

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let server = Server::start()?;
    for (name, text, rounds) in GUESTS {
        let rounds = scale.of(rounds, rounds / 20);
        let text = text.replace("ROUNDS", &rounds.to_string());
        let module = server.file(&format!("{name}.wat"), &text)?;
        let bare = Bare::new(&text, 1, 64 << 20)?;
        let (mut processor, mut wall) = (Pairs::default(), Pairs::default());
        for _ in 0..scale.of(5, 1) {
            let ours = sublet(&server.submit_and_wait(&["--timeout", "10m", &module])?);
            let floor = floor(&bare)?;
            processor.push(ours.processor.as_secs_f64(), floor.processor.as_secs_f64());
            wall.push(ours.wall.as_secs_f64(), floor.wall.as_secs_f64());
        }
        processor.show(&format!("slowdown: processor time of {name}"), "s");
        wall.show(&format!("slowdown: wall time of {name}"), "s");
    }
    Ok(())
}

struct Took {
    processor: Duration,
    wall: Duration,
}

fn sublet(job: &Job) -> Took {
    Took {
        processor: Duration::from_micros(job.usage.cpu_us),
        wall: Duration::from_micros(job.usage.wall_us),
    }
}

fn floor(bare: &Bare) -> anyhow::Result<Took> {
    let runtime = bare::runtime()?;
    let (began, spent) = (Instant::now(), thread_time()?);
    runtime.block_on(bare.run(0))?;
    Ok(Took {
        processor: thread_time()?.saturating_sub(spent),
        wall: began.elapsed(),
    })
}

fn thread_time() -> anyhow::Result<Duration> {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Ok(Duration::new(
        time.tv_sec.try_into()?,
        time.tv_nsec.try_into()?,
    ))
}
