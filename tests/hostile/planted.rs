//! A fault of each kind that a case is there to see, to show that it would.

use std::time::Duration;

use crate::harness::{DEADLINE, eventually, wat};
use crate::siege::{Counter, Ground, Siege, besiege, lay, succeeded};
use crate::text::spinner;

const SUCCEEDED: Counter = Counter::ended("succeeded");

fn runs_something_harmless(siege: &Siege) {
    let job = siege.launch(&siege.harmless, &[], "");
    siege.each_ends(&job, &succeeded(), "");
}

#[test]
fn a_case_in_which_all_is_well_passes() {
    static GROUND: Ground = Ground::new("");
    besiege(&GROUND, &[SUCCEEDED], runs_something_harmless);
}

#[test]
#[should_panic(expected = "stands at 0")]
fn a_counter_that_does_not_move_is_seen() {
    static GROUND: Ground = Ground::new("");
    let disk = Counter::limit("disk");
    besiege(&GROUND, &[SUCCEEDED, disk], runs_something_harmless);
}

#[test]
#[should_panic(expected = "S0112")]
fn a_neighbour_who_is_not_served_is_seen() {
    static GROUND: Ground = Ground::new("");
    besiege(&GROUND, &[SUCCEEDED], |siege| {
        siege
            .server
            .sublet(&["users", "suspend", "neighbour"])
            .code(0);
        eventually(DEADLINE, "the neighbour is refused", || {
            (siege.count(Counter::refusal("S0112")) > 0).then_some(())
        });
    });
}

#[test]
#[should_panic(expected = "slots in use: 0 before, 1 now")]
fn what_does_not_come_back_is_seen() {
    static GROUND: Ground = Ground::new("");
    lay(&GROUND, &[SUCCEEDED], Duration::ZERO, |siege| {
        runs_something_harmless(siege);
        let guest = wat("spinner", &spinner());
        let job = siege.launch(&guest, &["--timeout", "10m"], "");
        siege.server.wait_for_state(&job, "running");
    });
}
