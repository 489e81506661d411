//! A guest that calls `sublet:job` as its arguments say, step after step, with a `,` between two steps. What a call is
//! refused is printed, and is not the end.

use std::thread;
use std::time::Duration;

wit_bindgen::generate!({
    path: "../../../guest-sdk/wit",
    world: "job",
});

use sublet::job::types::Error;
use sublet::job::{artifacts, checkpoint, context, payload, report};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    for step in words.split(|word| word == ",") {
        let words: Vec<&str> = step.iter().map(String::as_str).collect();
        if let Err(error) = take(&words) {
            println!("{}", said(&error));
        }
    }
}

fn take(step: &[&str]) -> Result<(), Error> {
    match step {
        ["who"] => {
            let (index, count) = context::task();
            println!(
                "{:?} {index} of {count} attempt {}",
                context::name(),
                context::attempt()
            );
            println!("{:?} {:?}", context::label("team"), context::label("other"));
            println!(
                "{:?} {:?}",
                context::limit("memory-bytes"),
                context::limit("spoons")
            );
            println!(
                "{}",
                context::time_left() > Some(0) && context::used("memory-bytes") > Some(0)
            );
            println!("{} {:?}", context::job(), context::parent());
        }
        ["input", piece] => input(piece.parse().unwrap())?,
        ["read-at", offset, len] => {
            let bytes = payload::read(offset.parse().unwrap(), len.parse().unwrap())?;
            println!("{} bytes", bytes.len());
        }
        ["output", content_type, body @ ..] => {
            payload::set_output(content_type, body.join(" ").as_bytes())?;
        }
        ["fail", code, kind, retryable, message @ ..] => {
            let retryable = *retryable == "retryable";
            payload::fail(code.parse().unwrap(), kind, &message.join(" "), retryable);
        }
        ["exit", code] => std::process::exit(code.parse().unwrap()),
        ["log", message @ ..] => report::log(
            report::Level::Warn,
            "guest",
            &message.join(" "),
            &[("tile".to_owned(), "7\n".to_owned())],
        ),
        ["progress", done, total, unit] => {
            report::progress(
                done.parse().unwrap(),
                total.parse().ok(),
                unit,
                Some("going"),
            );
        }
        ["summary", text @ ..] => report::summary(&text.join(" ")),
        ["count", name, more] => report::counter(name, more.parse().unwrap()),
        ["gauge", name, value] => report::gauge(name, value.parse().unwrap()),
        ["save", text] => println!("saved {}", checkpoint::save(text.as_bytes())?),
        ["save-bytes", bytes] => {
            println!(
                "saved {}",
                checkpoint::save(&vec![7; bytes.parse().unwrap()])?
            );
        }
        ["load"] => match checkpoint::load()? {
            Some((number, bytes)) => println!("{number} {}", String::from_utf8_lossy(&bytes)),
            None => println!("nothing"),
        },
        ["artifact", name, content_type, text @ ..] => {
            let writer = artifacts::create(name, content_type)?;
            for word in text {
                writer.write(word.as_bytes())?;
            }
            println!("{}", artifacts::Writer::finish(writer)?);
        }
        ["odd-artifact"] => drop(artifacts::create("two\nlines", "text/plain")?),
        ["unfinished", name] => {
            let writer = artifacts::create(name, "text/plain")?;
            writer.write(b"half")?;
            std::mem::forget(writer);
        }
        ["dropped", name] => {
            artifacts::create(name, "text/plain")?.write(b"half")?;
        }
        ["hoard", most] => {
            let mut writers = Vec::new();
            for number in 0..most.parse::<u32>().unwrap() {
                match artifacts::create(&format!("{number}"), "text/plain") {
                    Ok(writer) => writers.push(writer),
                    Err(error) => {
                        println!("{} and then {}", writers.len(), said(&error));
                        break;
                    }
                }
            }
        }
        ["names"] => println!("{:?}", artifacts::names(None)?),
        ["names-of", job] => println!("{:?}", artifacts::names(Some(job))?),
        ["read", name, offset, len] => {
            let (offset, len) = (offset.parse().unwrap(), len.parse().unwrap());
            let bytes = artifacts::read(None, name, offset, len)?;
            println!("{}", String::from_utf8_lossy(&bytes));
        }
        ["storm", calls] => {
            for call in 0..calls.parse::<u64>().unwrap() {
                report::progress(call, None, "calls", None);
                report::counter(&format!("{}", call % 1_000), 1);
            }
        }
        ["await-stop"] => loop {
            if let Some(reason) = context::stop_requested() {
                println!("asked: {reason}");
                break;
            }
            thread::sleep(Duration::from_millis(5));
        },
        ["print", text @ ..] => println!("{}", text.join(" ")),
        _ => {
            println!("unknown step {step:?}");
            std::process::exit(2);
        }
    }
    Ok(())
}

fn input(piece: u32) -> Result<(), Error> {
    let mut whole = Vec::new();
    while whole.len() < payload::size() as usize {
        whole.extend(payload::read(whole.len() as u64, piece)?);
    }
    println!(
        "{} {}",
        payload::content_type(),
        String::from_utf8_lossy(&whole)
    );
    Ok(())
}

fn said(error: &Error) -> String {
    match error {
        Error::NotFound(text) => format!("not found: {text}"),
        Error::Denied(text) => format!("denied: {text}"),
        Error::Quota(text) => format!("quota: {text}"),
        Error::Invalid(text) => format!("invalid: {text}"),
        Error::Unavailable(text) => format!("unavailable: {text}"),
        Error::TimedOut => "timed out".to_owned(),
        Error::Cancelled => "cancelled".to_owned(),
        Error::Other((word, text)) => format!("{word}: {text}"),
    }
}
