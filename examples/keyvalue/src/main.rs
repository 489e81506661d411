//! A small key-value server as one job, and its clients as others: plain `std::net` on the user's own network.
//!
//! ```text
//! keyvalue serve PORT                         until a client says stop
//! keyvalue HOST:PORT set KEY VALUE
//! keyvalue HOST:PORT get KEY
//! keyvalue HOST:PORT stop
//! ```
//!
//! A request is one line on a connection of its own, and so is the answer. So no client holds up another for longer than
//! its own request takes.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, thread};

/// The longest request and the longest answer, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 10;
/// How long a client looks for a server that may not have started yet.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["serve", port] => serve(port),
        [server, "set", key, value] => ask(server, &format!("set {key} {value}")),
        [server, "get", key] => ask(server, &format!("get {key}")),
        [server, "stop"] => ask(server, "stop"),
        _ => {
            eprintln!(
                "usage: keyvalue serve PORT | keyvalue HOST:PORT set KEY VALUE | get KEY | stop"
            );
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("keyvalue: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(port: &str) -> io::Result<ExitCode> {
    let port: u16 = port.parse().map_err(io::Error::other)?;
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("serving on port {port}");
    let mut values = HashMap::new();
    loop {
        let (client, _) = listener.accept()?;
        // A client that goes away in the middle of its request is its own loss.
        match answer(&client, &mut values) {
            Ok(Next::Serve) => {}
            Ok(Next::Stop) => break,
            Err(error) => eprintln!("a client was lost: {error}"),
        }
    }
    println!("{} keys at the end", values.len());
    Ok(ExitCode::SUCCESS)
}

enum Next {
    Serve,
    Stop,
}

fn answer(mut client: &TcpStream, values: &mut HashMap<String, String>) -> io::Result<Next> {
    let mut line = String::new();
    BufReader::new(client.take(LINE_BYTES_MAX)).read_line(&mut line)?;
    let mut words = line.trim_end().splitn(3, ' ');
    let (answer, next) = match (words.next(), words.next(), words.next()) {
        (Some("set"), Some(key), Some(value)) => {
            values.insert(key.to_owned(), value.to_owned());
            ("ok".to_owned(), Next::Serve)
        }
        (Some("get"), Some(key), None) => match values.get(key) {
            Some(value) => (format!("value {value}"), Next::Serve),
            None => ("none".to_owned(), Next::Serve),
        },
        (Some("stop"), None, None) => ("ok".to_owned(), Next::Stop),
        _ => ("what?".to_owned(), Next::Serve),
    };
    writeln!(client, "{answer}")?;
    client.shutdown(Shutdown::Write)?;
    Ok(next)
}

fn ask(server: &str, request: &str) -> io::Result<ExitCode> {
    let mut connection = reach(server)?;
    writeln!(connection, "{request}")?;
    let mut answer = String::new();
    BufReader::new(connection.take(LINE_BYTES_MAX)).read_line(&mut answer)?;
    let answer = answer.trim_end();
    match answer.strip_prefix("value ") {
        Some(value) => println!("{value}"),
        None => println!("{answer}"),
    }
    Ok(match answer {
        "none" | "what?" | "" => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// The server may be a job that has not started yet.
fn reach(server: &str) -> io::Result<TcpStream> {
    let began = Instant::now();
    loop {
        match TcpStream::connect(server) {
            Err(_) if began.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(50)),
            other => return other,
        }
    }
}
