//! The guest of the benchmark of the network: one side of a pair, which does what its arguments say.
//!
//! A server says where it listens. A client connects, says `ready`, waits for a line, works, and says `done` when its
//! server has had everything. Time is taken outside, because a guest's clock is coarse.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

/// What a reader asks for at once, however much a writer gives at once.
const READ_BYTES: usize = 64 << 10;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["serve-bulk", at] => serve_bulk(at),
        ["serve-rounds", at] => serve_rounds(at),
        ["serve-connections", at, count] => serve_connections(at, number(count)),
        ["keep", at, count] => keep(at, number(count)),
        ["bulk", to, bytes, writes] => bulk(to, number(bytes), number(writes)),
        ["rounds", to, count] => rounds(to, number(count)),
        ["connections", to, count] => connections(to, number(count)),
        ["open", to, first, then] => open(to, number(first), number(then)),
        _ => panic!("no such part: {words:?}"),
    }
}

/// Reads to the end, and says that it is there.
fn serve_bulk(at: &str) -> io::Result<()> {
    let (mut stream, _) = listen(at)?.accept()?;
    let mut bytes = vec![0; READ_BYTES];
    while stream.read(&mut bytes)? > 0 {}
    stream.write_all(&[1])
}

fn bulk(to: &str, bytes: usize, writes: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let bytes = vec![0x5a; bytes];
    ready()?;
    for _ in 0..writes {
        stream.write_all(&bytes)?;
    }
    stream.shutdown(Shutdown::Write)?;
    stream.read_exact(&mut [0])?;
    done();
    Ok(())
}

fn serve_rounds(at: &str) -> io::Result<()> {
    let (mut stream, _) = listen(at)?.accept()?;
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {
        stream.write_all(&byte)?;
    }
    Ok(())
}

fn rounds(to: &str, count: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    ready()?;
    for _ in 0..count {
        exchange(&mut stream)?;
    }
    done();
    Ok(())
}

/// One after the other.
fn serve_connections(at: &str, count: usize) -> io::Result<()> {
    let listener = listen(at)?;
    for _ in 0..count {
        answer(&listener)?;
    }
    Ok(())
}

fn connections(to: &str, count: usize) -> io::Result<()> {
    ready()?;
    for _ in 0..count {
        exchange(&mut TcpStream::connect(to)?)?;
    }
    done();
    Ok(())
}

/// Accepts and keeps them all, and then waits for what never comes.
fn keep(at: &str, count: usize) -> io::Result<()> {
    let listener = listen(at)?;
    let streams: io::Result<Vec<_>> = (0..count).map(|_| answer(&listener)).collect();
    streams?.remove(0).read_exact(&mut [0])
}

/// Opens some connections, and more when it is told to, and keeps them all.
fn open(to: &str, first: usize, then: usize) -> io::Result<()> {
    let mut streams = Vec::with_capacity(first + then);
    for _ in 0..first {
        streams.push(used(to)?);
    }
    ready()?;
    for _ in 0..then {
        streams.push(used(to)?);
    }
    done();
    wait()
}

fn used(to: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(to)?;
    exchange(&mut stream)?;
    Ok(stream)
}

/// One byte there and one back.
fn exchange(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(&[1])?;
    stream.read_exact(&mut [0])
}

fn answer(listener: &TcpListener) -> io::Result<TcpStream> {
    let (mut stream, _) = listener.accept()?;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    stream.write_all(&byte)?;
    Ok(stream)
}

fn listen(at: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(at)?;
    println!("{}", listener.local_addr()?);
    Ok(listener)
}

fn ready() -> io::Result<()> {
    println!("ready");
    wait()
}

fn wait() -> io::Result<()> {
    io::stdin().read_line(&mut String::new()).map(drop)
}

fn done() {
    println!("done");
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}
