//! Peers: who runs, and meeting at a barrier.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sublet_scheduler::{AttemptId, AttemptState, JobId, UserId};
use sublet_worker::{Member, PATIENCE, Refused, Reply, network};
use tokio::sync::oneshot;

use super::Asking;
use crate::convert;
use crate::driver::{GROUP, Look};
use crate::http::problem::ApiError;

/// Members that one answer names.
const MEMBERS_MAX: usize = 10_000;

impl Asking {
    /// The tasks that run now of the jobs of that name, or with that group as a label; of this job, where none is named.
    pub(super) async fn members(&self, group: &str) -> Result<Reply, Refused> {
        let (user, own, group) = (self.job.user, self.attempt.job, group.to_owned());
        let members = self
            .caller
            .driver
            .look(move |state| members(&state, user, (own, &group)));
        Ok(Reply::Members(members.await.map_err(ApiError::from)?))
    }

    /// Waits until so many of a group wait, but not for ever.
    pub(super) async fn meet(
        &self,
        meetings: &Meetings,
        group: &str,
        (count, for_ms): (u32, u64),
    ) -> Result<Reply, Refused> {
        let place = match group {
            "" => convert::job_id(self.public_id()),
            group => group.to_owned(),
        };
        let place = (self.job.user, place);
        let patience = Duration::from_millis(for_ms).min(PATIENCE);
        let mut called = meetings.arrive(&place, self.attempt, count);
        if tokio::time::timeout(patience, &mut called).await.is_ok() {
            return Ok(Reply::Done);
        }
        let was_called = !meetings.leave(&place, self.attempt);
        Ok(if was_called {
            Reply::Done
        } else {
            Reply::NotYet
        })
    }
}

fn members(state: &Look<'_>, user: UserId, (own, group): (JobId, &str)) -> Vec<Member> {
    let is_of_group = |id: JobId| {
        let Some(job) = state.jobs.get(id) else {
            return false;
        };
        let definition = &job.definition;
        match group {
            "" => id == own,
            group => {
                definition.name.as_deref() == Some(group)
                    || definition
                        .labels
                        .get(GROUP)
                        .is_some_and(|label| label == group)
            }
        }
    };
    let jobs = state
        .jobs
        .of(user)
        .into_iter()
        .filter(|&id| is_of_group(id));
    let running = jobs.flat_map(|id| {
        let definition = state.jobs.get(id).map(|job| &job.definition);
        let running = state.scheduler.attempts(id);
        running
            .filter(|attempt| attempt.state == AttemptState::Running)
            .filter_map(move |attempt| {
                let definition = definition?;
                Some(Member {
                    name: network::own_name(definition, attempt.attempt.task),
                    job: definition.public_id.clone(),
                    task: attempt.attempt.task,
                })
            })
    });
    running.take(MEMBERS_MAX).collect()
}

/// Where a group of a user's meets.
type Place = (UserId, String);

/// Those who wait for others.
#[derive(Default)]
pub(super) struct Meetings(Mutex<HashMap<Place, HashMap<AttemptId, Arrival>>>);

struct Arrival {
    /// With how many, itself included, it goes on.
    count: u32,
    call: oneshot::Sender<()>,
}

impl Meetings {
    /// Somebody waits from now on. Whoever waited for just this one goes on.
    fn arrive(&self, place: &Place, attempt: AttemptId, count: u32) -> oneshot::Receiver<()> {
        let (call, called) = oneshot::channel();
        let mut all = self.lock();
        let here = all.entry(place.clone()).or_default();
        here.insert(attempt, Arrival { count, call });
        let present = u32::try_from(here.len()).unwrap_or(u32::MAX);
        let complete = here.extract_if(|_, arrival| arrival.count <= present);
        for (_, arrival) in complete {
            // Who has gone meanwhile need not be called.
            arrival.call.send(()).unwrap_or_default();
        }
        if here.is_empty() {
            all.remove(place);
        }
        called
    }

    /// Somebody has waited long enough. Answers whether it still waited: who was called has gone already.
    fn leave(&self, place: &Place, attempt: AttemptId) -> bool {
        let mut all = self.lock();
        let Some(here) = all.get_mut(place) else {
            return false;
        };
        let left = here.remove(&attempt).is_some();
        if here.is_empty() {
            all.remove(place);
        }
        left
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, HashMap<AttemptId, Arrival>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(user: u64) -> Place {
        (UserId(user), "all".to_owned())
    }

    fn attempt(task: u32) -> AttemptId {
        AttemptId {
            job: JobId(1),
            task,
            number: 1,
        }
    }

    #[test]
    fn the_last_one_calls_all() {
        let meetings = Meetings::default();
        let mut first = meetings.arrive(&place(1), attempt(0), 2);
        assert!(first.try_recv().is_err());
        let mut last = meetings.arrive(&place(1), attempt(1), 2);
        assert!(first.try_recv().is_ok() && last.try_recv().is_ok());
        assert!(meetings.lock().is_empty());
    }

    #[test]
    fn who_waits_twice_is_one_and_others_users_are_none() {
        let meetings = Meetings::default();
        let mut first = meetings.arrive(&place(1), attempt(0), 2);
        let mut again = meetings.arrive(&place(1), attempt(0), 2);
        let mut other = meetings.arrive(&place(2), attempt(1), 2);
        for waiting in [&mut first, &mut again, &mut other] {
            assert!(waiting.try_recv().is_err());
        }
    }

    #[test]
    fn who_leaves_is_missed_and_who_was_called_has_left() {
        let meetings = Meetings::default();
        let _left = meetings.arrive(&place(1), attempt(0), 2);
        assert!(meetings.leave(&place(1), attempt(0)));
        let mut waiting = meetings.arrive(&place(1), attempt(1), 2);
        assert!(waiting.try_recv().is_err());
        let _last = meetings.arrive(&place(1), attempt(0), 2);
        assert!(!meetings.leave(&place(1), attempt(1)));
    }
}
