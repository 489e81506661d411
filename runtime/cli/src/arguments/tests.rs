//! Whole command lines: what is taken, and what is said about what is not.

use clap::CommandFactory as _;

use super::*;

mod networks;

fn parse(line: &str) -> Result<Arguments, String> {
    Arguments::try_parse_from(line.split(' ')).map_err(|error| error.render().to_string())
}

fn taken(line: &str) {
    if let Err(error) = parse(line) {
        panic!("`{line}` is refused: {error}");
    }
}

/// The line is refused, and the message has all of these words.
fn refused(line: &str, words: &[&str]) {
    match parse(line) {
        Ok(arguments) => panic!("`{line}` is taken as {arguments:?}"),
        Err(error) => {
            for word in words {
                assert!(error.contains(word), "`{line}` lacks `{word}`: {error}");
            }
        }
    }
}

#[test]
fn the_parser_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_verb_takes_what_it_is_agreed_to_take() {
    for line in [
        "sublet run a.wasm",
        "sublet run -",
        "sublet run a.wasm -- -x --json",
        "sublet run -- a.wasm x",
        "sublet run a.wasm --dir .::/work --dir data::/data:ro --env A=1 --env HOME --in data:/in",
        "sublet run a.wasm --memory 64MiB --cpu 0.5 --timeout 30s --cpu-time 10s --output-limit 1MiB",
        "sublet run a.wasm --scratch 64MiB --open-files 8 --array 0-9 --name n --input data --exit-code outcome",
        "sublet submit a.wasm -- x",
        "sublet submit render@latest --label k=v --label l=w --priority -5 --wait",
        "sublet submit a.wasm --restart on-failure --retries 3 --backoff 1s --follow --idempotency-key k",
        "sublet submit - --array 0-99999",
        "sublet ps",
        "sublet ps -o json --label k=v",
        "sublet jobs list --active --since 5m --limit 10 --name n",
        "sublet jobs show",
        "sublet jobs show #412/17",
        "sublet jobs cancel last -2",
        "sublet jobs retry 412 --failed",
        "sublet jobs explain 412",
        "sublet logs -2 -f --tail 10 --since 5m --attempt 1 --stderr --stdout",
        "sublet logs 412/17",
        "sublet wait 1 2 3 --exit-code outcome",
        "sublet cancel job_01KAF3 412/7",
        "sublet retry 412/3",
        "sublet explain render",
        "sublet modules push a.wasm --name n --tag t",
        "sublet modules list --name n",
        "sublet modules show n@t",
        "sublet modules delete 93a44bbb n@t",
        "sublet pool show --nodes",
        "sublet pool rules --history",
        "sublet plan rules.toml",
        "sublet apply - --dry-run",
        "sublet simulate rules.toml --load bursts",
        "sublet simulate - --load long-batch --jobs 1 --hosts 1000 --load-percent 90 --seed 7 --picture a.svg",
        "sublet subclusters list",
        "sublet subclusters show short",
        "sublet subclusters pause short --reason maintenance",
        "sublet subclusters resume short",
        "sublet subclusters delete short --drain --yes=short",
        "sublet nodes list --unassigned",
        "sublet nodes list --subcluster short",
        "sublet nodes show short-0",
        "sublet nodes explain n0",
        "sublet nodes drain n0 --reason disk --grace 0s",
        "sublet nodes resume n0",
        "sublet nodes label n0 size=large rack-",
        "sublet audit list --limit 5",
        "sublet explain n0",
        "sublet submit a.wasm --subcluster long --class mixed --gang 4",
        "sublet submit a.wasm --after #412 --after last:failure --after -2:always",
        "sublet serve --config c.toml --data-dir d --socket s.sock",
        "sublet serve --dev",
        "sublet completion fish",
        "sublet version",
        "sublet help",
        "sublet help jobs list",
        "sublet -q ps",
        "sublet ps -q --json --color never --url unix:/x.sock",
        "sublet compile",
        "sublet worker",
    ] {
        taken(line);
    }
}

#[test]
fn a_bad_value_is_told_with_its_flag_and_what_is_allowed() {
    for (line, words) in [
        (
            "sublet run a --memory lots",
            ["'lots'", "--memory", "such as 64MiB"],
        ),
        (
            "sublet run a --memory 1",
            ["'1'", "--memory", "64 KiB to 64 GiB"],
        ),
        (
            "sublet run a --memory 99999999999999TiB",
            ["--memory", "64 KiB", "64 GiB"],
        ),
        ("sublet run a --timeout 30", ["'30'", "--timeout", "30s"]),
        (
            "sublet run a --timeout 99999999h",
            ["--timeout", "8760h", "year"],
        ),
        (
            "sublet run a --cpu-time -1s",
            ["'-1s'", "--cpu-time", "1ms"],
        ),
        ("sublet run a --cpu fast", ["'fast'", "--cpu", "0.5"]),
        ("sublet run a --cpu 99999", ["'99999'", "--cpu", "1024"]),
        (
            "sublet run a --output-limit 2TiB",
            ["'2TiB'", "--output-limit", "1 TiB"],
        ),
        ("sublet run a --scratch x", ["'x'", "--scratch", "unit"]),
        (
            "sublet run a --open-files 65536",
            ["65536", "--open-files", "65535"],
        ),
        (
            "sublet run a --open-files many",
            ["'many'", "--open-files", "invalid"],
        ),
        (
            "sublet run a --memory -1MiB",
            ["'-1MiB'", "--memory", "64MiB"],
        ),
        ("sublet run a --array -1", ["'-1'", "--array", "0-99"]),
        ("sublet run a --array 9-1", ["'9-1'", "--array", "after"]),
        (
            "sublet run a --array 0-4294967296",
            ["--array", "4294967295", "0-99"],
        ),
        ("sublet run a --name a/b", ["'a/b'", "--name", "letters"]),
    ] {
        refused(line, &words);
    }
}

#[test]
fn an_absurd_simulation_is_told_with_its_flag_and_what_is_allowed() {
    for (flags, words) in [
        ("--load mice", ["'mice'", "function-calls", "adversaries"]),
        ("--load bursts --jobs 0", ["0", "--jobs", "1..=1000000"]),
        ("--load bursts --jobs -1", ["-1", "--jobs", "1..=1000000"]),
        (
            "--load bursts --jobs 1000001",
            ["1000001", "--jobs", "1..=1000000"],
        ),
        ("--load bursts --hosts 0", ["0", "--hosts", "1..=1000"]),
        (
            "--load bursts --hosts 1001",
            ["1001", "--hosts", "1..=1000"],
        ),
        (
            "--load bursts --load-percent 0",
            ["0", "--load-percent", "1..=1000"],
        ),
        (
            "--load bursts --seed some",
            ["'some'", "--seed", "invalid digit"],
        ),
        ("--jobs 5", ["required", "--load", "LOAD"]),
    ] {
        refused(&format!("sublet simulate rules.toml {flags}"), &words);
    }
}

#[test]
fn a_bad_word_is_told_with_its_flag_and_what_is_allowed() {
    for (line, words) in [
        ("sublet run a --env =x", ["'=x'", "--env", "NAME=VALUE"]),
        (
            "sublet run a --env SUBLET_X=1",
            ["SUBLET_X=1", "--env", "Sublet itself"],
        ),
        (
            "sublet run a --dir data",
            ["'data'", "--dir", "HOST::GUEST"],
        ),
        ("sublet run a --in :/in", ["':/in'", "--in", "PATH:GUEST"]),
        ("sublet submit a --label k", ["'k'", "--label", "KEY=VALUE"]),
        (
            "sublet submit a --priority 1001",
            ["1001", "--priority", "1000"],
        ),
        (
            "sublet submit a --priority high",
            ["'high'", "--priority", "invalid"],
        ),
        (
            "sublet submit a --restart always",
            ["'always'", "--restart", "on-loss, on-failure"],
        ),
        (
            "sublet submit a --retries 101",
            ["101", "--retries", "0..=100"],
        ),
        ("sublet submit a --gang 0", ["0", "--gang", "1..=1000000"]),
        (
            "sublet submit a --after 412:ever",
            ["'412:ever'", "--after", "JOB:always"],
        ),
        (
            "sublet submit a --subcluster a/b",
            ["'a/b'", "--subcluster", "letters"],
        ),
        ("sublet nodes drain n0", ["--reason", "required", "Usage"]),
        (
            "sublet nodes drain n0 --reason x --grace soon",
            ["'soon'", "--grace", "30s"],
        ),
        ("sublet nodes label n0 size", ["'size'", "K=V", "KEY-"]),
        ("sublet submit a --backoff x", ["'x'", "--backoff", "500ms"]),
        ("sublet logs 1 --tail -1", ["-1", "--tail", "0..=1000000"]),
        ("sublet logs 1 --attempt 0", ["0", "--attempt", "1.."]),
        ("sublet logs 1 --since ago", ["'ago'", "--since", "5m"]),
        ("sublet logs 1/x", ["'1/x'", "JOB", "not the index"]),
        ("sublet wait a/b", ["'a/b'", "JOB", "selectors"]),
        ("sublet jobs list --limit 0", ["0", "--limit", "1..=100000"]),
        (
            "sublet modules push a --name A",
            ["'A'", "--name", "small letters"],
        ),
        (
            "sublet ps -o xml",
            ["'xml'", "--output", "table, json, ndjson, name"],
        ),
        ("sublet ps --url http://x", ["'http://x'", "--url", "unix:"]),
        ("sublet completion tcsh", ["'tcsh'", "SHELL", "bash"]),
    ] {
        refused(line, &words);
    }
}

#[test]
fn an_unknown_name_is_told_with_the_nearest() {
    for (line, near) in [
        ("sublet sumbit a", "'submit'"),
        ("sublet jobs shwo 1", "'show'"),
        ("sublet run a --memroy 1MiB", "'--memory'"),
        ("sublet submit a --wiat", "'--wait'"),
        ("sublet logs 1 --folow", "'--follow'"),
        ("sublet subcluster list", "'subclusters'"),
        ("sublet nodes drian n0", "'drain'"),
        ("sublet submit a --restart on-los", "'on-loss'"),
    ] {
        refused(line, &[near]);
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    refused("sublet run", &["FILE"]);
    refused("sublet submit", &["FILE|REF"]);
    refused("sublet wait", &["JOB"]);
    refused("sublet run a b", &["unexpected argument 'b'"]);
    refused("sublet submit a --dir .::/x", &["--dir"]);
    refused("sublet run a --wait", &["--wait"]);
    refused("sublet modules push a --tag t", &["--name"]);
    refused("sublet serve --dev --data-dir d", &["--data-dir"]);
}

#[test]
fn long_words_are_refused_before_anything_is_sent() {
    let long = "x".repeat(1_000);
    refused(&format!("sublet run a --name {long}"), &["--name", "64"]);
    refused(
        &format!("sublet submit a --label k={long}"),
        &["--label", "256"],
    );
    refused(
        &format!("sublet submit a --idempotency-key {long}"),
        &["255"],
    );
    refused(&format!("sublet logs {long}"), &["selectors"]);
    refused(
        &format!("sublet run a --in x:/{}", "y".repeat(2_000)),
        &["--in", "1024"],
    );
}

#[test]
fn the_shorter_flags_win_over_the_format() {
    for (line, format) in [
        ("sublet ps", Format::Table),
        ("sublet ps -o ndjson", Format::Ndjson),
        ("sublet ps --json -o table", Format::Json),
        ("sublet ps -q --json", Format::Name),
    ] {
        assert_eq!(parse(line).unwrap().global.format(), format, "{line}");
    }
}

#[test]
fn hidden_verbs_are_not_in_the_help() {
    let help = Arguments::command().render_long_help().to_string();
    for hidden in ["compile", "worker"] {
        assert!(
            !help
                .lines()
                .any(|line| line.trim_start().starts_with(&format!("{hidden} "))),
            "{hidden}"
        );
    }
}

#[test]
fn a_mistake_has_the_shape_of_every_error() {
    let words: Vec<OsString> = ["sublet", "ps", "--josn"].map(OsString::from).into();
    let error = Arguments::try_parse_from(&words).unwrap_err();
    let Parsed::Mistake { failure, json } = mistake::explain(&error, &words) else {
        panic!("taken for a request for help");
    };
    assert!(!json);
    assert_eq!(failure.code(), Some(sublet_api::Code::Usage));
    let Failure::Told(trouble) = failure else {
        panic!("nothing to tell");
    };
    assert_eq!(
        trouble.text(crate::output::Paint::PLAIN),
        "error[S0705]: unexpected argument '--josn' found\n  \
         help: a similar argument exists: '--json'\n  \
         help: sublet ps --json"
    );
}
