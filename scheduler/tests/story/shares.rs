//! Who gets the next free slot when several users want it.

use crate::notation::check;

#[test]
fn f03_users_with_equal_weights_get_equal_numbers_of_slots() {
    check(
        "
        submit a*10 user=1
        submit b*10 user=2
        capacity 4
          start a/0 on 0.0
          start b/0 on 0.1
          start a/1 on 0.2
          start b/1 on 0.3
        ",
    );
}

#[test]
fn l06_one_user_alone_may_use_everything_and_another_one_gets_what_comes_free() {
    check(
        "
        capacity 2
        submit a*10 user=1
          start a/0 on 0.0
          start a/1 on 0.1
        submit b*10 user=2
        end a/0 ok
          finish a/0: succeeded; settled
          reclaim a/0 on 0.0
          start b/0 on 0.0
        end a/1 ok
          finish a/1: succeeded; settled
          reclaim a/1 on 0.1
          start a/2 on 0.1
        ",
    );
}

#[test]
fn a_priority_counts_against_the_users_own_jobs_only() {
    check(
        "
        submit a user=1
        submit b user=1 priority=9
        submit c user=2
        capacity 2
          start b/0 on 0.0
          start c/0 on 0.1
        ",
    );
}

#[test]
fn after_an_hour_a_job_goes_before_younger_ones_of_its_user_whatever_their_priority() {
    check(
        "
        capacity 1
        submit a
          start a/0 on 0.0
        submit old
        at 1
        submit young priority=9
        at 3600000
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
          start old/0 on 0.0
        ",
    );
}
