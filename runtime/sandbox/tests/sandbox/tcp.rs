//! Connections between instances: calls, ends, resets, and many bytes.

use sublet_network::Limits;
use sublet_sandbox::{Burst, Input, Share};
use sublet_scheduler::{CancelReason, Limit, Outcome};
use tokio::io::AsyncWriteExt;

use crate::networks::{LIMITS, guest, launch, network, nic, nic_with, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_by_address_is_answered() {
    let network = network();
    let server = start(
        guest("echo 0.0.0.0:80 1").network(nic(&network, 2, "server")),
        "listening\n",
    )
    .await;
    let client = guest("call 10.77.0.2:80 hello").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "hello at 10.77.0.3 from 10.77.0.2:80\n");
    assert_eq!(server.over().await.stdout, "listening\nserved 10.77.0.3\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_by_name_is_answered_over_the_family_that_the_server_has() {
    for (at, answer) in [
        ("[::]:80", "hello at fd77::3 from [fd77::2]:80\n"),
        ("0.0.0.0:80", "hello at 10.77.0.3 from 10.77.0.2:80\n"),
    ] {
        let network = network();
        let server = guest(&format!("echo {at} 2")).network(nic(&network, 2, "server"));
        let server = start(server, "listening\n").await;
        let client = guest("call server:80 hello , call SERVER.internal.:80 hello");
        let client = client.network(nic(&network, 3, "client"));
        let ran = client.ends(Outcome::Succeeded).await;
        assert_eq!(ran.stdout, answer.repeat(2));
        assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_serves_one_call_after_the_other_from_several_at_once() {
    const CALLS: usize = 25;
    let network = network();
    let server =
        guest(&format!("echo 0.0.0.0:80 {}", 4 * CALLS)).network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let steps = vec!["call 10.77.0.2:80 hello"; CALLS].join(" , ");
    let clients: Vec<_> = (3..7)
        .map(|number| launch(guest(&steps).network(nic(&network, number, "client"))))
        .collect();
    for client in clients {
        let ran = client.over().await;
        assert_eq!(ran.ending.outcome, Outcome::Succeeded, "{ran:#?}");
        assert_eq!(ran.stdout.lines().count(), CALLS);
    }
    let ran = server.over().await;
    assert_eq!(ran.ending.outcome, Outcome::Succeeded, "{ran:#?}");
    assert_eq!(ran.stdout.matches("served 10.77.0.6").count(), CALLS);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_ended_its_own_direction_is_still_answered() {
    let network = network();
    let server = guest("answer 0.0.0.0:80").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("call 10.77.0.2:80 abc").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(
        ran.stdout,
        "3 bytes, sum 294 at 10.77.0.3 from 10.77.0.2:80\n"
    );
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_an_exit_arrives_though_the_sender_is_gone() {
    let network = network();
    let (mut go, stdin) = tokio::io::duplex(16);
    let server = guest("late 0.0.0.0:80").stdin(Input::Reader(Box::new(stdin)));
    let server = start(server.network(nic(&network, 2, "server")), "listening\n").await;
    let client = guest("send-and-exit 10.77.0.2:80 goodbye").network(nic(&network, 3, "client"));
    client.ends(Outcome::Succeeded).await;
    go.write_all(b"now\n").await.unwrap();
    let ran = server.over().await;
    assert_eq!(ran.stdout, "listening\ngoodbye, then the end\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peers_of_an_instance_that_crashes_are_reset() {
    let network = network();
    let server = guest("hold 0.0.0.0:80").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("connect-and-crash 10.77.0.2:80").network(nic(&network, 3, "client"));
    let ran = client.run().await;
    assert!(
        matches!(ran.ending.outcome, Outcome::Trapped(_)),
        "{ran:#?}"
    );
    // What it sent before may have been read or not.
    let ran = server.over().await;
    assert!(ran.stdout.ends_with(", then EIO\n"), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peers_of_an_instance_that_is_stopped_are_reset() {
    let network = network();
    let server = guest("hold 0.0.0.0:80").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("connect-and-wait 10.77.0.2:80").network(nic(&network, 3, "client"));
    let client = start(client, "connected\n").await;
    server.says("listening\naccepted\n").await;
    client.stop.request(CancelReason::Asked);
    let ran = client.over().await;
    assert_eq!(ran.ending.outcome, Outcome::Cancelled(CancelReason::Asked));
    // C's library has one word for all errors of a stream.
    let ran = server.over().await;
    assert_eq!(ran.stdout, "listening\naccepted\n, then EIO\n", "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_the_call_is_refused() {
    let network = network();
    let _silent = nic(&network, 2, "silent");
    for to in [
        "10.77.0.2:80",
        "10.77.0.9:80",
        "[fd77::2]:80",
        "127.0.0.1:80",
    ] {
        let client = guest(&format!("call {to} hello")).network(nic(&network, 3, "client"));
        let ran = client.ends(Outcome::Failed(1)).await;
        let expected = ["ConnectionRefused\n", "HostUnreachable\n"];
        assert!(expected.contains(&ran.stdout.as_str()), "{to}: {ran:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_bytes_go_both_ways_and_none_is_another() {
    let network = network();
    let server = guest("echo 0.0.0.0:80 1").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("round 10.77.0.2:80 64").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "64 MiB both ways\n");
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nic_with_a_rate_slows_its_streams_down_and_loses_nothing() {
    let slow = Limits {
        bytes_per_s: Some(4 << 20),
        ..LIMITS
    };
    let network = network();
    let server = guest("answer 0.0.0.0:80").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("flood 10.77.0.2:80 4").network(nic_with(&network, 3, "client", slow));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "4 MiB one way\n");
    let usage = ran.ending.usage;
    assert!(usage.wall_us > 800_000, "{usage:?}");
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_arrive_also_where_both_guests_have_used_up_their_shares() {
    // Such guests are polled by the threads of the lane, so they wake and are woken across threads.
    let share = || Share::new(10, Burst::Allowed);
    let network = network();
    let server = guest("answer 0.0.0.0:80").network(nic(&network, 2, "server"));
    let server = start(server.share(share()), "listening\n").await;
    let client = guest("flood 10.77.0.2:80 64").network(nic(&network, 3, "client"));
    let ran = client.share(share()).ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "64 MiB one way\n");
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_costs_no_processor_time() {
    let network = network();
    let server = guest("hold 0.0.0.0:80").limit(|limits| limits.wall_ms = 3_000);
    let server = start(server.network(nic(&network, 2, "server")), "listening\n").await;
    let client = guest("connect-and-wait 10.77.0.2:80").network(nic(&network, 3, "client"));
    let client = launch(client.limit(|limits| limits.wall_ms = 2_000));
    for waiting in [client, server] {
        let usage = waiting.over().await.ending.usage;
        assert!(
            usage.wall_us > 1_900_000 && usage.cpu_us < 100_000,
            "{usage:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_a_peer_ends_with_the_time_of_the_guest() {
    let network = network();
    let server = guest("hold 0.0.0.0:80").limit(|limits| limits.wall_ms = 300);
    let server = server.network(nic(&network, 2, "server"));
    server.ends(Outcome::LimitExceeded(Limit::Wall)).await;
    // Its addresses are free at once.
    drop(nic(&network, 2, "server"));
}
