//! What happened, and what happens: read off the window of events, as fast as the reader takes it.

use std::collections::HashSet;
use std::time::Duration;

use sublet_api::{Code, Event, EventKind, EventQuery};
use sublet_scheduler::JobId;
use sublet_store::Whose;

use super::caller::Caller;
use super::extract::{Path, Query};
use super::headers::LastEventId;
use super::problem::{Answer, ApiError};
use super::stream::{BEAT, Framing, ReaderGone, Speaker, Streamed, stream};
use super::{selector, users, validate};
use crate::events::{Happening, OutOfWindow};

/// Events that are looked at for one piece of an answer.
const PIECE: usize = 256;
/// The least time between two looks: events come in bursts.
const PAUSE: Duration = Duration::from_millis(20);

/// What happens to the jobs of the caller, or of others where an operator asks.
pub(super) async fn list(
    caller: Caller,
    Query(query): Query<EventQuery>,
    last: LastEventId,
    framing: Framing,
) -> Answer<Streamed<Event>> {
    let whose = users::whose(&caller, query.user.as_deref())?;
    let chosen = Chosen {
        whose,
        job: None,
        kinds: kinds(query.kinds.as_deref())?,
    };
    tell(
        caller,
        chosen,
        (last.or(query.after)?, query.follow),
        framing,
    )
}

/// What happens to one job, until it is over.
pub(super) async fn of_job(
    caller: Caller,
    Path(job): Path<String>,
    Query(query): Query<EventQuery>,
    last: LastEventId,
    framing: Framing,
) -> Answer<Streamed<Event>> {
    let job = selector::job(&caller, &job).await?;
    let chosen = Chosen {
        whose: caller.reached(),
        job: Some(job.id),
        kinds: kinds(query.kinds.as_deref())?,
    };
    let follow = query.follow && job.finished_at.is_none();
    tell(caller, chosen, (last.or(query.after)?, follow), framing)
}

/// Which events.
struct Chosen {
    whose: Whose,
    job: Option<JobId>,
    /// All of them where nothing stands here.
    kinds: Vec<EventKind>,
}

impl Chosen {
    fn is_about(&self, one: &Happening) -> bool {
        let of_user = match self.whose {
            Whose::Everyone => true,
            Whose::User(user) => one.user == user,
        };
        of_user && self.job.is_none_or(|job| one.job == job)
    }

    fn has_kind(&self, kind: EventKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

fn kinds(words: Option<&str>) -> Answer<Vec<EventKind>> {
    let words = words.into_iter().flat_map(|words| words.split(','));
    let kinds: HashSet<_> = words.collect();
    let kinds = kinds.into_iter();
    kinds
        .map(|word| validate::one_of("kinds", word, &EventKind::ALL))
        .collect()
}

fn tell(
    caller: Caller,
    chosen: Chosen,
    (after, follow): (Option<u64>, bool),
    framing: Framing,
) -> Answer<Streamed<Event>> {
    // A start that is no longer known is an answer of its own, and not a stream without events.
    caller.events.read(after, 1, |_| true)?;
    let (speaker, answer) = stream(framing);
    let course = Course {
        chosen,
        after,
        speaker,
        is_over: false,
    };
    tokio::spawn(course.run(caller, follow));
    Ok(answer)
}

struct Course {
    chosen: Chosen,
    after: Option<u64>,
    speaker: Speaker,
    /// Whether the one job that it is about has finished, as far as it was told.
    is_over: bool,
}

impl Course {
    async fn run(mut self, caller: Caller, follow: bool) {
        let mut newest = caller.events.newest();
        loop {
            newest.mark_unchanged();
            match self.catch_up(&caller).await {
                Ok(is_over) if is_over || !follow => return,
                Ok(_) => {}
                Err(Ended::Gone) => return,
                // It was too slow, and is told by the end of the stream; asking again tells the rest.
                Err(Ended::OutOfWindow) => {
                    return self.speaker.break_off("events were missed").await;
                }
            }
            tokio::select! {
                _ = newest.changed() => tokio::time::sleep(PAUSE).await,
                () = self.speaker.gone() => return,
                () = tokio::time::sleep(BEAT) => {
                    if self.speaker.beat().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Tells what is there. True once nothing more can come.
    async fn catch_up(&mut self, caller: &Caller) -> Result<bool, Ended> {
        loop {
            let is_about = |one: &Happening| self.chosen.is_about(one);
            let (found, end) = caller.events.read(self.after, PIECE, is_about)?;
            let mut pieces = Vec::new();
            for event in &found {
                if self.chosen.has_kind(event.kind) {
                    let framing = self.speaker.framing();
                    framing.add(&mut pieces, &event.seq.to_string(), event);
                }
                match event.kind {
                    EventKind::Finished => self.is_over = self.chosen.job.is_some(),
                    EventKind::Reopened => self.is_over = false,
                    _ => {}
                }
            }
            self.speaker.say(pieces).await?;
            if self.after == Some(end) {
                return Ok(self.is_over);
            }
            self.after = Some(end);
        }
    }
}

/// Why a stream ends before its end.
enum Ended {
    Gone,
    OutOfWindow,
}

impl From<ReaderGone> for Ended {
    fn from(_: ReaderGone) -> Self {
        Self::Gone
    }
}

impl From<OutOfWindow> for Ended {
    fn from(_: OutOfWindow) -> Self {
        Self::OutOfWindow
    }
}

impl From<OutOfWindow> for ApiError {
    fn from(OutOfWindow { oldest }: OutOfWindow) -> Self {
        Self::new(
            Code::EventsGone,
            format!("what came next is no longer known; the oldest event that is has the number {oldest}"),
        )
        .with_help("read how jobs stand now with GET /v1/jobs, then ask for events without `after`")
    }
}
