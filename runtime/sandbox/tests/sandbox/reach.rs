//! What a guest reaches with its sockets and what it does not: itself, its network, and nothing else; and how many sockets.

use sublet_network::Limits;
use sublet_scheduler::{Limit, Outcome};

use crate::networks::{LIMITS, guest, network, nic, nic_with, sockets, start};

#[test]
fn the_guest_of_these_tests_imports_every_interface_of_sockets() {
    let imports = sockets().interface.imports;
    for interface in [
        "instance-network",
        "ip-name-lookup",
        "network",
        "tcp",
        "tcp-create-socket",
        "udp",
        "udp-create-socket",
    ] {
        let import = format!("wasi:sockets/{interface}@0.2.");
        assert!(
            imports.iter().any(|name| name.starts_with(&import)),
            "{import} is not among {imports:?}"
        );
    }
}

/// Addresses that no machine has: whoever answered, it was not the host.
#[tokio::test(flavor = "multi_thread")]
async fn all_interfaces_of_sockets_are_those_of_the_network() {
    let network = network();
    let server = guest("echo 0.0.0.0:80 1 , datagram-echo 0.0.0.0:53 1");
    let server = start(server.network(nic(&network, 2, "server")), "listening\n").await;
    let client = guest("resolve server , call 10.77.0.2:80 hello");
    let client = client.network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    let expected = "fd77::2 10.77.0.2\nhello at 10.77.0.3 from 10.77.0.2:80\n";
    assert_eq!(ran.stdout, expected);
    server
        .says("listening\nserved 10.77.0.3\nlistening\n")
        .await;
    let client = guest("datagram-connected 10.77.0.2:53").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "at 10.77.0.3 to 10.77.0.2:53\nhello\n");
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn localhost_is_the_instance_itself_and_nobody_else() {
    let network = network();
    let steps = "self 127.0.0.1:81 127.0.0.1:81 , self [::1]:81 localhost:81 , self 0.0.0.0:82 127.0.0.1:82 , \
                 self 0.0.0.0:83 10.77.0.2:83 , hold 127.0.0.1:80";
    let server = guest(steps).network(nic(&network, 2, "server"));
    let expected = "hello from 127.0.0.1\nhello from ::1\nhello from 127.0.0.1\nhello from 10.77.0.2\nlistening\n";
    let server = start(server, expected).await;
    for to in ["127.0.0.1:80", "localhost:80", "10.77.0.2:80"] {
        let client = guest(&format!("call {to} hello")).network(nic(&network, 3, "client"));
        let ran = client.ends(Outcome::Failed(1)).await;
        assert_eq!(ran.stdout, "ConnectionRefused\n", "{to}");
    }
    server.stop.request(sublet_scheduler::CancelReason::Asked);
    server.over().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_another_cannot_be_bound() {
    let network = network();
    let _other = nic(&network, 3, "other");
    for steps in ["echo 10.77.0.3:80 1", "datagram-echo 10.77.0.3:80 1"] {
        let guest = guest(steps).network(nic(&network, 2, "one"));
        let ran = guest.ends(Outcome::Failed(1)).await;
        assert_eq!(ran.stdout, "AddrNotAvailable\n", "{steps}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_with_equal_addresses_do_not_reach_each_other() {
    let (one, two) = (network(), network());
    let of_one = start(
        guest("mark 0.0.0.0:80 one").network(nic(&one, 2, "server")),
        "listening\n",
    );
    let of_two = start(
        guest("mark 0.0.0.0:80 two").network(nic(&two, 2, "server")),
        "listening\n",
    );
    let servers = [of_one.await, of_two.await];
    for (network, mark) in [(&two, "two"), (&one, "one")] {
        let client = guest("call server:80 hello").network(nic(network, 3, "client"));
        let ran = client.ends(Outcome::Succeeded).await;
        assert_eq!(
            ran.stdout,
            format!("{mark} at 10.77.0.3 from 10.77.0.2:80\n")
        );
    }
    for server in servers {
        assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_there_are_no_sockets_and_no_names() {
    for (steps, said) in [
        ("call 127.0.0.1:80 hello", "PermissionDenied\n"),
        ("echo 127.0.0.1:80 1", "PermissionDenied\n"),
        ("hoard", "0 sockets, then PermissionDenied\n"),
    ] {
        let ran = guest(steps).run().await;
        assert_eq!(ran.stdout, said, "{steps}: {ran:#?}");
    }
    let ran = guest("resolve localhost").ends(Outcome::Failed(1)).await;
    assert!(ran.stderr.contains("failed to lookup"), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_names_do_not_resolve() {
    for name in ["nobody", "nobody.internal", "example.org"] {
        let network = network();
        let guest = guest(&format!("resolve {name}")).network(nic(&network, 2, "one"));
        let ran = guest.ends(Outcome::Failed(1)).await;
        assert!(ran.stderr.contains("failed to lookup"), "{ran:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lenient_spellings_of_addresses_are_not_names() {
    for name in ["127.1", "0x7f.0.0.1", "a..b"] {
        let network = network();
        let guest = guest(&format!("resolve {name}")).network(nic(&network, 2, "one"));
        let ran = guest.ends(Outcome::Failed(1)).await;
        assert_eq!(ran.stdout, "InvalidInput\n", "{name}");
    }
}

const FEW: Limits = Limits {
    sockets: 4,
    ..LIMITS
};

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_too_many_is_an_error_that_the_guest_can_live_with() {
    let network = network();
    let guest = guest("hoard , hoard").network(nic_with(&network, 2, "one", FEW));
    let ran = guest.ends(Outcome::Succeeded).await;
    assert_eq!(
        ran.stdout, "4 sockets, then EMFILE\n4 sockets, then EMFILE\n",
        "{ran:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_too_many_is_an_error_for_who_accepts() {
    let network = network();
    let server = guest("accept-many 0.0.0.0:80").network(nic_with(&network, 2, "server", FEW));
    let server = start(server, "listening\n").await;
    let client = guest("connect-many 10.77.0.2:80").network(nic_with(&network, 3, "client", FEW));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "4 connected, then EMFILE\n", "{ran:#?}");
    let ran = server.over().await;
    assert_eq!(
        ran.stdout, "listening\n3 accepted, then EMFILE\n",
        "{ran:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hoard_of_sockets_ends_at_the_limit_of_handles() {
    let network = network();
    let guest = guest("hoard").network(nic(&network, 2, "one"));
    let guest = guest.limit(|limits| limits.handles = 20);
    guest.ends(Outcome::LimitExceeded(Limit::Handles)).await;
}
