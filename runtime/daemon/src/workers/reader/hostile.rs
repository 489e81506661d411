//! Workers that keep to no rules, against the broker: the desk that hears them, the thread that speaks to them and the
//! sockets are those of the product. Each gets a refusal or its end; nothing is dialled, and its neighbours are served.

mod front;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::Relaxed;

use sublet_network::{DenialReason, Target};
use sublet_worker::protocol::{Answer, NicTraffic, NotTaken, Question, ToWorker};
use sublet_worker::{Refused, Wish};

use super::*;
use crate::broker::NicId;
use crate::workers::writer::WAITING_MAX;
use front::{
    ADA, BOB, CONNECTIONS, DEADLINE, Front, NEVER, attempt, attempt_of, dial, end_of, eventually,
    hangups, slow_name, taken, to_nic,
};

#[test]
fn a_nic_of_somebody_else_is_not_dialled_from() {
    let front = Front::new();
    let (mut hostile, mut neighbour) = (front.worker(ADA), front.worker(ADA));
    let foreign = front.worker(BOB);
    let nobody = NicId {
        user: ADA,
        v4: Ipv4Addr::new(10, 1, 9, 9),
    };
    for (number, nic) in [neighbour.nic, foreign.nic, nobody].into_iter().enumerate() {
        let number = u64::try_from(number).unwrap();
        hostile.dials(number, nic, front.open_target());
        assert_eq!(hostile.refusal(number), Refusal::Unreachable);
    }
    front.nobody_came();
    front.serves(&mut neighbour);
}

#[test]
fn what_its_grant_does_not_allow_is_denied_and_not_dialled() {
    let front = Front::new();
    let mut hostile = front.worker(ADA);
    let closed = front.closed.local_addr().unwrap();
    let mapped = SocketAddr::new(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(), closed.port());
    let other_port = Target::Name {
        name: "slow.example.org".to_owned(),
        port: 444,
    };
    let other_name = Target::Name {
        name: "localhost".to_owned(),
        port: 443,
    };
    let targets = [closed, mapped].map(Target::Address);
    for target in targets.into_iter().chain([other_port, other_name]) {
        hostile.dials(7, hostile.nic, target.clone());
        let refused = hostile.refusal(7);
        let Refusal::Denied(denial) = refused else {
            panic!("{target}: {refused:?}");
        };
        let reasons = [DenialReason::NotAllowed, DenialReason::Protected];
        assert!(reasons.contains(&denial.reason), "{target}: {denial}");
    }
    assert_eq!(front.resolver.asked.load(Relaxed), 0);
    front.nobody_came();
    front.becomes((0, 0));
}

#[test]
fn nothing_is_dialled_for_a_nic_that_is_released() {
    let front = Front::new();
    let (mut hostile, neighbour) = (front.worker(ADA), front.worker(ADA));
    front.broker.release(hostile.nic);
    for target in [front.open_target(), slow_name(), to_nic(neighbour.nic)] {
        hostile.dials(1, hostile.nic, target);
        assert_eq!(hostile.refusal(1), Refusal::Unreachable);
    }
    front.nobody_came();
    front.becomes((0, 0));
}

#[test]
fn ten_thousand_dials_at_once_are_as_many_as_it_may_have() {
    const DIALS: u64 = 10_000;
    let front = Front::new();
    let (mut hostile, mut neighbour) = (front.worker(ADA), front.worker(BOB));
    // It guesses the numbers that its connections will have, and gives them up before they are made.
    let batch: Vec<_> = (0..DIALS)
        .flat_map(|number| {
            let asked = dial(number, hostile.nic, slow_name());
            [asked, FromWorker::HungUp(number + 1)]
        })
        .collect();
    hostile.says(&batch);
    for _ in 0..DIALS - u64::from(CONNECTIONS) {
        let (_, answer) = hostile.answer();
        assert!(
            matches!(answer, Answer::Refused(Refusal::Limit)),
            "{answer:?}"
        );
    }
    let dialled = || front.resolver.asked.load(Relaxed);
    eventually(|| dialled() >= CONNECTIONS as usize);
    front.serves(&mut neighbour);
    assert_eq!(dialled(), CONNECTIONS as usize);
    drop(hostile.socket.shutdown(std::net::Shutdown::Both));
    front.sees_the_end_of(&hostile);
    front.becomes((0, 0));
}

#[test]
fn who_asks_and_does_not_read_is_not_heard_until_it_does() {
    const QUESTIONS: u64 = 10_000;
    let front = Front::new();
    let (mut hostile, mut neighbour) = (front.worker(ADA), front.worker(BOB));
    let ask = |number| FromWorker::Asked {
        number,
        question: Question::Neighbours("worker".to_owned()),
    };
    hostile.says(&(0..QUESTIONS).map(ask).collect::<Vec<_>>());
    eventually(|| !hostile.speaker.is_heard());
    front.serves(&mut neighbour);
    for expected in 0..QUESTIONS {
        let waiting = hostile.speaker.waiting();
        assert!(waiting <= WAITING_MAX, "{waiting} answers wait");
        let (number, _) = hostile.answer();
        assert_eq!(number, expected);
    }
}

#[test]
fn more_questions_about_other_jobs_than_guests_could_have_are_turned_away() {
    const QUESTIONS: u64 = 100;
    let mut front = Front::new();
    let (mut hostile, mut neighbour) = (front.worker(ADA), front.worker(BOB));
    let ask = |number| FromWorker::Asked {
        number,
        question: Question::Relatives {
            attempt: attempt(),
            wish: Box::new(Wish::Members(String::new())),
        },
    };
    hostile.says(&(0..QUESTIONS).map(ask).collect::<Vec<_>>());
    for _ in PLACES_PER_GUEST as u64..QUESTIONS {
        let (_, answer) = hostile.answer();
        assert!(
            matches!(answer, Answer::Relatives(Err(Refused::Unavailable(_)))),
            "{answer:?}"
        );
    }
    front.serves(&mut neighbour);
    let waiting = std::iter::from_fn(|| front.unanswered.try_recv().ok());
    assert_eq!(waiting.count(), PLACES_PER_GUEST);
}

#[test]
fn connections_of_others_are_neither_taken_nor_hung_up() {
    let front = Front::new();
    let (mut one, mut other) = (front.worker(ADA), front.worker(ADA));
    let mut hostile = [front.worker(ADA), front.worker(BOB)];
    one.dials(1, one.nic, to_nic(other.nic));
    let (offered, mut theirs) = other.offer();
    for worker in &mut hostile {
        let numbers = (0..8).chain([offered, u64::MAX]);
        let lies = numbers.flat_map(|number| {
            let refused = taken(number, Some(NotTaken::Refused));
            [taken(number, None), refused, FromWorker::HungUp(number)]
        });
        worker.says(&lies.collect::<Vec<_>>());
        // What it says is heard in order: it is all behind this answer.
        worker.dials(9, other.nic, front.open_target());
        assert_eq!(worker.refusal(9), Refusal::Unreachable);
    }
    front.becomes((2, 1));
    other.says(&[taken(offered, None)]);
    let (number, answer) = one.answer();
    assert!(number == 1 && matches!(answer, Answer::Connected { .. }));
    let mut ours = UnixStream::from(one.from_front.next_descriptor().unwrap());
    ours.set_nonblocking(false).unwrap();
    theirs.set_nonblocking(false).unwrap();
    theirs.write_all(b"x").unwrap();
    assert_eq!(io::Read::read(&mut ours, &mut [0; 2]).unwrap(), 1);
    front.becomes((2, 0));
}

#[test]
fn offers_that_are_never_answered_take_places_and_come_back() {
    let front = Front::new();
    let (mut one, mut silent) = (front.worker(ADA), front.worker(ADA));
    let most = u64::from(CONNECTIONS);
    for number in 0..most {
        one.dials(number, one.nic, to_nic(silent.nic));
        let (offered, _end) = silent.offer();
        // Neither of them can have more of them under way by giving up those that are.
        silent.says(&[FromWorker::HungUp(offered)]);
        one.says(&(1..=offered).map(FromWorker::HungUp).collect::<Vec<_>>());
    }
    one.dials(most, one.nic, to_nic(silent.nic));
    assert_eq!(one.refusal(most), Refusal::Limit);
    let under_way = CONNECTIONS as usize;
    front.becomes((2 * under_way, under_way));
    front.broker.release(one.nic);
    front.becomes((0, 0));
}

#[test]
fn counters_that_nobody_asked_for_and_of_nics_of_others_are_nothing() {
    let front = Front::new();
    let (mut hostile, other) = (front.worker(ADA), front.worker(ADA));
    let told = |number, nics: &[NicId]| FromWorker::Traffic {
        number,
        nics: nics
            .iter()
            .map(|nic| NicTraffic {
                v4: nic.v4,
                usage: sublet_scheduler::NetworkUsage {
                    bytes_sent: 1,
                    ..Default::default()
                },
            })
            .collect(),
    };
    hostile.says(&[told(NEVER, &[other.nic])]);
    // It was heard, and thought nothing of, before anybody asks.
    hostile.dials(9, other.nic, front.open_target());
    assert_eq!(hostile.refusal(9), Refusal::Unreachable);
    let broker = front.broker.clone();
    let asking = front
        .runtime
        .spawn(async move { broker.traffic(ADA).await });
    let ToWorker::TellTraffic(number) = hostile.next() else {
        panic!("it is asked for its counters");
    };
    let own = hostile.nic;
    hostile.says(&[told(number, &[other.nic, own])]);
    let found = front.runtime.block_on(asking).unwrap();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [own.v4]);
}

#[test]
fn of_an_end_a_worker_tells_no_more_than_can_be_kept() {
    let front = Front::new();
    let mut hostile = front.worker(ADA);
    let ended = Ended {
        detail: Some("ä".repeat(10_000)),
        denied: vec!["ä".repeat(10_000); 100],
        progress: Some(Progress {
            millionths: Some(u32::MAX),
            message: "ä".repeat(10_000),
        }),
        summary: Some("ä".repeat(1 << 20)),
        media_types: vec![("a".to_owned(), "b".to_owned()); 5_000],
        ..end_of(attempt())
    };
    hostile.says(&[FromWorker::Ended(Box::new(ended))]);
    let Ok(Command::Reports(_, reports)) = front.reports.recv_timeout(DEADLINE) else {
        panic!("the end is reported");
    };
    let [Report::Ended(told)] = reports.as_slice() else {
        panic!("it is all that is reported");
    };
    assert_eq!(told.denied.len(), DENIALS_MAX);
    let words = told.denied.iter().chain(&told.detail);
    assert!(
        words
            .into_iter()
            .all(|words| words.len() == WORDS_BYTES_MAX)
    );
    let progress = told.progress.as_ref().unwrap();
    assert_eq!(progress.millionths, Some(MILLION));
    assert_eq!(progress.message.len(), WORDS_BYTES_MAX);
    assert_eq!(told.summary.as_ref().unwrap().len(), SUMMARY_BYTES_MAX);
    assert_eq!(told.media_types.len(), MEDIA_TYPES_MAX);
}

#[test]
fn output_of_what_it_was_not_given_and_of_what_is_over_is_dropped_and_counted() {
    let front = Front::new();
    let mut hostile = front.worker(ADA);
    let says = |attempt, words: &str| FromWorker::Output {
        attempt,
        stream: Stream::Stdout,
        bytes: words.as_bytes().to_vec(),
    };
    let (own, foreign) = (attempt(), attempt_of(2));
    let end = FromWorker::Ended(Box::new(end_of(own)));
    hostile.says(&[
        says(foreign, "foreign\n"),
        says(own, "own\n"),
        end,
        says(own, "late\n"),
    ]);
    let reported = front.reports.recv_timeout(DEADLINE);
    assert!(matches!(reported, Ok(Command::Reports(..))));
    assert_eq!(front.printed(own.job), "own\n");
    assert_eq!(front.printed(foreign.job), "");
    let counted = "sublet_disowned_output_bytes_total 13\n";
    assert!(front.counts().contains(counted), "{}", front.counts());
}

#[test]
fn what_is_no_message_ends_the_worker_and_nobody_else() {
    let front = Front::new();
    let mut neighbour = front.worker(BOB);
    let many = hangups(70_000);
    let nonsense: [&[u8]; 5] = [
        // A message, a question and an outcome that there are none of; a frame without end; one of too many messages.
        b"\x02\0\0\0\x01\x7f",
        b"\x04\0\0\0\x01\x06\x01\x7f",
        b"\x03\0\0\0\x01\x05\xff",
        &u32::MAX.to_le_bytes(),
        &many,
    ];
    for bytes in nonsense {
        let mut hostile = front.worker(ADA);
        // It may be ended before it has said all of it.
        drop(hostile.socket.write_all(bytes));
        front.sees_the_end_of(&hostile);
        front.serves(&mut neighbour);
    }
    front.becomes((0, 0));
}

#[test]
fn descriptors_that_nobody_expects_end_the_worker() {
    let front = Front::new();
    let mut neighbour = front.worker(BOB);
    let mut hostile = front.worker(ADA);
    let (mut kept, passed) = UnixStream::pair().unwrap();
    let passed = OwnedFd::from(passed);
    let batch = [FromWorker::HungUp(1)];
    hostile.to_front.send(&batch, &[passed.as_fd()]).unwrap();
    drop(passed);
    front.sees_the_end_of(&hostile);
    // Nobody kept it.
    assert_eq!(io::Read::read(&mut kept, &mut [0]).unwrap(), 0);
    front.serves(&mut neighbour);
}
