//! An attempt whose end is not told long after it had to come: its worker stands still, and is ended.
//!
//! A worker ends its guests by itself, by every limit. One that was frozen, or whose threads wait for each other, ends none,
//! and nothing else would: the link is open, and nobody asked for a stop.

use std::time::{Duration, Instant};

use super::Driver;

/// What an attempt may take beyond its wall time and grace, from its start being sent to its end being told: machine code is
/// read and ends wait for each other, on a busy host for seconds.
const BEYOND: Duration = Duration::from_secs(15);
/// How often is looked.
const PAUSE: Duration = Duration::from_secs(1);

impl Driver {
    /// Ends workers that tell no end. What they had is lost with them, and goes on as its restart policy says.
    pub(super) fn end_what_stands_still(&mut self) {
        let now = Instant::now();
        if self.looked_for_overdue_at + PAUSE > now {
            return;
        }
        self.looked_for_overdue_at = now;
        let waiting = self.workers.waiting();
        let mut still = Vec::new();
        for (attempt, live) in &mut self.live {
            let (Some(worker), Some(begun)) = (live.worker, live.begun) else {
                continue;
            };
            if waiting.contains(attempt) {
                // Its worker was not told of it yet.
                live.begun = Some(now);
                continue;
            }
            let Some(job) = self.jobs.get(attempt.job).filter(|_| !live.is_over) else {
                continue;
            };
            let wall = Duration::from_millis(job.definition.limits.wall_ms);
            let most = wall
                .saturating_add(job.definition.grace())
                .saturating_add(BEYOND);
            if now.saturating_duration_since(begun) > most {
                still.push((*attempt, worker));
            }
        }
        for (attempt, worker) in still {
            tracing::warn!(%attempt, "the end of the attempt is overdue, its worker is ended");
            self.workers.kill(worker);
        }
    }
}
