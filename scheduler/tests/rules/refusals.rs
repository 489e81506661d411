//! What is no rule: the place, the reason, and the way out. One table per check.

use sublet_scheduler::rules::{Rule, RuleKind};

use RuleKind::{Accept, Class, Entry, Exit, Route};

/// Each text is refused with exactly this message.
fn refused(cases: &[(RuleKind, &str, &str)]) {
    for (kind, text, message) in cases {
        let error = Rule::parse(*kind, text).expect_err(text);
        assert_eq!(&error.to_string(), message, "{text}");
    }
}

fn taken(kind: RuleKind, texts: &[&str]) {
    for text in texts {
        Rule::parse(kind, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    refused(&[
        (
            Entry,
            "node.memroy > 1GiB",
            "line 1, column 6: there is no node.memroy, did you mean node.memory?",
        ),
        (
            Entry,
            "node.cpus > 1",
            "line 1, column 6: there is no node.cpus, did you mean node.cpu?",
        ),
        (
            Entry,
            "nod.cpu > 1",
            "line 1, column 1: unknown name nod.cpu, did you mean node.cpu?",
        ),
        (
            Entry,
            "cpu > 1",
            "line 1, column 1: unknown name cpu, did you mean node.cpu?",
        ),
        (
            Entry,
            "node > 1",
            "line 1, column 1: unknown name node, did you mean node.cpu?",
        ),
        (
            Entry,
            "True",
            "line 1, column 1: unknown name True, did you mean true?",
        ),
        (
            Route,
            "job.labels > 1",
            "line 1, column 1: job.labels needs the name of a label, as in job.labels.size",
        ),
        (
            Entry,
            "node.load > 5x",
            "line 1, column 14: unknown unit x, did you mean B? units are B KiB MiB GiB TiB and ms s m h d",
        ),
        (
            Entry,
            "node.memory > 5MB",
            "line 1, column 16: unknown unit MB, did you mean MiB? units are B KiB MiB GiB TiB and ms s m h d",
        ),
        (
            Entry,
            "size(node.id) > 1",
            "line 1, column 1: unknown function size(), the only one is has(), as in has(node.labels.size)",
        ),
        (
            Route,
            r#"job.restart == "on-los""#,
            r#"line 1, column 16: job.restart is never "on-los", did you mean "on-loss"? it is one of "never" "on-loss" "on-failure""#,
        ),
        (
            Route,
            r#"user.role in ["user", "root"]"#,
            r#"line 1, column 23: user.role is never "root", did you mean "user"? it is one of "user" "operator""#,
        ),
    ]);
}

#[test]
fn what_a_kind_of_rule_does_not_see_is_refused() {
    refused(&[
        (
            Entry,
            "job.cpu > 1",
            "line 1, column 1: entry rules do not see job, they see node and sub",
        ),
        (
            Exit,
            "user.weight > 1",
            "line 1, column 1: exit rules do not see user, they see node and sub",
        ),
        (
            Accept,
            "node.cpu > 1",
            "line 1, column 1: accept rules do not see node, they see job, user and sub",
        ),
        (
            Route,
            "sub.queued > 1",
            "line 1, column 1: route rules do not see sub, they see job and user",
        ),
        (
            Class,
            "sub.queued > 1",
            "line 1, column 1: class rules do not see sub, they see job and user",
        ),
    ]);
    taken(
        Accept,
        &["job.cpu > 1 && user.weight > 1 && sub.queued > 1"],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one entry per case of the table")]
fn a_wrong_type_is_refused_with_both_types() {
    let bytes = "bytes are written with a unit, as in node.memory >= 512MiB";
    let durations = "durations are written with a unit, as in sub.idle > 10m";
    let text = r#"text is compared with == != and in, as in node.labels.size == "large""#;
    let set = r#"a set is asked with in, as in "wasi:sockets/tcp" in job.imports"#;
    let plain = "as in node.healthy && node.cpu >= 2";
    refused(&[
        (
            Entry,
            "node.memory > 1",
            &format!("line 1, column 15: > does not go between bytes and number, {bytes}"),
        ),
        (
            Entry,
            "sub.idle > 1GiB",
            &format!("line 1, column 12: > does not go between duration and bytes, {bytes}"),
        ),
        (
            Entry,
            "sub.idle + 1 > 1m",
            &format!("line 1, column 12: + does not go between duration and number, {durations}"),
        ),
        (
            Entry,
            "1GiB * 1GiB > 1",
            &format!("line 1, column 8: * does not go between bytes and bytes, {bytes}"),
        ),
        (
            Entry,
            "node.id > 1",
            &format!("line 1, column 11: > does not go between text and number, {text}"),
        ),
        (
            Entry,
            r#"node.id < "b""#,
            &format!("line 1, column 11: < does not go between text and text, {text}"),
        ),
        (
            Entry,
            "node.labels.size == 3",
            &format!("line 1, column 21: == does not go between label and number, {text}"),
        ),
        (
            Entry,
            "node.healthy > true",
            &format!("line 1, column 16: > does not go between bool and bool, {plain}"),
        ),
        (
            Entry,
            "node.cpu",
            &format!("line 1, column 1: a rule needs bool, this is number, {plain}"),
        ),
        (
            Entry,
            "node.healthy && node.cpu",
            &format!("line 1, column 17: && needs bool, this is number, {plain}"),
        ),
        (
            Entry,
            "!node.cpu",
            &format!("line 1, column 2: ! needs bool, this is number, {plain}"),
        ),
        (
            Entry,
            "-node.healthy",
            &format!("line 1, column 2: - needs number, bytes or duration, this is bool, {plain}"),
        ),
        (
            Entry,
            "node.cpu in [1, 2s]",
            &format!("line 1, column 17: in does not go between number and duration, {durations}"),
        ),
        (
            Entry,
            "node.id in [1]",
            &format!("line 1, column 13: in does not go between text and number, {text}"),
        ),
        (
            Entry,
            "node.healthy in [true]",
            &format!("line 1, column 1: in needs text or an amount, this is bool, {plain}"),
        ),
        (
            Route,
            r#"job.imports == "x""#,
            &format!("line 1, column 16: == does not go between set of text and text, {set}"),
        ),
        (
            Route,
            "job.cpu in job.imports",
            &format!("line 1, column 12: in does not go between number and set of text, {set}"),
        ),
        (
            Route,
            r#""a" in job.class"#,
            &format!("line 1, column 8: in does not go between text and text, {text}"),
        ),
        (
            Entry,
            "has(node.cpu)",
            r#"line 1, column 5: node.cpu is always there and has no labels; labels are written node.labels.size or node.labels["size"]"#,
        ),
        (
            Entry,
            "node.cpu.size > 1",
            r#"line 1, column 10: node.cpu is always there and has no labels; labels are written node.labels.size or node.labels["size"]"#,
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one entry per case of the table")]
fn what_the_grammar_does_not_have_is_refused() {
    refused(&[
        (
            Entry,
            "",
            "line 1, column 1: expected a value, found the end",
        ),
        (
            Entry,
            "// nothing",
            "line 1, column 11: expected a value, found the end",
        ),
        (
            Entry,
            "node.cpu >",
            "line 1, column 11: expected a value, found the end",
        ),
        (
            Entry,
            "node.cpu > 1 1",
            "line 1, column 14: expected an operator or the end, found \"1\"",
        ),
        (
            Entry,
            "(node.cpu > 1",
            "line 1, column 14: expected a closing parenthesis, found the end",
        ),
        (
            Entry,
            "1 < node.cpu < 3",
            "line 1, column 14: comparisons do not chain; write each of them and join them, as in a < b && b < c",
        ),
        (
            Entry,
            "node.cpu in []",
            "line 1, column 14: expected a literal, found \"]\"",
        ),
        (
            Entry,
            "node.cpu in [1,]",
            "line 1, column 16: expected a literal, found \"]\"",
        ),
        (
            Entry,
            "node.cpu in [-1]",
            "line 1, column 14: expected a literal, found \"-\"",
        ),
        (
            Entry,
            "node.cpu in 3",
            "line 1, column 13: expected a list or job.imports, found \"3\"",
        ),
        (
            Entry,
            "node.labels[3] == \"a\"",
            "line 1, column 13: expected the name of a label in quotes, found \"3\"",
        ),
        (
            Entry,
            "node.healthy & true",
            "line 1, column 14: '&' is no part of a rule, and is written &&",
        ),
        (
            Entry,
            "node.cpu = 1",
            "line 1, column 10: '=' is no part of a rule, equality is written ==",
        ),
        (
            Entry,
            "node.cpu / 2 > 1",
            "line 1, column 10: '/' is no part of a rule, there is no division; multiply the other side",
        ),
        (
            Entry,
            "node.cpu > ½",
            "line 1, column 12: '½' is no part of a rule",
        ),
        (
            Entry,
            "node.id == \"a",
            "line 1, column 12: the text has no closing quote on its line",
        ),
        (
            Entry,
            "node.id == \"a\nb\"",
            "line 1, column 12: the text has no closing quote on its line",
        ),
        (
            Entry,
            r#"node.id == "a\n""#,
            "line 1, column 14: a backslash stands before a quote or a backslash only, here it is before 'n'",
        ),
        (
            Entry,
            "node.cpu > 9223372036854775808",
            "line 1, column 12: the number is above 9223372036854775807, the largest there is",
        ),
        (
            Entry,
            "node.memory > 9223372036854775807TiB",
            "line 1, column 15: the number is above 9223372036854775807, the largest there is",
        ),
        (
            Entry,
            "node.cpu > 0.1234567891",
            "line 1, column 12: the number has more than 9 digits after the point",
        ),
        (
            Entry,
            "!-node.healthy",
            "line 1, column 2: expected a value, found \"-\"",
        ),
    ]);
}

#[test]
fn lines_and_columns_count_characters() {
    let text = "// größer als nötig\nnode.id == \"ü\" && nodes.cpu > 1";
    let error = Rule::parse(Entry, text).unwrap_err();
    assert_eq!((error.line, error.column), (2, 19));
    assert_eq!(&text[error.position..][..9], "nodes.cpu");
}

#[test]
fn arithmetic_that_can_overflow_is_refused() {
    let message = "this can leave the range of numbers for values that the attributes may have; multiply fewer of them";
    let first = format!("line 1, column 1: {message}");
    refused(&[
        (Entry, "node.slots * node.slots * node.slots > 1", &first),
        (Entry, "node.memory * node.cpu * 2 > 1GiB", &first),
        (
            Entry,
            "node.cpu * node.cpu == 0.000000000000000000001",
            "line 1, column 24: the number has more than 9 digits after the point",
        ),
        (Entry, "node.memory * 9223372036854775807 > 1GiB", &first),
    ]);
    taken(
        Entry,
        &[
            "node.slots * node.slots > 1",
            "node.cpu * node.cpu > 1",
            "node.memory * 0.95 > 1GiB",
            "node.memory - 4TiB < 0B",
        ],
    );
}

#[test]
fn a_rule_that_can_never_hold_is_refused_where_it_contradicts_itself() {
    let never = "this can never hold, so the rule would never apply; look at its thresholds";
    let contradicts =
        "this can never hold together with what stands before it, so the rule would never apply";
    let cases: &[(RuleKind, &str, usize, &str)] = &[
        (Entry, "false", 1, never),
        (Entry, "node.cpu < 0", 1, never),
        (Accept, "job.tasks < -1", 1, never),
        (
            Entry,
            "node.cpu > 4 && node.healthy && node.cpu <= 4",
            33,
            contradicts,
        ),
        (Entry, "node.healthy && !node.healthy", 17, contradicts),
        (
            Entry,
            "node.cpu * 2 > 4 && node.cpu < 2.002 && node.cpu != 2.0005 && node.cpu != 2.001",
            63,
            contradicts,
        ),
        (Entry, "node.slots * 3 == 10", 1, never),
        (
            Entry,
            r#"node.id == "a" && node.id == "b""#,
            19,
            contradicts,
        ),
        (
            Entry,
            r#"node.id in ["a", "b"] && !(node.id in ["b", "a"])"#,
            26,
            contradicts,
        ),
        (
            Entry,
            r#"node.labels.size != "a" && !has(node.labels.size)"#,
            28,
            contradicts,
        ),
        (
            Entry,
            "node.slots_free > node.slots && node.slots >= node.slots_free",
            33,
            contradicts,
        ),
        (Entry, "node.cpu - node.cpu > 0", 1, never),
        (Entry, "node.labels.a != node.labels.a", 1, never),
        (
            Route,
            r#"!(job.restart in ["never", "on-loss", "on-failure"])"#,
            1,
            never,
        ),
        (
            Route,
            r#""a" in job.imports && !("a" in job.imports)"#,
            23,
            contradicts,
        ),
        (Class, "job.waited < 1s && job.waited > 1s", 20, contradicts),
        (Entry, "(node.cpu > 1) == (node.cpu <= 1)", 1, never),
    ];
    for (kind, text, column, reason) in cases {
        let error = Rule::parse(*kind, text).expect_err(text);
        assert_eq!(
            error.to_string(),
            format!("line 1, column {column}: {reason}"),
            "{text}"
        );
    }
}

#[test]
fn an_exit_rule_that_always_holds_is_refused() {
    let message = "line 1, column 1: this always holds, so every node would leave at once; compare an attribute that changes";
    refused(&[
        (Exit, "true", message),
        (Exit, "node.load >= 0", message),
        (Exit, "node.healthy || !node.healthy", message),
        (Exit, "node.cpu != 2 || node.cpu == 2", message),
    ]);
}
