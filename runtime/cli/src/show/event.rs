//! What happened, a line each.

use sublet_api::{Event, EventKind};

use super::fate;
use crate::output::Named;

impl Named for Event {
    fn name(&self) -> String {
        self.seq.to_string()
    }
}

/// One event.
pub(crate) fn line(event: &Event) -> String {
    let what = match event.kind {
        EventKind::Submitted => "submitted".to_owned(),
        EventKind::Routed => {
            let subcluster = event.subcluster.as_deref().unwrap_or("-");
            format!("routed to {subcluster}")
        }
        EventKind::Started => format!("{} started{}", tasks(event), attempt(event)),
        EventKind::Ended => {
            let fate = event.outcome.as_ref().map(fate::word);
            let fate = fate.unwrap_or_default();
            format!("{} {fate}{}", tasks(event), attempt(event))
        }
        EventKind::TasksCancelled => format!("{} cancelled before a start", tasks(event)),
        EventKind::CancelAsked if event.tasks.is_empty() => "cancel asked for".to_owned(),
        EventKind::CancelAsked => format!("cancel of {} asked for", tasks(event)),
        EventKind::Reopened => format!("{} to run again", tasks(event)),
        EventKind::Finished => "finished".to_owned(),
        EventKind::Unknown => "something that this command does not know".to_owned(),
    };
    format!("{}  {}  {what}", event.at, event.job)
}

fn tasks(event: &Event) -> String {
    let run = |&(first, last): &(u32, u32)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    let runs: Vec<String> = event.tasks.iter().map(run).collect();
    match &event.tasks[..] {
        [(first, last)] if first == last => format!("task {first}"),
        _ => format!("tasks {}", runs.join(",")),
    }
}

fn attempt(event: &Event) -> String {
    match event.attempt {
        Some(number) if number > 1 => format!(" (attempt {number})"),
        _ => String::new(),
    }
}
