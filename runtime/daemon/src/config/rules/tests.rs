//! Documents as operators write them: what they come to, and what is said about those that come to nothing.

use sublet_scheduler::Resources;
use sublet_scheduler::rule_set::{Burst, Isolation, Preemption};

use super::*;

const FULL: &str = r#"
[pool]
moves_per_minute = 3
nodes = [
    { count = 2, cpu = 0.5, memory = "2GiB" },
    { name = "big", cpu = 2, memory = "16GiB", priority = -5, labels = { size = "large", "rack row" = "7" } },
]

[[subcluster]]
name = "short"
slot = { cpu = 0.05, memory = "64MiB" }
entry = 'node.memory <= 4GiB && node.healthy && node.load < 0.8 && !has(node.labels.size)'
exit = '!node.healthy || node.load > 0.95'
accept = 'job.memory <= 64MiB && job.timeout <= 30s'
nodes = { min = 1, max = 6 }
weight = 3
priority = 10
grace = "2m"
dwell = "30s"
preempt = true

[[subcluster]]
name = "long"
slot = { cpu = 1, memory = "2GiB" }
entry = 'node.labels.size == "large"'
burst = false

[[route]]
name = "big"
when = 'job.memory > 64MiB'
to = "long"

[[class]]
name = "both"
when = 'job.class == "mixed"'
spread = { short = 2, long = 1 }
"#;

fn faults(document: &str) -> Vec<Fault> {
    match Rules::parse(document) {
        Ok(rules) => panic!("it is taken:\n{}", rules.document()),
        Err(error) => error.faults().to_vec(),
    }
}

fn with(subcluster: &str) -> String {
    format!("[[subcluster]]\nname = \"a\"\nslot = {{ cpu = 1, memory = \"1GiB\" }}\n{subcluster}\n")
}

#[test]
fn a_document_says_what_it_says() {
    let rules = Rules::parse(FULL).unwrap();
    let [short, long] = &rules.set.subclusters[..] else {
        panic!("two sub-clusters");
    };
    assert_eq!((short.nodes_min, short.nodes_max), (1, 6));
    assert_eq!((short.weight, short.priority), (3, 10));
    assert_eq!(
        (short.grace_ms, short.dwell_min_ms),
        (Some(120_000), 30_000)
    );
    assert_eq!(
        (short.isolation, long.isolation),
        (Isolation::User, Isolation::Process)
    );
    assert_eq!((short.burst, long.burst), (Burst::Allowed, Burst::Denied));
    assert_eq!(
        (short.preemption, long.preemption),
        (Preemption::On, Preemption::Off)
    );
    assert_eq!(rules.set.routes[0].to, "long");
    assert_eq!(
        rules.set.classes[0].spread,
        [("long".to_owned(), 1), ("short".to_owned(), 2)]
    );
}

#[test]
fn the_canonical_text_says_the_same_and_stays_as_it_is() {
    let rules = Rules::parse(FULL).unwrap();
    let text = rules.document();
    let again = Rules::parse(&text).unwrap();
    assert_eq!(
        format!("{:?}", again.set),
        format!("{:?}", rules.set),
        "{text}"
    );
    assert_eq!(format!("{:?}", again.nodes), format!("{:?}", rules.nodes));
    assert_eq!(again.document(), text);
}

#[test]
fn what_is_left_out_has_its_default() {
    let rules = Rules::parse(&with("")).unwrap();
    assert_eq!(
        rules.document(),
        "[pool]\nmoves_per_minute = 6\n\n[[subcluster]]\nname = \"a\"\nslot = { cpu = 1, memory = \"1GiB\" }\nentry = \"true\"\nisolation = \"user\"\n"
    );
}

#[test]
fn a_rule_that_cannot_be_read_is_told_with_its_place_in_the_document() {
    for (subcluster, line, column, message) in [
        ("entry = 'node.memry > 1GiB'", 4, 15, "node.memory"),
        ("exit  = 'node.load > 1GiB'", 4, 22, "does not go between"),
        ("accept = \"node.cpu > 1\"", 4, 11, "do not see node"),
        (
            "entry = '''\nnode.cpu > 1 &&\n  node.what'''",
            6,
            8,
            "there is no node.what",
        ),
        ("entry = ''", 4, 9, "expected"),
    ] {
        let faults = faults(&with(subcluster));
        let [fault] = &faults[..] else {
            panic!("one fault of {subcluster}: {faults:?}");
        };
        let place = fault.place.as_ref().unwrap();
        assert_eq!((place.line, place.column), (line, column), "{fault}");
        assert!(place.excerpt.contains('^'), "{fault}");
        assert!(fault.message.contains(message), "{fault}");
    }
}

#[test]
fn every_rule_that_cannot_be_read_is_told() {
    let document = with("entry = 'x'\nexit = 'y'") + "[[route]]\nname = 'r'\nwhen = 'z'\nto = 'a'";
    let about: Vec<_> = faults(&document)
        .into_iter()
        .map(|fault| fault.about)
        .collect();
    let expected = [
        "sub-cluster a, entry",
        "sub-cluster a, exit",
        "route r, route",
    ];
    assert_eq!(about, expected.map(|about| Some(about.to_owned())));
}

#[test]
fn a_word_that_no_document_has_is_told_with_the_nearest() {
    for (document, line, nearest) in [
        (with("wieght = 3"), 4, "weight"),
        (with("isolation = 'proces'"), 4, "process"),
        ("[pool]\nreserv = 1".to_owned(), 2, ""),
        ("data_dir = 'x'".to_owned(), 1, ""),
        ("[defaults]\njob = {}".to_owned(), 1, ""),
        ("[[subcluster]\n".to_owned(), 1, ""),
    ] {
        let faults = faults(&document);
        assert_eq!(
            faults[0].place.as_ref().unwrap().line,
            line,
            "{}",
            faults[0]
        );
        assert_eq!(
            faults[0].nearest.as_deref().unwrap_or_default(),
            nearest,
            "{}",
            faults[0]
        );
    }
}

#[test]
fn a_set_that_cannot_be_obeyed_is_refused_where_it_says_so() {
    for (document, line, words) in [
        (with("weight = 0"), 2, &["sub-cluster a", "weight"][..]),
        (with("nodes = { min = 3, max = 2 }"), 2, &["3", "2"]),
        (
            with("entry = 'node.healthy'\nexit = 'node.load > 0.9'"),
            4,
            &["sub-cluster a", "both hold", "add to entry"],
        ),
        (with("") + &with(""), 6, &["sub-cluster a", "twice"]),
        (
            with("") + "[[route]]\nname = 'r'\nwhen = 'job.cpu > 1'\nto = 'aa'",
            8,
            &["route r", "aa"],
        ),
    ] {
        let faults = faults(&document);
        assert_eq!(
            faults[0].place.as_ref().unwrap().line,
            line,
            "{}",
            faults[0]
        );
        for word in words {
            assert!(
                faults[0].to_string().contains(word),
                "{word}: {}",
                faults[0]
            );
        }
    }
    assert!(faults("")[0].message.contains("no sub-cluster"));
}

fn offers(cpu_millis: u64, gib: u64) -> Resources {
    Resources {
        cpu_millis,
        memory_bytes: gib << 30,
    }
}

#[test]
fn nodes_are_counted_and_named() {
    let nodes = Rules::parse(FULL).unwrap().carve(offers(3000, 20)).unwrap();
    let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["n0", "n1", "big"]);
    assert_eq!((nodes[2].priority, nodes[2].labels.len()), (-5, 2));
    let alone = Rules::parse(&with(""))
        .unwrap()
        .carve(offers(3000, 20))
        .unwrap();
    assert_eq!((alone.len(), alone[0].capacity), (1, offers(3000, 20)));
}

#[test]
fn s01_nodes_never_promise_more_than_the_host_has() {
    let rules = Rules::parse(FULL).unwrap();
    for (offered, words) in [
        (
            offers(3000, 19),
            "20GiB in sum, and the host offers 3 cpu and 19GiB",
        ),
        (offers(2999, 20), "the nodes have 3 cpu and 20GiB in sum"),
    ] {
        let refused = rules.carve(offered).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn nodes_that_are_of_no_use_are_refused() {
    let nodes = |nodes: &str, subclusters: &str| {
        let document = format!("[pool]\nnodes = [{nodes}]\n{subclusters}");
        Rules::parse(&document)
            .unwrap()
            .carve(offers(96_000, 192))
            .unwrap_err()
            .to_string()
    };
    let one = "{ cpu = 1, memory = '512MiB' }";
    assert!(
        nodes(one, &with("")).contains(
            "wants 1 cpu and 1GiB, and no node has that: the largest has 1 cpu and 512MiB"
        )
    );
    assert!(nodes("{ count = 0, cpu = 1, memory = '2GiB' }", &with("")).contains("0 in sum"));
    assert!(
        nodes("{ count = 99999, cpu = 1, memory = '2GiB' }", &with("")).contains("99999 in sum")
    );
    let named = "{ name = 'x y', cpu = 1, memory = '2GiB' }";
    assert!(nodes(named, &with("")).contains("`x y` cannot be"));
    let twice = "{ name = 'n0', cpu = 1, memory = '2GiB' }, { cpu = 1, memory = '2GiB' }";
    assert!(nodes(twice, &with("")).contains("two nodes are called `n0`"));
    let two = with("") + &with("").replace("\"a\"", "\"b\"");
    let refused = Rules::parse(&two)
        .unwrap()
        .carve(offers(96_000, 192))
        .unwrap_err();
    assert!(refused.to_string().contains("no [pool] nodes"), "{refused}");
}
