//! A server under siege: how a case is laid to it, and what has to hold during and after.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Answer, Guest, Remote, Server, eventually, wat};
use crate::held::Held;
use crate::neighbour::{Neighbour, Worst};

/// Slots of the server; the attacker may have all but one.
const SLOTS: usize = 4;
/// Tasks of a wave: as many as the attacker's slots, and as many again that wait.
pub(crate) const WAVE: u64 = 6;
/// Within this time after an attack everything is back. Threads for blocking calls live ten seconds of it.
const BACK_WITHIN: Duration = Duration::from_secs(60);

/// What has to move when a limit acts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counter {
    /// A count of the server's metrics, by its name, its label and the label's value.
    Metric(&'static str, &'static str, &'static str),
    /// A field of what the attacker's jobs used, as a JSON pointer.
    Usage(&'static str),
}

impl Counter {
    /// Attempts that a limit ended.
    pub(crate) const fn limit(limit: &'static str) -> Self {
        Self::Metric("limits_exceeded", "limit", limit)
    }

    /// Attempts that trapped so.
    pub(crate) const fn trap(trap: &'static str) -> Self {
        Self::Metric("traps", "trap", trap)
    }

    /// Attempts with this outcome.
    pub(crate) const fn ended(outcome: &'static str) -> Self {
        Self::Metric("attempts_ended", "outcome", outcome)
    }

    /// Requests that were refused with this code.
    pub(crate) const fn refusal(code: &'static str) -> Self {
        Self::Metric("refusals", "code", code)
    }

    /// Handshakes and callers that were refused for this reason.
    pub(crate) const fn not_let_in(reason: &'static str) -> Self {
        Self::Metric("not_let_in", "reason", reason)
    }

    /// Connections that were cut off for this reason.
    pub(crate) const fn cut_off(reason: &'static str) -> Self {
        Self::Metric("connections_cut_off", "reason", reason)
    }
}

/// Where the cases of one kind take place, one after the other: a server of their own, made for the first of them.
pub(crate) struct Ground {
    /// Lines of `[defaults.quota]` beside the attacker's slots.
    quota: &'static str,
    siege: OnceLock<Mutex<Siege>>,
}

impl Ground {
    pub(crate) const fn new(quota: &'static str) -> Self {
        Self {
            quota,
            siege: OnceLock::new(),
        }
    }

    fn enter(&self) -> MutexGuard<'_, Siege> {
        let siege = self
            .siege
            .get_or_init(|| Mutex::new(Siege::laid(self.quota)));
        // A case that failed leaves the server to the next one, which looks for itself whether it is at rest.
        siege.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server, who attacks it, and who works beside.
pub(crate) struct Siege {
    pub(crate) server: Server,
    pub(crate) attacker: Remote,
    pub(crate) neighbour: Neighbour,
    pub(crate) harmless: Guest,
    /// The attacker's jobs of this case.
    launched: Mutex<Vec<String>>,
}

/// A refusal with this code, in which these words are.
#[track_caller]
pub(crate) fn says(answer: &Answer, code: &str, words: &str) {
    let problem = answer.problem();
    assert_eq!(problem["code"], code, "{problem:#}");
    assert!(answer.text().contains(words), "no {words:?}: {problem:#}");
}

/// Has the attacker do something, and sees to it that the limits' counters moved, that the neighbour was served all the
/// while, and that nothing of it is left.
#[track_caller]
pub(crate) fn besiege(ground: &Ground, counters: &[Counter], attack: impl FnOnce(&Siege)) {
    lay(ground, counters, BACK_WITHIN, attack);
}

/// The same, with this long to come back.
#[track_caller]
pub(crate) fn lay(
    ground: &Ground,
    counters: &[Counter],
    back_within: Duration,
    attack: impl FnOnce(&Siege),
) {
    let siege = ground.enter();
    siege.is_at_rest();
    let held = Held::by(&siege.server);
    let counted: Vec<_> = counters.iter().map(|one| siege.count(*one)).collect();
    let worst = siege.beside_the_neighbour(attack);
    println!("the neighbour's worst: {worst}");
    assert!(!counters.is_empty(), "a case names its limit");
    for (counter, before) in counters.iter().zip(counted) {
        let now = siege.count(*counter);
        assert!(now > before, "{counter:?} stands at {now}");
    }
    let over = Instant::now();
    let left = eventually(2 * BACK_WITHIN, "the server answers", || {
        let left = Held::by(&siege.server).beyond(held);
        (left.is_empty() || over.elapsed() > back_within).then_some(left)
    });
    assert!(left.is_empty(), "not back: {left:#?}\nbefore: {held:#?}");
}

impl Siege {
    fn laid(quota: &str) -> Self {
        let quota = format!("[defaults.quota]\nslots = {}\n{quota}\n", SLOTS - 1);
        let server = Server::with_slots_and(SLOTS, &quota).also_listening();
        let attacker = server.add_user("attacker", &[]);
        let neighbour = Neighbour::of(&server);
        Self {
            attacker,
            neighbour,
            harmless: wat("harmless", r#"(module (func (export "_start")))"#),
            launched: Mutex::default(),
            server,
        }
    }

    /// Waits until nothing runs, with a worker for each of the two, and forgets what was.
    fn is_at_rest(&self) {
        let active = self.server.get("/v1/jobs?active=true&user=*&limit=1000");
        for job in active["items"].as_array().expect("a page has items") {
            // A case that failed before has left it behind.
            let id = job["id"].as_str().expect("a job has an id");
            let target = format!("/v1/jobs/{id}/cancel");
            self.server.request("POST", &target, b"{}");
        }
        let warm = self.attacker.submit(&self.harmless, &[], "");
        self.server.wait(&warm);
        let (stop, over) = mpsc::channel();
        drop(stop);
        self.neighbour.works_until(&over);
        self.server.is_at_rest();
        self.launched().clear();
    }

    fn beside_the_neighbour(&self, attack: impl FnOnce(&Self)) -> Worst {
        thread::scope(|scope| {
            // Dropped when the attack is over, however it ends.
            let (stop, over) = mpsc::channel();
            let working = scope.spawn(move || self.neighbour.works_until(&over));
            attack(self);
            drop(stop);
            match working.join() {
                Ok(worst) => worst,
                Err(panicked) => std::panic::resume_unwind(panicked),
            }
        })
    }

    fn launched(&self) -> MutexGuard<'_, Vec<String>> {
        self.launched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a counter says now. Those of records are of this case alone.
    pub(crate) fn count(&self, counter: Counter) -> u64 {
        match counter {
            Counter::Metric(name, label, value) => {
                let line = format!("sublet_{name}_total{{{label}=\"{value}\"}} ");
                let text = self.server.request("GET", "/metrics", b"").text();
                let value = text.lines().find_map(|one| one.strip_prefix(&line));
                value.map_or(0, |value| value.parse().expect("a whole number"))
            }
            Counter::Usage(field) => {
                let used = self.launched().clone().into_iter().map(|job| {
                    let record = self.server.job(&job);
                    let used = record["usage"].pointer(field).and_then(Value::as_u64);
                    used.unwrap_or(0)
                });
                used.sum()
            }
        }
    }

    /// Has the attacker submit a wave of this guest; tells its job.
    #[track_caller]
    pub(crate) fn wave(&self, guest: &Guest, flags: &[&str]) -> String {
        let last = (WAVE - 1).to_string();
        let array = format!("0-{last}");
        self.launch(guest, &[&["--array", &array], flags].concat(), "")
    }

    /// Has the attacker submit one job of this guest; tells its id.
    #[track_caller]
    pub(crate) fn launch(&self, guest: &Guest, flags: &[&str], arguments: &str) -> String {
        let job = self.attacker.submit(guest, flags, arguments);
        self.launched().push(job.clone());
        job
    }

    /// Waits until every task of a job is over: each has this outcome, and says these words of it.
    #[track_caller]
    pub(crate) fn each_ends(&self, job: &str, outcome: &Value, words: &str) {
        self.server.wait(job);
        let tasks = self.server.tasks(job);
        assert!(!tasks.is_empty());
        for task in tasks {
            assert_eq!(&task["outcome"], outcome, "{task:#}");
            let attempts = task["attempts"].as_array().expect("a task has attempts");
            let last = attempts.last().expect("it was tried");
            let detail = last["detail"].as_str().unwrap_or_default();
            assert!(detail.contains(words), "no {words:?}: {task:#}");
        }
    }

    /// Waits until the attacker has all slots they may have with this job.
    #[track_caller]
    pub(crate) fn holds_all_it_may(&self, job: &str) {
        let most = SLOTS as u64 - 1;
        self.server
            .wait_until(job, "every slot it may have", |job| {
                job["tasks"]["running"] == most
            });
    }

    #[track_caller]
    pub(crate) fn cancel(&self, job: &str) {
        self.attacker.sublet(&["cancel", job]).code(0);
    }

    /// The answer to an upload of the attacker's; it must be refused with this code, and say these words.
    #[track_caller]
    pub(crate) fn upload_is_refused(&self, bytes: &[u8], code: &str, words: &str) {
        let answer = self.attacker.request("POST", "/v1/modules", bytes);
        says(&answer, code, words);
    }
}

/// The end at a limit.
pub(crate) fn exceeded(limit: &str) -> Value {
    json!({"kind": "limit_exceeded", "limit": limit})
}

/// The end by a trap.
pub(crate) fn trapped(trap: &str) -> Value {
    json!({"kind": "trapped", "trap": trap})
}

/// The end that the attacker asked for.
pub(crate) fn cancelled() -> Value {
    json!({"kind": "cancelled", "reason": "asked"})
}

pub(crate) fn succeeded() -> Value {
    json!({"kind": "succeeded"})
}
