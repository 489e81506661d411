//! Requests as bytes: the server answers what it can read, gives up the rest, and goes on.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::campaign::Campaign;
use super::mutation::mutated;
use crate::harness::{Server, kept_request, request};

/// Who was not answered by then has sent half a request, or the machine is busy: either way the next one is tried.
const PATIENCE: Duration = Duration::from_millis(50);
const WORDS: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "HTTP/1.1",
    "HTTP/9.9",
    "transfer-encoding: chunked\r\n",
    "content-length: 0\r\n",
    "content-length: 18446744073709551616\r\n",
    "expect: 100-continue\r\n",
    "idempotency-key: a\r\n",
    "%00",
    "%ff",
    "..",
    "?limit=",
    "&state=",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "ffffffff\r\n",
    "{",
    "\"",
];

#[test]
fn no_request_is_answered_with_an_error_of_the_server() {
    let server = Server::start();
    let body = br#"{"module":"m@1","args":["a"],"array":[0,3],"labels":{"a":"b"}}"#;
    let corpus = [
        request("POST", "/v1/jobs", &[("idempotency-key", "one")], body),
        kept_request("POST", "/v1/jobs", body),
        kept_request("GET", "/v1/jobs?limit=3&state=queued&label=a%3Db", b""),
        kept_request(
            "GET",
            "/v1/jobs/job_01M82CHBDVEKC8S98VKNFMWR3M?fields=a",
            b"",
        ),
        request(
            "POST",
            "/v1/jobs/job_01M82CHBDVEKC8S98VKNFMWR3M/cancel",
            &[],
            b"{}",
        ),
        kept_request("GET", "/v1/modules?limit=1", b""),
        request(
            "GET",
            "/v1/events?after=1-1",
            &[("accept", "text/event-stream")],
            b"",
        ),
        kept_request("GET", "/v1/subclusters", b""),
        request("GET", "/readyz?verbose", &[], b""),
    ];
    let requests = Campaign {
        name: "requests",
        cases: 1_500,
    };
    requests.play(
        |random| mutated(random, &corpus, WORDS),
        |bytes| {
            let answer = ask(&server, bytes);
            let status = answer.get(9..12).unwrap_or_default();
            assert!(
                !status.starts_with(b"5"),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        },
    );
    assert_eq!(server.request("GET", "/readyz", b"").status, 200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// What the server answers at once, if anything.
fn ask(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(server.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    // A server that refuses early does not read the rest.
    let _early = stream.write_all(bytes);
    let mut answer = vec![0; 4_096];
    let length = stream.read(&mut answer).unwrap_or(0);
    answer.truncate(length);
    answer
}
