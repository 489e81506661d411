//! Jobs: one in a line, many in a table, one on a page, one on its way, one at its end.

use jiff::Timestamp;
use sublet_api::{
    After, Fit, Job, Limits, Outcome, Progress, Restart, RoutedBy, State, TaskCounts, When,
};

use super::table::{self, ABSENT};
use super::{artifact, fate, traffic, unit};
use crate::output::{Columns, Named};

impl Named for Fit {
    fn name(&self) -> String {
        self.subcluster.clone()
    }
}

impl Named for Job {
    fn name(&self) -> String {
        self.id.clone()
    }
}

impl Columns for Job {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "number",
        "user",
        "name",
        "module",
        "state",
        "outcome",
        "tasks",
        "succeeded",
        "subcluster",
        "submitted_at",
        "finished_at",
        "cpu_us",
        "wall_us",
        "memory_peak_bytes",
    ];

    fn cells(&self) -> Vec<String> {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let end = self.end.as_ref();
        vec![
            self.id.clone(),
            self.number.to_string(),
            self.user.clone(),
            said(&self.name),
            self.module.clone(),
            state(self.state).to_owned(),
            end.map(|end| kind(&end.outcome).to_owned())
                .unwrap_or_default(),
            self.tasks.total.to_string(),
            self.tasks.succeeded.to_string(),
            said(&self.subcluster),
            self.submitted_at.to_string(),
            self.finished_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
            self.usage.cpu_us.to_string(),
            self.usage.wall_us.to_string(),
            self.usage.memory_peak_bytes.to_string(),
        ]
    }
}

/// Where a job would go, in a sentence.
pub(crate) fn fit(fit: &Fit) -> String {
    let slots = fit.slots;
    format!(
        "would be taken in, and go to sub-cluster {}: {} of {} slots are free",
        fit.subcluster, slots.free, slots.total
    )
}

/// `job_01KAF3… #412 render  queued  medium  100 tasks`
pub(crate) fn line(job: &Job) -> String {
    let mut line = format!("{} #{}", job.id, job.number);
    if let Some(name) = &job.name {
        line.push(' ');
        line.push_str(&table::plain(name));
    }
    let tasks = unit::count(job.tasks.total, "task");
    let place = job
        .subcluster
        .as_deref()
        .map(|place| format!("{}  ", table::plain(place)))
        .unwrap_or_default();
    format!("{line}  {}  {place}{tasks}", standing(job))
}

/// Many jobs. Where they are of several users each has its user and its id: numbers are each user's own.
pub(crate) fn table(jobs: &[Job], now: Timestamp) -> String {
    let several = jobs.windows(2).any(|pair| pair[0].user != pair[1].user);
    let headings = [
        "ID",
        "NAME",
        "STATE",
        "TASKS",
        "AGE",
        "CPU",
        "MEMORY",
        "SUBCLUSTER",
        "WHY",
    ];
    if !several {
        return table::rows(&headings, jobs.iter().map(|job| row(job, now)));
    }
    let mut headings = headings.to_vec();
    headings.insert(1, "USER");
    let rows = jobs.iter().map(|job| {
        let mut cells = row(job, now);
        cells[0].clone_from(&job.id);
        cells.insert(1, job.user.clone());
        cells
    });
    table::rows(&headings, rows)
}

fn row(job: &Job, now: Timestamp) -> Vec<String> {
    let absent = || ABSENT.to_owned();
    let used =
        |amount: u64, text: fn(u64) -> String| if amount == 0 { absent() } else { text(amount) };
    vec![
        format!("#{}", job.number),
        job.name.clone().unwrap_or_else(absent),
        standing(job),
        format!("{}/{}", job.tasks.finished, job.tasks.total),
        unit::age(job.submitted_at, now),
        used(job.usage.cpu_us, unit::duration),
        used(job.usage.memory_peak_bytes, unit::bytes),
        job.subcluster.clone().unwrap_or_else(absent),
        why(job).or_else(|| how_far(job)).unwrap_or_default(),
    ]
}

/// The API's word for an outcome.
const fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed { .. } => "failed",
        Outcome::Trapped { .. } => "trapped",
        Outcome::LimitExceeded { .. } => "limit_exceeded",
        Outcome::Cancelled { .. } => "cancelled",
        Outcome::Lost { .. } => "lost",
        Outcome::Unknown => "unknown",
    }
}

/// Where a job stands, in a word or two: its fate once it is over.
pub(crate) fn standing(job: &Job) -> String {
    match &job.end {
        Some(end) => fate::word(&end.outcome),
        None if job.cancel_asked => "stopping".to_owned(),
        None => state(job.state).to_owned(),
    }
}

/// The API's word for a state.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Finished | State::Reclaimed => "finished",
        State::Unknown => "unknown",
    }
}

fn why(job: &Job) -> Option<String> {
    let waiting = job.waiting.as_ref()?;
    Some(waiting.detail.clone())
}

/// `42%  loading`
fn how_far(job: &Job) -> Option<String> {
    job.progress.as_ref().map(share)
}

/// How far something is, in its own words.
pub(crate) fn share(progress: &Progress) -> String {
    let percent = progress
        .fraction
        .map(|fraction| format!("{:.0}%", fraction * 100.0));
    let words = [percent, Some(table::plain(&progress.message))];
    let said: Vec<_> = words
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    said.join("  ")
}

fn ended_because(job: &Job) -> Option<String> {
    let detail = job.end.as_ref()?.detail.as_deref()?;
    Some(table::first_line(Some(detail)))
}

/// All of one job.
pub(crate) fn page(job: &Job, now: Timestamp) -> String {
    let ago = |then: Timestamp| format!("{then} ({} ago)", unit::age(then, now));
    let used = &job.usage;
    table::page([
        ("id", Some(job.id.clone())),
        ("number", Some(format!("#{}", job.number))),
        ("name", job.name.clone()),
        ("state", Some(standing(job))),
        (
            "tasks",
            Some(format!("{}  ({})", job.tasks.total, counts(&job.tasks))),
        ),
        ("why", why(job).or_else(|| ended_because(job))),
        ("progress", how_far(job)),
        (
            "array",
            job.array.map(|(first, last)| format!("{first}-{last}")),
        ),
        ("module", Some(job.module.clone())),
        ("args", (!job.args.is_empty()).then(|| job.args.join(" "))),
        (
            "labels",
            (!job.labels.is_empty()).then(|| table::labels(&job.labels)),
        ),
        ("class", job.class.clone()),
        (
            "gang",
            job.gang
                .map(|tasks| format!("{tasks} tasks start together")),
        ),
        ("parent", job.parent.clone()),
        ("children", children(job)),
        ("after", (!job.after.is_empty()).then(|| after(&job.after))),
        ("limits", Some(limits(&job.limits))),
        ("network", traffic::asked(&job.network)),
        ("restart", Some(restart(job.restart))),
        ("priority", Some(job.priority.to_string())),
        ("sub-cluster", job.subcluster.clone()),
        ("routed by", job.routed_by.as_ref().map(routed_by)),
        ("submitted", Some(ago(job.submitted_at))),
        ("via", job.via.clone()),
        ("finished", job.finished_at.map(ago)),
        ("cpu", Some(unit::duration(used.cpu_us))),
        ("memory peak", Some(unit::bytes(used.memory_peak_bytes))),
        (
            "output",
            Some(unit::bytes(
                used.stdout_bytes.saturating_add(used.stderr_bytes),
            )),
        ),
        (
            "output cut",
            (used.output_cut_bytes > 0).then(|| unit::bytes(used.output_cut_bytes)),
        ),
        ("traffic", traffic::used(&used.network)),
        ("artifacts", job.artifacts.as_ref().map(artifact::sum)),
    ])
}

/// `12 (1 more generation may come)`
fn children(job: &Job) -> Option<String> {
    let more = match job.generations {
        0 => return None,
        1 => "it may submit jobs".to_owned(),
        more => format!("{more} generations may come after it"),
    };
    Some(format!("{}  ({more})", job.children.unwrap_or_default()))
}

/// Jobs under the one that submitted them, with how deep each stands: a line for each.
pub(crate) fn tree(jobs: &[(usize, Job)]) -> String {
    let lines = jobs.iter().map(|(depth, job)| {
        let name = job.name.as_deref().map(table::plain).unwrap_or_default();
        let how_far = how_far(job).unwrap_or_default();
        let tasks = format!("{}/{}", job.tasks.finished, job.tasks.total);
        let cells = [
            format!("#{}", job.number),
            name,
            standing(job),
            tasks,
            how_far,
        ];
        let said: Vec<_> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        format!("{}{}", "  ".repeat(depth + 1), said.join("  "))
    });
    let lines: Vec<_> = lines.collect();
    format!("children\n{}", lines.join("\n"))
}

fn after(jobs: &[After]) -> String {
    let each = jobs.iter().map(|after| match after.when {
        When::Success => after.job.clone(),
        When::Failure => format!("{}:failure", after.job),
        When::Always => format!("{}:always", after.job),
    });
    each.collect::<Vec<_>>().join(" ")
}

/// `route mice (version 4)`
fn routed_by(by: &RoutedBy) -> String {
    match &by.rule {
        Some(rule) => format!("{} {rule} (version {})", by.kind, by.version),
        None => by.kind.clone(),
    }
}

fn limits(limits: &Limits) -> String {
    let millis = |millis: u64| unit::duration(millis.saturating_mul(1_000));
    let all = [
        limits
            .memory_bytes
            .map(|limit| format!("memory {}", unit::bytes(limit))),
        limits
            .cpu_millis
            .map(|limit| format!("cpu {}", unit::processors(limit))),
        limits
            .timeout_ms
            .map(|limit| format!("timeout {}", millis(limit))),
        limits
            .cpu_time_ms
            .map(|limit| format!("cpu time {}", millis(limit))),
        limits
            .output_bytes
            .map(|limit| format!("output {}", unit::bytes(limit))),
        limits
            .scratch_bytes
            .map(|limit| format!("scratch {}", unit::bytes(limit))),
        limits.open_files.map(|limit| format!("open files {limit}")),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn restart(restart: Restart) -> String {
    match restart {
        Restart::Never => "never".to_owned(),
        Restart::OnLoss => "on-loss".to_owned(),
        Restart::OnFailure {
            retries,
            backoff_ms,
        } => {
            format!(
                "on-failure, {retries} retries, first after {}",
                unit::duration(backoff_ms.saturating_mul(1_000))
            )
        }
    }
}

/// Tasks by state and by outcome, zeros left out.
fn counts(tasks: &TaskCounts) -> String {
    let under_way = [
        ("queued", tasks.queued),
        ("starting", tasks.starting),
        ("running", tasks.running),
        ("stopping", tasks.stopping),
    ];
    said(under_way.into_iter().chain(outcomes(tasks)))
}

const fn outcomes(tasks: &TaskCounts) -> [(&'static str, u64); 6] {
    [
        ("succeeded", tasks.succeeded),
        ("failed", tasks.failed),
        ("trapped", tasks.trapped),
        ("limit exceeded", tasks.limit_exceeded),
        ("cancelled", tasks.cancelled),
        ("lost", tasks.lost),
    ]
}

fn said(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let said: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{word} {count}"))
        .collect();
    said.join("  ")
}

/// Beside the bar: `running 16  failed 1   about 40s left`
pub(crate) fn progress(job: &Job, now: Timestamp) -> String {
    let tasks = &job.tasks;
    let told = [("running", tasks.running + tasks.starting + tasks.stopping)]
        .into_iter()
        .chain(outcomes(tasks).into_iter().skip(1));
    let said = match how_far(job) {
        Some(far) => format!("{far}  {}", said(told)),
        None => said(told),
    };
    match (why(job), time_left(job, now)) {
        (Some(why), _) if tasks.finished == 0 => table::plain(&why),
        (_, Some(left)) => format!("{said}   about {left} left"),
        (_, None) => said,
    }
}

/// What the pace so far promises.
fn time_left(job: &Job, now: Timestamp) -> Option<String> {
    let (done, all) = (job.tasks.finished, job.tasks.total);
    if done == 0 || done >= all {
        return None;
    }
    let spent = u128::from(unit::micros_between(job.submitted_at, now));
    let left = spent * u128::from(all - done) / u128::from(done);
    u64::try_from(left).ok().map(unit::duration)
}

/// The last line of a watched job: `succeeded 99  failed 1   2m 11s   cpu 24m   peak 180 MiB`
pub(crate) fn summary(job: &Job) -> String {
    let counts = said(outcomes(&job.tasks).into_iter());
    let end = job.finished_at.unwrap_or(job.submitted_at);
    format!(
        "{counts}   {}   cpu {}   peak {}",
        unit::duration(unit::micros_between(job.submitted_at, end)),
        unit::duration(job.usage.cpu_us),
        unit::bytes(job.usage.memory_peak_bytes),
    )
}

#[cfg(test)]
mod tests;
