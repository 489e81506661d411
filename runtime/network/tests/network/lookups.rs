//! Names, as an instance looks them up.

use std::net::IpAddr;
use std::time::Duration;

use sublet_network::{AttachError, LookupError, Nic, Refusal};
use tokio::time::Instant;

use crate::support::{at, egress, limits, listen, network, plan, terms};

async fn look_up(nic: &Nic, name: &str) -> String {
    match nic.resolve(name).await {
        Ok(ips) => ips
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_the_network_mean_the_nics_that_carry_them() {
    let (network, world) = network();
    let one = network
        .attach(terms(1, &["sort", "reducer-0", "reducer-0.sort"]))
        .unwrap();
    let _two = network
        .attach(terms(2, &["SORT.internal", "reducer-1"]))
        .unwrap();
    for name in [
        "reducer-0",
        "REDUCER-0.",
        "reducer-0.internal",
        "reducer-0.sort.internal.",
    ] {
        assert_eq!(look_up(&one, name).await, "fd77::1 10.77.0.1", "{name}");
    }
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..100 {
        orders.insert(look_up(&one, "sort.internal").await);
    }
    let both: Vec<_> = orders.iter().map(String::as_str).collect();
    assert_eq!(
        both,
        [
            "fd77::1 fd77::2 10.77.0.1 10.77.0.2",
            "fd77::2 fd77::1 10.77.0.2 10.77.0.1"
        ]
    );
    for name in [
        "nobody",
        "nobody.internal",
        "internal",
        "x.localhost",
        "2130706433",
    ] {
        assert_eq!(look_up(&one, name).await, "NotFound", "{name}");
    }
    // A dot without the zone makes it a name of the world, which no rule allows.
    assert_eq!(look_up(&one, "reducer-0.sort").await, "NotFound");
    assert!(
        !world
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|name| name.contains("reducer-0.sort."))
    );
}

#[tokio::test(start_paused = true)]
async fn addresses_and_localhost_mean_themselves() {
    let (network, _world) = network();
    let one = network.attach(terms(1, &[])).unwrap();
    for (name, expected) in [
        ("localhost", "::1 127.0.0.1"),
        ("LOCALHOST.", "::1 127.0.0.1"),
        ("8.8.8.8", "8.8.8.8"),
        ("2001:4860::8888", "2001:4860::8888"),
        ("127.1", "Invalid"),
        ("0x7f.0.0.1", "Invalid"),
        ("0177.0.0.1", "Invalid"),
        ("fe80::1%1", "Invalid"),
        ("", "Invalid"),
        ("a b", "Invalid"),
        ("bücher.example", "Invalid"),
    ] {
        assert_eq!(look_up(&one, name).await, expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn neighbours_are_united_and_foreign_answers_dropped() {
    let (network, world) = network();
    let one = network.attach(terms(1, &["sort"])).unwrap();
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let answer = ["10.77.3.3", "fd77::3", "10.77.0.1", "8.8.8.8", "127.0.0.1"].map(ip);
    world
        .neighbours
        .lock()
        .unwrap()
        .insert("sort".to_owned(), answer.to_vec());
    assert_eq!(
        look_up(&one, "sort.internal").await,
        "fd77::1 fd77::3 10.77.0.1 10.77.3.3"
    );
    assert_eq!(*world.asked.lock().unwrap(), ["sort"]);
    assert!(plan().contains(ip("10.77.3.3")));
}

#[tokio::test(start_paused = true)]
async fn neighbours_that_do_not_answer_are_waited_for_a_while() {
    let (network, world) = network();
    *world.silent.lock().unwrap() = true;
    let one = network.attach(terms(1, &["sort"])).unwrap();
    let begin = Instant::now();
    assert_eq!(look_up(&one, "sort").await, "fd77::1 10.77.0.1");
    assert_eq!(look_up(&one, "other").await, "Temporary");
    assert!(begin.elapsed() < Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn names_of_the_network_never_go_further_whatever_the_rules_say() {
    let (network, world) = network();
    let mut terms = terms(1, &["sort"]);
    terms.egress = egress(&["*:*"], &["*:*"]);
    let one = network.attach(terms).unwrap();
    for name in [
        "wpad",
        "printer.internal",
        "metadata.google.internal",
        "a.localhost",
    ] {
        assert_eq!(look_up(&one, name).await, "NotFound", "{name}");
        let refused = one.connect_name(name, 80).await.err();
        assert_eq!(refused, Some(Refusal::NameNotFound), "{name}");
    }
    assert!(world.dialled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_a_rule_allows_gets_an_address_that_stands_for_it() {
    let (network, world) = network();
    let mut terms = terms(1, &[]);
    terms.egress = egress(&["*:443"], &["api.example.org:443", "*.example.net:443"]);
    let one = network.attach(terms).unwrap();
    assert_eq!(look_up(&one, "API.example.org.").await, "198.18.0.1");
    assert_eq!(look_up(&one, "api.example.org").await, "198.18.0.1");
    assert_eq!(look_up(&one, "a.example.net").await, "198.18.0.2");
    for name in [
        "example.net",
        "example.org",
        "aapi.example.org",
        "api.example.org.evil.com",
    ] {
        assert_eq!(look_up(&one, name).await, "NotFound", "{name}");
    }
    assert!(
        world.asked.lock().unwrap().is_empty(),
        "a lookup sends nothing"
    );
    assert_eq!(one.usage().denials, 4);

    let connection = one.connect(None, at("198.18.0.2:443")).await.unwrap();
    assert_eq!(connection.peer(), at("198.18.0.2:443"));
    assert_eq!(
        *world.dialled.lock().unwrap(),
        [(1, "a.example.net:443".to_owned())]
    );
    for to in ["198.18.0.2:444", "198.18.0.3:443", "198.19.0.1:443"] {
        let refused = one.connect(None, at(to)).await.err();
        assert!(matches!(refused, Some(Refusal::Denied(_))), "{to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_dialled_by_rule_or_within_the_network() {
    let (network, world) = network();
    let mut terms_one = terms(1, &["one"]);
    terms_one.egress = egress(&["*:*"], &["api.example.org:443"]);
    let one = network.attach(terms_one).unwrap();
    let two = network.attach(terms(2, &["two"])).unwrap();
    let mut listener = listen(&two, "0.0.0.0:80", 8);
    // IPv6 comes first, where nobody listens.
    let connection = one.connect_name("TWO.internal", 80).await.unwrap();
    assert_eq!(connection.peer(), at("10.77.0.2:80"));
    assert!(listener.accept().is_some());
    let connection = one.connect_name("api.example.org", 443).await.unwrap();
    assert_eq!(connection.peer(), at("8.8.4.4:443"));
    let refused = one.connect_name("api.example.org", 80).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the destination is not allowed: api.example.org:80 is allowed by no egress rule of the job, or by none of \
         the operator"
    );
    let refused = one.connect_name("169.254.169.254", 80).await.unwrap_err();
    assert!(matches!(refused, Refusal::Denied(_)));
    assert_eq!(
        one.connect_name("a b", 80).await.err(),
        Some(Refusal::NameNotFound)
    );
    assert_eq!(
        one.connect_name("localhost", 80).await.err(),
        Some(Refusal::ConnectionRefused)
    );
    assert_eq!(world.dialled.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lookups_have_a_rate() {
    let (network, _world) = network();
    let mut terms = terms(1, &[]);
    terms.limits.lookups_per_s = Some(10);
    let one = network.attach(terms).unwrap();
    assert_eq!(look_up(&one, "localhost").await, "::1 127.0.0.1");
    assert_eq!(look_up(&one, "localhost").await, "Temporary");
    tokio::time::advance(Duration::from_millis(100)).await;
    assert_eq!(look_up(&one, "localhost").await, "::1 127.0.0.1");
    assert_eq!(limits().lookups_per_s, None);
    assert_eq!(one.resolve("localhost").await, Err(LookupError::Temporary));
}

#[tokio::test(start_paused = true)]
async fn who_cannot_join_leaves_nothing_behind() {
    let (network, _world) = network();
    let one = network.attach(terms(1, &["sort"])).unwrap();
    let before = network.census();
    let mut foreign = terms(2, &["x"]);
    foreign.addresses.v4 = "10.78.0.1".parse().unwrap();
    let refused = network.attach(foreign).unwrap_err();
    assert_eq!(
        refused,
        AttachError::ForeignAddress("10.78.0.1".parse().unwrap())
    );
    let mut taken = terms(2, &["x"]);
    taken.addresses.v6 = one.addresses().v6;
    let refused = network.attach(taken).unwrap_err();
    assert_eq!(
        refused,
        AttachError::AddressTaken("fd77::1".parse().unwrap())
    );
    let refused = network.attach(terms(2, &["x", "a b"])).unwrap_err();
    assert_eq!(refused, AttachError::BadName("a b".to_owned()));
    assert!(network.attach(terms(2, &["localhost"])).is_err());
    assert_eq!(network.census(), before);
}
