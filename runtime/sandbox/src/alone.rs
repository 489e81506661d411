//! One instance that has its process for itself. Its code has no checks, so nothing but the kernel takes the thread from it,
//! and whoever watches it stands beside it.
//!
//! ```text
//!   thread of the guest:  program ───────────────────► result ─┐
//!   a task beside it:     stop? processor time? wall time? disk? ─► Ending
//! ```

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};
use wasmtime::Store;

use crate::attempt::{self, Prepared};
use crate::base::Base;
use crate::halts::{Halt, Halts};
use crate::processor::process_time;
use crate::state::State;
use crate::turn::Turn;
use crate::{Ending, Instance, Program, verdict};

/// How soon processor time is looked at again at most: more often costs more than it tells.
const LOOK_AGAIN_MIN: Duration = Duration::from_millis(1);

type Outcome = wasmtime::Result<()>;

/// A guest that was not started yet.
pub struct Guest {
    program: Program,
    store: Store<State>,
    result: oneshot::Sender<Outcome>,
    runtime: Handle,
}

impl Guest {
    /// Runs the guest to its end on this thread, which must not be one of a runtime.
    pub fn run(self) {
        let Self {
            program,
            mut store,
            result,
            runtime,
        } = self;
        let called = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(program.call(&mut store))
        }));
        let nic = match &called {
            Ok(called) if verdict::is_own_end(called) => store.data_mut().take_leave(),
            Ok(_) | Err(_) => None,
        };
        drop(store);
        runtime.block_on(attempt::depart(nic));
        // Where a host function panicked nothing is sent, and where the end was told before nobody listens.
        if let Ok(called) = called {
            drop(result.send(called));
        }
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guest").field(&self.program).finish()
    }
}

/// Both sides of an instance.
pub(crate) fn prepare(
    base: &Base,
    program: &Program,
    instance: Instance,
) -> Result<(Guest, impl Future<Output = Ending> + use<>), Box<Ending>> {
    let stop = instance.stop.clone();
    let Prepared {
        store,
        account,
        scratch,
    } = attempt::prepare(base, instance, Arc::<Turn>::default())?;
    let (result, over) = oneshot::channel();
    let guest = Guest {
        program: program.clone(),
        store,
        result,
        runtime: Handle::current(),
    };
    let ending = async move {
        let mut beside = Beside {
            halts: Halts::new(&account.limits, stop, scratch),
            began: process_time(),
            look_again: None,
        };
        match beside.until(over).await {
            Some(result) => {
                let spent = beside.spent();
                account.ending(result, &mut beside.halts, spent).await
            }
            None => attempt::panicked(),
        }
    };
    Ok((guest, ending))
}

/// The watch from the side. The processor time is that of the process, which does nothing else.
struct Beside {
    halts: Halts,
    began: Duration,
    look_again: Option<Pin<Box<Sleep>>>,
}

impl Beside {
    /// What the guest answered, or why it is to be ended; nothing when it will never answer.
    async fn until(&mut self, over: oneshot::Receiver<Outcome>) -> Option<Result<Outcome, Halt>> {
        let mut over = pin!(over);
        poll_fn(|cx| match over.as_mut().poll(cx) {
            Poll::Ready(Ok(outcome)) => Poll::Ready(Some(Ok(outcome))),
            Poll::Ready(Err(_)) => Poll::Ready(None),
            Poll::Pending => self.poll_halt(cx).map(|halt| Some(Err(halt))),
        })
        .await
    }

    fn poll_halt(&mut self, cx: &mut Context<'_>) -> Poll<Halt> {
        loop {
            let spent = self.spent();
            if let Poll::Ready(halt) = self.halts.poll(spent, cx) {
                return Poll::Ready(halt);
            }
            let Some(left) = self.halts.processor_left(spent) else {
                return Poll::Pending;
            };
            // It cannot be used up sooner by the guest's one thread.
            let mut look_again = Box::pin(sleep(left.max(LOOK_AGAIN_MIN)));
            let polled = look_again.as_mut().poll(cx);
            self.look_again = Some(look_again);
            if polled.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn spent(&self) -> Duration {
        process_time().saturating_sub(self.began)
    }
}
