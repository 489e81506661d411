//! `sublet:job/children`: jobs that this job submits, waits for, and reads the results of.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::sublet::job::children::{Host, HostChild, HostSpec};
use super::bindings::sublet::job::types::{Error, Outcome};
use super::relatives::{Child, End, Reply, Wish, at_most, bounded, strange};
use super::{BYTES_PER_CALL_MAX, JobView};
use crate::text::shown;

/// Children that one call waits for: each counts among the handles that a guest may hold, 1,000, while it is handed over.
const AWAITED_MAX: usize = 500;
/// Bytes of all children together that are described and not submitted yet.
const SPECS_BYTES_MAX: usize = 4 << 20;

type Answer<T> = Result<std::result::Result<T, Error>>;

/// A child before it is submitted. It has no way to refuse what it is told, so what is too much is told at the end.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug, Default)]
pub struct Spec {
    child: Child,
    bytes: usize,
    excess: Option<String>,
}

/// A child that was submitted.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
#[derive(Debug)]
pub struct Submitted {
    id: String,
}

impl JobView<'_> {
    /// Adds to a description what still has room.
    fn describe(
        &mut self,
        spec: &Resource<Spec>,
        bytes: usize,
        add: impl FnOnce(&mut Child),
    ) -> Result<()> {
        let all = self.state.specs_bytes.saturating_add(bytes);
        let spec = self.table.get_mut(spec)?;
        let whole = spec.bytes.saturating_add(bytes);
        if whole > BYTES_PER_CALL_MAX {
            spec.excess = Some(format!(
                "the child is {whole} bytes, the limit is {BYTES_PER_CALL_MAX}"
            ));
        } else if all > SPECS_BYTES_MAX {
            spec.excess = Some(format!(
                "children that are not submitted yet are {all} bytes, the limit is {SPECS_BYTES_MAX}"
            ));
        } else {
            self.state.specs_bytes = all;
            spec.bytes = whole;
            add(&mut spec.child);
        }
        Ok(())
    }

    fn take(&mut self, spec: Resource<Spec>) -> Result<Spec> {
        let spec = self.table.delete(spec)?;
        self.state.specs_bytes = self.state.specs_bytes.saturating_sub(spec.bytes);
        Ok(spec)
    }

    fn id_of(&self, child: &Resource<Submitted>) -> Result<String> {
        Ok(self.table.get(child)?.id.clone())
    }

    /// Waits for one of the children. Nothing when the time is over.
    async fn first_end(
        &mut self,
        jobs: Vec<String>,
        timeout_ms: u64,
    ) -> std::result::Result<Option<(u32, End)>, Error> {
        let wish = |for_ms| Wish::Await {
            jobs: jobs.clone(),
            for_ms,
        };
        match self.state.ask_until(timeout_ms, wish).await? {
            None => Ok(None),
            Some(Reply::Ended(place, end)) => Ok(Some((place, end))),
            Some(_) => Err(strange()),
        }
    }

    async fn submitted(&mut self, spec: Spec) -> std::result::Result<String, Error> {
        if let Some(excess) = spec.excess {
            return Err(Error::Quota(excess));
        }
        match self.state.ask(Wish::Submit(Box::new(spec.child))).await? {
            Reply::Submitted(id) => Ok(id),
            _ => Err(strange()),
        }
    }

    async fn known(&mut self, id: String) -> std::result::Result<String, Error> {
        let id = bounded("the id", id)?;
        match self.state.ask(Wish::State(id.clone())).await? {
            Reply::State(_) => Ok(id),
            _ => Err(strange()),
        }
    }

    fn held(&mut self, id: std::result::Result<String, Error>) -> Answer<Resource<Submitted>> {
        Ok(match id {
            Ok(id) => Ok(self.table.push(Submitted { id })?),
            Err(error) => Err(error),
        })
    }
}

impl HostSpec for JobView<'_> {
    async fn new(&mut self, module: String) -> Result<Resource<Spec>> {
        let spec = self.table.push(Spec {
            child: Child {
                tasks: 1,
                ..Child::default()
            },
            ..Spec::default()
        })?;
        self.describe(&spec, module.len(), |child| child.module = module)?;
        Ok(spec)
    }

    async fn arg(&mut self, spec: Resource<Spec>, value: String) -> Result<()> {
        self.describe(&spec, value.len() + 1, |child| child.args.push(value))
    }

    async fn env(&mut self, spec: Resource<Spec>, key: String, value: String) -> Result<()> {
        let bytes = key.len() + value.len() + 2;
        self.describe(&spec, bytes, |child| child.env.push((key, value)))
    }

    async fn label(&mut self, spec: Resource<Spec>, key: String, value: String) -> Result<()> {
        let bytes = key.len() + value.len() + 2;
        self.describe(&spec, bytes, |child| child.labels.push((key, value)))
    }

    /// The media type is of no use yet: a job is not told what its input is.
    async fn input(&mut self, spec: Resource<Spec>, _type: String, body: Vec<u8>) -> Result<()> {
        self.describe(&spec, body.len(), |child| child.input = Some(body))
    }

    async fn tasks(&mut self, spec: Resource<Spec>, count: u32) -> Result<()> {
        self.describe(&spec, 0, |child| child.tasks = count)
    }

    async fn limit(&mut self, spec: Resource<Spec>, name: String, value: u64) -> Result<()> {
        let bytes = name.len() + size_of_val(&value);
        self.describe(&spec, bytes, |child| child.limits.push((name, value)))
    }

    async fn idempotency_key(&mut self, spec: Resource<Spec>, key: String) -> Result<()> {
        self.describe(&spec, key.len(), |child| child.key = Some(key))
    }

    async fn drop(&mut self, spec: Resource<Spec>) -> Result<()> {
        self.take(spec).map(drop)
    }
}

impl HostChild for JobView<'_> {
    async fn id(&mut self, child: Resource<Submitted>) -> Result<String> {
        self.id_of(&child)
    }

    async fn state(&mut self, child: Resource<Submitted>) -> Result<String> {
        let id = self.id_of(&child)?;
        Ok(match self.state.ask(Wish::State(id)).await {
            Ok(Reply::State(word)) => shown(&word),
            Ok(_) | Err(_) => "unknown".to_owned(),
        })
    }

    async fn wait(&mut self, child: Resource<Submitted>, timeout: u64) -> Answer<Option<Outcome>> {
        let id = self.id_of(&child)?;
        let end = self.first_end(vec![id], timeout).await;
        Ok(end.map(|end| end.map(|(_, end)| outcome(end))))
    }

    async fn output(&mut self, child: Resource<Submitted>, task: u32) -> Answer<(String, Vec<u8>)> {
        let job = self.id_of(&child)?;
        Ok(match self.state.ask(Wish::Output { job, task }).await {
            Ok(Reply::Output(media_type, bytes)) => {
                at_most(bytes, BYTES_PER_CALL_MAX).map(|bytes| (shown(&media_type), bytes))
            }
            Ok(_) => Err(strange()),
            Err(error) => Err(error),
        })
    }

    async fn cancel(&mut self, child: Resource<Submitted>, reason: String) -> Answer<()> {
        let wish = Wish::Cancel {
            job: self.id_of(&child)?,
            reason: shown(&reason),
        };
        Ok(self.state.ask(wish).await.map(drop))
    }

    async fn drop(&mut self, child: Resource<Submitted>) -> Result<()> {
        self.table.delete(child)?;
        Ok(())
    }
}

impl Host for JobView<'_> {
    async fn submit(&mut self, spec: Resource<Spec>) -> Answer<Resource<Submitted>> {
        let spec = self.take(spec)?;
        let id = self.submitted(spec).await;
        self.held(id)
    }

    async fn open(&mut self, id: String) -> Answer<Resource<Submitted>> {
        let id = self.known(id).await;
        self.held(id)
    }

    async fn wait_any(
        &mut self,
        jobs: Vec<Resource<Submitted>>,
        timeout: u64,
    ) -> Answer<Option<u32>> {
        if jobs.is_empty() {
            return Ok(Err(Error::Invalid(
                "there is no child to wait for".to_owned(),
            )));
        }
        if jobs.len() > AWAITED_MAX {
            return Ok(Err(Error::Invalid(format!(
                "{} children are waited for, the limit of one call is {AWAITED_MAX}",
                jobs.len()
            ))));
        }
        let ids = jobs.iter().map(|child| self.id_of(child));
        let ids = ids.collect::<Result<_>>()?;
        let end = self.first_end(ids, timeout).await;
        Ok(end.map(|end| end.map(|(place, _)| place)))
    }
}

fn outcome(end: End) -> Outcome {
    match end.outcome.as_str() {
        "succeeded" => Outcome::Succeeded,
        "failed" => Outcome::Failed(end.code),
        "trapped" => Outcome::Trapped(end.what),
        "limit_exceeded" => Outcome::LimitExceeded(end.what),
        "cancelled" => Outcome::Cancelled,
        "lost" => Outcome::Lost,
        other => Outcome::Other(shown(other)),
    }
}
