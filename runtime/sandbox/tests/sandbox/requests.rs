//! Requests of guests to servers of their network: what is sent, what is refused, what is counted, and what ends them.

use sublet_network::Limits;
use sublet_scheduler::{CancelReason, Outcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Guest, soon};
use crate::networks::{LIMITS, guest, launch, network, nic, nic_with, start};
use crate::web::{Server, sender};

/// Runs `steps` against a guest that answers `requests` of them with what it heard, and compares all that they print.
async fn hears(steps: &str, requests: usize, expected: &str) {
    let network = network();
    let server = guest(&format!("serve 0.0.0.0:80 {requests}")).network(nic(&network, 2, "server"));
    let server = start(server, "listening\n").await;
    let client = sender(steps).network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, expected, "{ran:#?}");
    assert_eq!(server.over().await.ending.outcome, Outcome::Succeeded);
}

/// Runs `steps` on a network where a server listens, and compares what they print.
async fn says(steps: &str, expected: &str) {
    let network = network();
    let _server = Server::start(&network);
    let client = sender(steps).network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, format!("{expected}\n"), "{steps}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_asked_by_its_name() {
    hears(
        "get http://server/path?query , get http://SERVER.internal:80 , get http://10.77.0.2?query",
        3,
        "200 GET /path?query HTTP/1.1\nhost: server\nconnection: close\n\n\n\
         200 GET / HTTP/1.1\nhost: SERVER.internal\nconnection: close\n\n\n\
         200 GET /?query HTTP/1.1\nhost: 10.77.0.2\nconnection: close\n\n\n",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_sent_with_its_length_or_in_pieces() {
    hears(
        "post http://server/ hello , post-of 5 http://server/ hello , as POST http://server/",
        3,
        "200 POST / HTTP/1.1\nhost: server\nconnection: close\ntransfer-encoding: chunked\n\n5\nhello\n0\n\n\n\
         200 POST / HTTP/1.1\nhost: server\nconnection: close\ncontent-length: 5\n\nhello\n\
         200 POST / HTTP/1.1\nhost: server\nconnection: close\ncontent-length: 0\n\n\n",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_sent_than_was_announced() {
    hears(
        "post-of 3 http://server/ helloGET/",
        1,
        "cut off\nErrorCode::HttpRequestBodySize(Some(9))\n\
         200 POST / HTTP/1.1\nhost: server\nconnection: close\ncontent-length: 3\n\nhel\n",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_a_body_has_none() {
    hears("as HEAD http://server/", 1, "200 \n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_reached_is_told_apart() {
    for (url, expected) in [
        ("http://nobody/", "DestinationNotFound"),
        ("http://nobody.internal/", "DestinationNotFound"),
        ("http://127.1/", "DestinationNotFound"),
        ("http://server:81/", "ConnectionRefused"),
        ("http://localhost/", "ConnectionRefused"),
        ("http://10.77.0.9/", "DestinationUnavailable"),
        ("http://api.example.org/", "HttpRequestDenied"),
        ("https://api.example.org/", "HttpRequestDenied"),
        ("http://169.254.169.254/", "HttpRequestDenied"),
        ("http://server:0/", "HttpRequestUriInvalid"),
        ("http://server:99999/", "HttpRequestUriInvalid"),
        ("http://user@server/", "HttpRequestUriInvalid"),
        ("ftp://server/", "HttpProtocolError"),
    ] {
        says(&format!("get {url}"), &format!("ErrorCode::{expected}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_every_request_is_denied() {
    let ran = sender("get http://server/ , get https://localhost/");
    let ran = ran.ends(Outcome::Succeeded).await;
    assert_eq!(ran.stdout, "ErrorCode::HttpRequestDenied\n".repeat(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_the_connection_cannot_be_said() {
    for name in [
        "host",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        says(&format!("set {name} x"), "HeaderError::Forbidden").await;
    }
    says("set accept x", "set").await;
    let tunnel = "as CONNECT http://server/";
    says(tunnel, "ErrorCode::HttpRequestMethodInvalid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_long_on_its_way_is_waited_for() {
    // Two seconds in all, and one is what the server may take.
    hears(
        "post-slowly http://server/ hello 400",
        1,
        "200 POST / HTTP/1.1\nhost: server\nconnection: close\ntransfer-encoding: chunked\n\n\
         1\nh\n1\ne\n1\nl\n1\nl\n1\no\n0\n\n\n",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_count_as_sockets() {
    let network = network();
    let _server = Server::start(&network);
    let limits = Limits {
        sockets: 8,
        ..LIMITS
    };
    let client = sender("many http://server/").network(nic_with(&network, 3, "client", limits));
    let ran = client.ends(Outcome::Succeeded).await;
    let expected = "12 are over: ErrorCode::ConnectionLimitReached\n";
    assert_eq!(ran.stdout, expected, "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_metered() {
    let network = network();
    let mut server = Server::start(&network);
    let nic = nic(&network, 3, "client");
    let meter = nic.meter();
    let client = launch(sender("get http://server/").network(nic));
    let mut stream = server.hear().await;
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    soon(stream.write_all(answer.as_bytes())).await.unwrap();
    assert_eq!(client.over().await.stdout, "200 hello\n");
    let usage = meter.usage();
    let head = "GET / HTTP/1.1\r\nhost: server\r\nconnection: close\r\n\r\n";
    let found = (
        usage.connections_out,
        usage.bytes_sent,
        usage.bytes_received,
    );
    assert_eq!(found, (1, head.len() as u64, answer.len() as u64));
}

/// Runs a guest until the server has its request, ends it as `end` does, and waits until nothing is left of it.
async fn leaves_nothing(client: Guest, end: impl FnOnce(&Guest) -> Option<CancelReason>) {
    let network = network();
    let mut server = Server::start(&network);
    let reason = end(&client);
    let client = launch(client.network(nic(&network, 3, "client")));
    if let Some(reason) = reason {
        let mut stream = server.hear().await;
        client.stop.request(reason);
        let rest = soon(stream.read_to_end(&mut Vec::new())).await;
        assert!(rest.is_err(), "who is stopped resets its connections");
    }
    client.over().await;
    while let Some(connection) = server.next() {
        drop(connection);
    }
    soon(async {
        while network.census().pipes > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(network.census().nics, 1, "the server's alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_with_its_guest() {
    leaves_nothing(sender("leave http://server/"), |_| None).await;
    let kept = sender("keep http://server/");
    leaves_nothing(kept, |_| Some(CancelReason::Asked)).await;
}
