//! What jobs want of other jobs, on behalf of their users: the same checks, limits and records as for what people ask. What
//! a job may, beyond that, is said here: it sees its parent and its children, and other jobs look like none.
//!
//! ```text
//!   guest ─► worker ─► Asked ─► Asking (this user's, this job's?) ─► as a caller ─► driver, store ─► Answered
//! ```
//!
//! Who asks is a worker, and is believed only that it belongs to its user.

mod family;
mod meeting;

use std::sync::Arc;

use sublet_api::Code;
use sublet_identity::{Reach, Role};
use sublet_scheduler::{AttemptId, UserId};
use sublet_store::{NewJob, PublicId, Whose};
use sublet_worker::protocol::Answer as Answered;
use sublet_worker::{Refused, Reply, Wish};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::caller::Caller;
use super::problem::ApiError;
use crate::broker::Asker;
use crate::front::Front;
use crate::people::{Principal, Via};
use meeting::Meetings;

/// Questions that wait for their turn: who asks more is not heard for as long.
const WAITING_MAX: usize = 1_024;
/// Inputs of children that are kept at a time, for everybody together: fewer than the uploads that a user may have.
const KEPT_AT_ONCE: usize = 4;

/// A question of a guest, with the place that it has among those of its worker.
pub(crate) struct Asked {
    pub(crate) asker: Asker,
    pub(crate) number: u64,
    pub(crate) attempt: AttemptId,
    pub(crate) wish: Wish,
    pub(crate) place: OwnedSemaphorePermit,
}

/// Where the questions go.
pub(crate) type ToRelatives = mpsc::Sender<Asked>;

/// The way to whoever answers, and its other end.
pub(crate) fn channel() -> (ToRelatives, mpsc::Receiver<Asked>) {
    mpsc::channel(WAITING_MAX)
}

/// Says no to a question that has no place.
pub(crate) fn turn_away(asker: &Asker, number: u64) {
    let refused = Refused::Unavailable("too many questions are open".to_owned());
    asker.answer(number, Answered::Relatives(Err(refused)), None);
}

/// Answers until nobody is left who could ask.
pub(crate) async fn serve(front: Arc<Front>, mut questions: mpsc::Receiver<Asked>) {
    let room = Arc::new(Room {
        meetings: Meetings::default(),
        keeping: Semaphore::new(KEPT_AT_ONCE),
    });
    while let Some(asked) = questions.recv().await {
        let (front, room) = (Arc::clone(&front), Arc::clone(&room));
        tokio::spawn(async move {
            let Asked {
                asker,
                number,
                attempt,
                wish,
                place,
            } = asked;
            let answer = answer(front, &room, (asker.user, attempt), wish).await;
            asker.answer(number, Answered::Relatives(answer), None);
            drop(place);
        });
    }
}

/// What all questions share.
struct Room {
    meetings: Meetings,
    keeping: Semaphore,
}

/// A job that asks, and the caller that it is towards the rest of the server.
struct Asking {
    caller: Caller,
    job: NewJob,
    attempt: AttemptId,
}

async fn answer(
    front: Arc<Front>,
    room: &Room,
    (user, attempt): (UserId, AttemptId),
    wish: Wish,
) -> Result<Reply, Refused> {
    let asking = Asking::of(front, user, attempt).await?;
    match wish {
        Wish::Submit(child) => asking.submit(*child, &room.keeping).await,
        Wish::State(job) => asking.state(&job).await,
        Wish::Await { jobs, for_ms } => asking.first_end(&jobs, for_ms).await,
        Wish::Output { job, task } => asking.output(&job, task).await,
        Wish::Cancel { job, reason } => asking.cancel(&job, &reason).await,
        Wish::Artifact {
            job,
            name,
            offset,
            len,
        } => asking.artifact(&job, name, (offset, len)).await,
        Wish::Artifacts(job) => asking.artifacts(&job).await,
        Wish::Members(group) => asking.members(&group).await,
        Wish::Meet {
            group,
            count,
            for_ms,
        } => asking.meet(&room.meetings, &group, (count, for_ms)).await,
    }
}

impl Asking {
    /// A job of the user that is not over: nobody else's, whatever the worker says.
    async fn of(front: Arc<Front>, user: UserId, attempt: AttemptId) -> Result<Self, Refused> {
        let read = front.read(move |reader| {
            let job = reader.job(Whose::User(user), attempt.job)?;
            let live = job.filter(|job| job.summary.finished_at.is_none());
            live.map(|job| job.new_job()).transpose()
        });
        let job = read.await.map_err(ApiError::from)?;
        let job = job.ok_or_else(|| Refused::Denied("the job that asks is over".to_owned()))?;
        let person = front.people.allowed(user);
        let name = person.ok_or_else(|| Refused::Denied("its user may not ask".to_owned()))?;
        let principal = Principal {
            user,
            name,
            role: Role::User,
            via: Via::Job(job.public_id),
        };
        Ok(Self {
            caller: Caller::new(front, Arc::new(principal), Reach::Own),
            job,
            attempt,
        })
    }

    const fn public_id(&self) -> PublicId {
        self.job.public_id
    }
}

/// What a guest is told of what the rest of the server says to its user.
impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        let text = error.text();
        match error.code() {
            Code::JobNotFound
            | Code::ModuleNotFound
            | Code::TaskNotFound
            | Code::ArtifactNotFound
            | Code::InputNotFound => Self::NotFound(text),
            Code::QueueFull
            | Code::QuotaExceeded
            | Code::TooFast
            | Code::TooManyTasks
            | Code::TooManyModules
            | Code::TooMuchStored => Self::Quota(text),
            Code::EgressDenied | Code::NotPermitted => Self::Denied(text),
            Code::Draining | Code::DiskFull | Code::ServerFault | Code::TooManyUploads => {
                Self::Unavailable(text)
            }
            _ => Self::Invalid(text),
        }
    }
}
