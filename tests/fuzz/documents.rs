//! Bodies of requests and configuration files: a value that is written as it was read, or a refusal in words.

use std::fs;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sublet_api::SubmitJob;
use sublet_daemon::config::Config;
use tempfile::TempDir;

use super::campaign::Campaign;
use super::mutation::mutated;

const JOB: &str = r#"{"module":"primes@1","name":"n","args":["--to","100"],"env":{"A":"b"},"array":[0,9],
"limits":{"memory_bytes":67108864,"wall_ms":1000},"grace_ms":100,"priority":-3,"restart":"on_failure","labels":{"team":"x"},
"subcluster":"default","class":"small"}"#;
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-1",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\"limits\":",
    "😀",
];

#[test]
fn a_submission_is_written_as_it_was_read() {
    let corpus = [JOB, r#"{"module":"m"}"#];
    let bodies = Campaign {
        name: "bodies",
        cases: 50_000,
    };
    bodies.play(
        |random| mutated(random, &corpus, WORDS),
        same_again::<SubmitJob>,
    );
}

fn same_again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    }
}

#[test]
fn a_configuration_is_obeyed_or_says_what_is_wrong_with_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("config.toml");
    let corpus = [
        "[pool]\nreserve = { cpu = 0.5, memory = \"256MiB\" }\n[[subcluster]]\nname = \"a\"\nslot = { cpu = 0.25, memory = \"64MiB\" }\nentry = \"node.cpu > 1\"\n",
        "[service]\nrequire_hardening = true\n[listen]\nmetrics = \"127.0.0.1:9090\"\n",
    ];
    let words = [
        "[",
        "]",
        "[[",
        "=",
        "\"",
        "\n",
        "{",
        "}",
        "GiB",
        "10m",
        "-1",
        "99999999999999999999",
        "#",
        "'''",
    ];
    let files = Campaign {
        name: "configurations",
        cases: 3_000,
    };
    files.play(
        |random| mutated(random, &corpus, &words),
        |bytes| {
            fs::write(&file, bytes).unwrap();
            if let Err(error) = Config::load(Some(&file)) {
                assert!(error.to_string().contains("config.toml"), "{error}");
            }
        },
    );
}
