//! One instance from its store to its ending. The store is made for it and dropped with it, whatever happens.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use sublet_network::{Meter, Nic};
use sublet_scheduler::{Limits, LossReason, Usage};
use wasmtime::{Engine, Store};

use crate::base::Base;
use crate::counts::Counts;
use crate::files::OpenFiles;
use crate::halts::{Halt, Halts};
use crate::http::Reach;
use crate::job::JobState;
use crate::limiter::Limiter;
use crate::output::{Allowance, Output};
use crate::scratch::{Scratch, Used};
use crate::state::{State, Surroundings, give_way};
use crate::text::shown;
use crate::ticker::Ticker;
use crate::turn::Turn;
use crate::verdict::{self, Facts};
use crate::watch::Watch;
use crate::{Ending, Instance, Program};

/// How long a guest that is over may wait for others to take what it sent them.
const DEPARTURE_MAX: Duration = Duration::from_secs(1);
/// Bytes that one call of a host function may make us copy. Without it a guest could have us hold as much as it has.
const HOST_CALL_BYTES_MAX: usize = 1 << 20;

/// Runs one instance. A panic in a host function ends this attempt and no other.
pub(crate) async fn run(
    base: &Base,
    ticker: &Ticker,
    program: &Program,
    instance: Instance,
    turn: Arc<Turn>,
) -> Ending {
    let mut attempt = pin!(attempt(base, ticker, program, instance, turn));
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| attempt.as_mut().poll(cx))) {
            Ok(polled) => polled,
            Err(_) => Poll::Ready(panicked()),
        },
    )
    .await
}

async fn attempt(
    base: &Base,
    ticker: &Ticker,
    program: &Program,
    instance: Instance,
    turn: Arc<Turn>,
) -> Ending {
    let (share, stop) = (instance.share.clone(), instance.stop.clone());
    let prepared = match prepare(base, instance, Arc::clone(&turn)) {
        Ok(prepared) => prepared,
        Err(ending) => return *ending,
    };
    let (mut store, account) = (prepared.store, prepared.account);
    let halts = Halts::new(&account.limits, stop, prepared.scratch);
    let mut watch = Watch::new(ticker, turn, share, halts);
    let result = watch.over(program.call(&mut store)).await;
    let processor_time = watch.processor_time();
    let nic = match &result {
        Ok(result) if verdict::is_own_end(result) => store.data_mut().take_leave(),
        Ok(_) | Err(_) => None,
    };
    let ending = account
        .ending(result, &mut watch.halts, processor_time)
        .await;
    drop(store);
    depart(nic).await;
    ending
}

/// Takes the nic of a guest that came to its own end off the network, once what it sent to those beyond this process is
/// out. Who takes it too slowly sees a reset.
pub(crate) async fn depart(nic: Option<Nic>) {
    if let Some(nic) = nic {
        drop(tokio::time::timeout(DEPARTURE_MAX, nic.drained()).await);
    }
}

/// An instance whose program was not called yet.
pub(crate) struct Prepared {
    pub(crate) store: Store<State>,
    pub(crate) account: Account,
    pub(crate) scratch: Option<Scratch>,
}

/// Makes the store, and what will tell of its use.
pub(crate) fn prepare(
    base: &Base,
    instance: Instance,
    turn: Arc<Turn>,
) -> Result<Prepared, Box<Ending>> {
    let limits = instance.limits;
    let counts = Arc::<Counts>::default();
    let (scratch, opened) = Scratch::start(&instance.directories, limits.scratch_bytes).unzip();
    let granted = instance.directories.len();
    let files = OpenFiles::new(limits.open_files, granted, opened, Arc::clone(&counts));
    let streams = Streams::new(limits.output_bytes, instance.stdout, instance.stderr);
    let meter = instance.network.as_ref().map(Nic::meter);
    let surroundings = Surroundings {
        args: &instance.args,
        env: [&instance.env, &instance.attempt_env],
        directories: &instance.directories,
        reach: Reach::new(instance.network, base.trust.clone()),
        job: JobState::new(instance.job, streams.stderr.clone(), limits),
        stdin: instance.stdin,
        stdout: streams.stdout.clone(),
        stderr: streams.stderr.clone(),
    };
    let limiter = Limiter::new(&limits, Arc::clone(&counts));
    let state = State::new(surroundings, limiter, files, limits.handles, turn)
        .map_err(|error| Box::new(not_set_up(&error)))?;
    Ok(Prepared {
        store: store(&base.engine, state, &limits),
        account: Account {
            limits,
            counts,
            meter,
            streams,
        },
        scratch,
    })
}

/// What an instance is told to keep to, and what it used.
pub(crate) struct Account {
    pub(crate) limits: Limits,
    counts: Arc<Counts>,
    meter: Option<Arc<Meter>>,
    streams: Streams,
}

impl Account {
    /// The ending of the instance, from what its program answered or why it was ended.
    pub(crate) async fn ending(
        self,
        result: Result<wasmtime::Result<()>, Halt>,
        halts: &mut Halts,
        processor_time: Duration,
    ) -> Ending {
        let scratch = match halts.take_scratch() {
            // What the guest left is measured once more before it is believed.
            Some(scratch) if result.is_ok() => scratch.finish().await,
            Some(scratch) => scratch.used(),
            None => Used::default(),
        };
        let counts = &*self.counts;
        let facts = Facts {
            limits: &self.limits,
            counts,
            scratch_exceeded: scratch.exceeded,
        };
        let verdict = verdict::of(result, &facts);
        let sockets_denied = self.meter.as_ref().map_or(0, |meter| meter.without_place());
        let handles_denied = counts
            .files
            .denied()
            .saturating_add(verdict.handles_denied)
            .saturating_add(u32::try_from(sockets_denied).unwrap_or(u32::MAX));
        Ending {
            outcome: verdict.outcome,
            usage: Usage {
                cpu_us: microseconds(processor_time),
                wall_us: microseconds(halts.wall_time()),
                memory_peak_bytes: counts.memory.peak(),
                scratch_peak_bytes: scratch.peak_bytes,
                memory_denied: counts.memory.denied(),
                tables_denied: counts.tables.denied(),
                handles_denied,
                ..self.streams.usage()
            },
            detail: verdict.detail,
        }
    }
}

fn store(engine: &Engine, state: State, limits: &Limits) -> Store<State> {
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(give_way);
    store.set_hostcall_fuel(HOST_CALL_BYTES_MAX);
    store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
    store
}

/// The ending of an instance that ran into a fault of ours.
pub(crate) fn panicked() -> Ending {
    Ending::lost(LossReason::Panic, "a host function panicked".to_owned())
}

fn not_set_up(error: &wasmtime::Error) -> Ending {
    Ending::lost(
        LossReason::Setup,
        format!(
            "a directory could not be opened: {}",
            shown(&error.root_cause().to_string())
        ),
    )
}

/// Both output streams and what they share.
struct Streams {
    allowance: Arc<Allowance>,
    stdout: Output,
    stderr: Output,
}

impl Streams {
    fn new(limit_bytes: u64, stdout: Box<dyn crate::Sink>, stderr: Box<dyn crate::Sink>) -> Self {
        let allowance = Allowance::new(limit_bytes);
        Self {
            stdout: Output::new(stdout, &allowance),
            stderr: Output::new(stderr, &allowance),
            allowance,
        }
    }

    fn usage(&self) -> Usage {
        Usage {
            stdout_bytes: self.stdout.written_bytes(),
            stderr_bytes: self.stderr.written_bytes(),
            output_cut_bytes: self.allowance.cut_bytes(),
            ..Usage::default()
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
