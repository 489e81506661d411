//! The scheduler's behaviour, told in short stories. Their notation is in `story/notation.rs`.

#[path = "story/notation.rs"]
mod notation;
#[path = "story/pool.rs"]
mod pool;
#[path = "story/telling.rs"]
mod telling;
#[path = "story/words.rs"]
mod words;

#[path = "story/admission.rs"]
mod admission;
#[path = "story/array.rs"]
mod array;
#[path = "story/cancel.rs"]
mod cancel;
#[path = "story/course.rs"]
mod course;
#[path = "story/dependencies.rs"]
mod dependencies;
#[path = "story/drain.rs"]
mod drain;
#[path = "story/families.rs"]
mod families;
#[path = "story/gangs.rs"]
mod gangs;
#[path = "story/hosts.rs"]
mod hosts;
#[path = "story/membership.rs"]
mod membership;
#[path = "story/preemption.rs"]
mod preemption;
#[path = "story/questions.rs"]
mod questions;
#[path = "story/queue.rs"]
mod queue;
#[path = "story/refusals.rs"]
mod refusals;
#[path = "story/replay.rs"]
mod replay;
#[path = "story/restart.rs"]
mod restart;
#[path = "story/resume.rs"]
mod resume;
#[path = "story/rule_changes.rs"]
mod rule_changes;
#[path = "story/shares.rs"]
mod shares;
#[path = "story/turns.rs"]
mod turns;
#[path = "story/waits.rs"]
mod waits;
#[path = "story/ways.rs"]
mod ways;
