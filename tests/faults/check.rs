//! What must hold after any faults. Pure: evidence in, violations out.

mod planted;

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::{Evidence, Instant, Job, What};

/// Everything that was promised and does not hold, in words.
pub(crate) fn violations(evidence: &Evidence) -> Vec<String> {
    let rules: [fn(&Evidence) -> Vec<String>; 9] = [
        acknowledged_is_there,
        a_key_is_one_job,
        nothing_is_made_up,
        nothing_starts_twice,
        starts_are_on_record_first,
        attempts_follow_each_other,
        a_slot_has_one_holder,
        what_is_final_stays,
        cancelled_before_its_start_never_starts,
    ];
    let found = rules.iter().flat_map(|rule| rule(evidence));
    found.chain(every_slot_is_back(evidence)).collect()
}

/// What does not hold of a world that was left in peace after its fault: everything is over, as it had to be.
pub(crate) fn unfinished(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for submission in &evidence.said {
        let Some(id) = &submission.acknowledged else {
            found.push(format!("{} was never answered", submission.name));
            continue;
        };
        let Some(job) = evidence.later.iter().find(|job| job.id == *id) else {
            continue;
        };
        for task in &job.tasks {
            let name = format!("{} task {}", submission.name, task.index);
            match task.outcome.as_deref() {
                None => found.push(format!("{name} is not over")),
                // A fault may take an attempt with it: then the policy decides.
                Some("lost") => {}
                Some("cancelled") if submission.cancelled_at.is_some() => {}
                Some(end) if submission.ends.contains(&end) => {}
                Some(end) => found.push(format!("{name} ended as {end}")),
            }
        }
    }
    found
}

fn acknowledged_is_there(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for submission in &evidence.said {
        let Some(id) = &submission.acknowledged else {
            continue;
        };
        match evidence.later.iter().find(|job| job.id == *id) {
            None => found.push(format!(
                "lost: {} was acknowledged as {id}",
                submission.name
            )),
            Some(job) if job.name != submission.name => {
                found.push(format!("lost: {id} is {} now", job.name));
            }
            Some(job) if job.tasks.len() != submission.tasks => {
                let (has, had) = (job.tasks.len(), submission.tasks);
                found.push(format!("lost: {id} has {has} tasks of {had}"));
            }
            Some(_) => {}
        }
    }
    found
}

fn a_key_is_one_job(evidence: &Evidence) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let again = evidence.later.iter().filter(|job| !seen.insert(&job.name));
    again
        .map(|job| format!("doubled: {} is two jobs", job.name))
        .collect()
}

fn nothing_is_made_up(evidence: &Evidence) -> Vec<String> {
    let said: BTreeSet<_> = evidence.said.iter().map(|one| &one.name).collect();
    let strange = evidence
        .later
        .iter()
        .filter(|job| !said.contains(&job.name));
    strange
        .map(|job| format!("made up: nobody submitted {}", job.name))
        .collect()
}

fn nothing_starts_twice(evidence: &Evidence) -> Vec<String> {
    let meanings = evidence.meanings();
    let once = |job: &str| {
        let mut said = evidence.said.iter();
        said.any(|one| one.starts_once && one.acknowledged.as_deref() == Some(job))
    };
    let mut found = Vec::new();
    let (mut attempts, mut tasks) = (BTreeSet::new(), BTreeSet::new());
    for line in &evidence.journal {
        let What::Started { attempt } = &line.what else {
            continue;
        };
        if !attempts.insert(attempt) {
            found.push(format!("twice: attempt {attempt} started again"));
        }
        let Some(meaning) = meanings.get(attempt.as_str()) else {
            continue;
        };
        if once(meaning.job) && !tasks.insert((meaning.job, meaning.task)) {
            let (job, task) = (meaning.job, meaning.task);
            found.push(format!("twice: task {task} of {job} may start once"));
        }
    }
    found
}

/// Of what ran the front had said so before, and the records know it.
fn starts_are_on_record_first(evidence: &Evidence) -> Vec<String> {
    let meanings = evidence.meanings();
    let mut found = Vec::new();
    for line in &evidence.journal {
        let What::Started { attempt } = &line.what else {
            continue;
        };
        let Some(meaning) = meanings.get(attempt.as_str()) else {
            found.push(format!("undeclared: {attempt} started, and nobody said so"));
            continue;
        };
        if meaning.granted_at > line.at {
            found.push(format!("undeclared: {attempt} started before it was said"));
        }
        let job = evidence.later.iter().find(|job| job.id == meaning.job);
        let task = job.and_then(|job| job.tasks.iter().find(|task| task.index == meaning.task));
        if task.is_none_or(|task| task.attempts.len() < meaning.number as usize) {
            found.push(format!(
                "undeclared: {attempt} started and is not on record"
            ));
        }
    }
    found
}

fn attempts_follow_each_other(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for job in &evidence.later {
        let said = evidence.said.iter().find(|one| one.name == job.name);
        let once = said.is_some_and(|one| one.starts_once);
        for task in &job.tasks {
            let name = format!("{} task {}", job.name, task.index);
            if once && task.attempts.len() > 1 {
                found.push(format!("twice: {name} has several attempts on record"));
            }
            let good = |end: &&Option<String>| end.as_deref() == Some("succeeded");
            let earlier = task.attempts.split_last().map_or(&[][..], |(_, rest)| rest);
            if earlier.iter().any(|end| good(&end) || end.is_none()) {
                found.push(format!("order: {name} went on after {:?}", task.attempts));
            }
        }
    }
    found
}

/// From the grant to the release, as far as the front lived to say so; and from the first instruction to the last.
fn a_slot_has_one_holder(evidence: &Evidence) -> Vec<String> {
    let meanings = evidence.meanings();
    let slot_of = |attempt: &str| meanings.get(attempt).map(|meaning| meaning.slot);
    let mut found = Vec::new();
    let mut held: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    let mut runs: BTreeMap<&str, &str> = BTreeMap::new();
    let mut last: BTreeMap<u32, Instant> = BTreeMap::new();
    let mut started_in: BTreeMap<&str, u32> = BTreeMap::new();
    for line in &evidence.journal {
        last.insert(line.process, line.at);
    }
    for line in &evidence.journal {
        match &line.what {
            What::Granted { attempt, slot, .. } => {
                // What a front held when it died is free: nobody is left to say so.
                if let Some((front, holder)) = held.insert(slot, (line.process, attempt))
                    && front == line.process
                {
                    found.push(format!("slot {slot}: given to {attempt}, {holder} has it"));
                }
            }
            What::Released { attempt } => {
                let slot = slot_of(attempt);
                if let Some((slot, (_, holder))) =
                    slot.and_then(|slot| Some((slot, held.get(slot)?)))
                    && holder == attempt
                {
                    held.remove(slot);
                }
            }
            What::Started { attempt } => {
                started_in.insert(attempt, line.process);
                let Some(slot) = slot_of(attempt) else {
                    continue;
                };
                if let Some(other) = runs.insert(slot, attempt)
                    // Of one that never said its end it is known how long its worker lived at least.
                    && started_in.get(other).and_then(|worker| last.get(worker)) > Some(&line.at)
                {
                    found.push(format!("slot {slot}: {attempt} runs beside {other}"));
                }
            }
            What::Ended { attempt } => {
                if let Some(slot) = slot_of(attempt)
                    && runs.get(slot) == Some(&attempt.as_str())
                {
                    runs.remove(slot);
                }
            }
            What::Fired { .. } | What::Frozen => {}
        }
    }
    found
}

fn what_is_final_stays(evidence: &Evidence) -> Vec<String> {
    let later: BTreeMap<&str, &Job> = evidence.later.iter().map(|job| (&*job.id, job)).collect();
    let mut found = Vec::new();
    for job in &evidence.earlier {
        let Some(now) = later.get(job.id.as_str()) else {
            found.push(format!("changed: {} is gone", job.name));
            continue;
        };
        if job.is_finished && job != *now {
            found.push(format!(
                "changed: {} was over, and is otherwise now",
                job.name
            ));
        }
        for task in job.tasks.iter().filter(|task| task.outcome.is_some()) {
            if !now.tasks.contains(task) {
                found.push(format!("changed: {} task {}", job.name, task.index));
            }
        }
    }
    found
}

/// Who was told that the cancel holds sees no start that was decided on after that.
fn cancelled_before_its_start_never_starts(evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    for (attempt, meaning) in evidence.meanings() {
        let mut said = evidence.said.iter();
        let of_it = said.find(|one| one.acknowledged.as_deref() == Some(meaning.job));
        let cancelled_at = of_it.and_then(|one| one.cancelled_at);
        if cancelled_at.is_some_and(|at| at < meaning.granted_at) {
            found.push(format!(
                "cancelled: {attempt} of {} starts after that",
                meaning.job
            ));
        }
    }
    found
}

fn every_slot_is_back(evidence: &Evidence) -> Vec<String> {
    match evidence.slots {
        Some((all, free)) if all != free => vec![format!("slots: {free} of {all} are free")],
        _ => Vec::new(),
    }
}
