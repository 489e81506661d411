//! Whole jobs in this process: what an author relies on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sublet_job::Level;
use sublet_job::test::Run;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

mod typed {
    use super::Point;

    #[sublet_job::main]
    fn main(Point { x, y }: Point) -> Point {
        Point { x: y, y: x }
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn values_go_in_and_out_as_json() {
    let ended = Run::of(typed::MAIN)
        .input_bytes("", r#" {"x": 1, "y": 2} "#)
        .run();
    let bytes = ended.output_bytes().unwrap();
    assert_eq!(bytes.content_type, "application/json");
    assert_eq!(bytes.body, br#"{"x":2,"y":1}"#);
    assert_eq!(ended.finish::<Point>(), Point { x: 2, y: 1 });
}

#[test]
fn an_input_that_does_not_fit_is_told_and_not_tried_again() {
    let fail = Run::of(typed::MAIN)
        .input_bytes("", r#"{"x": "one"}"#)
        .expect_fail();
    assert_eq!(
        (fail.word(), fail.exit_code(), fail.is_retryable()),
        ("input", 2, false)
    );
    assert!(fail.to_string().contains("line 1 column 11"), "{fail}");
}

#[test]
fn an_input_that_is_missing_says_how_to_give_one() {
    let fail = Run::of(typed::MAIN).expect_fail();
    assert!(fail.to_string().contains("--input FILE"), "{fail}");
}

mod nothing {
    #[sublet_job::main]
    fn main(left_out: Option<u32>) -> Option<u32> {
        left_out
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn an_optional_input_may_be_left_out_and_none_is_no_output() {
    assert_eq!(Run::of(nothing::MAIN).run().output_bytes(), None);
    assert_eq!(Run::of(nothing::MAIN).input(&3).finish::<u32>(), 3);
}

mod sums {
    use sublet_job::prelude::*;

    #[sublet_job::main]
    fn main(numbers: Lines<u64>) -> Result<u64> {
        numbers.sum()
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn lines_are_read_over_the_borders_of_what_one_call_gives() {
    // Lines of 7 bytes never end where a part of the input does.
    let count = 100_000;
    let text = "123456\n".repeat(count);
    let sum: u64 = Run::of(sums::MAIN).input_bytes("", text).finish();
    assert_eq!(sum, 123_456 * 100_000);
}

#[test]
fn a_bad_line_is_told_with_its_number() {
    let fail = Run::of(sums::MAIN)
        .input_bytes("", "1\n\nthree\n")
        .expect_fail();
    assert!(
        fail.to_string().starts_with("line 3 of the input"),
        "{fail}"
    );
    assert_eq!(Run::of(sums::MAIN).input_bytes("", "").finish::<u64>(), 0);
}

mod told {
    use sublet_job::Level;
    use sublet_job::prelude::*;

    #[sublet_job::main]
    fn main(job: &Job) {
        for (done, _) in job.progress("rows").over(0..3).enumerate() {
            log::info!("row {done}");
            log::debug!("nobody asked");
        }
        for _ in job
            .progress("unknown")
            .over(std::iter::once(1).filter(|_| true))
        {}
        job.log(Level::Warn, "hot", &[("heat", "1.5")]);
        job.gauge("heat", 1.5);
        job.count("rows", 2);
        job.count("rows", u64::MAX);
        job.summary("first");
        job.summary("**done**");
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn what_people_see_is_kept() {
    let ended = Run::of(told::MAIN).run();
    let told: Vec<_> = ended
        .progress()
        .iter()
        .map(|reached| (reached.done, reached.total))
        .collect();
    assert_eq!(
        told,
        [(1, Some(3)), (2, Some(3)), (3, Some(3)), (1, Some(1))]
    );
    let lines: Vec<_> = ended
        .log()
        .iter()
        .map(|line| (line.level, line.message.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (Level::Info, "row 0"),
            (Level::Info, "row 1"),
            (Level::Info, "row 2"),
            (Level::Warn, "hot"),
        ]
    );
    assert_eq!(ended.log()[0].target, "jobs::told");
    assert_eq!(ended.log()[3].to_string(), "warn job: hot heat=1.5");
    assert_eq!(
        (ended.gauge("heat"), ended.counted("rows")),
        (Some(1.5), u64::MAX)
    );
    assert_eq!(ended.summary(), Some("**done**"));
}

mod unfinished {
    use super::Duration;
    use std::io::Write as _;
    use sublet_job::prelude::*;

    #[sublet_job::main]
    fn main(names: Vec<String>, job: &Job) -> Result<Vec<String>> {
        let mut dropped = job.artifact("dropped", "text/plain")?;
        dropped.write_all(&[b'x'; 200_000])?;
        drop(dropped);
        for name in names {
            let mut artifact = job.artifact(&name, "text/plain")?;
            artifact.write_all(name.as_bytes())?;
            artifact.finish()?;
        }
        job.artifacts()
            .keep("kept", "text/plain", &[b'k'; 200_000])?;
        assert_eq!(job.artifacts().read("kept")?.len(), 200_000);
        assert_eq!(job.time_left(), Some(Duration::from_secs(9)));
        Ok(job.artifacts().names()?)
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn artifacts_are_kept_once_they_are_finished() {
    let run = |names: &[&str]| {
        Run::of(unfinished::MAIN)
            .time_left(Duration::from_secs(9))
            .input(names)
    };
    let ended = run(&["b", "a"]).run();
    assert_eq!(ended.finish::<Vec<String>>(), ["a", "b", "kept"]);
    assert_eq!(ended.artifact("b").unwrap().content_type, "text/plain");
    assert_eq!(ended.artifact("dropped"), None);
    let fail = run(&["../up"]).expect_fail();
    assert!(
        !fail.is_retryable() && fail.to_string().contains("../up"),
        "{fail}"
    );
}

mod family {
    use sublet_job::prelude::*;

    #[sublet_job::main]
    fn main(parts: Vec<i64>, job: &Job) -> Result<i64> {
        let family = job.children().of("part", parts, |child, part| {
            child.label("part", part.to_string()).input(&part)
        })?;
        if job.attempt() == 1 {
            return Err(Fail::yielded());
        }
        Ok(family.join::<i64>()?.into_iter().sum())
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn a_parent_that_is_tried_again_finds_its_children() {
    let run = Run::of(family::MAIN).module("part", |part: i64| Ok(part * 10));
    // Two of them are alike in everything, and still two.
    let first = run.input(&[1, 2, 2]).expect_yield();
    assert_eq!(first.children(), 3);
    let second = first.resume().run();
    assert_eq!(second.children(), 3);
    assert_eq!(second.finish::<i64>(), 50);
}

#[test]
fn a_child_that_fails_fails_its_parent_and_is_named() {
    let refuses = |part: i64| {
        use sublet_job::prelude::*;
        (part > 0).then_some(part).or_permanent("negative")
    };
    let run = Run::of(family::MAIN).module("part", refuses).attempt(2);
    let fail = run.input(&[1, -1]).expect_fail();
    assert_eq!(
        fail.to_string(),
        "child job_test_child_2 failed with exit code 1"
    );
}

#[test]
fn a_module_that_is_not_there_is_told_with_what_to_do() {
    let fail = Run::of(family::MAIN).input(&[1]).expect_fail();
    assert!(fail.to_string().contains(".module(\"part\""), "{fail}");
}

mod met {
    use super::Duration;
    use sublet_job::prelude::*;

    #[sublet_job::main]
    fn main(job: &Job) -> Result<u32> {
        let count = job.task().count;
        job.peers().barrier("", count, Duration::from_secs(1))?;
        let members = job.peers().members("")?;
        Ok(members.iter().map(|peer| peer.task).sum())
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn a_barrier_waits_for_all_and_not_for_ever() {
    let run = || Run::of(met::MAIN).task(0, 3);
    assert_eq!(run().peers(2).finish::<u32>(), 3);
    let fail = run().peers(1).expect_fail();
    assert_eq!(
        (fail.to_string().as_str(), fail.is_retryable()),
        ("the time is over", true)
    );
}

mod panics {
    #[sublet_job::main]
    fn main() {
        panic!("this one");
    }

    pub(crate) const MAIN: fn() = main;
}

#[test]
fn a_panic_is_the_tests_own_and_leaves_the_next_run_its_world() {
    let panic = std::panic::catch_unwind(|| Run::of(panics::MAIN).run()).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"this one"));
    assert_eq!(Run::of(nothing::MAIN).input(&1).finish::<u32>(), 1);
}

#[test]
#[should_panic(expected = "the job failed: the input is not what the job takes")]
fn finishing_a_job_that_failed_panics_with_its_words() {
    let _never: Point = Run::of(typed::MAIN).input(&1).finish();
}
