//! `sublet submit`: hands a job to the server; a file is pushed first if the server does not have it yet.

mod flags;
mod upload;

use sublet_api::{Job, SubmitJob};

pub(crate) use flags::Submit;

use super::{Session, logs};
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::module_file::Source;
use crate::output::Output;
use crate::show;
use crate::watch::{self, Watched, selector_of};

pub(super) async fn submit(submit: Submit, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let output = &session.output;
    let body = body(&submit, &client, output).await?;
    if submit.dry_run {
        let fit = client.consider(&body).await?;
        output.one(&fit, show::job::fit)?;
        return Ok(Exit::DONE);
    }
    let job = client
        .submit(&body, submit.idempotency_key.as_deref())
        .await?;
    if !submit.watches() {
        output.one(&job, show::job::line)?;
        return Ok(Exit::DONE);
    }
    // Under --follow stdout is the job's own; and a program wants one object, which is the finished job.
    if submit.follow {
        output.talk(show::job::line(&job));
    } else if output.for_people() {
        output.text(&show::job::line(&job))?;
    }
    match watch::or_interrupt(to_the_end(&submit, &client, job.clone(), output)).await? {
        Watched::Done(job) => {
            if submit.follow && output.for_people() {
                output.talk(show::job::summary(&job));
            } else {
                output.one(&job, show::job::summary)?;
            }
            if output.for_people() {
                tell_what_is_left(&client, &job, output).await?;
            }
            watch::tell_fate(output, &job);
            Ok(submit.fate.exit_of(&job))
        }
        Watched::Interrupted => {
            watch::way_back(output, &job);
            Ok(Exit::INTERRUPTED)
        }
    }
}

/// What a job of one task came to in its own words, and what there is to fetch.
async fn tell_what_is_left(client: &Client, job: &Job, output: &Output) -> Result<(), Failure> {
    let (first, last) = job.array.unwrap_or((0, 0));
    if first == last {
        let task = client.task(&selector_of(job), first).await?;
        let summary = task
            .attempts
            .last()
            .and_then(|last| last.summary.as_deref());
        if let Some(summary) = summary {
            output.talk(show::task::summary_of(summary));
        }
    }
    if let Some(left) = &job.artifacts {
        output.talk(format_args!(
            "artifacts: {}; see them with `sublet jobs artifacts {}`",
            show::artifact::sum(left),
            job.number
        ));
    }
    Ok(())
}

/// The request, with all that it names uploaded.
async fn body(submit: &Submit, client: &Client, output: &Output) -> Result<SubmitJob, Failure> {
    let source = Source::of_module(&submit.module);
    let given = &submit.given;
    let mut body = SubmitJob {
        name: given.name.clone().or_else(|| source.name()),
        args: submit.args.clone(),
        env: given.environment()?,
        array: given.array,
        limits: given.limits(),
        grace_ms: given.grace,
        priority: submit.priority,
        restart: submit.restart()?,
        labels: submit.labels.iter().cloned().collect(),
        subcluster: submit.subcluster.clone(),
        class: submit.class.clone(),
        gang: submit.gang,
        generations: submit.children,
        after: submit.after.clone(),
        network: given.network()?,
        ..SubmitJob::default()
    };
    if source == Source::Stdin && given.input.as_deref() == Some("-") {
        return Err(
            Failure::usage("module and input cannot both come from stdin")
                .help("put one of them into a file"),
        );
    }
    // What is missing here is told before anything is sent.
    let trees = upload::trees(&given.inputs)?;
    body.module = upload::module(source, client, output).await?;
    body.inputs = upload::send_trees(trees, client, output).await?;
    if let Some(input) = &given.input {
        body.stdin = Some(upload::stdin(input, client, output).await?);
    }
    Ok(body)
}

async fn to_the_end(
    submit: &Submit,
    client: &Client,
    job: Job,
    output: &Output,
) -> Result<Job, Failure> {
    if submit.follow {
        logs::follow(client, &job, output).await?;
        let job = client.job(&selector_of(&job)).await?;
        return watch::until_over(client, job, output).await;
    }
    watch::until_over(client, job, output).await
}
