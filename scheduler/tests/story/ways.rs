//! The way of a job to its sub-cluster.

use crate::notation::{Stage, check};

#[test]
fn i11_i12_a_route_decides_first_then_a_class_then_the_load() {
    check(
        "
        rules a max=1; b; route many {job.tasks > 3} -> b; class light {job.class == \"light\"} -> a:1 b:0
        host h 0:4 1:4
        show routes
        submit x*4 class=light
          x to b by rule many (version 2)
          start x/0 on 1.0
          start x/1 on 1.1
          start x/2 on 1.2
          start x/3 on 1.3
        submit y class=light
          y to a by class light (version 2)
          start y/0 on 0.0
        submit z in=b
          z to b by its user
        submit w
          w to a by load
          start w/0 on 0.1
        ",
    );
}

#[test]
fn i12_of_two_that_would_accept_the_less_loaded_gets_the_job_and_swapped_loads_flip_the_choice() {
    check(
        "
        rules a max=1; b
        host h 0:1 1:1
        submit x*3 in=a
          start x/0 on 0.0
        show routes
        submit y
          y to b by load
          start y/0 on 1.0
        submit z*5 in=b
          z to b by its user
        submit w
          w to a by load
        ",
    );
}

#[test]
fn i12_a_route_may_read_who_submits_and_a_drained_pool_is_passed_over() {
    check(
        "
        rules a max=1; b; route hers {user.role == \"operator\"} -> a
        host h 0:1 1:1
        terms user=1 role=operator
        show routes
        submit x user=1
          x to a by rule hers (version 2)
          start x/0 on 0.0
        submit y user=2
          y to b by load
          start y/0 on 1.0
        pause a inventory
        submit z user=1
          z to b by load
        ",
    );
}

#[test]
fn i13_seven_to_two_to_one_holds_at_every_prefix_and_a_pause_gives_a_share_to_the_rest() {
    let mut stage = Stage::new();
    stage.tell("rules a max=1; b max=1; c; class all {true} -> a:7 b:2 c:1");
    stage.tell("host h 0:1 1:1 2:1");
    stage.tell("show routes");
    let mut given = [0_i64; 3];
    for number in 1..=200 {
        given[submit(&mut stage, number)] += 1;
        for (count, weight) in given.iter().zip([7, 2, 1]) {
            let tenths_off = 10 * count - weight * i64::from(number);
            assert!(tenths_off.abs() < 10, "{given:?} after {number} jobs");
        }
    }
    stage.tell("pause a inventory");
    let mut given = [0; 3];
    for number in 201..=230 {
        given[submit(&mut stage, number)] += 1;
    }
    assert_eq!(given, [0, 20, 10]);
    stage.tell("unpause a");
    let mut given = [0; 3];
    for number in 231..=250 {
        given[submit(&mut stage, number)] += 1;
    }
    assert_eq!(given, [14, 4, 2]);
}

/// The sub-cluster that a job is given to.
fn submit(stage: &mut Stage, number: i32) -> usize {
    let answers = stage.tell(&format!("submit j{number}"));
    ["to a by", "to b by", "to c by"]
        .iter()
        .position(|way| answers[0].contains(way))
        .expect("it goes to one of the three")
}
