//! Another configuration for a server that runs.

use std::sync::Arc;

use axum::Json;
use sublet_api::{Code, Page, Setting};
use sublet_store::{AuditOutcome, Audited, Who};

use super::caller::Caller;
use super::problem::{Answer, ApiError};
use crate::clock;
use crate::configuration::{NotReloaded, Reread};
use crate::driver::{Command, Ruling};
use crate::front::Front;

/// Reads the configuration again and has it hold; answers with what it changed.
pub(super) async fn reload(caller: Caller) -> Answer<Json<Page<Setting>>> {
    let changed = have_it_hold(&caller, caller.who()).await?;
    Ok(Json(Page {
        items: changed,
        next_cursor: None,
    }))
}

/// The same for whoever sends the signal, which only the account of the server can.
pub(crate) async fn on_signal(front: &Arc<Front>) {
    let who = Who {
        user: None,
        name: "the host".to_owned(),
        via: "SIGHUP".to_owned(),
    };
    match have_it_hold(front, who).await {
        Ok(changed) => {
            let keys: Vec<_> = changed.iter().map(|one| one.key.as_str()).collect();
            tracing::info!(?keys, "the configuration was read again");
        }
        Err(error) => tracing::error!(?error, "the configuration stays as it is"),
    }
}

async fn have_it_hold(front: &Arc<Front>, who: Who) -> Answer<Vec<Setting>> {
    let place = Arc::clone(front);
    let reread = tokio::task::spawn_blocking(move || place.configuration.reread()).await;
    let reread = reread.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let Reread { held, changed } = reread?;
    if changed.is_empty() {
        return Ok(changed);
    }
    let keys: Vec<_> = changed.iter().map(|one| one.key.as_str()).collect();
    let audited = Audited {
        at: clock::now(),
        who,
        action: "admin.config.reload".to_owned(),
        object: keys.join(" "),
        before: None,
        after: None,
        outcome: AuditOutcome::Done,
    };
    let ruling = Box::new(Ruling::of(&held.config));
    let heard = |answer| Command::Rule(ruling, Box::new(audited), answer);
    front.driver.ask(heard).await??;
    front.configuration.hold(held);
    Ok(changed)
}

impl From<NotReloaded> for ApiError {
    fn from(error: NotReloaded) -> Self {
        match error {
            NotReloaded::Refused(error) => Self::new(Code::ConfigurationRefused, error.to_string())
                .with_help("nothing was changed; `sublet admin config check` shows the place"),
            NotReloaded::NeedsRestart(keys) => Self::new(
                Code::ConfigurationRefused,
                format!("a running server cannot change {}", keys.join(", ")),
            )
            .with_help("nothing was changed; restart the server, or take these changes back"),
        }
    }
}
