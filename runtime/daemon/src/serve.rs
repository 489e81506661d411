//! The composition of the server: open what must last, take up what was left, let people in; then drain and close, in the
//! opposite order.

mod disk;
mod host;
mod lifetime;
mod load;
mod settings;
mod socket;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::{env, io};

use sublet_scheduler::{Quota, Scheduler, Terms};
use sublet_worker::Bursting;
use sublet_worker::dial::HostResolver;
use sublet_worker::protocol::NetworkTerms;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::artifacts::Artifacts;
use crate::broker::Broker;
use crate::clock;
use crate::config::{ConfigError, Cpu, Size};
use crate::driver::{Beginning, Chores, Command, Driver, DriverHandle, Ground, Parts};
use crate::front::Front;
use crate::workers::{Keeper, Surroundings, Workers};
use disk::Disk;
use settings::Settings;

/// Threads that answer requests. Guests have their own, in other processes.
const THREADS: usize = 2;
/// Tasks of one job: an array beyond it is several jobs.
const TASKS_PER_JOB_MAX: u32 = 1_000_000;
/// Tasks of all users together that are queued or running: what waits is held in memory.
const QUEUED_TASKS_MAX: u64 = 10_000_000;
/// A job that has waited so long goes before every younger one of its user.
const AGING_MS: u64 = 60 * 60 * 1000;
/// The one host there is.
const HOST: &str = "local";

/// What the command line says; what it leaves out is taken from the configuration, then from the usual places.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The data directory.
    pub data_dir: Option<PathBuf>,
    /// The unix socket.
    pub socket: Option<PathBuf>,
    /// Throw the data away at the end: for trying things out.
    pub dev: bool,
}

/// Why the server does not start, or ended early.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another server has the data directory.
    #[error("{0}")]
    Held(sublet_store::Error),
    /// The data directory or what is in it cannot be used.
    #[error(transparent)]
    Store(sublet_store::Error),
    /// Another server answers on the socket.
    #[error("another server answers on {path}")]
    SocketTaken {
        /// The socket.
        path: String,
    },
    /// The system refused something else.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
}

impl From<sublet_store::Error> for ServeError {
    fn from(error: sublet_store::Error) -> Self {
        match error {
            held @ sublet_store::Error::Held { .. } => Self::Held(held),
            other => Self::Store(other),
        }
    }
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// See [`ServeError`].
pub fn serve(options: &Options) -> Result<(), ServeError> {
    let settings = Settings::from_options(options)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(doing("start the threads that answer"))?;
    let server = Server::open(&settings, &runtime)?;
    runtime.block_on(server.run(&settings.socket))?;
    runtime.shutdown_background();
    Ok(())
}

/// A server with everything opened and the driver turning.
struct Server {
    front: Arc<Front>,
    driver: JoinHandle<Result<(), sublet_store::Error>>,
}

impl Server {
    fn open(settings: &Settings, runtime: &Runtime) -> Result<Self, ServeError> {
        let disk = Disk::open(settings)?;
        tell_of_bursting();
        let executable = env::current_exe().map_err(doing("find our own executable"))?;
        let artifacts = Artifacts::new(Arc::clone(&disk.library), executable.clone());
        let (commands, asked) = mpsc::channel();
        let handle = DriverHandle::new(commands);
        let (finished, sees_finished) = watch::channel(0);
        let (output, sees_output) = watch::channel(0);
        let broker = broker(settings, runtime);
        let surroundings = Surroundings {
            executable,
            users: disk.directory.path().join("users"),
            work: Arc::clone(&disk.work),
            logs: Arc::clone(&disk.logs),
            artifacts: artifacts.clone(),
            driver: handle.clone(),
            runtime: runtime.handle().clone(),
            alive: Arc::new(disk.alive),
            keeper: Keeper::default(),
            broker: broker.clone(),
            output,
        };
        let chores = Chores::start(disk.work, Arc::clone(&disk.logs), handle.clone());
        let driver = Driver::new(Parts {
            scheduler: scheduler(settings),
            writer: disk.writer,
            reader: disk.readers.get()?,
            chores: chores.map_err(doing("start a thread"))?,
            workers: Workers::new(surroundings),
            broker: broker.clone(),
            terms: network_terms(settings),
            ids: disk.ids,
            owner: disk.owner.id,
            ground: Ground::new(
                HOST.to_owned(),
                settings.capacity,
                settings.rules.clone(),
                &[],
                BTreeMap::new(),
            ),
            finished,
            now: clock::now,
        });
        let networks = settings.config.service.networks;
        let beginning = Beginning {
            owner: (disk.owner.id, disk.owner.name.clone()),
            terms: terms(settings),
            host: HOST.to_owned(),
            offered: settings.capacity,
            rules: settings.rules.clone(),
            networks: (networks.prepared, networks.low),
        };
        let front = Front {
            config: settings.config.clone(),
            directory: disk.directory,
            readers: disk.readers,
            library: disk.library,
            logs: disk.logs,
            artifacts,
            driver: handle,
            broker,
            owner: disk.owner,
            finished: sees_finished,
            output: sees_output,
        };
        Ok(Self {
            front: Arc::new(front),
            driver: start(driver, beginning, asked)?,
        })
    }
}

/// Takes up what was left, then turns on a thread of its own.
fn start(
    mut driver: Driver,
    beginning: Beginning,
    commands: mpsc::Receiver<Command>,
) -> Result<JoinHandle<Result<(), sublet_store::Error>>, ServeError> {
    driver.begin(beginning)?;
    driver.resume()?;
    thread::Builder::new()
        .name("driver".into())
        .spawn(move || driver.run(&commands))
        .map_err(doing("start the driver"))
}

/// The one who dials and listens for guests, with the resolver of this host.
fn broker(settings: &Settings, runtime: &Runtime) -> Broker {
    let address = settings.config.service.publish.address;
    Broker::new(runtime.handle().clone(), Arc::new(HostResolver), address)
}

/// What holds for the networks of users of whom nothing else is said.
fn network_terms(settings: &Settings) -> NetworkTerms {
    let defaults = &settings.config.defaults;
    NetworkTerms {
        operator: defaults.egress.clone(),
        limits: defaults.network.into(),
        ..NetworkTerms::default()
    }
}

/// Workers have the rights of this process, so what it finds out holds for them.
fn tell_of_bursting() {
    match sublet_worker::bursting() {
        Bursting::Idle => tracing::info!("guests beyond their share run in the idle class"),
        Bursting::LowestNiceness => tracing::warn!(
            "no right to leave the idle class: guests beyond their share run at the lowest niceness, and those with a process of their own are held to it; give the server RLIMIT_NICE 20 (LimitNICE=20 in its unit)"
        ),
    }
}

/// A scheduler that knows nothing yet: rules, host and users come as events.
fn scheduler(settings: &Settings) -> Scheduler {
    Scheduler::new(sublet_scheduler::Config {
        queued_tasks_max: QUEUED_TASKS_MAX,
        tasks_per_job_max: TASKS_PER_JOB_MAX,
        aging_ms: AGING_MS,
        terms: terms(settings),
    })
}

fn terms(settings: &Settings) -> Terms {
    let quota = &settings.config.defaults.quota;
    Terms {
        weight: 1,
        quota: Quota {
            slots: quota.slots.unwrap_or(u64::MAX),
            cpu_millis: quota.cpu.map_or(u64::MAX, Cpu::as_millis),
            memory_bytes: quota.memory.map_or(u64::MAX, Size::as_bytes),
            queued: quota.queued,
            submits_per_s: quota.submits_per_s.unwrap_or(0),
        },
    }
}

/// Names what was being done when the system refused.
pub(crate) fn doing(what: &str) -> impl FnOnce(io::Error) -> ServeError {
    let doing = format!("cannot {what}");
    move |source| ServeError::Io { doing, source }
}
