//! What went over the nics of a user so far. The workers count; they are asked when somebody wants to know.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use sublet_scheduler::{NetworkUsage, UserId};
use sublet_worker::protocol::ToWorker;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Asker, Broker};
use crate::workers::WorkerId;

/// How long a worker may take to answer. One that is stopped or gone is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// What went over each of some nics.
pub(crate) type Counters = Vec<(Ipv4Addr, NetworkUsage)>;
/// A question to one worker.
type PollId = (WorkerId, u64);

/// Questions that workers have not answered yet.
#[derive(Debug, Default)]
pub(super) struct Polls {
    next: u64,
    open: HashMap<PollId, oneshot::Sender<Counters>>,
}

impl Broker {
    /// Counters by address, of all nics of a user that live.
    pub(crate) async fn traffic(&self, user: UserId) -> HashMap<Ipv4Addr, NetworkUsage> {
        let asked = self.poll(user);
        let mut found = HashMap::new();
        for (key, answer) in asked {
            match timeout(PATIENCE, answer).await {
                Ok(answer) => found.extend(answer.unwrap_or_default()),
                Err(_elapsed) => drop(self.state().polls.open.remove(&key)),
            }
        }
        found
    }

    /// Asks each worker that has nics of the user.
    #[expect(
        clippy::type_complexity,
        reason = "a list of questions and their answers"
    )]
    fn poll(
        &self,
        user: UserId,
    ) -> Vec<(
        (WorkerId, u64),
        oneshot::Receiver<Vec<(Ipv4Addr, NetworkUsage)>>,
    )> {
        let mut state = self.state();
        let workers = state.networks.get(&user).map(super::Standing::workers);
        let mut asked = Vec::new();
        for worker in workers.unwrap_or_default() {
            let Some(speaker) = state.speakers.get(&worker).cloned() else {
                continue;
            };
            state.polls.next += 1;
            let number = state.polls.next;
            let (send, answer) = oneshot::channel();
            state.polls.open.insert((worker, number), send);
            speaker.say(vec![ToWorker::TellTraffic(number)], Vec::new());
            asked.push(((worker, number), answer));
        }
        asked
    }

    /// A worker has answered. What it says of nics that it does not have is nothing.
    pub(crate) fn told_traffic(&self, teller: &Asker, number: u64, mut nics: Counters) {
        let mut state = self.state();
        let Some(asker) = state.polls.open.remove(&(teller.worker, number)) else {
            return;
        };
        let network = state.networks.get(&teller.user);
        nics.retain(|(v4, _)| {
            network.is_some_and(|network| network.grant_of(*v4, teller.worker).is_some())
        });
        drop(state);
        if asker.send(nics).is_err() {
            tracing::debug!("nobody waits for counters any more");
        }
    }
}
