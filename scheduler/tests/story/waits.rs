//! Why jobs wait although slots are free: pauses and quotas.

use crate::notation::check;

#[test]
fn l02_a_paused_sub_cluster_takes_jobs_in_and_says_why_they_wait() {
    check(
        "
        capacity 2
        submit a
          start a/0 on 0.0
        pause default the disks are changed
        admit b
          yes
        submit b
        why b
          paused: the disks are changed
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        unpause default
          start b/0 on 0.0
        ",
    );
}

#[test]
fn l02_while_one_is_paused_jobs_go_to_another_that_takes_them() {
    check(
        "
        rules a max=1; b
        host h 0:1 1:1
        show routes
        pause a full
        submit x
          x to b by load
          start x/0 on 1.0
        pause b full
        submit y
          y to a by load
        why y
          paused: full
        ",
    );
}

#[test]
fn a_pause_keeps_the_reservation_of_a_gang() {
    check(
        "
        capacity 3
        submit a timeout=500
          start a/0 on 0.0
        submit g*3 gang
        pause default later
        submit short timeout=400
        submit long timeout=501
        end a/0 ok
          finish a/0: succeeded; settled
          job a finished
          reclaim a/0 on 0.0
        unpause default
          start g/0 on 0.0
          start g/1 on 0.1
          start g/2 on 0.2
        ",
    );
}

#[test]
fn s10_x04_a_quota_counts_over_all_sub_clusters() {
    check(
        "
        rules a max=1; b
        host h 0:2 1:2
        terms user=1 slots=3
        submit x*2 in=a user=1
          start x/0 on 0.0
          start x/1 on 0.1
        submit y*2 in=b user=1
          start y/0 on 1.0
        why y
          holds 3 of 3 Slots
        submit z in=b user=2
          start z/0 on 1.1
        end x/0 ok
          finish x/0: succeeded; settled
          reclaim x/0 on 0.0
        end z/0 ok
          finish z/0: succeeded; settled
          job z finished
          reclaim z/0 on 1.1
          start y/1 on 1.1
        ",
    );
}

#[test]
fn s10_what_comes_back_in_one_sub_cluster_lets_the_user_go_on_in_another() {
    check(
        "
        rules a max=1; b
        host h 0:1 1:1
        terms user=1 cpu=50
        submit x in=a
          start x/0 on 0.0
        submit y in=b
        end x/0 ok
          finish x/0: succeeded; settled
          job x finished
          reclaim x/0 on 0.0
          start y/0 on 1.0
        ",
    );
}

#[test]
fn x04_work_in_two_sub_clusters_does_not_double_a_share() {
    check(
        "
        rules a max=1; b
        host h 0:2 1:2
        pause a wait
        pause b wait
        submit x*9 in=a user=1
        submit y*9 in=b user=1
        submit z*9 in=b user=2
        unpause a
          start x/0 on 0.0
          start x/1 on 0.1
        unpause b
          start z/0 on 1.0
          start z/1 on 1.1
        ",
    );
}

#[test]
fn a_larger_quota_starts_what_it_held_back_and_a_larger_weight_comes_first() {
    check(
        "
        capacity 2
        terms user=1 slots=0
        submit x user=1
        why x
          holds 0 of 0 Slots
        terms user=1 slots=1
          start x/0 on 0.0
        terms user=2 weight=3
        pause default wait
        submit y*4 user=1
        submit z*4 user=2
        terms user=1
        capacity 3
        unpause default
          start z/0 on 0.1
          start z/1 on 1.0
          start z/2 on 1.1
          start y/0 on 1.2
        ",
    );
}
