//! The sandbox of a process: one engine, its linkers and its ticker, made once and shared.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use wasmtime::Engine;

use crate::base::Base;
use crate::http::Trust;
use crate::lane::{Attempt, Lane};
use crate::link::Linkers;
use crate::ride::{Reasons, Ride};
use crate::ticker::Ticker;
use crate::turn::Turn;
use crate::{
    Burst, Ending, Fault, Instance, Occupancy, Program, Shape, Stop, alone, attempt, config, halts,
};

/// Runs instances. Clones are the same sandbox. A process should have one: wasmtime's advisories tell what happens to
/// types that meet a second engine.
#[derive(Clone)]
pub struct Sandbox(Arc<Parts>);

struct Parts {
    base: Base,
    linkers: Linkers,
    ticker: Ticker,
    lane: Lane,
    shape: Shape,
}

impl Sandbox {
    /// Makes the engine and reserves the pool's address space. To be called before the process is locked down.
    pub fn new(shape: Shape) -> Result<Self, Fault> {
        Self::trusting(shape, &[])
    }

    /// As [`Sandbox::new`], and requests of its guests over TLS also believe these roots, each a certificate in DER.
    pub fn trusting(shape: Shape, roots: &[&[u8]]) -> Result<Self, Fault> {
        let trust = Trust::new(roots).map_err(|error| Fault::roots(&error))?;
        let engine = Engine::new(&config::running(shape)).map_err(|error| Fault::engine(&error))?;
        let linkers = Linkers::new(&engine).map_err(|error| Fault::engine(&error))?;
        let ticker = Ticker::start(engine.weak(), shape.threads).map_err(Fault::Ticker)?;
        Ok(Self(Arc::new(Parts {
            base: Base { engine, trust },
            linkers,
            ticker,
            lane: Lane::new(shape.threads),
            shape,
        })))
    }

    /// Turns an artifact into a program that can be started many times. The bytes must hash to `sha256`: they are
    /// machine code, and the hash is what says that our own compiler made them.
    pub fn load(&self, artifact: &[u8], sha256: &[u8; 32]) -> Result<Program, Fault> {
        Program::load(&self.0.base.engine, &self.0.linkers, artifact, sha256)
    }

    /// A handle that ends one instance, to be put into that [`Instance`].
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        Stop::new(self.0.base.engine.weak())
    }

    /// Runs one instance to its end. Dropping the future ends the instance as well. To be polled on a tokio runtime.
    pub async fn run(&self, program: &Program, instance: Instance) -> Ending {
        let turn = Arc::new(Turn::default());
        let share = instance.share.clone();
        let (stop, deadline) = (
            instance.stop.clone(),
            halts::deadline(Instant::now(), &instance.limits),
        );
        // In a box either way: a future that has room for both kinds would be twice as large for each of thousands.
        let attempt = self
            .clone()
            .attempt(program.clone(), instance, Arc::clone(&turn));
        match share {
            Some(share) if share.burst() == Burst::Allowed => {
                let reasons = Reasons {
                    share,
                    stop,
                    deadline,
                };
                Ride::new(&self.0.lane, turn, reasons, attempt).await
            }
            Some(_) | None => attempt.await,
        }
    }

    /// Prepares an instance that has this process for itself: the guest, to be run on a thread of its own, and the future of
    /// its ending, which watches from the side. An ending that comes before the guest's own leaves the guest running: only
    /// the end of the process ends it. To be called on a tokio runtime.
    ///
    /// # Errors
    /// The ending of an instance that could not be prepared.
    pub fn alone(
        &self,
        program: &Program,
        instance: Instance,
    ) -> Result<(alone::Guest, impl Future<Output = Ending> + use<>), Box<Ending>> {
        alone::prepare(&self.0.base, program, instance)
    }

    /// An attempt that owns all it needs, so that it can go from thread to thread.
    fn attempt(self, program: Program, instance: Instance, turn: Arc<Turn>) -> Attempt {
        Box::pin(async move {
            let Parts { base, ticker, .. } = &*self.0;
            attempt::run(base, ticker, &program, instance, turn).await
        })
    }

    /// What of the pool is in use.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        Occupancy::of(&self.0.base.engine)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("shape", &self.0.shape)
            .field("ticker", &self.0.ticker)
            .finish_non_exhaustive()
    }
}
