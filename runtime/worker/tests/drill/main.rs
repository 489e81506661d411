//! The drill: somebody has broken out of WebAssembly and runs code of their own in a worker. What do they get?
//!
//! ```text
//!   front (this process)              worker (this program again)
//!   store, key, port, other worker    wall::begin, wall::around, the functions of `sublet worker`
//!     └── for each deed ────────────► the deed, first on the main thread, then on one that was there before the wall
//!         what became of it ◄──────── in words, or by how the kernel ended it
//! ```
//!
//! Each deed is done without the wall as well, so that nothing counts as refused that would not have worked anyway.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod deeds;
mod planted;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use deeds::{Answer, Deed};
use planted::say;
use sublet_worker::wall::{Layer, gaps, probe, why_no_accounts};
use world::World;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As `sublet worker` is.
    if arguments.first().is_some_and(|word| word == "worker") {
        let account = arguments.get(1).map(|number| number.parse().unwrap());
        return sublet_worker::child::worker(account);
    }
    if arguments.first().is_some_and(|word| word == planted::WORD) {
        planted::act(&arguments[1..]);
        return ExitCode::SUCCESS;
    }
    // Asked by those who want to know what there is.
    if arguments.iter().any(|word| word == "--list") {
        say("drill: test");
        return ExitCode::SUCCESS;
    }
    a_worker_with_its_engine_has_the_same_layers();
    who_broke_out_of_webassembly_gets_nowhere();
    ExitCode::SUCCESS
}

/// The engine is made behind one layer and before another, and a worker says so itself.
fn a_worker_with_its_engine_has_the_same_layers() {
    let world = World::new();
    let this = std::env::current_exe().unwrap();
    let said = probe(&this, &world.of_one_user(), None).unwrap();
    assert_eq!(said, world.standings());
}

fn who_broke_out_of_webassembly_gets_nowhere() {
    let world = World::new();
    let missing: Vec<Layer> = gaps(&world.standings())
        .into_iter()
        .map(|gap| gap.0)
        .collect();
    let why_shared = why_no_accounts().unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for deed in deeds::all() {
        if let Some(layer) = missing.iter().find(|layer| deed.needs.contains(layer)) {
            skip(deed.name, &format!("this host has no {layer}"));
            continue;
        }
        if let Some(why) = why_shared.as_ref().filter(|_| deed.is_of_another_account()) {
            skip(deed.name, why);
            continue;
        }
        count += 1;
        failures.extend(world.failures(deed));
    }
    say(format!("drill: {count} deeds, {} failures", failures.len()));
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(count > 0 || !missing.is_empty(), "nothing was tried");
}

fn skip(name: &str, why: &str) {
    let line = format!("SKIPPED drill {name}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

impl World {
    /// What of a deed did not end as it should.
    fn failures(&self, deed: &Deed) -> Vec<String> {
        let mut failures = Vec::new();
        for place in deed.places() {
            let found = self.have_done(deed.name, place);
            if !deed.expected.holds(&found) {
                failures.push(format!(
                    "{} ({place}): {found:?}, expected {:?}",
                    deed.name, deed.expected
                ));
            }
        }
        // Not those that would hold this process up.
        if deed.works_without_the_wall {
            let found = self.have_done(deed.name, planted::BARE);
            if found != Answer::Done {
                failures.push(format!("{} without the wall: {found:?}", deed.name));
            }
        }
        failures
    }
}
