//! Rules for what leaves: their spelling, and what they mean for every special range in every spelling.

use std::net::{IpAddr, SocketAddr};

use sublet_network::policy::{Egress, JobRules, OperatorRules};
use sublet_network::{DenialReason, Range};

use crate::support::{at, egress};

fn check_error(pattern: &str, expected: &str) {
    let error = OperatorRules::parse([pattern]).unwrap_err().to_string();
    let begin = format!("egress pattern {pattern:?}, at character ");
    assert_eq!(error.strip_prefix(&begin), Some(expected), "{error}");
}

const INTERNAL: &str = "this name stays inside the user's network and needs no rule; remove it, or write a name with a dot";

#[test]
fn a_wrong_pattern_says_where_and_what_to_write() {
    let host = "this is neither a name nor an address; write a name such as example.org, an address such as 8.8.8.8 or \
                [2606:4700::1], or a range such as 8.8.8.0/24";
    let port = "this is not a port; write 1 to 65535, a range such as 8000-8999, or *";
    let no_port =
        "the port is missing; write HOST:PORT, such as example.org:443, or HOST:* for all ports";
    let brackets = "an IPv6 address stands in brackets; write [2606:4700::1]:443";
    let internal = INTERNAL;
    let star = "* stands alone or for the first labels of a name; write *:443 or *.example.org:443";
    let length = "this is not a length of a range; write 0 to 32 for IPv4, 0 to 128 for IPv6";
    check_error("api.example.org", &format!("16: {no_port}"));
    check_error("", &format!("1: {no_port}"));
    check_error("[2606:4700::1]", &format!("15: {no_port}"));
    for text in ["0", "65536", "http", "", "+80", "80-", "-80", "80-x", "8 0"] {
        check_error(&format!("a.example:{text}"), &format!("11: {port}"));
    }
    check_error(
        "a.example:90-80",
        "11: the range of ports ends before it begins; write the smaller number first",
    );
    for text in [
        "127.1",
        "0x7f.0.0.1",
        "a..b",
        "a b.org",
        "1.2.3.4.5",
        "300.1.1.1",
        "-/8",
        "8.8.8/24",
    ] {
        check_error(&format!("{text}:443"), &format!("1: {host}"));
    }
    check_error("[8.8.8.8]:443", &format!("2: {host}"));
    check_error("2606:4700::1:443", &format!("1: {brackets}"));
    check_error(
        "[2606:4700::1:443",
        "1: the bracket is not closed; write [2606:4700::1]:443",
    );
    check_error("a.*.example.org:443", &format!("3: {star}"));
    check_error("**.example.org:443", &format!("1: {star}"));
    check_error("*example.org:443", &format!("1: {star}"));
    check_error("*.*.org:443", &format!("3: {star}"));
    for text in ["localhost", "sort", "x.internal", "a.localhost"] {
        check_error(&format!("{text}:443"), &format!("1: {internal}"));
    }
    check_error("*.internal:443", &format!("3: {internal}"));
    check_error(
        "bücher.example:443",
        "2: names are written in ASCII; write the form that begins with xn--",
    );
    for text in ["33", "", "+8", "x"] {
        check_error(&format!("8.8.8.0/{text}:443"), &format!("9: {length}"));
    }
    check_error(
        "8.8.8.8/24:443",
        "1: the address has bits beyond the length of its range; write the first address of the range",
    );
}

#[test]
fn what_is_no_address_of_its_family_or_opened_by_nobody_is_said_too() {
    let mapped = "this is an IPv4 address in IPv6 notation; write it as IPv4";
    check_error("[::ffff:8.8.8.8]:443", &format!("2: {mapped}"));
    check_error("[::8.8.8.8]:443", &format!("2: {mapped}"));
    check_error("[::ffff:8.8.8.0/120]:443", &format!("2: {mapped}"));
    check_error(
        "protected:db.example.org:5432",
        "1: only addresses and ranges can be opened with protected:; write the range that the name is in",
    );
    check_error("protected:443", &format!("1: {INTERNAL}"));
    let long = "a".repeat(301);
    assert!(
        OperatorRules::parse([&long])
            .unwrap_err()
            .to_string()
            .ends_with("write a name of at most 253")
    );
}

#[test]
fn only_the_operator_marks_and_there_are_only_so_many_patterns() {
    let error = JobRules::parse(["a.example:1", "protected:10.0.0.0/8:1"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "egress pattern \"protected:10.0.0.0/8:1\", at character 1: only a rule of the operator can open protected \
         ranges; remove protected: and ask the operator"
    );
    assert!(JobRules::parse(vec!["a.example:1"; 1_024]).is_ok());
    assert!(JobRules::parse(vec!["a.example:1"; 1_025]).is_err());
    let rules = JobRules::parse(["A.example.:1", "[2606::/16]:2-3"]).unwrap();
    let again = JobRules::parse(rules.patterns()).unwrap();
    assert_eq!(again, rules);
}

#[test]
fn names_are_matched_whole_and_stars_below_them() {
    let egress = egress(
        &["*:*"],
        &[
            "api.example.org:443",
            "*.example.net:8000-8999",
            "8.8.8.0/24:53",
            "[2606:4700::/32]:*",
        ],
    );
    let name = |name: &str, port| egress.decide_name(name, port).is_ok();
    assert!(name("api.example.org", 443) && name("API.Example.Org.", 443));
    assert!(!name("api.example.org", 444) && !name("x.api.example.org", 443));
    assert!(name("a.example.net", 8_000) && name("a.b.example.net", 8_999));
    assert!(!name("example.net", 8_000) && !name(".example.net", 8_000));
    assert!(!name("badexample.net", 8_000) && !name("a.example.net", 9_000));
    assert!(!name("8.8.8.8", 53) && !name("localhost", 443) && !name("x.internal", 8_000));
    let address = |to: &str| egress.decide_address(at(to)).is_ok();
    assert!(
        address("8.8.8.255:53") && address("[::ffff:8.8.8.8]:53") && address("[2606:4700:1::]:9")
    );
    assert!(!address("8.8.9.0:53") && !address("8.8.8.8:54") && !address("[2606:4701::]:9"));
    assert!(egress.knows("api.example.org") && egress.knows("b.example.net"));
    assert!(!egress.knows("example.net") && !egress.knows("x"));
}

#[test]
fn both_the_operator_and_the_job_must_allow() {
    let both = egress(&["*.example.org:443"], &["api.example.org:*"]);
    assert!(both.decide_name("api.example.org", 443).is_ok());
    assert!(both.decide_name("api.example.org", 80).is_err());
    assert!(both.decide_name("b.example.org", 443).is_err());
    for one_sided in [
        egress(&["*:*"], &[]),
        egress(&[], &["*:*"]),
        Egress::default(),
    ] {
        assert!(one_sided.decide_name("api.example.org", 443).is_err());
        assert!(one_sided.decide_address(at("8.8.8.8:443")).is_err());
        assert!(!one_sided.knows("api.example.org"));
    }
}

/// First, last and a middle address of every special range, and spellings of IPv4 in IPv6.
#[rustfmt::skip]
const PROTECTED: [&str; 74] = [
    "0.0.0.0", "0.1.2.3", "0.255.255.255",
    "10.0.0.0", "10.255.255.255",
    "100.64.0.0", "100.127.255.255",
    "127.0.0.0", "127.0.0.1", "127.255.255.255",
    "169.254.0.0", "169.254.169.254", "169.254.255.255",
    "172.16.0.0", "172.31.255.255",
    "192.0.0.0", "192.0.0.170", "192.0.0.255",
    "192.0.2.0", "192.0.2.255",
    "192.88.99.1",
    "192.168.0.0", "192.168.255.255",
    "198.18.0.0", "198.18.0.1", "198.19.255.255",
    "198.51.100.0", "198.51.100.255",
    "203.0.113.0", "203.0.113.255",
    "224.0.0.0", "239.255.255.255",
    "240.0.0.0", "255.255.255.254", "255.255.255.255",
    "::", "::1",
    "::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1",
    "::ffff:192.168.1.1", "::ffff:255.255.255.255",
    "::127.0.0.1", "::8.8.8.8", "::10.0.0.1",
    "64:ff9b::", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1",
    "100::1",
    "2001::", "2001::1", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::", "2002:7f00:1::", "2002:0808:0808::1", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::1",
    "5f00::1",
    "fc00::", "fd00::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::", "fe80::1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::1",
    "ff02::1",
];

/// Neighbours of those ranges, which are public.
#[rustfmt::skip]
const PUBLIC: [&str; 24] = [
    "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255",
    "2001:200::1", "2001:db9::1", "2606:4700::1", "::ffff:8.8.8.8",
];

#[test]
fn every_special_range_in_every_spelling_is_closed() {
    let egress = egress(
        &["*:*", "0.0.0.0/0:*", "[::/0]:*"],
        &["*:*", "0.0.0.0/0:*", "[::/0]:*"],
    );
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    for text in PROTECTED {
        let denial = egress
            .decide_address(SocketAddr::new(ip(text), 80))
            .unwrap_err();
        assert_ne!(denial.reason, DenialReason::NotAllowed, "{text}");
        let denial = egress.filter("a.example.org", 80, &[ip(text)]).unwrap_err();
        assert_eq!(denial.reason, DenialReason::Protected, "{text}");
    }
    for text in PUBLIC {
        assert!(
            egress.decide_address(SocketAddr::new(ip(text), 80)).is_ok(),
            "{text}"
        );
        assert!(
            egress.filter("a.example.org", 80, &[ip(text)]).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn a_mark_of_the_operator_opens_its_range_and_no_more() {
    let egress = egress(
        &[
            "protected:10.1.0.0/16:5432",
            "protected:127.0.0.1:8080",
            "protected:0.0.0.0/0:25",
            "10.2.0.0/16:*",
        ],
        &["10.0.0.0/8:*", "127.0.0.1:*", "*:*"],
    );
    let reason = |to: &str| {
        egress
            .decide_address(at(to))
            .map_err(|denial| denial.reason)
    };
    assert_eq!(reason("10.1.2.3:5432"), Ok(()));
    assert_eq!(reason("[::ffff:10.1.2.3]:5432"), Ok(()));
    assert_eq!(reason("127.0.0.1:8080"), Ok(()));
    assert_eq!(reason("10.1.2.3:5433"), Err(DenialReason::Protected));
    assert_eq!(
        reason("10.2.2.3:5432"),
        Err(DenialReason::Protected),
        "a rule without a mark opens nothing"
    );
    assert_eq!(reason("127.0.0.2:8080"), Err(DenialReason::Protected));
    // Opened by the operator, but `*` of a job does not mean what is protected.
    assert_eq!(reason("192.168.0.1:25"), Err(DenialReason::NotAllowed));
    assert_eq!(
        reason("224.0.0.1:25"),
        Err(DenialReason::NotSupported),
        "nothing opens what does not exist"
    );
    assert_eq!(reason("8.8.8.8:25"), Ok(()));
}

#[test]
fn what_a_name_resolves_to_is_filtered_in_order() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let mixed = [
        "10.0.0.1",
        "8.8.8.8",
        "::ffff:127.0.0.1",
        "2606:4700::1",
        "8.8.8.8",
        "::ffff:8.8.8.8",
    ]
    .map(ip);
    let egress = egress(
        &["*:443", "protected:10.9.0.0/16:443"],
        &["a.example.org:443"],
    );
    let kept = egress.filter("a.example.org", 443, &mixed).unwrap();
    assert_eq!(kept, [at("8.8.8.8:443"), at("[2606:4700::1]:443")]);
    assert_eq!(
        egress
            .filter("a.example.org", 443, &[ip("10.9.0.1")])
            .unwrap(),
        [at("10.9.0.1:443")]
    );
    assert_eq!(egress.filter("a.example.org", 443, &[]).unwrap(), []);
    let denial = egress
        .filter("a.example.org", 443, &[ip("10.0.0.1")])
        .unwrap_err();
    assert_eq!(
        denial.to_string(),
        "a.example.org:443 is in a protected range, which only a rule of the operator can open"
    );
    assert!(egress.filter("b.example.org", 443, &mixed).is_err());
}

#[test]
fn the_host_and_the_users_own_network_are_closed_where_they_are_told() {
    let own = [
        Range::one("8.8.8.8".parse().unwrap()),
        Range::new("9.9.0.0".parse().unwrap(), 16).unwrap(),
    ];
    let egress = egress(&["*:*"], &["*:*", "8.8.8.8:*"]).protecting(own);
    for to in ["8.8.8.8:443", "9.9.200.1:443", "[::ffff:8.8.8.8]:443"] {
        let denial = egress.decide_address(at(to)).unwrap_err();
        assert_eq!(denial.reason, DenialReason::Protected, "{to}");
    }
    assert!(egress.decide_address(at("8.8.8.9:443")).is_ok());
}
