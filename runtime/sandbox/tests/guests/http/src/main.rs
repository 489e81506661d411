//! The guest of the tests of requests: it sends what its arguments say, and prints what it is answered.

use std::env;

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    for step in words.split(|word| word == ",") {
        let step: Vec<&str> = step.iter().map(String::as_str).collect();
        match take(&step) {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("{error:?}"),
        }
    }
}

fn take(step: &[&str]) -> Result<String, ErrorCode> {
    match *step {
        ["get", url] => told(request(url, &[]), None),
        ["within", connect, first_byte, between_bytes, url] => {
            let options = options(connect, first_byte, between_bytes);
            told(request(url, &[]), Some(options))
        }
        ["as", method, url] => {
            let request = request(url, &[]);
            let method = match method {
                "CONNECT" => Method::Connect,
                "HEAD" => Method::Head,
                "POST" => Method::Post,
                other => Method::Other(other.to_owned()),
            };
            request.set_method(&method).expect("it is a method");
            told(request, None)
        }
        ["field", url, name] => {
            let response = answer(&handle(request(url, &[]), None)?)?;
            let values = response.headers().get(name);
            let values: Vec<_> = values.iter().map(|value| text(value)).collect();
            Ok(format!("{} {}", response.status(), values.join(", ")))
        }
        ["set", name, value] => Ok(match Fields::from_list(&[field(name, value)]) {
            Ok(_) => String::from("set"),
            Err(error) => format!("{error:?}"),
        }),
        ["post", url, body] => post(request(url, &[]), body),
        ["post-of", length, url, body] => {
            let fields = [field("content-length", length)];
            post(request(url, &fields), body)
        }
        ["post-slowly", url, body, ms] => {
            let request = request(url, &[]);
            slowly(request, body, ms.parse().expect("a number"))
        }
        ["many", url] => many(url),
        ["keep", url] => {
            let answer = handle(request(url, &[]), None)?;
            println!("sent");
            answer.subscribe().block();
            Ok(String::from("answered"))
        }
        ["leave", url] => {
            let _answer = handle(request(url, &[]), None)?;
            Ok(String::from("sent"))
        }
        _ => panic!("no such step: {step:?}"),
    }
}

fn request(url: &str, fields: &[(String, Vec<u8>)]) -> OutgoingRequest {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let request = OutgoingRequest::new(Fields::from_list(fields).expect("fields are allowed"));
    request.set_scheme(Some(&scheme)).expect("a scheme");
    request
        .set_authority(Some(authority))
        .expect("an authority");
    request.set_path_with_query(Some(path)).expect("a path");
    request
}

fn options(connect: &str, first_byte: &str, between_bytes: &str) -> RequestOptions {
    let time = |ms: &str| ms.parse::<u64>().ok().map(|ms| ms * 1_000_000);
    let options = RequestOptions::new();
    options.set_connect_timeout(time(connect)).expect("allowed");
    let first_byte = options.set_first_byte_timeout(time(first_byte));
    first_byte.expect("allowed");
    let between_bytes = options.set_between_bytes_timeout(time(between_bytes));
    between_bytes.expect("allowed");
    options
}

fn answer(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    let answer = future.get().expect("it is ready");
    answer.expect("it is asked for once")
}

fn told(request: OutgoingRequest, options: Option<RequestOptions>) -> Result<String, ErrorCode> {
    let response = answer(&handle(request, options)?)?;
    Ok(format!("{} {}", response.status(), body(&response)))
}

/// The body, and how it ended if not well.
fn body(response: &IncomingResponse) -> String {
    let body = response.consume().expect("it is taken once");
    let stream = body.stream().expect("it is taken once");
    let (mut bytes, mut end) = (Vec::new(), String::new());
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                end = format!(", then {:?}", http_error_code(&error));
                break;
            }
        }
    }
    drop(stream);
    IncomingBody::finish(body);
    match bytes.len() {
        0..10_000 => format!("{}{end}", text(&bytes)),
        length => format!("{length} bytes{end}"),
    }
}

fn post(request: OutgoingRequest, text: &str) -> Result<String, ErrorCode> {
    let (body, future) = begin(request, None)?;
    let stream = body.write().expect("it is taken once");
    if stream.blocking_write_and_flush(text.as_bytes()).is_err() {
        println!("cut off");
    }
    drop(stream);
    if let Err(error) = OutgoingBody::finish(body, None) {
        println!("{error:?}");
    }
    let response = answer(&future)?;
    Ok(format!("{} {}", response.status(), self::body(&response)))
}

fn slowly(request: OutgoingRequest, text: &str, ms: u64) -> Result<String, ErrorCode> {
    let (body, future) = begin(request, Some(options("", "1000", "")))?;
    let stream = body.write().expect("it is taken once");
    for byte in text.bytes() {
        std::thread::sleep(std::time::Duration::from_millis(ms));
        stream
            .blocking_write_and_flush(&[byte])
            .expect("it is taken");
    }
    drop(stream);
    OutgoingBody::finish(body, None)?;
    let response = answer(&future)?;
    Ok(format!("{} {}", response.status(), self::body(&response)))
}

fn begin(
    request: OutgoingRequest,
    options: Option<RequestOptions>,
) -> Result<(OutgoingBody, FutureIncomingResponse), ErrorCode> {
    request.set_method(&Method::Post).expect("it is a method");
    let body = request.body().expect("it is taken once");
    Ok((body, handle(request, options)?))
}

/// Sends many, waits for the last one and says what came of those that are over.
fn many(url: &str) -> Result<String, ErrorCode> {
    let futures: Result<Vec<_>, _> = (0..20).map(|_| handle(request(url, &[]), None)).collect();
    let futures = futures?;
    futures[19].subscribe().block();
    let over = futures.iter().filter(|future| future.subscribe().ready());
    let over: Vec<_> = over.filter_map(|future| answer(future).err()).collect();
    Ok(format!("{} are over: {:?}", over.len(), over[0]))
}

fn field(name: &str, value: &str) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
