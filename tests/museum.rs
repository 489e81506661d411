//! Programs of long ago: those that were built against each published `sublet:job` run as they did.

use std::fs;

use serde_json::json;

use crate::harness::{Guest, Home, Sublet, repository, sha256, shared};

/// What they print of the host: the digest is that of what they keep.
const PRINTED: &str = "task 0 of 1, attempt 1
Some(\"visit\") None
true None
Some(67108864) true
None
application/octet-stream 6 [98, 99, 100]
None
1
Some((1, [104, 101, 114, 101]))
sha256:32767e93e90f586a0ee6fa8fa6676ee57248751209120981c1f7e7c45ab2a947
[\"exhibit\", \"result.json\"]
[115, 104, 97]
true
";

/// Each, with its digest: what is changed here is none of them any more.
const EXHIBITS: [(&str, &str); 2] = [
    (
        "0.1.0/core.wasm",
        "98dd3d9135623029f580997c130a1db8ace6a209a0cb0e0b974a0e7b63674e85",
    ),
    (
        "0.1.0/component.wasm",
        "c3eeb6b349f1f75fc11d77a85ae7a2fdbb88ea9ade8fed86906d070e613efab1",
    ),
];

fn exhibits() -> impl Iterator<Item = Guest> {
    EXHIBITS.into_iter().map(|(name, digest)| {
        let path = repository().join("tests/museum").join(name);
        assert_eq!(sha256(&fs::read(&path).unwrap()), digest, "{name}");
        Guest { path }
    })
}

#[test]
fn what_was_built_against_a_published_version_runs_at_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, "abcdef").unwrap();
    // Compiled today: what is kept from another day would say nothing.
    let home = Home::below(folder.path());
    for exhibit in exhibits() {
        let out = folder.path().join("out");
        let run = Sublet::at(&home).args(["run", "--name", "visit", "--input"]);
        let run = run.arg(&input).arg("--out").arg(&out).arg(&exhibit);
        run.run().code(0).prints(PRINTED);
        assert_eq!(fs::read(out.join("exhibit")).unwrap(), b"a shard");
        let failing = Sublet::at(&home)
            .arg("run")
            .arg(&exhibit)
            .args(["--", "fail"]);
        failing.run().code(7).says(&["odd: as it was told"]);
    }
}

#[test]
fn what_was_built_against_a_published_version_runs_as_a_job() {
    let server = shared();
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("input");
    fs::write(&input, "abcdef").unwrap();
    let input = input.to_str().unwrap();
    for exhibit in exhibits() {
        let flags = ["--name", "visit", "--input", input];
        let job = server.submit_guest(&exhibit, &flags, "");
        assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
        assert_eq!(server.log_of(&job), PRINTED);
        let output = server.sublet(&["jobs", "output", &job]).code(0);
        output.prints("{\"kept\":true}");
        let attempt = &server.attempts(&job, 0)[0];
        assert_eq!(
            attempt["progress"],
            json!({"fraction": 0.25, "message": "1/4 rooms looking"})
        );
        assert_eq!(
            attempt["summary"],
            "# Museum\n\n- rooms: 2\n- visitors: 0.5\n"
        );
        let failing = server.submit_guest(&exhibit, &["--restart", "never"], "fail");
        let expected = json!({"kind": "failed", "code": 7});
        assert_eq!(server.wait(&failing)["end"]["outcome"], expected);
    }
}

#[test]
fn what_was_built_against_a_published_version_submits_jobs_and_meets_others() {
    /// What it prints of its children, and of itself among others.
    const PRINTED: &str = "Some(0)
Some(Outcome::Succeeded) finished
(\"text/plain\", [97, 98, 99, 100, 101, 102])
true
[\"result\"]
1 0 true
true
";
    let server = shared();
    for exhibit in exhibits() {
        let job = server.submit_guest(&exhibit, &["--children"], "family");
        assert_eq!(server.wait(&job)["end"]["outcome"]["kind"], "succeeded");
        assert_eq!(server.log_of(&job), PRINTED);
        let children = server.json(&["jobs", "list", "--parent", &job]);
        let child = children["items"][0]["id"].as_str().unwrap();
        let printed = "true Some(\"east\") Some(\"east\")\n".repeat(2);
        assert_eq!(server.log_of(child), printed);
    }
}
