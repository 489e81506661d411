//! What a job wants of other jobs: of those that it submits, and of the other tasks on its user's network. What is asked
//! here is carried to whoever runs jobs, and answered when it can be; the guest waits for it without a processor.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::bindings::sublet::job::types::Error;
use super::{BYTES_PER_CALL_MAX, JobState, no_relatives};

/// An answer that is not there yet.
pub type Answering = Pin<Box<dyn Future<Output = Result<Reply, Refused>> + Send>>;

/// Whoever knows the other jobs. What is asked is a guest's: nothing of it is believed.
pub trait Relatives: Send + Sync + 'static {
    /// Answers, sooner or later.
    fn ask(&self, wish: Wish) -> Answering;
}

/// Something that a job wants of other jobs. Jobs are named by their ids as people see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// That this job is run.
    Submit(Box<Child>),
    /// How a child stands, in a word.
    State(String),
    /// To be told when one of these children has ended, or that after so many milliseconds none has.
    Await {
        /// The children.
        jobs: Vec<String>,
        /// At most [`PATIENCE`].
        for_ms: u64,
    },
    /// What a task of a child left as its result.
    Output {
        /// The child.
        job: String,
        /// Its task.
        task: u32,
    },
    /// That a child is ended.
    Cancel {
        /// The child.
        job: String,
        /// Why, for people.
        reason: String,
    },
    /// Bytes of what a relative left.
    Artifact {
        /// The parent or a child; its first task.
        job: String,
        /// Which artifact.
        name: String,
        /// Where to begin.
        offset: u64,
        /// How many at most.
        len: u32,
    },
    /// What a relative left, by name.
    Artifacts(String),
    /// Who of a group runs. The empty group is the job itself.
    Members(String),
    /// To be told when so many of a group wait for it, or that after so many milliseconds they do not.
    Meet {
        /// The group.
        group: String,
        /// How many.
        count: u32,
        /// At most [`PATIENCE`].
        for_ms: u64,
    },
}

/// A job that a job submits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its module; empty for the one of the parent.
    pub module: String,
    /// Arguments after its own name.
    pub args: Vec<String>,
    /// Environment.
    pub env: Vec<(String, String)>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Its input, if it has any.
    pub input: Option<Vec<u8>>,
    /// How many tasks it has.
    pub tasks: u32,
    /// Budgets that are smaller than those of the parent, by name.
    pub limits: Vec<(String, u64)>,
    /// The same key of the same task of the parent is the same child.
    pub key: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The id of the child.
    Submitted(String),
    /// How a child stands.
    State(String),
    /// The place of the child that has ended in the list, and how it did.
    Ended(u32, End),
    /// It has not come to that.
    NotYet,
    /// The media type and the bytes.
    Output(String, Vec<u8>),
    /// Bytes of an artifact.
    Bytes(Vec<u8>),
    /// Names of artifacts.
    Names(Vec<String>),
    /// Those who run.
    Members(Vec<Member>),
    /// It is so, or is being done.
    Done,
}

/// How a job ended, as the record has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// In a word: `succeeded failed trapped limit_exceeded cancelled lost`.
    pub outcome: String,
    /// The exit code, where it failed.
    pub code: i32,
    /// Which trap, or which limit.
    pub what: String,
}

/// A task that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its host name.
    pub name: String,
    /// Its job.
    pub job: String,
    /// Its index.
    pub task: u32,
}

/// Why something is not done. The texts are for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// Nothing is called so, or it is somebody else's.
    NotFound(String),
    /// The job may not do this.
    Denied(String),
    /// A limit is reached.
    Quota(String),
    /// It makes no sense.
    Invalid(String),
    /// Not now.
    Unavailable(String),
}

/// How long one question is open; who wants to wait for longer asks again. So nobody waits for who is gone.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How often a guest that waits is looked after: whether it is to end.
const GLANCE: Duration = Duration::from_millis(100);

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(text) => Self::NotFound(text),
            Refused::Denied(text) => Self::Denied(text),
            Refused::Quota(text) => Self::Quota(text),
            Refused::Invalid(text) => Self::Invalid(text),
            Refused::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

impl JobState {
    /// Asks, and gives up when the attempt is to end.
    pub(super) async fn ask(&mut self, wish: Wish) -> Result<Reply, Error> {
        let job = self.job.as_ref().ok_or_else(no_relatives)?;
        let relatives = job.relatives.as_ref().ok_or_else(no_relatives)?;
        let mut answering = relatives.ask(wish);
        loop {
            match tokio::time::timeout(GLANCE, &mut answering).await {
                Ok(answer) => return answer.map_err(Error::from),
                Err(_) if job.desk.stop_requested().is_some() => return Err(Error::Cancelled),
                Err(_) => {}
            }
        }
    }

    /// Asks again and again until it has come to what is waited for. Nothing when the time is over before.
    pub(super) async fn ask_until(
        &mut self,
        timeout_ms: u64,
        wish: impl Fn(u64) -> Wish,
    ) -> Result<Option<Reply>, Error> {
        let begun = Instant::now();
        let timeout = Duration::from_millis(timeout_ms);
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            let patience = left.min(PATIENCE);
            let for_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
            match self.ask(wish(for_ms)).await? {
                Reply::NotYet if left <= PATIENCE => return Ok(None),
                Reply::NotYet => {}
                reply => return Ok(Some(reply)),
            }
        }
    }
}

/// Text of a guest that goes into a question.
pub(super) fn bounded(what: &str, text: String) -> Result<String, Error> {
    const TEXT_BYTES_MAX: usize = 4096;
    if text.len() > TEXT_BYTES_MAX {
        return Err(Error::Invalid(format!(
            "{what} is {} bytes, the limit is {TEXT_BYTES_MAX}",
            text.len()
        )));
    }
    Ok(text)
}

/// Who answers with something else than was asked for is not to be understood.
pub(super) fn strange() -> Error {
    Error::Unavailable("the answer makes no sense".to_owned())
}

/// Bytes that came as an answer: never more than were asked for.
pub(super) fn at_most(bytes: Vec<u8>, most: usize) -> Result<Vec<u8>, Error> {
    let most = most.min(BYTES_PER_CALL_MAX);
    if bytes.len() > most {
        return Err(Error::Quota(format!(
            "it is {} bytes, the limit of one call is {most}",
            bytes.len()
        )));
    }
    Ok(bytes)
}
