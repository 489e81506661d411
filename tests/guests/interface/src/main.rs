//! A guest that calls `sublet:job` as its arguments say, step after step, with a `,` between two steps. What a call is
//! refused is printed, and is not the end.

use std::thread;
use std::time::{Duration, Instant};

wit_bindgen::generate!({
    path: "../../../guest-sdk/wit",
    world: "job",
});

use sublet::job::types::Error;
use sublet::job::{artifacts, checkpoint, children, context, payload, peers, report};

thread_local! {
    /// The child that was born last.
    static LAST: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

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
        ["bear", key, rest @ ..] => bear(key, rest)?,
        ["bear-many", count, rest @ ..] => {
            for number in 0..count.parse::<u32>().unwrap() {
                let child = children::Spec::new("");
                rest.iter().for_each(|word| child.arg(word));
                child.idempotency_key(&format!("{number}"));
                children::submit(child)?;
            }
        }
        ["limited", name, value] => {
            let child = children::Spec::new("");
            child.limit(name, value.parse().unwrap());
            children::submit(child)?;
        }
        ["huge-child", bytes] => {
            let child = children::Spec::new("");
            child.input("text/plain", &vec![7; bytes.parse().unwrap()]);
            children::submit(child)?;
        }
        ["long-key", bytes] => {
            let child = children::Spec::new("");
            child.idempotency_key(&"k".repeat(bytes.parse().unwrap()));
            children::submit(child)?;
        }
        ["hoard-children", count, bytes] => {
            let input = vec![7; bytes.parse().unwrap()];
            let describe = |_| {
                let child = children::Spec::new("");
                child.input("text/plain", &input);
                child
            };
            let mut hoard: Vec<_> = (0..count.parse::<u32>().unwrap()).map(describe).collect();
            children::submit(hoard.pop().unwrap())?;
        }
        ["await-last", times] => {
            let child = children::open(&LAST.with_borrow(String::clone))?;
            let all = vec![&child; times.parse().unwrap()];
            println!("{:?}", children::wait_any(&all, 1)?);
        }
        ["no-tasks"] => {
            let child = children::Spec::new("");
            child.tasks(0);
            children::submit(child)?;
        }
        ["child-of", module] => {
            children::submit(children::Spec::new(module))?;
        }
        ["any", patience] => any(patience.parse().unwrap())?,
        ["open", job] => println!("{}", children::open(job)?.state()),
        ["end-one"] => {
            let child = children::Spec::new("");
            child.arg("sleep");
            let child = children::submit(child)?;
            child.cancel("not wanted")?;
            println!("{}", ended(child.wait(60_000)?));
        }
        ["read-of-last", name, offset, len] => {
            let (offset, len) = (offset.parse().unwrap(), len.parse().unwrap());
            let bytes = artifacts::read(Some(&LAST.take()), name, offset, len)?;
            println!("{}", String::from_utf8_lossy(&bytes));
        }
        ["names-of-last"] => {
            let last = LAST.take();
            println!("{:?}", artifacts::names(Some(&last))?);
            LAST.set(last);
        }
        ["read-of", job, name] => {
            let bytes = artifacts::read(Some(job), name, 0, 1_000)?;
            println!("{}", String::from_utf8_lossy(&bytes));
        }
        ["read-of-parent", name] => {
            let parent = context::parent().unwrap();
            let bytes = artifacts::read(Some(&parent), name, 0, 1_000)?;
            println!("{}", String::from_utf8_lossy(&bytes));
        }
        ["members", group] => {
            let members = peers::members(group)?;
            let names: Vec<_> = members.iter().map(|peer| peer.name.as_str()).collect();
            println!("{} {names:?}", peers::hostname());
        }
        ["barrier", group, count, patience] => {
            let (count, patience) = (count.parse().unwrap(), patience.parse().unwrap());
            peers::barrier(group, count, patience)?;
            println!("met");
        }
        ["timed", times, step @ ..] => {
            let (times, begun) = (times.parse::<u32>().unwrap(), Instant::now());
            for _ in 0..times {
                take(step)?;
            }
            println!(
                "{} us each",
                begun.elapsed().as_micros() / u128::from(times)
            );
        }
        ["ask-own-state"] => drop(children::open(&LAST.with_borrow(String::clone))?.state()),
        ["ask-members"] => drop(peers::members("")?),
        ["ask-alone"] => peers::barrier("alone", 1, 1_000)?,
        ["ask-name"] => drop(peers::hostname()),
        ["sleep"] => loop {
            thread::sleep(Duration::from_secs(1));
        },
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

/// A child that does as it is told, and what came of it.
fn bear(key: &str, steps: &[&str]) -> Result<(), Error> {
    let child = children::Spec::new("");
    for word in steps {
        child.arg(if *word == ";" { "," } else { word });
    }
    child.idempotency_key(key);
    child.label("born-as", key);
    child.input("text/plain", key.as_bytes());
    let child = children::submit(child)?;
    println!("child {}", child.id());
    LAST.set(child.id());
    let end = child.wait(120_000)?;
    println!("{}", ended(end));
    if let Ok((media_type, bytes)) = child.output(0) {
        println!(
            "{media_type}: {}",
            String::from_utf8_lossy(&bytes).trim_end()
        );
    }
    Ok(())
}

/// Which of two children is over first: the one that does nothing.
fn any(patience: u64) -> Result<(), Error> {
    let [slow, quick] = [&["sleep"][..], &[]].map(|steps| {
        let child = children::Spec::new("");
        steps.iter().for_each(|word| child.arg(word));
        children::submit(child)
    });
    let (slow, quick) = (slow?, quick?);
    println!("{:?}", children::wait_any(&[&slow, &quick], 120_000)?);
    println!("{:?}", children::wait_any(&[&slow], patience)?);
    slow.cancel("enough")
}

fn ended(end: Option<sublet::job::types::Outcome>) -> String {
    use sublet::job::types::Outcome;
    match end {
        None => "not yet".to_owned(),
        Some(Outcome::Succeeded) => "succeeded".to_owned(),
        Some(Outcome::Failed(code)) => format!("failed {code}"),
        Some(Outcome::Trapped(what)) => format!("trapped {what}"),
        Some(Outcome::LimitExceeded(what)) => format!("limit {what}"),
        Some(Outcome::Cancelled) => "cancelled".to_owned(),
        Some(Outcome::Lost) => "lost".to_owned(),
        Some(Outcome::Other(word)) => word,
    }
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
