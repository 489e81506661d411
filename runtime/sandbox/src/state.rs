//! What belongs to one instance inside its store: what host functions may touch, and nothing else.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use sublet_network::Nic;
use wasmtime::{Result, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::clocks::{MonotonicClock, WallClock};
use crate::files::OpenFiles;
use crate::http::{self, Reach};
use crate::input::Input;
use crate::instance::{Access, Directory};
use crate::job::JobState;
use crate::lane;
use crate::limiter::Limiter;
use crate::output::Output;
use crate::turn::Turn;

/// Random bytes of one call. A larger ask would make us allocate as much.
const RANDOM_BYTES_MAX: u64 = 64 << 10;
/// Resources that host functions make for themselves beside those that a guest may hold: standard streams and the like.
const OWN_RESOURCES: u32 = 64;

pub(crate) struct State {
    /// Stands first and so goes first: what a guest that was cut off held open is reset, not closed in good order.
    pub(crate) reach: Reach,
    pub(crate) http: WasiHttpCtx,
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) limiter: Limiter,
    pub(crate) files: OpenFiles,
    pub(crate) job: JobState,
    turn: Arc<Turn>,
}

/// What the world of a guest is made of.
pub(crate) struct Surroundings<'a> {
    pub(crate) args: &'a [String],
    pub(crate) env: [&'a [(String, String)]; 2],
    pub(crate) directories: &'a [Directory],
    pub(crate) reach: Reach,
    pub(crate) job: JobState,
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
}

impl State {
    pub(crate) fn new(
        surroundings: Surroundings<'_>,
        limiter: Limiter,
        files: OpenFiles,
        handles: u32,
        turn: Arc<Turn>,
    ) -> Result<Self> {
        let (mut wasi, reach, job) = surroundings.wasi()?;
        let resources = handles
            .saturating_add(files.limit())
            .saturating_add(OWN_RESOURCES);
        // The default is a million, and only this way leads to the table that a 0.1 context hides.
        wasi.ctx()
            .table
            .set_max_capacity(usize::try_from(resources).unwrap_or(usize::MAX));
        Ok(Self {
            reach,
            http: http::context(),
            wasi,
            limiter,
            files,
            job,
            turn,
        })
    }
}

impl State {
    /// Takes the nic out, for a guest that came to its own end: what it still held open is closed in good order when the
    /// store is dropped, as the exit of any process closes it. The nic is to be dropped after the store.
    pub(crate) fn take_leave(&mut self) -> Option<Nic> {
        self.reach.leave()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl Surroundings<'_> {
    fn wasi(self) -> Result<(WasiP1Ctx, Reach, JobState)> {
        let mut wasi = WasiCtxBuilder::new();
        // The sockets of the host are not linked at all; these three are the second wall.
        wasi.allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        wasi.wall_clock(WallClock)
            .monotonic_clock(MonotonicClock::start())
            .max_random_size(RANDOM_BYTES_MAX);
        wasi.args(self.args).stdout(self.stdout).stderr(self.stderr);
        for variables in self.env {
            wasi.envs(variables);
        }
        self.stdin.give_to(&mut wasi);
        for directory in self.directories {
            wasi.preopened_dir(
                &directory.host,
                &directory.guest,
                directory.access.permissions(),
            )?;
        }
        Ok((wasi.build_p1(), self.reach, self.job))
    }
}

impl Access {
    const fn permissions(self) -> FsPerms {
        match self {
            Self::ReadOnly => FsPerms::ReadOnly,
            Self::ReadWrite => FsPerms::ReadWrite,
        }
    }
}

/// At every tick a running guest gives its thread away. Whether it may go on is decided by the watch, which polls it.
///
/// The built-in yield wakes itself and may be polled again at once; tokio's own lets the others go first. In the lane it
/// is the lane that goes on with it, and nobody need be woken.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is wasmtime that calls it"
)]
pub(crate) fn give_way(store: StoreContextMut<'_, State>) -> Result<UpdateDeadline> {
    store.data().turn.give_way();
    Ok(if lane::is_here() {
        UpdateDeadline::YieldCustom(1, Box::pin(polled_twice()))
    } else {
        UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))
    })
}

fn polled_twice() -> impl Future<Output = ()> {
    let mut before = false;
    poll_fn(move |_| match std::mem::replace(&mut before, true) {
        false => Poll::Pending,
        true => Poll::Ready(()),
    })
}
