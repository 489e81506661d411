//! What a worker asks of the front, because it makes no socket and knows no other worker: connections that leave the
//! process, who else is on the network, and what a guest wants of other jobs.
//!
//! A question goes out with a number and comes back with it. Who asked may be gone by then; the answer is dropped, and
//! with it the descriptor that came along.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_network::{Dialled, DialledDatagrams, Outside, Pending, Protocol, Refusal, Target};
use sublet_sandbox::{Answering, Refused, Relatives, Wish};
use sublet_scheduler::AttemptId;
use tokio::sync::oneshot;

use crate::carrier::{self, Hold};
use crate::network;
use crate::outbox::Outbox;
use crate::protocol::{Answer, FromWorker, Question};

/// The questions that are open. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    outbox: Outbox,
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, oneshot::Sender<Reply>>,
}

/// An answer, and the descriptor that came with it.
type Reply = (Answer, Option<OwnedFd>);

impl Questions {
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self {
            outbox,
            open: Arc::default(),
        }
    }

    /// The front has answered.
    pub(crate) fn answered(&self, number: u64, answer: Answer, descriptor: Option<OwnedFd>) {
        let asker = self.lock().by_number.remove(&number);
        let unheard = match asker {
            Some(asker) => asker.send((answer, descriptor)).err(),
            None => Some((answer, descriptor)),
        };
        if let Some((Answer::Connected { connection, .. }, _)) = unheard {
            self.hang_up(connection);
        }
    }

    /// A connection of the front is not used any more.
    pub(crate) fn hang_up(&self, connection: u64) {
        self.outbox.push(FromWorker::HungUp(connection));
    }

    /// Asks, once the answer is waited for.
    async fn ask(self, question: Question) -> Option<Reply> {
        let (send, answer) = oneshot::channel();
        let number = {
            let mut open = self.lock();
            open.next += 1;
            let number = open.next;
            open.by_number.insert(number, send);
            number
        };
        self.outbox.push(FromWorker::Asked { number, question });
        answer.await.ok()
    }

    /// Dials, and answers with what is to be held as long as the connection is used.
    async fn dial(
        self,
        nic: u64,
        protocol: Protocol,
        target: Target,
    ) -> Result<(OwnedFd, SocketAddr, Hold), Refusal> {
        let question = Question::Dial {
            nic: network::nic_at(nic).ok_or(Refusal::InvalidArgument)?,
            protocol,
            target,
        };
        match self.clone().ask(question).await {
            Some((Answer::Connected { connection, peer }, Some(descriptor))) => {
                Ok((descriptor, peer, Hold::new(self, connection)))
            }
            Some((Answer::Refused(refusal), _)) => Err(refusal),
            Some((Answer::Connected { .. } | Answer::Neighbours(_) | Answer::Relatives(_), _))
            | None => Err(Refusal::Unreachable),
        }
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The other jobs, as one attempt asks for them.
#[derive(Debug)]
pub(crate) struct OtherJobs {
    pub(crate) questions: Questions,
    pub(crate) attempt: AttemptId,
}

impl Relatives for OtherJobs {
    fn ask(&self, wish: Wish) -> Answering {
        let question = Question::Relatives {
            attempt: self.attempt,
            wish: Box::new(wish),
        };
        let asking = self.questions.clone().ask(question);
        Box::pin(async move {
            match asking.await {
                Some((Answer::Relatives(answer), _)) => answer,
                Some(_) | None => Err(Refused::Unavailable("nobody answers".to_owned())),
            }
        })
    }
}

impl Outside for Questions {
    fn neighbours(&self, name: &str) -> Pending<Vec<IpAddr>> {
        let asking = self.clone().ask(Question::Neighbours(name.to_owned()));
        Box::pin(async move {
            match asking.await {
                Some((Answer::Neighbours(addresses), _)) => addresses,
                Some(_) | None => Vec::new(),
            }
        })
    }

    fn dial(&self, nic: u64, target: Target) -> Pending<Result<Dialled, Refusal>> {
        let dialling = self.clone().dial(nic, Protocol::Tcp, target);
        Box::pin(async move {
            let (descriptor, peer, hold) = dialling.await?;
            let carrier = carrier::stream(descriptor, hold).map_err(|error| unusable(&error))?;
            Ok(Dialled { carrier, peer })
        })
    }

    fn dial_datagrams(
        &self,
        nic: u64,
        target: Target,
    ) -> Pending<Result<DialledDatagrams, Refusal>> {
        let dialling = self.clone().dial(nic, Protocol::Udp, target);
        Box::pin(async move {
            let (descriptor, peer, hold) = dialling.await?;
            let carrier = carrier::datagrams(descriptor, hold).map_err(|error| unusable(&error))?;
            Ok(DialledDatagrams { carrier, peer })
        })
    }
}

/// A descriptor that is no socket of the kind that was asked for is the front's mistake, and nobody's connection.
fn unusable(error: &io::Error) -> Refusal {
    tracing::warn!(%error, "a connection from the front cannot be used");
    Refusal::Unreachable
}
