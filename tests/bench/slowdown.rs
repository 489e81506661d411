//! How much slower a guest that computes for seconds is inside Sublet, alone on the machine, than in bare wasmtime that
//! runs the very same machine code, its checks included, without anybody who makes it give way. And how much slower with a
//! process of its own, whose code has no checks, than in bare wasmtime without any.

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

/// One slot that is a whole processor, and a process for whoever is in it.
const BY_PROCESS: &str = "[pool]\nreserve = { cpu = 0.5, memory = \"256MiB\" }\n\
    [[subcluster]]\nname = \"long\"\nslot = { cpu = 1, memory = \"64MiB\" }\nisolation = \"process\"\n";

pub(crate) fn measure(scale: Scale) -> anyhow::Result<()> {
    let (shared, alone) = (Server::start()?, Server::configured(BY_PROCESS)?);
    for (name, text, rounds) in GUESTS {
        let rounds = scale.of(rounds, rounds / 20);
        let text = text.replace("ROUNDS", &rounds.to_string());
        let checked = Bare::new(&text, 1, 64 << 20)?;
        let unchecked = Bare::without_checks(&text, 64 << 20)?;
        let modules = [&shared, &alone].map(|server| server.file(&format!("{name}.wat"), &text));
        let [in_shared, in_alone] = modules;
        let (in_shared, in_alone) = (in_shared?, in_alone?);
        let mut pairs = [(); 4].map(|()| Pairs::default());
        for _ in 0..scale.of(5, 1) {
            let user = sublet(&shared.submit_and_wait(&["--timeout", "10m", &in_shared])?);
            let floor_of_user = floor(&checked)?;
            let process = sublet(&alone.submit_and_wait(&["--timeout", "10m", &in_alone])?);
            let floor_of_process = floor(&unchecked)?;
            let [of_user, wall_of_user, of_process, against_user] = &mut pairs;
            of_user.push_times(user.processor, floor_of_user.processor);
            wall_of_user.push_times(user.wall, floor_of_user.wall);
            of_process.push_times(process.processor, floor_of_process.processor);
            against_user.push_times(process.processor, user.processor);
        }
        let [of_user, wall_of_user, of_process, against_user] = pairs;
        of_user.show(&format!("slowdown: processor time of {name}"), "s");
        wall_of_user.show(&format!("slowdown: wall time of {name}"), "s");
        of_process.show(
            &format!("slowdown: processor time of {name}, a process of its own against no checks"),
            "s",
        );
        against_user.show(
            &format!("slowdown: processor time of {name}, a process of its own against the user's"),
            "s",
        );
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
