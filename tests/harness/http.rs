//! HTTP as bytes on the unix socket: a client that is free to be wrong.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes, also one for which a compiler used up its budget on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {}", self.text()),
        }
    }

    /// The problem that this answer is; it must have all that every problem has.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        let shown = format!("{} {}", self.status, self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{shown}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{shown}");
        for field in ["type", "title", "detail", "code", "request_id"] {
            let text = problem[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "no {field}: {shown}");
        }
        assert_eq!(
            self.header("x-request-id"),
            problem["request_id"].as_str(),
            "{shown}"
        );
        problem
    }
}

/// A request as bytes, after which the connection stays open.
pub(crate) fn kept_request(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let head = head(method, target, &[], body.len());
    [head.as_bytes(), body].concat()
}

/// A request as bytes.
pub(crate) fn request(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let headers = [&[("connection", "close")], headers].concat();
    let head = head(method, target, &headers, body.len());
    [head.as_bytes(), body].concat()
}

fn head(method: &str, target: &str, headers: &[(&str, &str)], length: usize) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: sublet\r\n");
    text += "content-type: application/json\r\n";
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + &format!("content-length: {length}\r\n\r\n")
}

/// Reads one answer of a connection that stays open. It says how long it is.
pub(crate) fn read_answer(stream: &mut impl Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16_384];
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..count]);
        let Some(end) = find(&bytes, b"\r\n\r\n") else {
            continue;
        };
        let answer = parse(&bytes).ok_or(io::ErrorKind::InvalidData)?;
        let length = answer.header("content-length").unwrap_or("0");
        let length: usize = length.parse().map_err(io::Error::other)?;
        if bytes.len() >= end + 4 + length {
            return Ok(answer);
        }
    }
}

/// Sends the bytes and reads the answer.
#[track_caller]
pub(crate) fn exchange(socket: &Path, request: &[u8]) -> Answer {
    match try_exchange(socket, request, PATIENCE) {
        Ok(bytes) => parse(&bytes).unwrap_or_else(|| {
            panic!("not an answer: {:?}", String::from_utf8_lossy(&bytes));
        }),
        Err(error) => panic!("no answer from {}: {error}", socket.display()),
    }
}

/// A simple question to a server that may not be there yet, or stands still.
pub(crate) fn try_get(socket: &Path, target: &str, patience: Duration) -> Option<Answer> {
    let request = request("GET", target, &[], b"");
    parse(&try_exchange(socket, &request, patience).ok()?)
}

/// Sends the bytes and reads the answer; none when there is none.
pub(crate) fn try_answer(socket: &Path, request: &[u8]) -> Option<Answer> {
    parse(&try_exchange(socket, request, PATIENCE).ok()?)
}

fn try_exchange(socket: &Path, request: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    // A server that refuses early may close before it has read all; what it said is still to be read.
    let written = stream.write_all(request);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if answer.is_empty() => return Err(error),
        Err(_) => {}
    }
    if answer.is_empty() {
        written?;
    }
    Ok(answer)
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    Some(Answer {
        status,
        headers,
        body,
    })
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(bytes, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let start = end + 2;
        body.extend_from_slice(bytes.get(start..start + size)?);
        bytes = bytes.get(start + size + 2..)?;
    }
}

fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes
        .windows(sought.len())
        .position(|window| window == sought)
}
