//! What a job asks of its user's network.

use std::collections::HashSet;

use sublet_api::{Code, JobNetwork, NetworkMode, Publish};
use sublet_network::policy::JobRules;
use sublet_scheduler::TaskRange;
use sublet_store::{StoredJobNetwork, StoredPublish};

use super::job::at_fault;
use crate::http::problem::{Answer, ApiError};

/// Patterns of one job: each connection asks all of them.
const ALLOW_MAX: usize = 256;
const PUBLISH_MAX: usize = 16;

/// The network of a job, as it is stored.
pub(super) fn network(asked: Option<&JobNetwork>, tasks: &TaskRange) -> Answer<StoredJobNetwork> {
    let Some(JobNetwork {
        mode,
        allow,
        publish,
    }) = asked
    else {
        return Ok(StoredJobNetwork::default());
    };
    let own = *mode == NetworkMode::Own;
    let opens_something = !allow.is_empty() || !publish.is_empty();
    if !own && opens_something {
        return Err(at_fault(
            "/network",
            "a job without a network reaches nothing and publishes nothing".to_owned(),
        ));
    }
    super::length("/network/allow", allow.len(), ALLOW_MAX)?;
    JobRules::parse(allow).map_err(|error| {
        ApiError::new(Code::PatternInvalid, error.to_string()).at("/network/allow", None, None)
    })?;
    Ok(StoredJobNetwork {
        own,
        allow: allow.clone(),
        publish: published(publish, tasks)?,
    })
}

fn published(publish: &[Publish], tasks: &TaskRange) -> Answer<Vec<StoredPublish>> {
    super::length("/network/publish", publish.len(), PUBLISH_MAX)?;
    if !publish.is_empty() && tasks.start() != tasks.end() {
        return Err(at_fault(
            "/network/publish",
            "a port leads to one task, and the job has several: publish from a job of one task"
                .to_owned(),
        ));
    }
    let mut taken = HashSet::new();
    for Publish {
        host_port,
        guest_port,
    } in publish
    {
        if *host_port == 0 || *guest_port == 0 {
            return Err(at_fault(
                "/network/publish",
                "port 0 is none: ports are 1 to 65535".to_owned(),
            ));
        }
        if !taken.insert(host_port) {
            return Err(at_fault(
                "/network/publish",
                format!("port {host_port} of the host is published twice"),
            ));
        }
    }
    let stored = |one: &Publish| StoredPublish {
        host_port: one.host_port,
        guest_port: one.guest_port,
    };
    Ok(publish.iter().map(stored).collect())
}
