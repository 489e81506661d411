//! Calls each function of `sublet:job@0.1.0` that the first host had, and prints what came back. With an argument it fails.

wit_bindgen::generate!({
    path: "../../../guest-sdk/wit",
    world: "job",
});

use sublet::job::types::Error;
use sublet::job::{artifacts, checkpoint, context, payload, report};

fn main() {
    context();
    report();
    let done = payload().and_then(|()| checkpoint()).and_then(|()| artifacts());
    if let Err(error) = done {
        println!("{error:?}");
    }
    if std::env::args().len() > 1 {
        payload::fail(7, "odd", "as it was told", false);
    }
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
