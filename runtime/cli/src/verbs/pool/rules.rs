//! `sublet pool rules`: the document that holds, ready to be changed and applied.

use clap::Args;
use jiff::Timestamp;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show;
use crate::verbs::Session;

/// Print the rules as a document for `sublet plan` and `sublet apply`
#[derive(Args, Debug)]
pub(crate) struct Rules {
    /// The versions there were: who applied each, and when
    #[arg(long)]
    history: bool,
}

pub(crate) async fn rules(rules: Rules, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    if rules.history {
        let page = client.rules_history().await?;
        session
            .output
            .list(&page, |sets| show::plan::history(sets, Timestamp::now()))?;
        return Ok(Exit::DONE);
    }
    let rules = client.rules().await?;
    session.output.one(&rules, |rules| rules.document.clone())?;
    session.output.talk(format_args!(
        "version {}, applied by {}",
        rules.version, rules.applied_by
    ));
    Ok(Exit::DONE)
}
