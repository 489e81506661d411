//! Calls each function of `sublet:job@0.1.0`, and prints what came back: with `family` those about other jobs, with `fail` it
//! fails.

wit_bindgen::generate!({
    path: "../../../guest-sdk/wit",
    world: "job",
});

use sublet::job::types::Error;
use sublet::job::{artifacts, checkpoint, children, context, payload, peers, report};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("family") => told(family()),
        Some("child") => told(child()),
        Some("fail") => payload::fail(7, "odd", "as it was told", false),
        _ => alone(),
    }
}

fn told(done: Result<(), Error>) {
    if let Err(error) = done {
        println!("{error:?}");
    }
}

fn family() -> Result<(), Error> {
    let spec = children::Spec::new("");
    spec.arg("child");
    spec.env("WING", "east");
    spec.label("wing", "east");
    spec.input("text/plain", b"abcdef");
    spec.tasks(2);
    spec.limit("wall-ms", 25_000);
    spec.idempotency_key("first");
    let child = children::submit(spec)?;
    println!("{:?}", children::wait_any(&[&child], 120_000)?);
    println!("{:?} {}", child.wait(1_000)?, child.state());
    println!("{:?}", child.output(1)?);
    child.cancel("it is over")?;
    println!("{}", children::open(&child.id())?.id() == child.id());
    println!("{:?}", artifacts::names(Some(&child.id()))?);
    peers::barrier("", 1, 1_000)?;
    let members = peers::members("")?;
    let (own, first) = (peers::hostname(), &members[0]);
    println!("{} {} {}", members.len(), first.task, first.name == own || own.is_empty());
    println!("{}", first.job == context::job());
    Ok(())
}

fn child() -> Result<(), Error> {
    let wing = std::env::var("WING").ok();
    println!("{} {:?} {wing:?}", context::parent().is_some(), context::label("wing"));
    payload::set_output("text/plain", &payload::read(0, 6)?)
}

fn alone() {
    context();
    report();
    told(payload().and_then(|()| checkpoint()).and_then(|()| artifacts()));
}

fn context() {
    let (index, count) = context::task();
    println!("task {index} of {count}, attempt {}", context::attempt());
    println!("{:?} {:?}", context::name(), context::label("team"));
    let is_known = !context::job().is_empty() && context::time_left().is_some();
    println!("{is_known} {:?}", context::parent());
    let is_used = context::used("memory-bytes") > Some(0);
    println!("{:?} {is_used}", context::limit("memory-bytes"));
    println!("{:?}", context::stop_requested());
}

fn payload() -> Result<(), Error> {
    let input = payload::read(1, 3)?;
    let size = payload::size();
    println!("{} {size} {input:?}", payload::content_type());
    payload::set_output("application/json", b"{\"kept\":true}")
}

fn report() {
    let fields = [("wing".to_owned(), "east".to_owned())];
    report::log(report::Level::Info, "museum", "open", &fields);
    report::progress(1, Some(4), "rooms", Some("looking"));
    report::gauge("visitors", 0.5);
    report::counter("rooms", 2);
    report::summary("# Museum");
}

fn checkpoint() -> Result<(), Error> {
    println!("{:?}", checkpoint::load()?);
    println!("{}", checkpoint::save(b"here")?);
    println!("{:?}", checkpoint::load()?);
    Ok(())
}

fn artifacts() -> Result<(), Error> {
    let writer = artifacts::create("exhibit", "text/plain")?;
    writer.write(b"a shard")?;
    println!("{}", artifacts::Writer::finish(writer)?);
    println!("{:?}", artifacts::names(None)?);
    println!("{:?}", artifacts::read(None, "exhibit", 2, 3)?);
    println!("{:?}", artifacts::read(None, "gone", 0, 1).is_err());
    Ok(())
}
