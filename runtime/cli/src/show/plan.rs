//! What a change of the rules moves, and the changes there were.

use jiff::Timestamp;
use sublet_api::{Applied, Changes, NodeMove, Plan, RuleSet};

use super::{table, unit};
use crate::output::Named;

/// Nodes whose moves are shown to people; `-o json` has all.
const MOVES_SHOWN: usize = 50;

impl Named for Plan {
    fn name(&self) -> String {
        let moves = self.moves.iter().chain(&self.drains);
        let names: Vec<&str> = moves.map(|one| one.node.as_str()).collect();
        names.join("\n")
    }
}

impl Named for Applied {
    fn name(&self) -> String {
        self.version.to_string()
    }
}

impl Named for RuleSet {
    fn name(&self) -> String {
        self.version.to_string()
    }
}

/// All that would change, and what is worth knowing.
pub(crate) fn page(plan: &Plan) -> String {
    let mut parts = vec![format!("against version {}", plan.version_now)];
    let changes = table::page([
        ("sub-clusters", changes(&plan.subclusters)),
        ("reshaped", joined(&plan.reshaped)),
        ("nodes", changes(&plan.nodes)),
        ("homeless", homeless(plan)),
    ]);
    let moves = moves(plan);
    if changes.is_empty() && moves.is_empty() {
        parts.push("nothing would change".to_owned());
    }
    let remarks = plan.remarks.iter().map(|remark| {
        let about = table::plain(&remark.about);
        let place = match (remark.line, remark.column) {
            (Some(line), Some(column)) => format!(" (line {line}, column {column})"),
            _ => String::new(),
        };
        let joint = if about.is_empty() { "" } else { ": " };
        format!("note: {about}{place}{joint}{}", table::plain(&remark.text))
    });
    parts.extend([changes, moves]);
    parts.extend(remarks);
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The last line of an application.
pub(crate) fn applied(applied: &Applied) -> String {
    if applied.version == applied.plan.version_now {
        return format!("version {} says this already", applied.version);
    }
    let moved = u64::try_from(applied.plan.moves.len()).unwrap_or(u64::MAX);
    let draining = u64::try_from(applied.plan.drains.len()).unwrap_or(u64::MAX);
    format!(
        "applied as version {}: {} moved, {} draining",
        applied.version,
        unit::count(moved, "node"),
        unit::count(draining, "node"),
    )
}

/// The versions there were.
pub(crate) fn history(sets: &[RuleSet], now: Timestamp) -> String {
    let rows = sets.iter().map(|set| {
        vec![
            set.version.to_string(),
            format!("{} ago", unit::age(set.applied_at, now)),
            set.applied_by.clone(),
        ]
    });
    table::rows(&["VERSION", "APPLIED", "BY"], rows)
}

fn changes(changes: &Changes) -> Option<String> {
    let told = [
        ("added", &changes.added),
        ("changed", &changes.changed),
        ("removed", &changes.removed),
    ];
    let told: Vec<String> = told
        .into_iter()
        .filter_map(|(word, names)| Some(format!("{word} {}", joined(names)?)))
        .collect();
    joined_by(&told, "  ")
}

fn joined(names: &[String]) -> Option<String> {
    joined_by(names, ", ")
}

fn joined_by(words: &[String], joint: &str) -> Option<String> {
    (!words.is_empty()).then(|| words.join(joint))
}

fn homeless(plan: &Plan) -> Option<String> {
    let jobs = &plan.homeless;
    (jobs.count > 0).then(|| {
        format!(
            "{} that no sub-cluster would take any more: {}",
            unit::count(jobs.count, "job"),
            jobs.jobs.join(", ")
        )
    })
}

fn moves(plan: &Plan) -> String {
    let at_once = plan.moves.iter().map(|one| (one, "at once"));
    let later = plan.drains.iter().map(|one| (one, "once it is empty"));
    let row = |(one, when): (&NodeMove, &str)| {
        vec![
            one.node.clone(),
            one.from.clone(),
            one.to.clone(),
            when.to_owned(),
            one.cause.clone(),
        ]
    };
    let rows = at_once.chain(later).take(MOVES_SHOWN).map(row);
    let moves = table::rows(&["NODE", "FROM", "TO", "WHEN", "WHY"], rows);
    let hidden = (plan.moves.len() + plan.drains.len()).saturating_sub(MOVES_SHOWN);
    if hidden > 0 {
        format!("{moves}\nand {hidden} more (-o json has all)")
    } else {
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_tells_all_that_would_change() {
        let plan: Plan = serde_json::from_str(
            r#"{"version_now": 3, "subclusters": {"added": ["long"], "removed": ["batch"]}, "reshaped": ["short"],
                "moves": [{"node": "n3", "from": "in batch", "to": "in long", "cause": "batch is removed"}],
                "drains": [{"node": "n4", "from": "in batch", "to": "unassigned", "cause": "batch is removed"}],
                "homeless": {"count": 2, "jobs": ["job_1", "job_2"]},
                "remarks": [{"about": "sub-cluster long", "text": "exit never holds", "line": 4, "column": 9}]}"#,
        )
        .unwrap();
        assert_eq!(
            page(&plan),
            "against version 3\n\
             sub-clusters  added long  removed batch\n\
             reshaped      short\n\
             homeless      2 jobs that no sub-cluster would take any more: job_1, job_2\n\
             NODE  FROM      TO          WHEN              WHY\n\
             n3    in batch  in long     at once           batch is removed\n\
             n4    in batch  unassigned  once it is empty  batch is removed\n\
             note: sub-cluster long (line 4, column 9): exit never holds"
        );
        assert_eq!(
            applied(&Applied { version: 4, plan }),
            "applied as version 4: 1 node moved, 1 node draining"
        );
    }

    #[test]
    fn a_plan_that_changes_nothing_says_so() {
        assert_eq!(
            page(&Plan::default()),
            "against version 0\nnothing would change"
        );
    }
}
