//! Answers to requests of guests: what is shown of them, and when they are not waited for.

use sublet_scheduler::Outcome;
use tokio::io::AsyncWriteExt;

use crate::harness::soon;
use crate::networks::{launch, network, nic};
use crate::web::{Server, sender};

/// Runs `steps` against a server that gives each of its callers the same answer and then ends.
async fn answered(steps: &str, answer: &str, expected: &str) {
    let network = network();
    let mut server = Server::start(&network);
    let client = launch(sender(steps).network(nic(&network, 3, "client")));
    let mut stream = server.hear().await;
    soon(stream.write_all(answer.as_bytes())).await.unwrap();
    soon(stream.shutdown()).await.unwrap();
    let ran = client.over().await;
    assert_eq!(ran.stdout, format!("{expected}\n"), "{ran:#?}");
    assert!(server.next().is_none(), "there was a second connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_for_the_guest_to_follow() {
    answered(
        "field http://server/ location",
        "HTTP/1.1 302 Found\r\nlocation: http://server/there\r\ncontent-length: 0\r\n\r\n",
        "302 http://server/there",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_the_connection_are_not_shown() {
    let answer = "HTTP/1.1 200 OK\r\nkeep-alive: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    answered("field http://server/ keep-alive", answer, "200 ").await;
    answered("field http://server/ transfer-encoding", answer, "200 ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_told() {
    for (answer, expected) in [
        ("", "HttpResponseIncomplete"),
        ("HTTP/1.1 200 OK\r\nserver", "HttpResponseIncomplete"),
        ("SSH-2.0-server\r\n\r\n", "HttpProtocolError"),
    ] {
        let expected = format!("ErrorCode::{expected}");
        answered("get http://server/", answer, &expected).await;
    }
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel";
    let expected = "200 hel, then Some(ErrorCode::HttpResponseIncomplete)";
    answered("get http://server/", short, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_comes_whole() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n";
    let answer = format!("{head}{}", "x".repeat(3_000_000));
    answered("get http://server/", &answer, "200 3000000 bytes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_fields_is_ended_before_it_is_kept() {
    let network = network();
    let mut server = Server::start(&network);
    let nic = nic(&network, 3, "client");
    let meter = nic.meter();
    let client = launch(sender("get http://server/").network(nic));
    let mut stream = server.hear().await;
    let line = format!("x: {}\r\n", "y".repeat(5_000));
    let head = "HTTP/1.1 200 OK\r\n";
    soon(stream.write_all(head.as_bytes())).await.unwrap();
    // What is sent while the client goes is discarded, so the server may get rid of more than anybody reads.
    while soon(stream.write_all(line.as_bytes())).await.is_ok() {}
    let expected = "ErrorCode::HttpResponseHeaderSectionSize(None)\n";
    assert_eq!(client.over().await.stdout, expected);
    let read = meter.usage().bytes_received;
    assert!(read <= 128 << 10, "{read} bytes were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let network = network();
    let mut server = Server::start(&network);
    let client = sender("within - 50 - http://server/").network(nic(&network, 3, "client"));
    let client = launch(client);
    let _stream = server.hear().await;
    let expected = "ErrorCode::ConnectionReadTimeout\n";
    assert_eq!(client.over().await.stdout, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_is_not_waited_for() {
    let network = network();
    let mut server = Server::start(&network);
    let client = sender("within - - 50 http://server/").network(nic(&network, 3, "client"));
    let client = launch(client);
    let mut stream = server.hear().await;
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel";
    soon(stream.write_all(answer)).await.unwrap();
    let expected = "200 hel, then Some(ErrorCode::ConnectionReadTimeout)\n";
    assert_eq!(client.over().await.stdout, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_time_at_all_is_a_short_time() {
    let network = network();
    let _server = Server::start(&network);
    let client = sender("within 0 0 0 http://server/").network(nic(&network, 3, "client"));
    let ran = client.ends(Outcome::Succeeded).await;
    // A millisecond may be too short for either.
    let expected = [
        "ErrorCode::ConnectionTimeout\n",
        "ErrorCode::ConnectionReadTimeout\n",
    ];
    assert!(expected.contains(&ran.stdout.as_str()), "{ran:#?}");
}
