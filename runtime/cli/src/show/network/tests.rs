use super::*;

fn now() -> Timestamp {
    "2025-11-21T20:15:31Z".parse().unwrap()
}

fn list() -> NetworkList {
    serde_json::from_str(
        r#"{"items": [
            {"name": "net-1", "user": "ada", "v4": "10.80.1.0/24", "v6": "fd5b:1::/64", "assigned_at": "2025-11-21T20:13:20Z",
             "nics": 12, "allow": ["*.example.org:443", "protected:10.1.0.0/16:5432"],
             "limits": {"sockets": 128, "connections": 1, "bytes_per_s": 67108864, "datagrams_per_s": 200000}},
            {"name": "net-22", "v4": "10.80.22.0/24", "v6": "fd5b:22::/64"}],
            "prepared": 61, "low": 8}"#,
    )
    .unwrap()
}

#[test]
fn networks_in_a_table() {
    assert_eq!(
        table(&list().items, now()),
        "NAME    USER  IPV4           IPV6          NICS  ASSIGNED\n\
         net-1   ada   10.80.1.0/24   fd5b:1::/64   12    2m\n\
         net-22  -     10.80.22.0/24  fd5b:22::/64  0     -"
    );
}

#[test]
fn those_who_are_told_see_how_many_are_left() {
    let with = |prepared, low| NetworkList {
        prepared,
        low,
        ..list()
    };
    for (list, text) in [
        (with(61, 8), Some("left: 61 prepared networks")),
        (with(8, 8), Some("left: 8 prepared networks")),
        (
            with(1, 8),
            Some("left: 1 prepared network, which is low: fewer than 8"),
        ),
        (with(0, 0), None),
    ] {
        assert_eq!(supply(&list).as_deref(), text);
    }
}

#[test]
fn a_network_on_a_page() {
    let networks = list().items;
    assert_eq!(
        page(&networks[0], now()),
        "name           net-1\n\
         user           ada\n\
         ipv4           10.80.1.0/24\n\
         ipv6           fd5b:1::/64\n\
         assigned       2025-11-21T20:13:20Z (2m ago)\n\
         nics           12\n\
         allowed out    *.example.org:443  protected:10.1.0.0/16:5432\n\
         each instance  128 sockets, 1 connection outside its worker, 64 MiB/s, 200000 datagrams/s"
    );
    assert!(page(&networks[1], now()).ends_with("nics         0\nallowed out  nothing"));
}

#[test]
fn flows_in_a_table() {
    let flows: Vec<Flow> = serde_json::from_str(
        r#"[{"job": "job_1", "task": 17, "attempt": 2, "v4": "10.80.1.5", "v6": "fd5b:1::5", "names": ["reducer", "reducer-17"],
             "usage": {"bytes_sent": 2048, "connections_out": 3, "denials": 1}},
            {"job": "job_2", "task": 0, "attempt": 1, "v4": "10.80.1.6", "v6": "fd5b:1::6"}]"#,
    )
    .unwrap();
    assert_eq!(
        super::flows(&flows),
        "JOB    TASK  ATTEMPT  ADDRESS    NAMES                SENT   RECEIVED  OUT  IN  DENIED\n\
         job_1  17    2        10.80.1.5  reducer  reducer-17  2 KiB  0 B       3    0   1\n\
         job_2  0     1        10.80.1.6  -                    0 B    0 B       0    0   0"
    );
    assert_eq!(flows[0].name(), "job_1/17");
}

#[test]
fn peers_in_a_table() {
    let peers: Vec<Peer> = serde_json::from_str(
        r#"[{"name": "reducer", "addresses": ["10.80.1.5", "fd5b:1::5"]}, {"name": "x\ny", "addresses": []}]"#,
    )
    .unwrap();
    assert_eq!(
        super::peers(&peers),
        "NAME     ADDRESSES\nreducer  10.80.1.5  fd5b:1::5\nx\\ny     -"
    );
}

#[test]
fn a_policy_says_when_it_allows_nothing() {
    let open = EgressPolicy {
        allow: vec!["*:443".to_owned(), "*.example.org:*".to_owned()],
    };
    assert_eq!(
        policy("ada", &open),
        "user         ada\nallowed out  *:443  *.example.org:*"
    );
    assert_eq!(
        policy("ada", &EgressPolicy::default()),
        "user         ada\nallowed out  nothing"
    );
}
