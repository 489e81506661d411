//! Children: what they are given of their parent's, how they stand, what they left.

use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use axum::body::Body;
use sublet_api::{Job, Limits, Outcome, State, SubmitJob};
use sublet_scheduler::JobId;
use sublet_store::{
    Digest, Error, IdempotencyKey, InputKind, JobArtifact, JobSummary, OutcomeKind, OwnedJob,
    TaskFilter, TaskState, Whose,
};
use sublet_worker::{Child, End, PATIENCE, Refused, Reply};
use tokio::sync::Semaphore;

use super::Asking;
use crate::convert;
use crate::driver::Command;
use crate::http::problem::ApiError;
use crate::http::{artifacts, inputs, jobs, selector, submit};

/// Bytes of what a child left that one answer carries, as the guest's side has it.
const ANSWER_BYTES_MAX: usize = 1_000_000;
/// Bytes of the parent's own word for a child.
const KEY_BYTES_MAX: usize = 200;

impl Asking {
    pub(super) async fn submit(&self, child: Child, keeping: &Semaphore) -> Result<Reply, Refused> {
        if self.job.spec.generations == 0 {
            return Err(Refused::Denied(
                "the job may not submit jobs: submit it with --children".to_owned(),
            ));
        }
        let key = self.key_of(&child)?;
        let stdin = match child.input {
            None => None,
            Some(ref bytes) => Some(self.keep(bytes.clone(), keeping).await?),
        };
        let asked = self.job_of(child, stdin)?;
        let submission = submit::submission(&self.caller, asked, key).await?;
        let submission = crate::driver::Submission {
            parent: Some(self.job.id),
            ..submission
        };
        let submitted = self
            .caller
            .driver
            .ask(|answer| Command::Submit(Box::new(submission), answer));
        let submitted = submitted.await.map_err(ApiError::from)?;
        let job = submitted.map_err(ApiError::from)?.job;
        let summary = jobs::summary_of(&self.caller, job).await?;
        Ok(Reply::Submitted(convert::job_id(summary.public_id)))
    }

    /// The child under the parent's word for it: the same for each attempt of the task.
    fn key_of(&self, child: &Child) -> Result<Option<IdempotencyKey>, Refused> {
        let Some(word) = &child.key else {
            return Ok(None);
        };
        if word.len() > KEY_BYTES_MAX {
            return Err(Refused::Invalid(format!(
                "the key is {} bytes, the limit is {KEY_BYTES_MAX}",
                word.len()
            )));
        }
        let described = format!("{child:?}");
        Ok(Some(IdempotencyKey {
            key: format!(
                "{}{}/{}/{word}",
                IdempotencyKey::CHILD,
                convert::job_id(self.public_id()),
                self.attempt.task
            ),
            body: Digest::of(described.as_bytes()),
        }))
    }

    async fn keep(&self, bytes: Vec<u8>, keeping: &Semaphore) -> Result<String, Refused> {
        let digest = Digest::of(&bytes);
        let _turn = keeping.acquire().await;
        inputs::keep(&self.caller, digest, InputKind::Blob, Body::from(bytes)).await?;
        Ok(digest.to_string())
    }

    /// What a child is: the parent's where it says nothing, and never more than that.
    fn job_of(&self, child: Child, stdin: Option<String>) -> Result<SubmitJob, Refused> {
        let spec = &self.job.spec;
        let parent = convert::limits(spec);
        if child.tasks == 0 {
            return Err(Refused::Invalid("a job has at least 1 task".to_owned()));
        }
        let module = match child.module.as_str() {
            "" => self.job.module.to_string(),
            _ => child.module,
        };
        Ok(SubmitJob {
            module,
            args: child.args,
            env: child.env.into_iter().collect(),
            array: (child.tasks > 1).then(|| (0, child.tasks - 1)),
            limits: within(parent, &child.limits)?,
            grace_ms: Some(spec.grace_ms),
            priority: Some(spec.priority),
            restart: Some(convert::restart(spec.restart)),
            labels: child.labels.into_iter().collect(),
            stdin,
            subcluster: spec.subcluster.clone(),
            class: Some(spec.class.clone()).filter(|class| !class.is_empty()),
            generations: Some(spec.generations - 1),
            network: Some(sublet_api::JobNetwork {
                publish: Vec::new(),
                ..convert::job_network(&spec.network)
            }),
            ..SubmitJob::default()
        })
    }

    pub(super) async fn state(&self, job: &str) -> Result<Reply, Refused> {
        let child = self.child(job).await?;
        let job = jobs::view(&self.caller, child.id).await?;
        Ok(Reply::State(word(job.state).to_owned()))
    }

    /// Waits for the first of them to end, but not for ever.
    pub(super) async fn first_end(&self, ids: &[String], for_ms: u64) -> Result<Reply, Refused> {
        let patience = Duration::from_millis(for_ms).min(PATIENCE);
        let mut finished = self.caller.finished.clone();
        finished.mark_unchanged();
        let mut children = Vec::new();
        for id in ids {
            let child = self.child(id).await?;
            if child.finished_at.is_some() {
                return self.end_of(children.len(), child.id).await;
            }
            children.push(child.id);
        }
        let until = tokio::time::Instant::now() + patience;
        while let Ok(Ok(())) = tokio::time::timeout_at(until, finished.changed()).await {
            finished.mark_unchanged();
            if let Some((place, job)) = self.first_of(children.clone()).await? {
                return self.end_of(place, job).await;
            }
        }
        Ok(Reply::NotYet)
    }

    /// The first of them that is over.
    async fn first_of(&self, children: Vec<JobId>) -> Result<Option<(usize, JobId)>, Refused> {
        let whose = Whose::User(self.job.user);
        let looked = self.caller.read(move |reader| {
            for (place, &child) in children.iter().enumerate() {
                let found = reader.job(whose, child)?;
                let is_over = found.is_none_or(|job| job.summary.finished_at.is_some());
                if is_over {
                    return Ok(Some((place, child)));
                }
            }
            Ok(None)
        });
        Ok(looked.await.map_err(ApiError::from)?)
    }

    async fn end_of(&self, place: usize, job: JobId) -> Result<Reply, Refused> {
        let job = jobs::view(&self.caller, job).await?;
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        Ok(Reply::Ended(place, end(&job)))
    }

    /// What the task handed over, or else wrote to its standard output.
    pub(super) async fn output(&self, job: &str, task: u32) -> Result<Reply, Refused> {
        let child = self.child(job).await?.id;
        let result = self
            .ask(child, move |job| {
                let rows = job.tasks(TaskFilter::All, task.checked_sub(1), 1)?;
                let row = rows.into_iter().find(|row| row.task == task);
                let Some(row) = row else { return Ok(None) };
                let succeeded = row.state == TaskState::Settled(OutcomeKind::Succeeded);
                let result = artifacts::result(job, task)?;
                Ok(Some((succeeded, result)))
            })
            .await?;
        match result {
            None => Err(Refused::NotFound(format!("the child has no task {task}"))),
            Some((false, _)) => Err(Refused::Unavailable(format!(
                "task {task} of the child has not succeeded"
            ))),
            Some((true, Some(artifact))) => {
                let media_type = artifact.media_type.clone();
                let bytes = self.bytes(child, task, artifact, (0, usize::MAX)).await?;
                Ok(Reply::Output(media_type, bytes))
            }
            Some((true, None)) => {
                let bytes = artifacts::printed(&self.caller, child, task, ANSWER_BYTES_MAX).await?;
                let bytes = bytes.ok_or_else(|| too_long(None))?;
                Ok(Reply::Output("application/octet-stream".to_owned(), bytes))
            }
        }
    }

    pub(super) async fn cancel(&self, job: &str, reason: &str) -> Result<Reply, Refused> {
        let job = self.child(job).await?.id;
        tracing::info!(
            parent = self.job.id.0,
            child = job.0,
            reason,
            "a job ends its child"
        );
        let cancelled = self.caller.driver.ask(|answer| Command::Cancel {
            job,
            task: None,
            answer,
        });
        let cancelled = cancelled.await.map_err(ApiError::from)?;
        cancelled.map_err(ApiError::from)?;
        Ok(Reply::Done)
    }

    pub(super) async fn artifact(
        &self,
        job: &str,
        name: String,
        (offset, len): (u64, u32),
    ) -> Result<Reply, Refused> {
        let relative = self.relative(job).await?.id;
        let found = self
            .ask(relative, move |job| job.artifact(0, &name))
            .await?;
        let missing = || Refused::NotFound("there is no artifact of this name".to_owned());
        let artifact = found.ok_or_else(missing)?;
        let len = usize::try_from(len)
            .unwrap_or(usize::MAX)
            .min(ANSWER_BYTES_MAX);
        let bytes = self.bytes(relative, 0, artifact, (offset, len)).await?;
        Ok(Reply::Bytes(bytes))
    }

    pub(super) async fn artifacts(&self, job: &str) -> Result<Reply, Refused> {
        let relative = self.relative(job).await?.id;
        let found = self.ask(relative, |job| job.artifacts(0)).await?;
        Ok(Reply::Names(
            found.into_iter().map(|one| one.name).collect(),
        ))
    }

    /// So many bytes from an offset on; all there are, where that is too many, is a refusal.
    async fn bytes(
        &self,
        job: JobId,
        task: u32,
        artifact: JobArtifact,
        (offset, len): (u64, usize),
    ) -> Result<Vec<u8>, Refused> {
        let left = artifact.size_bytes.saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(len);
        if wanted > ANSWER_BYTES_MAX {
            return Err(too_long(Some(wanted)));
        }
        let read = self.caller.on_disk(move |front| {
            let is_all = offset == 0 && wanted as u64 == artifact.size_bytes;
            let file = if is_all {
                front.outputs.open_whole(job, task, &artifact)?
            } else {
                front.outputs.open(job, task, &artifact)?
            };
            let mut bytes = vec![0; wanted];
            Ok(file.read_exact_at(&mut bytes, offset).map(|()| bytes))
        });
        let read = read.await.map_err(ApiError::from)?;
        Ok(read.map_err(|error| ApiError::fault(&error))?)
    }

    /// A job that this one submitted. Any other looks like none.
    async fn child(&self, id: &str) -> Result<JobSummary, Refused> {
        let found = self.named(id).await?;
        let is_child = |job: &JobSummary| job.parent.is_some_and(|one| one.id == self.job.id);
        found.filter(is_child).ok_or_else(unknown)
    }

    /// A child, or the parent.
    async fn relative(&self, id: &str) -> Result<JobSummary, Refused> {
        let found = self.named(id).await?;
        let is_relative = |job: &JobSummary| {
            job.parent.is_some_and(|one| one.id == self.job.id) || self.job.parent == Some(job.id)
        };
        found.filter(is_relative).ok_or_else(unknown)
    }

    /// By its whole id: a guest has no use for the short ways that people have.
    async fn named(&self, id: &str) -> Result<Option<JobSummary>, Refused> {
        match selector::job(&self.caller, id).await {
            Ok(job) => Ok(Some(job).filter(|job| convert::job_id(job.public_id) == id)),
            Err(error) => match error.into() {
                Refused::Unavailable(text) => Err(Refused::Unavailable(text)),
                _ => Ok(None),
            },
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        job: JobId,
        question: impl FnOnce(&OwnedJob<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Refused> {
        Ok(artifacts::ask(&self.caller, job, question).await?)
    }
}

fn unknown() -> Refused {
    Refused::NotFound("there is no such child".to_owned())
}

fn too_long(bytes: Option<usize>) -> Refused {
    let bytes = bytes.map_or_else(|| "longer".to_owned(), |bytes| format!("{bytes} bytes"));
    Refused::Quota(format!(
        "it is {bytes}, the limit of one call is {ANSWER_BYTES_MAX}"
    ))
}

/// The parent's limits, less what the child does not need.
fn within(parent: Limits, asked: &[(String, u64)]) -> Result<Limits, Refused> {
    let mut limits = parent;
    for (name, value) in asked {
        let limit = match name.as_str() {
            "memory-bytes" => &mut limits.memory_bytes,
            "cpu-ms" => &mut limits.cpu_time_ms,
            "disk-bytes" => &mut limits.scratch_bytes,
            "output-bytes" => &mut limits.output_bytes,
            "wall-ms" => &mut limits.timeout_ms,
            _ => {
                return Err(Refused::Invalid(format!(
                    "there is no limit `{}`: memory-bytes, cpu-ms, disk-bytes, output-bytes and wall-ms are",
                    name.escape_debug()
                )));
            }
        };
        if let Some(most) = limit.filter(|most| value > most) {
            return Err(Refused::Quota(format!(
                "{name} is {value}, and the parent itself has {most}"
            )));
        }
        *limit = Some(*value);
    }
    Ok(limits)
}

fn end(job: &Job) -> End {
    let Some(end) = &job.end else {
        return End {
            outcome: "lost".to_owned(),
            code: 0,
            what: String::new(),
        };
    };
    let (outcome, code, what) = match &end.outcome {
        Outcome::Succeeded => ("succeeded", 0, ""),
        Outcome::Failed { code } => ("failed", *code, ""),
        Outcome::Trapped { trap } => ("trapped", 0, trap.as_str()),
        Outcome::LimitExceeded { limit } => ("limit_exceeded", 0, limit.as_str()),
        Outcome::Cancelled { reason } => ("cancelled", 0, reason.as_str()),
        Outcome::Lost { reason } => ("lost", 0, reason.as_str()),
        Outcome::Unknown => ("unknown", 0, ""),
    };
    End {
        outcome: outcome.to_owned(),
        code,
        what: what.to_owned(),
    }
}

/// The word of the job's record.
const fn word(state: State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Finished => "finished",
        State::Reclaimed => "reclaimed",
        State::Unknown => "unknown",
    }
}
