//! A server that faults are planted in, its clients, and what a service manager would do for it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::check::{unfinished, violations};
use super::clients;
use super::evidence::{Evidence, Job, Submission, Task, What, journal};
use super::harness::{
    DEADLINE, Process, Random, Server, eventually, http, repository, skip_loudly, wat,
};

/// Slots of the server: fewer than there are tasks, so that some wait.
const SLOTS: usize = 4;

/// What becomes of a front that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frozen {
    /// Its manager loses patience.
    IsKilled,
    /// It goes on as if nothing had been.
    GoesOn,
}

/// A server and all that was ever said to it.
pub(crate) struct World {
    /// There is one except while it is started anew.
    server: Option<Server>,
    seed: u64,
    chance: Random,
    batches: u32,
    said: Vec<Submission>,
    earlier: Vec<Job>,
    clients: Vec<JoinHandle<Vec<Submission>>>,
    /// What of the log was looked at for frozen processes.
    seen: usize,
}

/// Faults are planted in builds with debug assertions only. Elsewhere the tests say so.
pub(crate) fn can_be_planted() -> bool {
    if !cfg!(debug_assertions) {
        skip_loudly("faults are planted in builds with debug assertions only");
    }
    cfg!(debug_assertions)
}

/// Whether everything is to be tried, which takes long, and not a selection.
pub(crate) fn try_everything() -> bool {
    std::env::var_os("SUBLET_FAULTS").is_some_and(|said| said == "all")
}

/// Where seeds that failed are kept, to be played first from then on.
fn kept_seeds() -> PathBuf {
    repository().join("tests/faults/seeds")
}

/// The seeds to play for a test: those that failed once, and a new one, or the one that is asked for.
pub(crate) fn seeds(test: &str) -> Vec<u64> {
    if let Ok(asked) = std::env::var("SUBLET_FAULT_SEED") {
        return vec![asked.parse().expect("a seed is a number")];
    }
    let kept =
        std::fs::read_to_string(kept_seeds()).expect("the list of seeds is in the repository");
    let of_test = |line: &str| {
        let (name, seed) = line.split_once(' ')?;
        (name == test).then(|| seed.parse().expect("a seed is a number"))
    };
    let mut seeds: Vec<u64> = kept.lines().filter_map(of_test).collect();
    seeds.push(u64::from(std::process::id()));
    seeds
}

/// Prints the seed of what is played; one that fails is kept.
pub(crate) struct Played<'a> {
    test: &'a str,
    seed: u64,
}

impl<'a> Played<'a> {
    pub(crate) fn new(test: &'a str, seed: u64) -> Self {
        println!("{test}: SUBLET_FAULT_SEED={seed}");
        Self { test, seed }
    }
}

impl Drop for Played<'_> {
    fn drop(&mut self) {
        let line = format!("{} {}\n", self.test, self.seed);
        let kept = std::fs::read_to_string(kept_seeds()).unwrap_or_default();
        if thread::panicking() && !kept.contains(&line) {
            let file = OpenOptions::new().append(true).open(kept_seeds());
            let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
            println!("failed, and kept: {written:?}: {line}");
        }
    }
}

impl World {
    /// A server that nothing is wrong with yet.
    pub(crate) fn new(seed: u64) -> Self {
        // The module of all of them kills its worker again and again, and is not to be found out.
        let server = Server::with_slots_and(SLOTS, "[service]\nquarantine_after = 0\n");
        let guest = wat("faults", include_str!("guest.wat"));
        let path = guest.path.to_str().expect("the repository's path is text");
        let push = ["modules", "push", path, "--name", clients::MODULE];
        server.sublet(&push).code(0);
        Self {
            server: Some(server),
            seed,
            chance: Random::new(seed),
            batches: 0,
            said: Vec::new(),
            earlier: Vec::new(),
            clients: Vec::new(),
            seen: 0,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("there is a server")
    }

    pub(crate) fn chance(&mut self) -> &mut Random {
        &mut self.chance
    }

    /// How long a fault is left alone before the next one comes.
    pub(crate) fn patience(&mut self) -> Duration {
        Duration::from_millis(300 + u64::from(self.chance.below(2_000)))
    }

    /// The server dies, and its successor has these faults in it.
    pub(crate) fn plant(&mut self, faults: &str) {
        self.server().process().kill9();
        self.succeed(Some(faults));
    }

    /// More clients come, with a job of every kind each.
    pub(crate) fn load(&mut self) {
        self.batches += 1;
        let batch = format!("b{}", self.batches);
        let seed = self.seed.wrapping_add(u64::from(self.batches));
        let clients = clients::start(&self.server().socket(), &batch, seed);
        self.clients.extend(clients);
    }

    /// Does what a service manager does, once: what died is started anew, what stands still does not stay so.
    pub(crate) fn tend(&mut self, frozen: Frozen) {
        let front = self.server().process();
        if front.is_stopped() {
            match frozen {
                Frozen::IsKilled => front.kill9(),
                Frozen::GoesOn => front.signal(Signal::CONT),
            }
        }
        self.stop_who_says_so();
        if !front.lives() {
            self.succeed(None);
        }
    }

    /// Behind its wall a worker cannot stop itself whole.
    fn stop_who_says_so(&mut self) {
        let log = self.server().log();
        let Some(new) = log.get(self.seen..) else {
            return;
        };
        let frozen = journal(new)
            .into_iter()
            .filter(|line| line.what == What::Frozen);
        let frozen: Vec<Process> = frozen.map(|line| Process::of(line.process)).collect();
        // The last line may not be whole yet.
        self.seen += new.rfind('\n').map_or(0, |end| end + 1);
        // No process is ever signalled that is not a worker of this server.
        for worker in self.server().workers() {
            if frozen.contains(&worker) {
                worker.signal(Signal::STOP);
            }
        }
    }

    fn succeed(&mut self, faults: Option<&str>) {
        let server = self.server.take().expect("there is a server");
        server.exit_within(DEADLINE);
        self.server = Some(server.begin_again(faults));
    }

    /// Tends the server until every client has its answers and every job is over.
    pub(crate) fn settle(&mut self, frozen: Frozen) {
        eventually(DEADLINE, "every job is over", || {
            self.tend(frozen);
            let (done, busy): (Vec<_>, Vec<_>) = std::mem::take(&mut self.clients)
                .into_iter()
                .partition(JoinHandle::is_finished);
            self.clients = busy;
            for client in done {
                self.said
                    .extend(client.join().expect("the client got its answers"));
            }
            (self.clients.is_empty() && self.is_all_over()).then_some(())
        });
    }

    fn is_all_over(&self) -> bool {
        /// A front that stands still is not to hold up who would look after it.
        const PATIENCE: Duration = Duration::from_secs(5);
        let socket = self.server().socket();
        let listed = http::try_get(&socket, "/v1/jobs?limit=1000", PATIENCE);
        let listed = listed.filter(|answer| answer.status == 200);
        let listed = listed.and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
        let Some(Value::Array(jobs)) = listed.map(|page| page["items"].clone()) else {
            return false;
        };
        jobs.iter().all(|job| job["state"] == "finished")
    }

    /// How often a planted fault has happened.
    pub(crate) fn fired(&self, step: &str) -> usize {
        let lines = journal(&self.server().log());
        let fired = lines
            .into_iter()
            .filter(|line| matches!(&line.what, What::Fired { step: of } if of == step));
        fired.count()
    }

    /// Holds what is left against what was promised. Nothing is under way.
    pub(crate) fn check(&mut self, what: &str) {
        let slots = self.slots_at_rest();
        let later = self.records();
        let evidence = Evidence {
            said: self.said.clone(),
            earlier: std::mem::replace(&mut self.earlier, later.clone()),
            later,
            journal: journal(&self.server().log()),
            slots: Some(slots),
        };
        let mut found = violations(&evidence);
        found.extend(unfinished(&evidence));
        assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
    }

    /// Slots, and those that are free, once they all are or the wait for that is over.
    fn slots_at_rest(&self) -> (u64, u64) {
        const LOOKS: usize = 1_500;
        let mut looks = 0;
        eventually(DEADLINE, "the slots are looked at", || {
            looks += 1;
            let (all, free) = self.server().slots();
            (all == free || looks > LOOKS).then_some((all, free))
        })
    }

    fn records(&self) -> Vec<Job> {
        let mut records = Vec::new();
        let mut target = "/v1/jobs?limit=1000".to_owned();
        loop {
            let page = self.server().get(&target);
            let jobs = page["items"].as_array().expect("a page has items");
            records.extend(jobs.iter().map(|job| self.record(job)));
            let Some(cursor) = page["next_cursor"].as_str() else {
                return records;
            };
            target = format!("/v1/jobs?limit=1000&cursor={cursor}");
        }
    }

    fn record(&self, job: &Value) -> Job {
        let id = text(&job["id"]);
        let tasks = self.server().tasks(&id);
        Job {
            name: text(&job["name"]),
            is_finished: job["state"] == "finished",
            tasks: tasks.iter().map(task).collect(),
            id,
        }
    }
}

fn task(task: &Value) -> Task {
    let attempts = task["attempts"].as_array().expect("a task has attempts");
    let index = task["index"].as_u64().expect("a task has an index");
    Task {
        index: u32::try_from(index).expect("an index is small"),
        outcome: kind(task),
        attempts: attempts.iter().map(kind).collect(),
    }
}

fn kind(of: &Value) -> Option<String> {
    of["outcome"]["kind"].as_str().map(str::to_owned)
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is text").to_owned()
}
