//! Bytes that are no request, requests that are too large, and callers who say nothing: HTTP itself.

use crate::harness::shared;

#[test]
fn http_itself_may_be_wrong() {
    let server = shared();
    let header = |bytes: usize| {
        let long = "y".repeat(bytes);
        format!("GET /v1/pool HTTP/1.1\r\nhost: x\r\nx-long: {long}\r\n\r\n")
    };
    let headers = |count: usize| {
        let others = "a: b\r\n".repeat(count - 1);
        format!("GET /v1/pool HTTP/1.1\r\nhost: x\r\n{others}\r\n")
    };
    // 64 fields, and 64 KiB of them, where what was read in one go may be more.
    for let_pass in [header(60 << 10), headers(64)] {
        let answer = server.try_raw(let_pass.as_bytes());
        assert_eq!(answer.map(|answer| answer.status), Some(200));
    }
    let (header, headers) = (header(128 << 10), headers(65));
    let target = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "z".repeat(128 << 10));
    for request in [
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET /v1/pool HTTP/9.9\r\n\r\n",
        "GET /v1/pool HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        "GET /v1/pool HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "GET /v1/pool HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n",
        &header,
        &headers,
        &target,
    ] {
        let answer = server.try_raw(request.as_bytes());
        let refused = answer.is_none_or(|answer| (400..500).contains(&answer.status));
        assert!(refused, "{:?}", &request[..request.len().min(60)]);
        server.get("/v1/pool");
    }
}

#[test]
fn a_caller_that_says_nothing_keeps_nobody_waiting() {
    let server = shared();
    let silent: Vec<_> = (0..64)
        .map(|_| std::os::unix::net::UnixStream::connect(server.socket()).unwrap())
        .collect();
    server.get("/v1/pool");
    drop(silent);
    server.get("/v1/pool");
}
