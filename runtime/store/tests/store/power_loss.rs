//! The machine loses its power: of what was not flushed any part may be missing, torn at sectors and out of order. All
//! that was acknowledged is there, what was under way is there whole or not at all, and nothing is made up.
//!
//! `SUBLET_POWER_SEED=17 cargo test -p sublet-store --test store -- power_loss` plays one seed again.

mod disk;
#[path = "../../../../scheduler/tests/sim/random.rs"]
pub(crate) mod random;
mod recording;

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::Connection;
use sublet_store::{DataDirectory, Unfinished, Writer};
use tempfile::TempDir;

use crate::{
    crash::{Found, batch, expected},
    support::*,
};
use disk::{Disk, Fate};
use random::Random;
use recording::{Call, Step, Watch};

const LOG: &str = "sublet.db-wal";
const DATABASE: &str = "sublet.db";
/// Losses before each flush: the first keeps nothing that was not flushed, the second all of it.
const LOSSES: usize = 8;

/// A server's life on a watched disk.
struct Life {
    recording: Watch,
    folder: TempDir,
    /// None between two servers.
    open: Option<(DataDirectory, Writer)>,
    batches: u64,
}

impl Life {
    fn begin() -> Self {
        let folder = memory_folder();
        let mut life = Self {
            recording: Watch::over(folder.path()),
            folder,
            open: None,
            batches: 0,
        };
        life.start();
        life.writer()
            .commit(&[user(ADA, "ada"), user(BOB, "bob")])
            .unwrap();
        life.recording.acknowledged();
        life
    }

    fn start(&mut self) {
        let data = DataDirectory::open(self.folder.path()).unwrap();
        let writer = data.writer().unwrap();
        self.open = Some((data, writer));
    }

    /// As a server ends: its log is folded into the database.
    fn close(&mut self) {
        let (_data, writer) = self.open.take().unwrap();
        writer.close().unwrap();
    }

    fn writer(&mut self) -> &mut Writer {
        &mut self.open.as_mut().unwrap().1
    }

    fn commit(&mut self, batches: u64) {
        for _ in 0..batches {
            let next = batch(self.batches + 1);
            self.writer().commit(&next).unwrap();
            self.recording.acknowledged();
            self.batches += 1;
        }
    }

    /// As [`Self::commit`], with a disk that may refuse it.
    fn try_commit(&mut self) -> bool {
        let next = batch(self.batches + 1);
        let committed = self.writer().commit(&next).is_ok();
        if committed {
            self.recording.acknowledged();
            self.batches += 1;
        }
        committed
    }

    /// Ends the recording, and what each batch leaves behind.
    fn over(mut self) -> (Vec<Step>, Vec<Unfinished>) {
        if self.open.is_some() {
            self.close();
        }
        let jobs = (1..=self.batches).map(expected).collect();
        (self.recording.steps(), jobs)
    }
}

/// Loses the power before each flush, from that many acknowledgements on, and says what was lost that had been promised.
/// Answers with how many times nothing was.
fn losses(
    (steps, jobs): &(Vec<Step>, Vec<Unfinished>),
    mut disk: Disk,
    from: usize,
    seed: u64,
) -> Result<usize, String> {
    let mut random = Random::new(seed);
    let (mut acknowledged, mut survived) = (0, 0);
    for (at, step) in steps.iter().enumerate() {
        // Between two flushes less was written than before the second: chance leaves out the end of it.
        let is_worth_a_look = !matches!(step, Step::Written { .. });
        if is_worth_a_look && acknowledged >= from {
            for loss in 0..LOSSES {
                let found = disk.after_loss(&mut match loss {
                    0 => Fate::AllLost,
                    1 => Fate::AllKept,
                    _ => Fate::ByChance(&mut random),
                });
                check(&found, acknowledged, jobs)
                    .map_err(|lost| format!("{lost} (seed {seed}, step {at})"))?;
                survived += 1;
            }
        }
        acknowledged += usize::from(matches!(step, Step::Acknowledged));
        disk.take(step);
    }
    Ok(survived)
}

/// Starts a server on these files. The first acknowledgement is that of the users, each other that of a batch.
fn check(
    files: &BTreeMap<&str, Vec<u8>>,
    acknowledged: usize,
    jobs: &[Unfinished],
) -> Result<(), String> {
    let folder = memory_folder();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let found = Found::try_in_folder(folder.path()).map_err(|error| format!("{error:?}"))?;
    let batches = found.jobs.len();
    if batches + 1 < acknowledged || batches > jobs.len() {
        return Err(format!("{acknowledged} acknowledged, {batches} there"));
    }
    if batches > acknowledged {
        return Err(format!("{batches} there, {acknowledged} acknowledged"));
    }
    if found != Found::whole(&jobs[..batches]) {
        return Err(format!("of {batches} batches some are not whole"));
    }
    is_sound(folder.path())
}

fn is_sound(folder: &Path) -> Result<(), String> {
    let ask = || -> rusqlite::Result<String> {
        let database = Connection::open(folder.join(DATABASE))?;
        database.query_one("PRAGMA integrity_check", [], |row| row.get(0))
    };
    match ask() {
        Ok(answer) if answer == "ok" => Ok(()),
        Ok(answer) => Err(answer),
        Err(error) => Err(error.to_string()),
    }
}

fn seeds() -> Vec<u64> {
    match std::env::var("SUBLET_POWER_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => vec![1, u64::from(std::process::id())],
    }
}

/// With an end and a second start in between, so that the log is folded into the database and begun anew.
fn short_life() -> (Vec<Step>, Vec<Unfinished>) {
    let mut life = Life::begin();
    life.commit(3);
    life.close();
    life.start();
    life.commit(3);
    life.over()
}

#[test]
fn l13_a_loss_of_power_loses_nothing_that_was_acknowledged_and_leaves_no_half_batch() {
    let life = short_life();
    for seed in seeds() {
        println!("SUBLET_POWER_SEED={seed}");
        let survived = losses(&life, Disk::default(), 0, seed).unwrap();
        assert!(survived > 100, "only {survived} losses");
    }
}

#[test]
fn nor_does_one_while_the_log_is_folded_into_the_database_and_written_from_its_beginning() {
    let mut life = Life::begin();
    let into_database =
        |step: &Step| matches!(step, Step::Written { file, .. } if file == DATABASE);
    let before = life.recording.count(into_database);
    while life.recording.count(into_database) == before {
        life.commit(1);
    }
    let folded = usize::try_from(life.batches).unwrap();
    life.commit(2);
    let life = life.over();
    for seed in seeds() {
        println!("SUBLET_POWER_SEED={seed}");
        let survived = losses(&life, Disk::default(), folded, seed).unwrap();
        assert!(survived > 30, "only {survived} losses");
    }
}

#[test]
fn a_disk_that_lies_about_its_flushes_is_found_out() {
    let life = short_life();
    for lies_about in [LOG, DATABASE] {
        let seeds = [1, 2, 3, 4];
        let found = seeds.map(|seed| losses(&life, Disk::lying_about(lies_about), 0, seed));
        assert!(
            found.iter().any(Result::is_err),
            "no loss was seen of {lies_about}"
        );
    }
}

#[test]
fn a_disk_that_fails_once_costs_the_batch_that_it_fails_and_no_other() {
    for (call, after) in [(Call::Write, 0), (Call::Write, 21), (Call::Sync, 0)] {
        for times in [1, 3] {
            let mut life = Life::begin();
            life.commit(2);
            life.recording.fail(call, after, times);
            let mut refused = 0;
            while !life.recording.has_failed() {
                refused += usize::from(!life.try_commit());
                assert!(refused < 10, "it never comes back");
            }
            assert!(refused > 0, "{call:?} {after} {times}");
            assert_eq!(kept(&life), life.batches, "{call:?} {after} {times}");
            life.commit(2);
            assert_eq!(kept(&life), life.batches);
            // The users and two batches were acknowledged before it failed.
            let survived = losses(&life.over(), Disk::default(), 3, 1);
            assert!(survived.unwrap() > 20);
        }
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_an_error_and_no_answer() {
    let mut life = Life::begin();
    life.commit(2);
    let (data, _) = life.open.as_ref().unwrap();
    // One that has read nothing yet, so that nothing comes from memory.
    let reader = data.readers().get().unwrap();
    life.recording.fail(Call::Read, 0, 1);
    reader.recover().unwrap_err();
    assert_eq!(reader.recover().unwrap().len(), 2, "once it can be read");
}

/// How many batches there are for those who ask.
fn kept(life: &Life) -> u64 {
    let (data, _) = life.open.as_ref().unwrap();
    let jobs = data.readers().get().unwrap().recover().unwrap();
    jobs.len() as u64
}
