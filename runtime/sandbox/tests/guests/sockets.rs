//! The guest of the tests of the network: it does what its arguments say, in plain Rust, and prints what came of it.
//!
//! A step that goes wrong ends it with code 1, and its last line is the kind of the error.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::process::exit;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    for step in words.split(|word| word == ",") {
        let step: Vec<&str> = step.iter().map(String::as_str).collect();
        if let Err(error) = take(&step) {
            println!("{:?}", error.kind());
            eprintln!("{step:?}: {error} {:?}", error.raw_os_error());
            exit(1);
        }
    }
}

fn take(step: &[&str]) -> io::Result<()> {
    match *step {
        ["echo", at, connections] => echo(at, number(connections)),
        ["answer", at] => answer(at),
        ["serve", at, requests] => serve(at, number(requests)),
        ["hold", at] => hold(at),
        ["accept-many", at] => accept_many(at),
        ["mark", at, text] => mark(at, text),
        ["self", at, to] => myself(at, to),
        ["late", at] => late(at),
        ["call", to, text] => call(to, text),
        ["send-and-exit", to, text] => send_and_exit(to, text),
        ["connect-and-crash", to] => connect_and_crash(to),
        ["connect-and-wait", to] => connect_and_wait(to),
        ["connect-many", to] => connect_many(to),
        ["round", to, mebibytes] => round(to, number(mebibytes)),
        ["flood", to, mebibytes] => flood(to, number(mebibytes)),
        ["resolve", name] => resolve(name),
        ["datagram-echo", at, datagrams] => datagram_echo(at, number(datagrams)),
        ["datagram-call", to, text] => datagram_call(to, text),
        ["datagram-connected", to] => datagram_connected(to),
        ["hoard"] => hoard(),
        _ => panic!("no such step: {step:?}"),
    }
}

/// Gives every connection its own bytes back, one connection after the other, and says who it was.
fn echo(at: &str, connections: usize) -> io::Result<()> {
    let listener = listen(at)?;
    for _ in 0..connections {
        let (stream, peer) = listener.accept()?;
        io::copy(&mut &stream, &mut &stream)?;
        println!("served {}", peer.ip());
    }
    Ok(())
}

/// Reads all there is, and answers only then.
fn answer(at: &str) -> io::Result<()> {
    let (mut stream, _) = listen(at)?.accept()?;
    let mut bytes = vec![0; 64 << 10];
    let (mut count, mut total) = (0, 0);
    loop {
        match stream.read(&mut bytes)? {
            0 => break,
            length => {
                count += length;
                total += sum(&bytes[..length]);
            }
        }
    }
    write!(stream, "{count} bytes, sum {total}")?;
    // After its answer it expects no word more.
    stream.shutdown(Shutdown::Both)
}

/// Answers HTTP requests with what it heard of them, one after the other.
fn serve(at: &str, requests: usize) -> io::Result<()> {
    let listener = listen(at)?;
    for _ in 0..requests {
        let (mut stream, _) = listener.accept()?;
        let heard = heard(&mut stream)?;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{heard}",
            heard.len()
        )?;
    }
    Ok(())
}

/// A request to its end, which is where its head says.
fn heard(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes);
        let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .split("\r\n")
                .find_map(|line| line.strip_prefix("content-length: "));
            match length {
                Some(length) => body.len() >= number(length),
                None => !head.contains("chunked") || body.ends_with("0\r\n\r\n"),
            }
        });
        if is_whole || length == 0 {
            return Ok(text.replace('\r', ""));
        }
    }
}

/// Hears whoever comes first out, and tells who is there.
fn mark(at: &str, text: &str) -> io::Result<()> {
    let (mut stream, _) = listen(at)?.accept()?;
    stream.read_to_string(&mut String::new())?;
    stream.write_all(text.as_bytes())
}

/// Both ends of one connection.
fn myself(at: &str, to: &str) -> io::Result<()> {
    let listener = TcpListener::bind(at)?;
    let mut here = TcpStream::connect(to)?;
    let (mut there, peer) = listener.accept()?;
    assert_eq!(peer, here.local_addr()?);
    here.write_all(b"hello")?;
    let mut bytes = [0; 5];
    there.read_exact(&mut bytes)?;
    println!("{} from {}", String::from_utf8_lossy(&bytes), peer.ip());
    Ok(())
}

/// Accepts one and reads from it until it ends, and says how it ended.
fn hold(at: &str) -> io::Result<()> {
    let (mut stream, _) = listen(at)?.accept()?;
    println!("accepted");
    tell(&mut stream);
    Ok(())
}

/// Accepts only when it is told to, by a line of its standard input.
fn late(at: &str) -> io::Result<()> {
    let listener = listen(at)?;
    io::stdin().read_line(&mut String::new())?;
    let (mut stream, _) = listener.accept()?;
    tell(&mut stream);
    Ok(())
}

/// Prints all that comes, and how it ended.
fn tell(stream: &mut TcpStream) {
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Ok(_) => println!("{text}, then the end"),
        Err(error) => println!("{text}, then {}", code(&error)),
    }
}

/// Accepts and keeps all until it cannot accept one more.
fn accept_many(at: &str) -> io::Result<()> {
    let listener = listen(at)?;
    let mut streams = Vec::new();
    loop {
        match listener.accept() {
            Ok((stream, _)) => streams.push(stream),
            Err(error) => {
                println!("{} accepted, then {}", streams.len(), code(&error));
                return Ok(());
            }
        }
    }
}

/// Says a text, ends its own direction and prints what it is answered, between whom.
fn call(to: &str, text: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
    println!("{answer} at {} from {peer}", local.ip());
    Ok(())
}

/// Leaves without closing anything.
fn send_and_exit(to: &str, text: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(text.as_bytes())?;
    exit(0)
}

fn connect_and_crash(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(b"half of it")?;
    std::process::abort()
}

fn connect_and_wait(to: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    println!("connected");
    stream.read_exact(&mut [0])
}

/// Connects until it cannot.
fn connect_many(to: &str) -> io::Result<()> {
    let mut streams = Vec::new();
    let error = loop {
        match TcpStream::connect(to) {
            Ok(stream) => streams.push(stream),
            Err(error) => break error,
        }
    };
    println!("{} connected, then {}", streams.len(), code(&error));
    Ok(())
}

/// Sends so many bytes and takes as many back, and compares them.
fn round(to: &str, mebibytes: usize) -> io::Result<()> {
    const AT_ONCE: usize = 128 << 10;
    let mut stream = TcpStream::connect(to)?;
    let mut back = vec![0; AT_ONCE];
    let mut numbers = Numbers(1);
    for _ in 0..(mebibytes << 20) / AT_ONCE {
        let bytes = numbers.bytes(AT_ONCE);
        stream.write_all(&bytes)?;
        stream.read_exact(&mut back)?;
        assert!(back == bytes, "other bytes came back");
    }
    stream.shutdown(Shutdown::Write)?;
    assert_eq!(stream.read(&mut back)?, 0, "more came than was sent");
    println!("{mebibytes} MiB both ways");
    Ok(())
}

/// Sends so many bytes without a pause, and compares what the other says that it got.
fn flood(to: &str, mebibytes: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let (mut numbers, mut total) = (Numbers(7), 0_u64);
    for _ in 0..mebibytes {
        let bytes = numbers.bytes(1 << 20);
        total = total.wrapping_add(sum(&bytes));
        stream.write_all(&bytes)?;
    }
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert_eq!(answer, format!("{} bytes, sum {total}", mebibytes << 20));
    println!("{mebibytes} MiB one way");
    Ok(())
}

fn resolve(name: &str) -> io::Result<()> {
    let addresses: Vec<SocketAddr> = (name, 0).to_socket_addrs()?.collect();
    let addresses: Vec<String> = addresses.iter().map(|at| at.ip().to_string()).collect();
    println!("{}", addresses.join(" "));
    Ok(())
}

fn datagram_echo(at: &str, datagrams: usize) -> io::Result<()> {
    let socket = UdpSocket::bind(at)?;
    println!("listening");
    let mut bytes = vec![0; 64 << 10];
    for _ in 0..datagrams {
        let (length, peer) = socket.recv_from(&mut bytes)?;
        socket.send_to(&bytes[..length], peer)?;
    }
    Ok(())
}

fn datagram_call(to: &str, text: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.send_to(text.as_bytes(), to)?;
    let mut bytes = vec![0; 64 << 10];
    let (length, peer) = socket.recv_from(&mut bytes)?;
    println!("{} from {peer}", String::from_utf8_lossy(&bytes[..length]));
    Ok(())
}

/// Talks to one peer alone, and says what it hears from it.
fn datagram_connected(to: &str) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(to)?;
    println!("at {} to {}", socket.local_addr()?.ip(), socket.peer_addr()?);
    socket.send(b"hello")?;
    let mut bytes = [0; 16];
    let length = socket.recv(&mut bytes)?;
    println!("{}", String::from_utf8_lossy(&bytes[..length]));
    Ok(())
}

/// Makes sockets until it cannot.
fn hoard() -> io::Result<()> {
    let mut sockets = Vec::new();
    loop {
        match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) {
            Ok(socket) => sockets.push(socket),
            Err(error) => {
                println!("{} sockets, then {}", sockets.len(), code(&error));
                return Ok(());
            }
        }
    }
}

fn listen(at: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(at)?;
    println!("listening");
    Ok(listener)
}

/// The kinds of errors that have no name in Rust's standard library have numbers in that of C.
fn code(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(29) => String::from("EIO"),
        Some(33) => String::from("EMFILE"),
        _ => format!("{:?}", error.kind()),
    }
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}

/// Numbers that look like chance and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let words = (0..length / 8).flat_map(|_| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()
        });
        words.collect()
    }
}
