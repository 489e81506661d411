//! Networks: whole command lines about them.

use super::{refused, taken};

#[test]
fn verbs_and_flags_of_networks_are_taken() {
    for line in [
        "sublet networks list -o json",
        "sublet networks show",
        "sublet networks show net-7",
        "sublet networks flows net-7 -q",
        "sublet networks peers",
        "sublet users policy ada",
        "sublet users policy ada --allow-net *.example.org:443 --allow-net protected:10.1.0.0/16:5432",
        "sublet users policy ada --deny-all",
        "sublet run a.wasm --network none",
        "sublet run a.wasm --allow-net api.example.org:443 --publish 18080:8080",
        "sublet submit a.wasm --network own --allow-net [2606:4700::/32]:* --allow-net *:8000-8999",
    ] {
        taken(line);
    }
}

#[test]
fn a_bad_word_about_a_network_is_told_with_its_flag_and_the_part_at_fault() {
    for (line, words) in [
        (
            "sublet run a --network host",
            ["'host'", "--network", "own, none"],
        ),
        (
            "sublet submit a --allow-net api.example.org",
            ["'api.example.org'", "--allow-net", "the port is missing"],
        ),
        (
            "sublet run a --allow-net localhost:80",
            ["'localhost:80'", "--allow-net", "your own network"],
        ),
        (
            "sublet run a --allow-net protected:10.1.0.0/16:80",
            ["'protected:10.1.0.0/16:80'", "--allow-net", "operator"],
        ),
        (
            "sublet submit a --publish 8080",
            ["'8080'", "--publish", "HOSTPORT:GUESTPORT"],
        ),
        (
            "sublet submit a --publish 0:80",
            ["'0:80'", "--publish", "host's port `0`"],
        ),
        (
            "sublet users policy ada --allow-net x",
            ["'x'", "--allow-net", "the port is missing"],
        ),
        ("sublet networks show a/b", ["'a/b'", "NAME", "letters"]),
        ("sublet users policy", ["required", "NAME", "Usage"]),
    ] {
        refused(line, &words);
    }
}

#[test]
fn an_unknown_name_about_networks_is_told_with_the_nearest() {
    for (line, near) in [
        ("sublet network list", "'networks'"),
        ("sublet networks flow", "'flows'"),
        ("sublet users polcy ada", "'policy'"),
        ("sublet run a --alow-net x:1", "'--allow-net'"),
    ] {
        refused(line, &[near]);
    }
}

#[test]
fn a_policy_cannot_allow_and_deny_all() {
    refused(
        "sublet users policy ada --deny-all --allow-net *:443",
        &["--deny-all", "--allow-net", "cannot be used"],
    );
}
