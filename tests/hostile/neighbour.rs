//! Another user, who works all the while: a small job and a question, again and again.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Answer, Remote, Server, eventually};

/// How long a job or an answer may take at most, on a machine that has other work. What is usual is measured elsewhere.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Between two rounds.
const PACE: Duration = Duration::from_millis(100);
/// Looks whether its memory is as it should be: somebody else's bytes would be a trap.
const GUEST: &str = r#"(module (memory (export "memory") 16)
    (func (export "_start") (local $at i32)
        (loop
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if 0 (i32.lt_u (local.get $at) (i32.const 1048576))))))"#;

/// The longest that anything took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worst {
    job: Duration,
    question: Duration,
    rounds: u32,
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            job,
            question,
            rounds,
        } = self;
        write!(f, "job {job:.1?}, question {question:.1?}, rounds {rounds}")
    }
}

/// The other user and the module they pushed.
#[derive(Debug)]
pub(crate) struct Neighbour {
    pub(crate) user: Remote,
    module: String,
}

impl Neighbour {
    pub(crate) fn of(server: &Server) -> Self {
        let user = server.add_user("neighbour", &[]);
        let bytes = wat::parse_str(GUEST).expect("the guest is well formed");
        let pushed = user.request("POST", "/v1/modules", &bytes).json();
        let module = pushed["digest"].as_str().expect("it is kept").to_owned();
        let neighbour = Self { user, module };
        neighbour.round(&mut Worst::default());
        neighbour
    }

    /// Works until somebody says that it is over, or goes away.
    pub(crate) fn works_until(&self, over: &Receiver<()>) -> Worst {
        let mut worst = Worst::default();
        loop {
            self.round(&mut worst);
            if over.recv_timeout(PACE) != Err(RecvTimeoutError::Timeout) {
                return worst;
            }
        }
    }

    fn round(&self, worst: &mut Worst) {
        let begun = Instant::now();
        let body = json!({"module": self.module}).to_string();
        let job = self.asked("POST", "/v1/jobs", body.as_bytes(), 201).json();
        let job = job["id"].as_str().expect("a job has an id");
        let target = format!("/v1/jobs/{job}/wait?timeout_s=300");
        let record = self.asked("GET", &target, b"", 200).json();
        let took = begun.elapsed();
        assert_eq!(
            record["end"]["outcome"]["kind"], "succeeded",
            "the neighbour's job: {record:#}"
        );
        assert!(took < ANSWER_MAX, "the neighbour's job took {took:?}");
        worst.job = worst.job.max(took);

        let begun = Instant::now();
        self.asked("GET", "/v1/pool", b"", 200);
        let took = begun.elapsed();
        assert!(took < ANSWER_MAX, "the neighbour's question took {took:?}");
        worst.question = worst.question.max(took);
        worst.rounds += 1;
    }

    /// The answer to a request on a connection of its own. Who is turned away at a crowded door comes again: that costs
    /// time, which is what is measured.
    fn asked(&self, method: &str, target: &str, body: &[u8], status: u16) -> Answer {
        let answer = eventually(ANSWER_MAX, "the neighbour is let in", || {
            let mut connection = self.user.connect();
            connection.try_request(method, target, body).ok()
        });
        assert_eq!(
            answer.status,
            status,
            "{method} {target}: {}",
            answer.text()
        );
        answer
    }
}
