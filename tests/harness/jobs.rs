//! What tests say to a server about jobs, in their own words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Answer, DEADLINE, Guest, Server, core, eventually};

impl Server {
    /// Submits the probe with these flags and steps; returns the job's id once it is acknowledged.
    #[track_caller]
    pub(crate) fn submit(&self, flags: &[&str], steps: &str) -> String {
        self.submit_guest(&core("probe"), flags, steps)
    }

    /// Submits a guest with these flags and arguments; returns the job's id once it is acknowledged.
    #[track_caller]
    pub(crate) fn submit_guest(&self, guest: &Guest, flags: &[&str], arguments: &str) -> String {
        let command = self.command().args(["submit", "-q"]).args(flags);
        let command = command
            .arg(guest)
            .arg("--")
            .args(arguments.split_whitespace());
        command.run().code(0).text().to_owned()
    }

    /// Pushes the probe under its name, for [`Self::post_job`].
    #[track_caller]
    pub(crate) fn push_probe(&self) {
        let path = core("probe").path;
        let path = path.to_str().expect("the repository's path is text");
        self.sublet(&["modules", "push", path, "--name", "probe"])
            .code(0);
    }

    /// The answer to a submission of the probe that says this besides, without a command line around it.
    #[track_caller]
    pub(crate) fn post_job(&self, mut said: Value, steps: &[&str]) -> Answer {
        said["module"] = "probe".into();
        said["args"] = steps.into();
        self.request("POST", "/v1/jobs", said.to_string().as_bytes())
    }

    /// The job's record as it is now.
    #[track_caller]
    pub(crate) fn job(&self, job: &str) -> Value {
        self.get(&format!("/v1/jobs/{job}"))
    }

    /// The job's record once it is over. What was bound to it may be on its way back: see [`Self::is_at_rest`].
    #[track_caller]
    pub(crate) fn wait(&self, job: &str) -> Value {
        self.wait_for_state(job, "finished")
    }

    /// The job's record once it shows this state. A job that ends in another one fails the test.
    #[track_caller]
    pub(crate) fn wait_for_state(&self, job: &str, state: &str) -> Value {
        let mut last = Value::Null;
        eventually(DEADLINE, &format!("{job} is {state}"), || {
            last = self.job(job);
            let over = last["state"] == "finished";
            assert!(!over || state == "finished", "it is over: {last:#}");
            (last["state"] == state).then_some(())
        });
        last
    }

    /// The job's record once this looks right.
    #[track_caller]
    pub(crate) fn wait_until(
        &self,
        job: &str,
        what: &str,
        right: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(DEADLINE, what, || Some(self.job(job)).filter(&right))
    }

    /// All tasks of a job, in order of their index.
    #[track_caller]
    pub(crate) fn tasks(&self, job: &str) -> Vec<Value> {
        let mut tasks = Vec::new();
        let mut target = format!("/v1/jobs/{job}/tasks?limit=1000");
        loop {
            let page = self.get(&target);
            tasks.extend(page["items"].as_array().expect("a page has items").clone());
            match page["next_cursor"].as_str() {
                Some(cursor) => target = format!("/v1/jobs/{job}/tasks?limit=1000&cursor={cursor}"),
                None => break,
            }
        }
        tasks.sort_by_key(|task| task["index"].as_u64());
        tasks
    }

    /// The attempts of one task, first to last.
    #[track_caller]
    pub(crate) fn attempts(&self, job: &str, task: u32) -> Vec<Value> {
        let task = self.get(&format!("/v1/jobs/{job}/tasks/{task}"));
        task["attempts"]
            .as_array()
            .expect("a task has attempts")
            .clone()
    }

    /// All that the tasks of a job wrote to stdout, one attempt after the other.
    #[track_caller]
    pub(crate) fn log_of(&self, job: &str) -> String {
        let answer = self.request("GET", &format!("/v1/jobs/{job}/logs?stream=stdout"), b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut logs: BTreeMap<_, String> = BTreeMap::new();
        for line in answer.text().lines() {
            let entry: Value = serde_json::from_str(line).expect("each line is an entry");
            let attempt = (entry["task"].as_u64(), entry["attempt"].as_u64());
            *logs.entry(attempt).or_default() += entry["text"].as_str().unwrap_or_default();
        }
        logs.into_values().collect()
    }

    /// Slots of the pool: all, and those that nothing is granted.
    #[track_caller]
    pub(crate) fn slots(&self) -> (u64, u64) {
        let pool = self.get("/v1/pool");
        let subclusters = pool["subclusters"]
            .as_array()
            .expect("a pool has sub-clusters");
        let sum = |field: &str| {
            let counts = subclusters
                .iter()
                .map(|sub| sub["slots"][field].as_u64().unwrap_or(0));
            counts.sum()
        };
        (sum("total"), sum("free"))
    }

    /// Waits until nothing of any attempt is left: every slot free, no directory of an attempt, nothing queued.
    #[track_caller]
    pub(crate) fn is_at_rest(&self) {
        eventually(
            DEADLINE,
            "every slot is back and no directory is left",
            || {
                let (total, free) = self.slots();
                (total == free && total > 0 && self.attempt_directories().is_empty()).then_some(())
            },
        );
    }

    /// The directories of attempts that exist now.
    pub(crate) fn attempt_directories(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        find_attempts(&self.data_directory(), &mut found);
        found
    }

    /// The body of the answer to a simple question, which must be fine.
    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Value {
        let answer = self.request("GET", target, b"");
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json()
    }
}

/// Everything below a directory called `attempts`. What vanishes while we look is not there.
fn find_attempts(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        if directory.ends_with("attempts") {
            found.push(entry.path());
        } else {
            find_attempts(&entry.path(), found);
        }
    }
}
