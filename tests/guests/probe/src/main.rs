//! The guest that most tests run: it does what its arguments say, step after step, with a `,` between two steps.
//!
//! `probe print one , sleep 500 , exit 3` prints, sleeps and fails. A step that cannot be done says why on stderr and
//! ends the program with code 1; an unknown step ends it with code 2.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process;
use std::sync::OnceLock;
use std::time::Duration;
use std::{env, thread};

type Done = Result<(), Box<dyn Error>>;

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    for step in words.split(|word| word == ",") {
        if let Err(error) = take(step) {
            eprintln!("probe: {}: {error}", step.join(" "));
            process::exit(1);
        }
    }
}

fn take(step: &[String]) -> Done {
    let words: Vec<&str> = step.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["args", rest @ ..] => rest.iter().for_each(|word| println!("{word}")),
        ["print", text @ ..] => println!("{}", text.join(" ")),
        ["complain", text @ ..] => eprintln!("{}", text.join(" ")),
        ["cat"] => drop(io::copy(&mut io::stdin(), &mut io::stdout())?),
        ["environment"] => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["identity"] => println!("{}", identity()),
        ["exit", code] => process::exit(code.parse()?),
        ["exit-on-task", index, code] if *index == variable("SUBLET_TASK_INDEX") => {
            process::exit(code.parse()?);
        }
        ["exit-before-attempt", number, code]
            if variable("SUBLET_ATTEMPT").parse::<u32>()? < number.parse()? =>
        {
            process::exit(code.parse()?);
        }
        ["sleep-on-task", index, milliseconds] if *index == variable("SUBLET_TASK_INDEX") => {
            thread::sleep(Duration::from_millis(milliseconds.parse()?));
        }
        [
            "exit-on-task" | "exit-before-attempt" | "sleep-on-task",
            _,
            _,
        ] => {}
        ["list", directory] => list(directory)?,
        ["read", file] => io::stdout().write_all(&fs::read(file)?)?,
        ["write", file, text] => fs::write(file, text)?,
        ["append", file, line @ ..] => append(file, &line.join(" "))?,
        ["make-directory", path] => fs::create_dir(path)?,
        ["many-files", directory, most] => many_files(directory, most.parse()?)?,
        ["odd-names", directory] => odd_names(directory)?,
        ["await-file", file] => await_file(file)?,
        ["fill", file, bytes] => fill(&mut File::create(file)?, bytes.parse()?)?,
        ["flood", bytes] => fill(&mut io::stdout(), bytes.parse()?)?,
        ["open", directory, most] => open(directory, most.parse()?),
        ["take", bytes] => touch(bytes.parse()?),
        ["sleep-before-attempt", number, milliseconds] => {
            if variable("SUBLET_ATTEMPT").parse::<u32>()? < number.parse()? {
                thread::sleep(Duration::from_millis(milliseconds.parse()?));
            }
        }
        ["sleep", milliseconds] => thread::sleep(Duration::from_millis(milliseconds.parse()?)),
        ["connect", target] => drop(TcpStream::connect(target)?),
        ["fetch", target] => drop(io::copy(
            &mut TcpStream::connect(target)?,
            &mut io::stdout(),
        )?),
        ["listen", port] => listen(port.parse()?)?,
        ["accept"] => accept()?,
        ["hold", target] => hold(TcpStream::connect(target)?)?,
        ["keep", target] => std::mem::forget(TcpStream::connect(target)?),
        ["half-close", target] => {
            let connection = TcpStream::connect(target)?;
            connection.shutdown(Shutdown::Write)?;
            std::mem::forget(connection);
        }
        ["send-and-hold", target, bytes] => {
            let mut connection = TcpStream::connect(target)?;
            fill(&mut connection, bytes.parse()?)?;
            hold(connection)?;
        }
        ["outlive", port] => outlive(port.parse()?)?,
        ["pour", port] => pour(port.parse()?)?,
        ["ask", target, text] => ask(target, text)?,
        ["sockets", most] => sockets(most.parse()?),
        ["drown", most, bytes] => drown(most.parse()?, bytes.parse()?)?,
        ["burst", target, most] => burst(target, most.parse()?)?,
        ["spin"] => spin(),
        ["trap"] => process::abort(),
        _ => {
            eprintln!("probe: unknown step {words:?}");
            process::exit(2);
        }
    }
    Ok(())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn identity() -> String {
    let (index, attempt) = (variable("SUBLET_TASK_INDEX"), variable("SUBLET_ATTEMPT"));
    format!("task {index} attempt {attempt}")
}

fn list(directory: &str) -> Done {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
    Ok(())
}

/// Adds a line to a file.
fn append(file: &str, line: &str) -> Done {
    let mut file = File::options().create(true).append(true).open(file)?;
    Ok(writeln!(file, "{line}")?)
}

fn many_files(directory: &str, most: u32) -> Done {
    for number in 0..most {
        fs::write(format!("{directory}/{number}"), "x")?;
    }
    Ok(())
}

/// Files that nobody can keep by their names, and links, beside one that anybody can.
#[allow(deprecated, reason = "it is the only way to a link on this target")]
fn odd_names(directory: &str) -> Done {
    fs::write(format!("{directory}/plain"), "x")?;
    fs::write(format!("{directory}/bell\u{7}"), "x")?;
    fs::write(format!("{directory}/two\nlines"), "x")?;
    fs::soft_link(
        "../../../../../../../etc/passwd",
        format!("{directory}/link"),
    )?;
    let mut deep = directory.to_owned();
    for _ in 0..20 {
        deep += "/d";
        fs::create_dir(&deep)?;
    }
    fs::write(format!("{deep}/x"), "x")?;
    let long = format!("{directory}/{}", "l".repeat(200));
    fs::create_dir(&long)?;
    Ok(fs::write(format!("{long}/{}", "x".repeat(200)), "x")?)
}

/// Prints what is in a file, once it is there.
fn await_file(file: &str) -> Done {
    while !fs::exists(file)? {
        thread::sleep(Duration::from_millis(5));
    }
    io::stdout().write_all(&fs::read(file)?)?;
    Ok(())
}

/// Writes this many bytes in pieces of at most 64 KiB, as a program with a buffer would.
fn fill(sink: &mut dyn Write, mut bytes: u64) -> Done {
    let piece = [b'x'; 65_536];
    while bytes > 0 {
        let now = usize::try_from(bytes).map_or(piece.len(), |left| left.min(piece.len()));
        sink.write_all(&piece[..now])?;
        bytes -= now as u64;
    }
    sink.flush()?;
    Ok(())
}

/// Opens files until it may not, or has as many as asked for; says how many there were.
fn open(directory: &str, most: usize) {
    let mut files = Vec::new();
    for place in 0..most {
        match File::create(format!("{directory}/{place}")) {
            Ok(file) => files.push(file),
            Err(error) => {
                println!("opened {} files, then: {error}", files.len());
                return;
            }
        }
    }
    println!("opened {} files", files.len());
}

/// Takes memory and writes to every page of it, so that it is not merely reserved.
fn touch(bytes: usize) {
    let mut memory = vec![0_u8; bytes];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    println!("took {} bytes", std::hint::black_box(&memory).len());
}

/// What later steps accept from. It is never closed: whoever ends this program closes it.
static LISTENER: OnceLock<TcpListener> = OnceLock::new();

fn listen(port: u16) -> Done {
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    LISTENER.get_or_init(|| listener);
    Ok(())
}

/// Lets somebody in and keeps the connection until the end.
fn accept() -> Done {
    let listener = LISTENER.get().ok_or("nothing listens")?;
    std::mem::forget(listener.accept()?);
    Ok(())
}

/// Says when it is connected, and how that ends.
fn hold(mut connection: TcpStream) -> Done {
    println!("connected");
    match connection.read(&mut [0]) {
        Ok(0) => println!("closed"),
        Ok(_) => println!("spoken to"),
        Err(error) => println!(
            "{}",
            if error.kind() == io::ErrorKind::ConnectionReset {
                "reset"
            } else {
                "broken"
            }
        ),
    }
    Ok(())
}

/// Lets somebody in who ends their direction, and talks to them for as long as they are there.
fn outlive(port: u16) -> Done {
    let listener = TcpListener::bind(("0.0.0.0", port))?;
    println!("ready");
    let (mut connection, _) = listener.accept()?;
    io::copy(&mut connection, &mut io::sink())?;
    println!("half closed");
    while connection.write_all(b"x").is_ok() {
        thread::sleep(Duration::from_millis(10));
    }
    println!("broken");
    Ok(())
}

/// Writes to itself what nobody reads, until it would have to wait; says how much that was.
fn pour(port: u16) -> Done {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    let _other_end = listener.accept()?;
    connection.set_nonblocking(true)?;
    let mut poured = 0;
    while let Ok(bytes) = connection.write(&[b'x'; 4096]) {
        poured += bytes;
    }
    println!("{poured}");
    Ok(())
}

/// Sends a datagram and prints the answer to it.
fn ask(target: &str, text: &str) -> Done {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.send_to(text.as_bytes(), target)?;
    let mut answer = [0; 1024];
    let (length, _) = socket.recv_from(&mut answer)?;
    io::stdout().write_all(&answer[..length])?;
    Ok(())
}

/// Makes sockets until it may not, or has as many as asked for; says how many there were.
fn sockets(most: usize) {
    let mut sockets = Vec::new();
    for _ in 0..most {
        match UdpSocket::bind("0.0.0.0:0") {
            Ok(socket) => sockets.push(socket),
            Err(error) => {
                println!("made {} sockets, then: {error}", sockets.len());
                return;
            }
        }
    }
    println!("made {} sockets", sockets.len());
}

/// Sends datagrams until it would have to wait, or so many are sent; says how many there were.
fn burst(target: &str, most: usize) -> Done {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_nonblocking(true)?;
    let sent = (0..most).take_while(|_| socket.send_to(b"x", target).is_ok());
    println!("{}", sent.count());
    Ok(())
}

/// Sends so many datagrams, each of so many bytes, to a socket of its own that nobody reads.
fn drown(most: usize, bytes: usize) -> Done {
    let unread = UdpSocket::bind("127.0.0.1:0")?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let datagram = vec![0; bytes];
    for _ in 0..most {
        socket.send_to(&datagram, unread.local_addr()?)?;
    }
    Ok(())
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}
