//! Datagrams between instances.

use sublet_scheduler::Outcome;

use crate::networks::{guest, network, nic, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_datagram_comes_back() {
    let network = network();
    let server = guest("datagram-echo 0.0.0.0:53 2").network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = guest("datagram-call 10.77.0.2:53 hello , datagram-connected 10.77.0.2:53");
    let client = client.network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    let expected = "hello from 10.77.0.2:53\nat 10.77.0.3 to 10.77.0.2:53\nhello\n";
    assert_eq!(ran.stdout, expected);
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_talks_to_one_peer_alone_hears_that_nobody_is_there() {
    let network = network();
    let _silent = nic(&network, 2, "silent");
    let client = guest("datagram-connected 10.77.0.2:53").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Failed(1)).await;
    let expected = "at 10.77.0.3 to 10.77.0.2:53\nConnectionRefused\n";
    assert_eq!(ran.stdout, expected, "{ran:#?}");
}
