//! Where jobs went, where attempts ran, and how far a job is that others wait for.

use sublet_scheduler::{JobId, LossReason, Next, Outcome};
use sublet_store::{
    Considered, FinishedAttempt, GivenUp, JobEnd, JobFilter, JobPage, Place, Record, Route,
    RoutedJob, Tally, Whose,
};

use crate::support::*;

const ADAS: Whose = Whose::User(ADA);
const BOBS: Whose = Whose::User(BOB);

fn route(store: &Store, id: u64) -> (Option<Route>, Option<Considered>) {
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(id)).unwrap().unwrap();
    (job.summary.route.clone(), job.considered().unwrap())
}

#[test]
fn i11_a_job_says_where_it_went_last_and_why() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=0)), submitted(&job(2, 0..=0))]);
    assert_eq!(route(&store, 1), (None, None));

    store.commit(&[routed(1, "long"), routed(2, "short")]);
    store.commit(&[Record::JobRouted(RoutedJob {
        job: JobId(1),
        subcluster: "short".to_owned(),
        routed_by: "route `small`, rules 2".to_owned(),
        considered: "long: paused".to_owned(),
        at: at(70),
    })]);
    let expected = (
        Some(Route {
            subcluster: "short".to_owned(),
            routed_by: "route `small`, rules 2".to_owned(),
        }),
        Some(Considered {
            verdicts: "long: paused".to_owned(),
            at: at(70),
        }),
    );
    assert_eq!(route(&store, 1), expected);

    let page = JobPage {
        before: None,
        limit: 9,
    };
    let list = store.reader().jobs(ADAS, &JobFilter::default(), page);
    let routes: Vec<_> = list
        .unwrap()
        .into_iter()
        .map(|job| job.route.unwrap().routed_by)
        .collect();
    assert_eq!(routes, ["load, rules 1", "route `small`, rules 2"]);
}

#[test]
fn a_job_that_was_given_up_says_so_until_its_tasks_are_wanted_again() {
    let mut store = store();
    let why = |store: &Store| {
        let reader = store.reader();
        let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
        job.summary.given_up
    };
    let given_up = |why| Record::JobGivenUp { job: JobId(1), why };
    store.commit(&[submitted(&job(1, 0..=1))]);
    assert_eq!(why(&store), None);
    let later = given_up(GivenUp::Dependency);
    store.commit(&[given_up(GivenUp::Quarantine), cancelled(1, &[0..=1]), later]);
    assert_eq!(why(&store), Some(GivenUp::Quarantine));
    store.commit(&[reopened(1, &[0..=1])]);
    assert_eq!(why(&store), None);
}

#[test]
fn a_job_that_is_not_there_goes_nowhere() {
    let mut store = store();
    store.writer.commit(&[routed(9, "short")]).unwrap_err();
    store.commit(&[submitted(&job(1, 0..=0)), routed(1, "short")]);
    assert_eq!(route(&store, 1).0.unwrap().subcluster, "short");
}

fn ended_at(task: u32, place: Option<Place>) -> Record {
    let end = finished(1, task, 1, Outcome::Succeeded, Next::Settled);
    let Record::AttemptFinished(end) = end else {
        unreachable!("it is one")
    };
    Record::AttemptFinished(FinishedAttempt { place, ..end })
}

#[test]
fn l15_an_attempt_says_where_it_ran_in_the_names_of_then() {
    let mut store = store();
    let places: Vec<_> = [("short", "node-1"), ("long", "node-1"), ("short", "node-2")]
        .into_iter()
        .map(|(subcluster, node)| {
            Some(Place {
                subcluster: subcluster.to_owned(),
                node: node.to_owned(),
            })
        })
        .chain([None])
        .collect();
    store.commit(&[submitted(&job(1, 0..=3)), started(1, 0..=3, 1)]);
    for (task, place) in (0..).zip(&places) {
        store.commit(&[ended_at(task, place.clone())]);
    }
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let found: Vec<_> = (0..4)
        .flat_map(|task| job.attempts(task).unwrap())
        .map(|attempt| attempt.place)
        .collect();
    assert_eq!(found, places);
}

#[test]
fn a_place_whose_batch_failed_is_told_from_the_one_that_comes_next() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=1)), started(1, 0..=1, 1)]);
    let at_node = |node: &str| {
        Some(Place {
            subcluster: "short".to_owned(),
            node: node.to_owned(),
        })
    };
    let (here, there) = (at_node("node-1"), at_node("node-2"));
    let failing = [ended_at(0, here.clone()), ended_at(0, here.clone())];
    store.writer.commit(&failing).unwrap_err();
    store.commit(&[ended_at(0, there.clone()), ended_at(1, here.clone())]);
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    let found = [0, 1].map(|task| job.attempts(task).unwrap().remove(0).place);
    assert_eq!(found, [there, here]);
}

#[test]
fn more_places_than_are_remembered_are_told_apart() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=2_999)), started(1, 0..=2_999, 1)]);
    let place = |task: u32| {
        Some(Place {
            subcluster: "short".to_owned(),
            node: format!("node-{task}"),
        })
    };
    let ends: Vec<_> = (0..3_000).map(|task| ended_at(task, place(task))).collect();
    store.commit(&ends);
    let reader = store.reader();
    let job = reader.job(ADAS, JobId(1)).unwrap().unwrap();
    for task in [0, 1_022, 1_023, 1_024, 2_999] {
        assert_eq!(job.attempts(task).unwrap()[0].place, place(task));
    }
}

/// How far job 1 of two tasks is once this is recorded, for everyone.
fn end_after(records: &[Record]) -> JobEnd {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=1))]);
    store.commit(records);
    let end = store.reader().job_end(Whose::Everyone, JobId(1));
    end.unwrap().unwrap()
}

fn tally(succeeded: u32, lost: u32) -> Record {
    Record::JobTally {
        job: JobId(1),
        tally: Tally {
            succeeded,
            lost,
            ..Tally::default()
        },
        at: at(400),
    }
}

#[test]
fn a_job_has_ended_well_when_all_of_its_tasks_have() {
    assert_eq!(end_after(&[]), JobEnd::NotYet);
    assert_eq!(end_after(&[tally(2, 0)]), JobEnd::NotYet);
    let lost = Outcome::Lost(LossReason::Worker);
    let one_lost = [
        started(1, 0..=1, 1),
        finished(1, 0, 1, lost, Next::Settled),
        tally(1, 1),
        job_finished(1),
    ];
    assert_eq!(end_after(&one_lost), JobEnd::NotSucceeded);
    let well = [tally(2, 0), job_finished(1)];
    assert_eq!(end_after(&well), JobEnd::Succeeded);
    let reopened = [well.as_slice(), &[reopened(1, &[0..=0])]].concat();
    assert_eq!(end_after(&reopened), JobEnd::NotYet);
}

#[test]
fn l14_how_somebody_else_s_job_ended_is_not_told() {
    let mut store = store();
    store.commit(&[submitted(&job(1, 0..=1)), tally(2, 0), job_finished(1)]);
    let reader = store.reader();
    assert_eq!(
        reader.job_end(ADAS, JobId(1)).unwrap(),
        Some(JobEnd::Succeeded)
    );
    for missing in [JobId(1), JobId(99)] {
        assert_eq!(reader.job_end(BOBS, missing).unwrap(), None);
    }
}
