//! `sublet users quota`: a quota is said as a whole, so that what holds is what was typed last.

use clap::Args;
use jiff::Timestamp;
use sublet_api::{Holding, QuotaRequest};

use crate::arguments::{quantity, word};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Set what a user may hold; what is left out holds as the server's defaults say
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    sublet users quota ada --slots 100 --memory 32GiB\n  \
    sublet users quota ada --defaults\n  \
    sublet users show ada")]
pub(crate) struct Quota {
    /// The user
    #[arg(value_name = "NAME", value_parser = word::plain_name)]
    name: String,
    /// What the server's defaults say, in everything
    #[arg(long, conflicts_with_all = ["slots", "cpu", "memory", "queued", "modules", "stored", "submits_per_s", "weight"])]
    defaults: bool,
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Args, Debug)]
#[group(required = false, multiple = true)]
struct Wanted {
    /// Slots at one time
    #[arg(long, value_name = "N")]
    slots: Option<u64>,
    /// Processors at one time
    #[arg(long, value_name = "CPU", value_parser = quantity::cpu_millis)]
    cpu: Option<u64>,
    /// Memory at one time
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    memory: Option<u64>,
    /// Tasks that wait or run
    #[arg(long, value_name = "N")]
    queued: Option<u64>,
    /// Uploaded modules
    #[arg(long, value_name = "N")]
    modules: Option<u64>,
    /// Bytes of modules and inputs
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    stored: Option<u64>,
    /// Submissions each second, in the long run
    #[arg(long, value_name = "N")]
    submits_per_s: Option<u32>,
    /// Their share beside that of others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    weight: Option<u32>,
}

pub(super) async fn quota(quota: Quota, session: &Session) -> Result<Exit, Failure> {
    let Wanted {
        slots,
        cpu,
        memory,
        queued,
        modules,
        stored,
        submits_per_s,
        weight,
    } = quota.wanted;
    let wanted = QuotaRequest {
        quota: Holding {
            slots,
            cpu_millis: cpu,
            memory_bytes: memory,
            queued,
            modules,
            stored_bytes: stored,
            submits_per_s,
        },
        weight,
    };
    if wanted == QuotaRequest::default() && !quota.defaults {
        return Err(Failure::usage("no quota was said").help(
            "say at least one, such as --slots 100, or --defaults for what the server's configuration says",
        ));
    }
    let user = session.client()?.set_quota(&quota.name, &wanted).await?;
    session
        .output
        .one(&user, |user| show::user::page(user, Timestamp::now()))?;
    Ok(Exit::DONE)
}
