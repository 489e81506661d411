//! The composition of the server: open what must last, take up what was left, let people in; then drain and close, in the
//! opposite order.

mod disk;
mod host;
mod lifetime;
mod load;
mod settings;
mod socket;
mod walls;

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::{env, io};

use sublet_scheduler::Scheduler;
use sublet_store::{DataDirectory, Readers};
use sublet_worker::Bursting;
use sublet_worker::compile::Compiler;
use sublet_worker::dial::HostResolver;
use sublet_worker::wall;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::accounts::Accounts;
use crate::artifacts::Artifacts;
use crate::broker::Broker;
use crate::clock;
use crate::config::{Config, ConfigError, Size};
use crate::driver::{
    Beginning, Chores, Command, Driver, DriverHandle, Ground, Keeping, Parts, Retention, Ruling,
};
use crate::events::Events;
use crate::front::Front;
use crate::http::{Room, Strangers, relatives};
use crate::keys::{Keys, KeysError};
use crate::metrics::Metrics;
use crate::people::People;
use crate::workers::{Keeper, Surroundings, Workers};
use disk::Disk;
use settings::Settings;
pub(crate) use walls::told as told_gaps;

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
    /// Where to listen for TLS as well.
    pub listen: Option<SocketAddr>,
    /// Throw the data away at the end: for trying things out.
    pub dev: bool,
    /// Do not start where a layer of the wall around workers is missing.
    pub require_hardening: bool,
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
    /// The keys of the house cannot be used.
    #[error("the keys in the data directory cannot be used")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another server answers on the socket.
    #[error("another server answers on {path}")]
    SocketTaken {
        /// The socket.
        path: String,
    },
    /// Workers would not have every layer of their wall, and the operator wants all.
    #[error("workers of this host would have {0}")]
    Unhardened(String),
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
    wall::around_the_front().map_err(doing("give up what a server has no use for"))?;
    let settings = Settings::from_options(options)?;
    // Before the first thread, for all of them and for the workers.
    if let Err(error) = sublet_worker::be_prompt() {
        tracing::debug!(%error, "slices are as long as the host has them");
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(doing("start the threads that answer"))?;
    let door = settings.listen.map(door).transpose()?;
    let scrapes = settings.metrics.map(self::door).transpose()?;
    let server = Server::open(&settings, (door, scrapes), &runtime)?;
    tell_of_bursting();
    runtime.block_on(server.run(&settings.socket))?;
    runtime.shutdown_background();
    Ok(())
}

/// Whether a server would start with a configuration on this host, and what is worth knowing about its rules.
///
/// # Errors
/// Why it would not.
pub fn check_configuration(named: Option<&Path>) -> Result<(Config, Vec<String>), ServeError> {
    let config = Config::load(named)?;
    config.metrics_address()?;
    let capacity = host::capacity(&config)?;
    let rules = config.rules(capacity)?;
    let carved = rules.carve(capacity);
    carved.map_err(|error| ConfigError::Value(error.to_string()))?;
    Ok((config, rules.remarks))
}

/// A server with everything opened and the driver turning.
struct Server {
    front: Arc<Front>,
    /// Where those come in who are not of this host.
    door: Option<TcpListener>,
    /// Where metrics are read without asking who it is.
    scrapes: Option<TcpListener>,
    driver: JoinHandle<Result<(), sublet_store::Error>>,
}

impl Server {
    #[expect(
        clippy::too_many_lines,
        reason = "the one place where the parts are put together has a line for each"
    )]
    fn open(
        settings: &Settings,
        (door, scrapes): (Option<TcpListener>, Option<TcpListener>),
        runtime: &Runtime,
    ) -> Result<Self, ServeError> {
        let disk = Disk::open(settings)?;
        let executable = env::current_exe().map_err(doing("find our own executable"))?;
        let users = disk.directory.path().join("users");
        let accounts = Accounts::of_this_host();
        let compiler = Compiler::new(executable.clone()).running_as(accounts.of_compilers());
        let artifacts = Artifacts::new(Arc::clone(&disk.library), compiler);
        let (handle, asked) = DriverHandle::of_a_new_driver();
        let (finished, sees_finished) = watch::channel(0);
        let (output, sees_output) = watch::channel(0);
        let (broker, ruling) = (broker(settings, runtime), Ruling::of(&settings.config));
        let (metrics, events) = watched();
        let keys = keys(settings, door.as_ref(), &disk.directory, &disk.people)?;
        let (chores, keeping) = followers(settings, (&disk, accounts), &handle, runtime)?;
        let (relatives, questions) = relatives::channel();
        let surroundings = Surroundings {
            executable: executable.clone(),
            users,
            require_hardening: settings.require_hardening,
            work: Arc::clone(&disk.work),
            accounts,
            logs: Arc::clone(&disk.logs),
            artifacts: artifacts.clone(),
            driver: handle.clone(),
            runtime: runtime.handle().clone(),
            alive: Arc::new(disk.alive),
            keeper: Keeper::default(),
            broker: broker.clone(),
            relatives,
            output,
            metrics: Arc::clone(&metrics),
        };
        let gaps = walls::gaps(&surroundings, disk.owner)?;
        let driver = Driver::new(Parts {
            scheduler: scheduler(settings),
            writer: disk.writer,
            reader: disk.readers.get()?,
            chores,
            keeping,
            workers: Workers::new(surroundings),
            broker: broker.clone(),
            network_terms: ruling.network_terms,
            ids: disk.ids,
            owner: disk.owner,
            people: Arc::clone(&disk.people),
            events: Arc::clone(&events),
            metrics: Arc::clone(&metrics),
            terms: ruling.terms,
            ground: ground(settings),
            retention: Retention::new(ruling.retention),
            quarantine_after: ruling.quarantine_after,
            finished,
            now: clock::onward,
        });
        let front = Front {
            configuration: settings.configuration(),
            executable,
            gaps,
            directory: disk.directory,
            reading: Semaphore::new(Readers::KEPT_MAX),
            readers: disk.readers,
            library: disk.library,
            logs: disk.logs,
            outputs: disk.outputs,
            artifacts,
            strangers: Strangers::new(handle.clone(), Arc::clone(&metrics)),
            metrics,
            events,
            driver: handle,
            broker,
            people: disk.people,
            keys,
            room: Room::default(),
            finished: sees_finished,
            output: sees_output,
        };
        let front = Arc::new(front);
        runtime.spawn(relatives::serve(Arc::clone(&front), questions));
        Ok(Self {
            front,
            door,
            scrapes,
            driver: start(driver, beginning(settings), asked)?,
        })
    }
}

/// What tells others how the server does.
fn watched() -> (Arc<Metrics>, Arc<Events>) {
    let events = Events::new(clock::now());
    (Arc::new(Metrics::new()), Arc::new(events))
}

/// The host before anything is known of its nodes.
fn ground(settings: &Settings) -> Ground {
    let rules = settings.rules.clone();
    Ground::new(
        HOST.to_owned(),
        settings.capacity,
        rules,
        &[],
        BTreeMap::new(),
    )
}

/// Those who take up what an end leaves to be done.
fn followers(
    settings: &Settings,
    (disk, accounts): (&Disk, Accounts),
    driver: &DriverHandle,
    runtime: &Runtime,
) -> Result<(Chores, Keeping), ServeError> {
    let (work, logs) = (Arc::clone(&disk.work), Arc::clone(&disk.logs));
    let outputs = Arc::clone(&disk.outputs);
    let chores = Chores::start((work, accounts), logs, outputs, driver.clone());
    let keeping = Keeping {
        work: Arc::clone(&disk.work),
        outputs: Arc::clone(&disk.outputs),
        driver: driver.clone(),
        runtime: runtime.handle().clone(),
        stored_bytes_max: stored_bytes_max(settings),
    };
    Ok((chores.map_err(doing("start a thread"))?, keeping))
}

/// Bytes that a user may have stored of whom nothing else is said.
fn stored_bytes_max(settings: &Settings) -> Option<u64> {
    let quota = &settings.config.defaults.quota;
    quota.stored.map(Size::as_bytes)
}

fn beginning(settings: &Settings) -> Beginning {
    let networks = settings.config.service.networks;
    Beginning {
        host: HOST.to_owned(),
        offered: settings.capacity,
        rules: settings.rules.clone(),
        networks: (networks.prepared, networks.low),
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

/// Opened before anything else: a port that is taken is told at once, and one that the system chose is known to keys.
fn door(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    open().map_err(doing(&format!("listen on {address}")))
}

/// The keys by which the server is known and knows others. They are made with the first start, whether anybody comes from
/// outside or not.
fn keys(
    settings: &Settings,
    door: Option<&TcpListener>,
    directory: &DataDirectory,
    people: &Arc<People>,
) -> Result<Arc<Keys>, ServeError> {
    let files = directory.keys()?;
    let address = door.map(TcpListener::local_addr).transpose();
    let address = address.map_err(doing("find the address of our own door"))?;
    let url = address.and_then(|address| settings.url(address));
    let names = settings.names(address);
    let keys = Keys::open(files, names, url, Arc::clone(people), clock::now());
    match keys {
        Ok(keys) => Ok(Arc::new(keys)),
        Err(KeysError::Store(error)) => Err(error.into()),
        Err(error) => Err(ServeError::Keys(Box::new(error))),
    }
}

/// The one who dials and listens for guests, with the resolver of this host.
fn broker(settings: &Settings, runtime: &Runtime) -> Broker {
    let address = settings.config.service.publish.address;
    Broker::new(runtime.handle().clone(), Arc::new(HostResolver), address)
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
        terms: settings.config.defaults.quota.terms(),
    })
}

/// Names what was being done when the system refused.
pub(crate) fn doing(what: &str) -> impl FnOnce(io::Error) -> ServeError {
    let doing = format!("cannot {what}");
    move |source| ServeError::Io { doing, source }
}
