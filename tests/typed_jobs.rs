//! Jobs that are written with the crate `sublet-job`: the same program for both targets, with a server and without.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Guest, Sublet, component, core, shared, wat};

const TEXTS: &str = r#"{"texts": ["to be", "or not to be"], "shown": 1}"#;
const COUNTED: &str = r#"{"words":6,"different":4,"most":[["be",2]]}"#;

/// The job for each target.
fn both(name: &str) -> [Guest; 2] {
    [core(name), component(name)]
}

fn run(guest: &Guest, flags: &[&str], input: &str) -> crate::harness::Output {
    let run = Sublet::alone().arg("run").args(flags).arg(guest);
    run.input(input).run()
}

fn file_of(folder: &Path, text: &str) -> String {
    let path = folder.join("input.json");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_typed_job_takes_its_input_and_gives_its_output_at_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let input = file_of(folder.path(), TEXTS);
    let out = folder.path().join("out");
    for guest in both("typed") {
        let line = format!("{COUNTED}\n");
        run(&guest, &[], TEXTS).code(0).prints(&line);
        run(&guest, &["--input", &input], "").code(0).prints(&line);
        // Without disk as well.
        run(&guest, &["--scratch", "0B"], TEXTS)
            .code(0)
            .prints(&line);
        // Somebody wants it elsewhere, so it is not there.
        run(&guest, &["--out", out.to_str().unwrap()], TEXTS)
            .code(0)
            .prints("");
        let kept = fs::read_to_string(out.join("result.json")).unwrap();
        assert_eq!(kept, COUNTED);
    }
}

#[test]
fn a_typed_job_fails_with_its_own_code_on_both_targets() {
    let server = shared();
    let folder = tempfile::tempdir().unwrap();
    for (texts, code, words) in [
        (r#"{"texts": ["..."]}"#, 3, "no words"),
        (r#"{"texts": 7}"#, 2, "invalid type: integer `7`"),
    ] {
        let input = file_of(folder.path(), texts);
        for guest in both("typed") {
            run(&guest, &[], texts).code(code).says(&[words]);
            let job = server.submit_guest(&guest, &["--input", &input], "");
            let expected = json!({"kind": "failed", "code": code});
            assert_eq!(server.wait(&job)["end"]["outcome"], expected);
            let detail = server.attempts(&job, 0)[0]["detail"].clone();
            assert!(detail.as_str().unwrap().contains(words), "{detail}");
        }
    }
}

#[test]
fn what_a_typed_job_left_is_there_afterwards() {
    let server = shared();
    let folder = tempfile::tempdir().unwrap();
    let input = file_of(folder.path(), TEXTS);
    for guest in both("typed") {
        let job = server.submit_guest(&guest, &["--input", &input], "");
        assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
        let output = server.sublet(&["jobs", "output", &job]).code(0);
        output.prints(COUNTED);
        let progress = server.attempts(&job, 0)[0]["progress"].clone();
        assert_eq!(progress, json!({"fraction": 1.0, "message": "2/2 texts"}));
        let left = server.get(&format!("/v1/jobs/{job}/tasks/0/artifacts"));
        let left = left["items"].as_array().unwrap();
        assert_eq!(left.len(), 1, "{left:#?}");
        assert_eq!(left[0]["name"], "result.json");
        assert_eq!(left[0]["media_type"], "application/json");
    }
}

#[test]
fn a_checkpoint_goes_to_the_directory_that_somebody_gave() {
    for guest in both("primes") {
        let folder = tempfile::tempdir().unwrap();
        let state = format!("{}::/state", folder.path().display());
        let counted = |below: &str| {
            let output = run(&guest, &["--dir", &state], below).code(0);
            serde_json::from_str::<Value>(&output.stdout).unwrap()
        };
        assert_eq!(counted("20000"), json!({"primes": 2262, "begun_at": 0}));
        assert_eq!(counted("50000"), json!({"primes": 5133, "begun_at": 20000}));
    }
}

/// What is refused is refused in the same words wherever it is handed in.
#[track_caller]
fn refused(module: &Guest, words: &[&str]) {
    let server = shared();
    for verb in ["check", "run"] {
        let refused = Sublet::alone().arg(verb).arg(module).run();
        assert_ne!(refused.code, Some(0), "{verb}");
        refused.says(words);
    }
    let submit = server.command().arg("submit").arg(module).run();
    assert_ne!(submit.code, Some(0));
    submit.says(words);
}

/// A core module that asks which job it is.
fn asking(name: &str, import: &str, section: &str) -> Guest {
    let text = format!(
        "(module (import {import} (func (param i32))) {section}
            (memory (export \"memory\") 1) (func (export \"_start\")))"
    );
    wat(name, &text)
}

#[test]
fn a_module_that_does_not_type_what_it_imports_is_refused_everywhere() {
    let job = r#""sublet:job/context@0.1.0" "job""#;
    let named = "`sublet:job/context@0.1.0::job`";
    refused(&asking("untyped", job, ""), &["S0412", named, "sublet wit"]);
    let section = "(@custom \"component-type:job\" \"rubbish\")";
    refused(
        &asking("rubbish", job, section),
        &["S0403", "component-type:job", "sublet wit"],
    );
}

#[test]
fn a_core_module_that_imports_what_is_not_of_the_package_is_refused_by_its_name() {
    for (import, named) in [
        (
            r#""sublet:job/spoons@0.1.0" "bend""#,
            "`sublet:job/spoons@0.1.0`.`bend`",
        ),
        (
            r#""sublet:job/context@1.0.0" "[method]a.b""#,
            "`sublet:job/context@1.0.0`.`[method]a.b`",
        ),
    ] {
        refused(&asking("spoons", import, ""), &["S0412", named]);
    }
}
