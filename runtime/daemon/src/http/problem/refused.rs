//! Why a submission is refused, as an answer: the part of it that is at fault, with its limit and what was asked.

use sublet_api::Code;
use sublet_scheduler::routing::Obstacle;
use sublet_scheduler::{Excess, NoRoute, Rejection};

use super::{ApiError, module_gone};
use crate::broker::PortTaken;
use crate::driver::{CHILDREN_MAX, Exhausted, Quarantined, SubmitError};

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Rejected(rejection) => rejection.into(),
            SubmitError::NoNetwork(Exhausted { prepared }) => Self::new(
                Code::NoNetworkLeft,
                format!(
                    "all {prepared} prepared networks have users, and none is left for this one"
                ),
            )
            .with_help("ask the operator to prepare more: `networks.prepared` in [service]"),
            SubmitError::PortTaken(taken) => taken.into(),
            SubmitError::KeyReused => Self::new(
                Code::KeyReused,
                "this Idempotency-Key came before with another body",
            )
            .with_help("use a new key for a new job"),
            SubmitError::ModuleGone => module_gone(),
            SubmitError::Quarantined(found) => found.into(),
            SubmitError::ParentGone => Self::new(
                Code::NotPermitted,
                "the job that submits another one is over, or about to be",
            ),
            SubmitError::TooManyChildren => Self::new(
                Code::QuotaExceeded,
                format!("the job has submitted {CHILDREN_MAX} jobs, which is the limit"),
            ),
            SubmitError::DependencyBroken => Self::new(
                Code::DependencyBroken,
                "a job in `after` is over already, and not in the way that was asked for",
            )
            .at("/after", None, None)
            .with_help("leave it out, or wait for it with `always`"),
            SubmitError::NotKept(why) => why.into(),
        }
    }
}

impl From<Quarantined> for ApiError {
    fn from(found: Quarantined) -> Self {
        let Quarantined {
            digest,
            counts,
            limit,
        } = found;
        Self::new(
            Code::ModuleQuarantined,
            format!(
                "module {digest} is in quarantine: it did harm {} times (worker deaths {}, host panics {}, compile kills {}), the limit is {limit}",
                counts.sum(),
                counts.worker_deaths,
                counts.host_panics,
                counts.compile_kills
            ),
        )
        .with_help("find out what it does with `sublet run`, or ask an operator: `sublet modules release MODULE --user NAME`")
    }
}

impl From<PortTaken> for ApiError {
    fn from(taken: PortTaken) -> Self {
        let (detail, help) = match taken {
            PortTaken::ByJob(port) => (
                format!("port {port} of the host is published by another job"),
                "publish another port, or wait until that job is over",
            ),
            PortTaken::ByProgram(port) => (
                format!("port {port} of the host is taken by another program"),
                "publish another port, or end what listens there",
            ),
            PortTaken::Forbidden(port) => (
                format!("the server has no right to listen on port {port} of the host"),
                "publish a port from 1024 on",
            ),
        };
        Self::new(Code::PortTaken, detail)
            .at("/network/publish", None, None)
            .with_help(help)
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection {
            Rejection::Draining => Self::new(Code::Draining, detail),
            Rejection::NoTasks => Self::new(Code::OutOfRange, detail).at("/array", None, Some(0)),
            Rejection::TooManyTasks { asked, limit } => {
                Self::new(Code::TooManyTasks, detail).at("/array", Some(limit.into()), Some(asked))
            }
            Rejection::Nowhere(reason) => nowhere(&reason, detail),
            Rejection::OverQuota(excess) => over_quota(excess, detail),
            Rejection::QueueFull {
                asked,
                limit,
                retry_after_ms,
                ..
            }
            | Rejection::ServerFull {
                asked,
                limit,
                retry_after_ms,
                ..
            } => Self::new(Code::QueueFull, detail)
                .at("/array", Some(limit), Some(asked))
                .retry_after(retry_after_ms),
            Rejection::TooFast { retry_after_ms, .. } => {
                Self::new(Code::TooFast, detail).retry_after(retry_after_ms)
            }
        }
    }
}

fn nowhere(reason: &NoRoute, detail: String) -> ApiError {
    match reason {
        NoRoute::UnknownSubcluster { .. } => ApiError::new(Code::SubclusterNotFound, detail)
            .at("/subcluster", None, None)
            .with_help("`sublet subclusters list` shows them"),
        NoRoute::Refused { reasons } => {
            let is_too_large =
                |obstacle: &Obstacle| matches!(obstacle, Obstacle::GangTooLarge { .. });
            let first = reasons.first().and_then(|one| one.obstacles.first());
            let code = match first {
                Some(obstacle) if is_too_large(obstacle) => Code::GangTooLarge,
                _ => Code::NotPlaceable,
            };
            let (pointer, limit, asked) = first.map_or(("", None, None), at_fault);
            ApiError::new(code, detail)
                .at(pointer, limit, asked)
                .with_help("ask for what a sub-cluster takes, or let the operator change its slots or rules")
        }
    }
}

/// The part of a submission that an obstacle is about, with its limit and what was asked.
fn at_fault(obstacle: &Obstacle) -> (&'static str, Option<u64>, Option<u64>) {
    match obstacle {
        Obstacle::SlotTooSmall { slot, asked } if asked.memory_bytes > slot.memory_bytes => (
            "/limits/memory_bytes",
            Some(slot.memory_bytes),
            Some(asked.memory_bytes),
        ),
        Obstacle::SlotTooSmall { slot, asked } => (
            "/limits/cpu_millis",
            Some(slot.cpu_millis),
            Some(asked.cpu_millis),
        ),
        Obstacle::GangTooLarge { asked, slots_ever } => ("/gang", Some(*slots_ever), Some(*asked)),
        Obstacle::NoSlots { .. } | Obstacle::NotAccepted(_) => ("", None, None),
    }
}

fn over_quota(excess: Excess, detail: String) -> ApiError {
    let (pointer, asked, limit) = match excess {
        Excess::Slots { asked, limit } => ("/gang", asked, limit),
        Excess::Cpu { asked, limit } => ("/limits/cpu_millis", asked, limit),
        Excess::Memory { asked, limit } => ("/limits/memory_bytes", asked, limit),
    };
    ApiError::new(Code::QuotaExceeded, detail)
        .at(pointer, Some(limit), Some(asked))
        .with_help("ask for less at once, or ask an operator for a larger quota")
}
