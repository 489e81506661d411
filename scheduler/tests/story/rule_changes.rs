//! Rules that change while jobs wait and run.

use crate::notation::check;

#[test]
fn a_job_in_a_sub_cluster_that_is_removed_waits_elsewhere_and_what_runs_runs_on() {
    check(
        "
        rules a; b entry={!node.healthy}
        host h 0:1
        show routes
        show moves
        submit x*2 restart=on-loss
          x to a by load
          start x/0 on 0.0
        submit y
          y to a by load
        at 5
        rules b
          x to b by load
          y to b by load
          node 0 from in a to draining from a
        end x/0 ok
          finish x/0: succeeded; settled
          reclaim x/0 on 0.0
          node 0 from draining from a to unassigned
          node 0 from unassigned to in b
          sub-cluster a is gone
          start x/1 on 0.0
        ",
    );
}

#[test]
fn a_job_that_nobody_takes_any_more_says_so_once_and_waits_for_other_rules() {
    check(
        "
        rules a
        host h 0:1
        submit x
          start x/0 on 0.0
        show routes
        submit y label=kind:test
          y to a by load
        at 5
        rules a accept={has(job.labels.other)}
          x to nowhere
          y to nowhere
        why y
          sub-cluster a does not take the job: it takes jobs with has(job.labels.other) (job.labels.other = absent)
        host i 1:1
        submit z label=other:1
          z to a by load
          start z/0 on 1.0
        rules a
          x to a by load
          y to a by load
        end z/0 ok
          finish z/0: succeeded; settled
          job z finished
          reclaim z/0 on 1.0
          start y/0 on 1.0
        ",
    );
}

#[test]
fn other_terms_may_give_a_job_a_home_again() {
    check(
        "
        host h 0:1
        submit x
          start x/0 on 0.0
        submit y user=2
        at 5
        rules default accept={user.weight > 4 || user.id == \"ada\"}
        show routes
        terms user=2 name=ada
          y to default by load
        ",
    );
}
