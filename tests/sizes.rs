//! Sizes in rules: shapes that fit nowhere, nodes that promise too much, numbers that are none.

use crate::harness::{THREE, with};
use crate::refusals::{MEDIUM_ENTRY, Untouched};

#[test]
fn shapes_that_fit_no_node_and_nodes_that_promise_more_than_the_host_are_refused() {
    let pool = Untouched::new();
    let slot = "name = \"long\"\nslot = { cpu = 0.05, memory = \"64MiB\" }";
    let long = |shape: &str| {
        with(
            THREE,
            slot,
            &format!("name = \"long\"\nslot = {{ {shape} }}"),
        )
    };
    pool.refuses(
        &long("cpu = 0.05, memory = \"256MiB\""),
        "S0606",
        &["long", "256MiB", "128MiB"],
    );
    pool.refuses(
        &long("cpu = 0.2, memory = \"64MiB\""),
        "S0606",
        &["long", "0.2"],
    );

    let memory = "count = 2, cpu = 0.1, memory = \"128MiB\", labels = { size = \"large\" }";
    let large = |said: &str| {
        with(
            THREE,
            memory,
            &format!("{said}, labels = {{ size = \"large\" }}"),
        )
    };
    pool.refuses(
        &large("cpu = 0.1, memory = \"900TiB\""),
        "S0606",
        &["in sum", "the host offers"],
    );
    pool.refuses(
        &large("cpu = 4096, memory = \"128MiB\""),
        "S0606",
        &["4096", "the host offers"],
    );
    pool.refuses(
        &large("count = 20000, cpu = 0.001, memory = \"1KiB\""),
        "S0606",
        &["20004", "10000"],
    );
    pool.refuses(
        &large("count = 4294967295, cpu = 0.001, memory = \"1KiB\""),
        "S0606",
        &["10000"],
    );
}

#[test]
fn sizes_that_are_none_are_refused_with_their_line() {
    let pool = Untouched::new();
    let slot = "slot = { cpu = 0.05, memory = \"64MiB\" }\nentry = 'node.labels.size == \"medium\"";
    for (shape, words) in [
        ("cpu = 0, memory = \"64MiB\"", &["0.001"][..]),
        ("cpu = -1, memory = \"64MiB\"", &["-1"]),
        ("cpu = 99999999, memory = \"64MiB\"", &["4096"]),
        ("cpu = 0.05, memory = \"-64MiB\"", &["-64MiB"]),
        ("cpu = 0.05, memory = \"much\"", &["much"]),
        ("cpu = 0.05", &["memory"]),
        ("cpu = 0.05, memory = \"64MiB\", disk = \"1GiB\"", &["disk"]),
    ] {
        let otherwise = format!("slot = {{ {shape} }}\nentry = 'node.labels.size == \"medium\"");
        let problem = pool.refuses(&with(THREE, slot, &otherwise), "S0605", words);
        assert!(
            problem["errors"][0]["place"]["line"].is_u64(),
            "{problem:#}"
        );
    }
    for (said, code, words) in [
        (
            "cpu = 0.05, memory = \"0B\"",
            "S0606",
            &["medium", "memory"][..],
        ),
        (
            "cpu = 0.05, memory = \"99999999999TiB\"",
            "S0606",
            &["medium", "64KiB to 1TiB"],
        ),
        (
            "cpu = 0.05, memory = \"1B\"",
            "S0606",
            &["medium", "memory"],
        ),
    ] {
        let otherwise = format!("slot = {{ {said} }}\nentry = 'node.labels.size == \"medium\"");
        pool.refuses(&with(THREE, slot, &otherwise), code, words);
    }
    for (said, words) in [
        (
            "nodes = { min = 3, max = 2 }",
            &["medium", "min", "max"][..],
        ),
        ("weight = 0", &["medium", "weight"]),
        ("dwell = \"9000h\"", &["medium", "dwell"]),
        ("grace = \"90000h\"", &["medium", "grace"]),
    ] {
        let document = with(THREE, MEDIUM_ENTRY, &format!("{said}\n{MEDIUM_ENTRY}"));
        pool.refuses(&document, "S0606", words);
    }
    for said in [
        "grace = \"-1s\"",
        "dwell = \"soon\"",
        "nodes = { max = -1 }",
        "isolation = \"jail\"",
        "colour = 1",
    ] {
        let document = with(THREE, MEDIUM_ENTRY, &format!("{said}\n{MEDIUM_ENTRY}"));
        pool.refuses(&document, "S0605", &["line"]);
    }
}
