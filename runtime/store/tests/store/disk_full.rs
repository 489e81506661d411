//! No space left: what cannot be kept is refused with that reason, what was kept stays, and when space returns everything
//! goes on. Needs a small file system of its own, which only root may mount.

use std::{fs, path::Path, process::Command};

use sublet_scheduler::{AttemptId, JobId};
use sublet_store::{DataDirectory, LogFound, LogPosition, LogSelection, Stream};
use tempfile::TempDir;

use crate::support::*;

/// A file system of four MiB, half of it taken by a file that can be removed.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "sublet-store-test"])
            .arg(folder.path())
            .output();
        if !mount.is_ok_and(|output| output.status.success()) {
            println!(
                "SKIPPED: a small file system cannot be mounted here, so a full disk was not tried"
            );
            return None;
        }
        fs::write(folder.path().join("filler"), vec![7; 2 << 20]).unwrap();
        Some(Self { folder })
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn free_space(&self) {
        fs::remove_file(self.folder.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[test]
fn l13_a_full_disk_refuses_records_and_recovers_when_space_returns() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let data = DataDirectory::open(&disk.path()).unwrap();
    let mut writer = data.writer().unwrap();
    writer.commit(&[user(ADA, "ada")]).unwrap();
    let batch = |id: u64| {
        [
            submitted(&job(2 * id, 0..=9)),
            submitted(&job(2 * id + 1, 0..=9)),
        ]
    };

    let (refused, error) = (1..)
        .find_map(|id| Some((id, writer.commit(&batch(id)).err()?)))
        .unwrap();
    assert!(error.is_disk_full(), "{error:?}");
    assert!(refused > 10, "some fitted");
    let again = writer.commit(&batch(refused)).unwrap_err();
    assert!(again.is_disk_full(), "{again:?}");
    let kept = |data: &DataDirectory| data.readers().get().unwrap().recover().unwrap().len() as u64;
    assert_eq!(
        kept(&data),
        2 * (refused - 1),
        "all that was acknowledged, and nothing else"
    );

    disk.free_space();
    writer.commit(&batch(refused)).unwrap();
    assert_eq!(kept(&data), 2 * refused);
    drop((writer, data));
    assert_eq!(recovered(&disk.path()).len() as u64, 2 * refused);
}

#[test]
fn a_full_disk_refuses_an_upload_and_leaves_nothing_of_it() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let data = DataDirectory::open(&disk.path()).unwrap();
    let library = data.library().unwrap();
    let upload = |bytes: usize| {
        let mut upload = library.upload(u64::MAX)?;
        (0..bytes / 1_000).try_for_each(|_| upload.write(&[1; 1_000]))?;
        library.keep_module(ADA, upload.finish()?)
    };
    assert!(upload(3 << 20).unwrap_err().is_disk_full());
    assert_eq!(entries(&disk.path().join("tmp")), 0);
    upload(1 << 20).unwrap();
    disk.free_space();
    upload(2 << 20).unwrap();
}

#[test]
fn a_full_disk_costs_a_log_only_what_did_not_fit() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let data = DataDirectory::open(&disk.path()).unwrap();
    let logs = data.logs().unwrap();
    let attempt = AttemptId {
        job: JobId(1),
        task: 0,
        number: 1,
    };
    let append = |byte: u8| logs.append(attempt, Stream::Stdout, at(1), &[byte; 100_000]);
    let error = (0..100).find_map(|_| append(1).err()).unwrap();
    assert!(error.is_disk_full(), "{error:?}");
    disk.free_space();
    append(2).unwrap();
    let entries: Vec<_> = logs
        .read(JobId(1), LogSelection::default(), LogPosition::default())
        .unwrap()
        .map(|entry| entry.unwrap().found)
        .collect();
    let bytes: Vec<u8> = entries
        .iter()
        .map(|found| match found {
            LogFound::Chunk(chunk) => chunk.bytes[0],
            LogFound::Gap { .. } => panic!("nothing that was kept is missing"),
        })
        .collect();
    let (last, before) = bytes.split_last().unwrap();
    assert!(before.len() > 10 && before.iter().all(|byte| *byte == 1) && *last == 2);
}

fn entries(path: &Path) -> usize {
    fs::read_dir(path).unwrap().count()
}
