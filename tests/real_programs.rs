//! Programs that nobody here wrote, through `run` and through the server.

use std::path::Path;
use std::time::Duration;

use crate::harness::{DEADLINE, Server, Sublet, cpython, cruby, eventually, icepll, shared, talk};

const PLL: &str = "F_PLLOUT:   48.000 MHz (achieved)";

const SUMS: &str = "import json, statistics; \
    print(json.dumps({'mean': statistics.mean([1, 2, 6]), 'primes': [n for n in range(2, 30) if all(n % d for d in range(2, n))]}))";
const SUMS_PRINTED: &str = "{\"mean\": 3, \"primes\": [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]}\n";

#[test]
fn icepll_runs_without_a_server() {
    let Some(icepll) = icepll() else { return };
    let run = Sublet::alone().arg("run").arg(icepll);
    let output = run.args(["--", "-i", "12", "-o", "48"]).run().code(0);
    assert!(output.stdout.contains(PLL), "{output:?}");
}

#[test]
fn icepll_runs_as_a_job() {
    let Some(icepll) = icepll() else { return };
    let server = shared();
    let submit = server.command().args(["submit", "--follow"]).arg(icepll);
    let output = submit.args(["--", "-i", "12", "-o", "48"]).run().code(0);
    assert!(output.stdout.contains(PLL), "{output:?}");
}

#[test]
fn cpython_runs_without_a_server() {
    let Some((program, home)) = cpython() else {
        return;
    };
    let run = Sublet::alone().args([
        "run",
        "--memory",
        "256MiB",
        "--env",
        "PYTHONHOME=/usr/local",
    ]);
    let run = run
        .arg("--dir")
        .arg(format!("{}::/usr/local:ro", home.display()));
    let output = run.arg(&program).args(["--", "-c", SUMS]).run().code(0);
    assert_eq!(output.stdout, SUMS_PRINTED, "{output:?}");
}

#[test]
fn cpython_runs_as_a_job_with_its_library_uploaded() {
    let Some((program, home)) = cpython() else {
        return;
    };
    let server = Server::with_slots_of(1, "512MiB");
    let output = submit_python(&server, &program, &home, &["-c", SUMS]);
    assert_eq!(output.code(0).stdout, SUMS_PRINTED);

    let output = submit_python(&server, &program, &home, &["-c", "raise SystemExit(7)"]);
    output.code(7);
    let output = submit_python(&server, &program, &home, &["-c", "while True: pass"]);
    output.code(124);
    server.is_at_rest();
}

fn submit_python(
    server: &Server,
    program: &Path,
    home: &Path,
    words: &[&str],
) -> crate::harness::Output {
    let submit = server.command().args([
        "submit",
        "--follow",
        "--memory",
        "256MiB",
        "--timeout",
        "20s",
    ]);
    let submit = submit.args(["--env", "PYTHONHOME=/usr/local"]);
    let submit = submit
        .arg("--in")
        .arg(format!("{}:/usr/local", home.display()));
    submit.arg(program).arg("--").args(words).run()
}

#[test]
fn cruby_is_refused_by_the_name_of_what_it_imports() {
    let Some(ruby) = cruby() else { return };
    let output = Sublet::alone().arg("run").arg(&ruby).run();
    output.code(126).says(&["S0412", "rb-js-abi-host"]);
    let server = shared();
    let output = server.command().args(["modules", "push"]).arg(&ruby).run();
    output.code(1).says(&["S0412", "rb-js-abi-host"]);
}

/// What Python programs with sockets need.
const PYTHON: [&str; 4] = ["--memory", "128MiB", "--timeout", "2m"];
/// Longer than the compiler may take for one: it stands back for everybody else, and a machine that tests is busy.
const COMPILED: Duration = Duration::from_secs(300);

#[test]
fn python_sockets_talk_between_jobs_by_name() {
    let Some(talk) = talk() else { return };
    let server = Server::with_slots_of(2, "128MiB");
    let push = server.command().args(["modules", "push"]).arg(&talk);
    push.start().wait_within(COMPILED).code(0);
    let answering = [&["--name", "Answers"][..], &PYTHON].concat();
    let answers = server.submit_guest(&talk, &answering, "serve 7000");
    server.wait_for_state(&answers, "running");
    // Python sends to a name at once, so somebody has to listen there.
    eventually(DEADLINE, "the server is listening", || {
        let asking = server.submit_guest(&talk, &PYTHON, "call answers 7000 word");
        let asked = server.wait(&asking);
        (asked["tasks"]["succeeded"] == 1).then(|| {
            assert_eq!(server.log_of(&asking), "WORD\nWORD\n");
        })
    });
    assert_eq!(server.wait(&answers)["tasks"]["succeeded"], 1);
    server.is_at_rest();
}

#[test]
fn python_sockets_work_without_a_server() {
    let Some(talk) = talk() else { return };
    let run = Sublet::alone()
        .args(["run", "--network", "own", "--name", "echo"])
        .args(PYTHON);
    let run = run.arg(&talk).args(["--", "alone", "word"]);
    let output = run.start().wait_within(COMPILED).code(0);
    assert_eq!(output.stdout, "echo-0 WORD\n", "{output:?}");
}
