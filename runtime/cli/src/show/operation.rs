//! What operators look at: settings, and the findings of `sublet doctor`.

use sublet_api::{Origin, Setting};

use super::table::{lines, rows};
use crate::output::Named;
use crate::verbs::doctor::{Finding, Holds};

impl Named for Setting {
    fn name(&self) -> String {
        self.key.clone()
    }
}

impl Named for Finding {
    fn name(&self) -> String {
        self.name.clone()
    }
}

pub(crate) fn settings(settings: &[Setting]) -> String {
    let row = |one: &Setting| {
        let origin = match one.origin {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::Flag => "flag",
        };
        vec![one.key.clone(), one.value.clone(), origin.to_owned()]
    };
    rows(&["KEY", "VALUE", "FROM"], settings.iter().map(row))
}

pub(crate) fn findings(findings: &[Finding]) -> String {
    let each = findings.iter().map(|one| {
        let holds = match (one.holds, one.promised) {
            (Holds::Yes, _) => "yes",
            (Holds::No, false) => "no",
            (Holds::No, true) => "NO",
            (Holds::Unknown, _) => "?",
        };
        let detail = match &one.help {
            Some(help) => format!("{}; {help}", one.detail),
            None => one.detail.clone(),
        };
        vec![holds.to_owned(), one.name.clone(), detail]
    });
    lines(each)
}
