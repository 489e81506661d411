//! The host's own interfaces, `sublet:job`. A job imports those of them that it calls.

#[rustfmt::skip]
#[expect(
    unsafe_code,
    warnings,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "written by a generator, see the crate in `bindings`"
)]
mod bindings;

use std::process;
use std::time::Duration;

use super::{Host, Level, Reached};
use crate::children::{Order, Outcome};
use crate::payload::Bytes;
use crate::peers::Peer;
use crate::{Called, Fail, HostError};
use bindings::sublet::job::{
    artifacts, checkpoint, children, context, payload, peers, report, types,
};

/// Everything is behind the imports, so there is nothing to keep here.
#[derive(Clone, Debug)]
pub(crate) struct Imports;

impl Host for Imports {
    type Writer = artifacts::Writer;

    const IS_PACED: bool = true;

    fn begin() -> Self {
        Self
    }

    fn exit(&self, code: u8) {
        // WASI 0.2 as Rust has it can only say that it failed; the code was told with `fail`.
        process::exit(i32::from(code));
    }

    fn job(&self) -> String {
        context::job()
    }

    fn name(&self) -> Option<String> {
        context::name()
    }

    fn task(&self) -> (u32, u32) {
        context::task()
    }

    fn attempt(&self) -> u32 {
        context::attempt()
    }

    fn parent(&self) -> Option<String> {
        context::parent()
    }

    fn label(&self, key: &str) -> Option<String> {
        context::label(key)
    }

    fn time_left(&self) -> Option<Duration> {
        context::time_left().map(Duration::from_millis)
    }

    fn limit(&self, budget: &str) -> Option<u64> {
        context::limit(budget)
    }

    fn used(&self, budget: &str) -> Option<u64> {
        context::used(budget)
    }

    fn stop_requested(&self) -> Option<String> {
        context::stop_requested()
    }

    fn input_type(&self) -> String {
        payload::content_type()
    }

    /// From stdin, which has the same bytes: the host knows the input by offsets only where it is a file.
    fn read_input(&self, _: u64, len: u32) -> Called<Vec<u8>> {
        super::read_stdin(len)
    }

    /// Without disk there is no place for a result but stdout.
    fn set_output(&self, output: &Bytes) -> Called<()> {
        match payload::set_output(&output.content_type, &output.body) {
            Err(types::Error::Denied(_)) => output.print(),
            set => Ok(set?),
        }
    }

    fn fail(&self, fail: &Fail) {
        payload::fail(
            i32::from(fail.exit_code()),
            fail.word(),
            &fail.to_string(),
            fail.is_retryable(),
        );
    }

    fn log(level: Level, target: &str, message: &str, fields: &[(String, String)]) {
        let level = match level {
            Level::Trace => report::Level::Trace,
            Level::Debug => report::Level::Debug,
            Level::Info => report::Level::Info,
            Level::Warn => report::Level::Warn,
            Level::Error => report::Level::Error,
        };
        report::log(level, target, message, fields);
    }

    fn progress(&self, reached: &Reached) {
        let Reached {
            done,
            total,
            unit,
            message,
        } = reached;
        report::progress(*done, *total, unit, message.as_deref());
    }

    fn gauge(&self, name: &str, value: f64) {
        report::gauge(name, value);
    }

    fn counter(&self, name: &str, add: u64) {
        report::counter(name, add);
    }

    fn summary(&self, markdown: &str) {
        report::summary(markdown);
    }

    fn load(&self) -> Called<Option<Vec<u8>>> {
        Ok(checkpoint::load()?.map(|(_, bytes)| bytes))
    }

    fn save(&self, bytes: &[u8]) -> Called<()> {
        checkpoint::save(bytes)?;
        Ok(())
    }

    fn create(&self, name: &str, content_type: &str) -> Called<artifacts::Writer> {
        Ok(artifacts::create(name, content_type)?)
    }

    fn append(writer: &mut artifacts::Writer, bytes: &[u8]) -> Called<()> {
        Ok(writer.write(bytes)?)
    }

    fn finish(writer: artifacts::Writer) -> Called<()> {
        artifacts::Writer::finish(writer)?;
        Ok(())
    }

    fn read_artifact(
        &self,
        job: Option<&str>,
        name: &str,
        offset: u64,
        len: u32,
    ) -> Called<Vec<u8>> {
        Ok(artifacts::read(job, name, offset, len)?)
    }

    fn artifact_names(&self, job: Option<&str>) -> Called<Vec<String>> {
        Ok(artifacts::names(job)?)
    }

    fn submit(&self, order: &Order) -> Called<String> {
        let spec = children::Spec::new(&order.module);
        order.args.iter().for_each(|value| spec.arg(value));
        for (key, value) in &order.env {
            spec.env(key, value);
        }
        for (key, value) in &order.labels {
            spec.label(key, value);
        }
        if let Some((content_type, body)) = &order.input {
            spec.input(content_type, body);
        }
        spec.tasks(order.tasks);
        for (budget, value) in &order.limits {
            spec.limit(budget, *value);
        }
        if let Some(key) = &order.key {
            spec.idempotency_key(key);
        }
        Ok(children::submit(spec)?.id())
    }

    fn child_state(&self, id: &str) -> Called<String> {
        Ok(children::open(id)?.state())
    }

    fn child_wait(&self, id: &str, timeout: Duration) -> Called<Option<Outcome>> {
        let outcome = children::open(id)?.wait(millis(timeout))?;
        Ok(outcome.map(Outcome::from))
    }

    fn child_output(&self, id: &str, task: u32) -> Called<Bytes> {
        let (content_type, body) = children::open(id)?.output(task)?;
        Ok(Bytes { content_type, body })
    }

    fn child_cancel(&self, id: &str, reason: &str) -> Called<()> {
        Ok(children::open(id)?.cancel(reason)?)
    }

    fn hostname(&self) -> String {
        peers::hostname()
    }

    fn members(&self, group: &str) -> Called<Vec<Peer>> {
        let members = peers::members(group)?;
        Ok(members.into_iter().map(Peer::from).collect())
    }

    fn barrier(&self, group: &str, count: u32, timeout: Duration) -> Called<()> {
        Ok(peers::barrier(group, count, millis(timeout))?)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl From<types::Error> for HostError {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::NotFound(text) => Self::NotFound(text),
            types::Error::Denied(text) => Self::Denied(text),
            types::Error::Quota(text) => Self::Quota(text),
            types::Error::Invalid(text) => Self::Invalid(text),
            types::Error::Unavailable(text) => Self::Unavailable(text),
            types::Error::TimedOut => Self::TimedOut,
            types::Error::Cancelled => Self::Cancelled,
            types::Error::Other((kind, text)) => Self::Other(kind, text),
        }
    }
}

impl From<types::Outcome> for Outcome {
    fn from(outcome: types::Outcome) -> Self {
        match outcome {
            types::Outcome::Succeeded => Self::Succeeded,
            types::Outcome::Failed(code) => Self::Failed(code),
            types::Outcome::Trapped(trap) => Self::Trapped(trap),
            types::Outcome::LimitExceeded(limit) => Self::LimitExceeded(limit),
            types::Outcome::Cancelled => Self::Cancelled,
            types::Outcome::Lost => Self::Lost,
            types::Outcome::Other(word) => Self::Other(word),
        }
    }
}

impl From<peers::Peer> for Peer {
    fn from(peer: peers::Peer) -> Self {
        let peers::Peer { name, job, task } = peer;
        Self { name, job, task }
    }
}
