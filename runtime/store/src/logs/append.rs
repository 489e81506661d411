//! Adding to logs, from any thread. A frame is written at the place where the last whole one ended, so a write that
//! failed half-way (a full disk) is overwritten by the next, and readers never look beyond what was written whole.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cap_std::fs::{Dir, File, FileExt as _};
use sublet_scheduler::{AttemptId, JobId, UnixMillis};

use crate::{
    Error,
    durable::{if_found, private_file, private_folder, sync, sync_file, sync_file_system},
    error::Doing,
};

use super::{
    frame::{BYTES_MAX, FrameHead, HEAD_BYTES, Stream, encode},
    read::{LogReader, LogSelection},
    segment::{LogPosition, MAGIC, MAGIC_BYTES, file_name, newest},
};

/// A segment that is this long is closed, and what is in it survives power loss from then on.
const SEGMENT_BYTES: u64 = 8 << 20;
/// Files held open for writing. A job that prints again gets its file opened again.
const OPEN_FILES_MAX: usize = 128;

/// What guests printed.
#[derive(Debug)]
pub struct Logs {
    folder: Dir,
    growing: Mutex<Growing>,
}

/// The jobs that this server has written to.
#[derive(Debug, Default)]
struct Growing {
    tails: HashMap<JobId, Tail>,
    /// Jobs whose file is open, by when they last wrote.
    open: BTreeMap<u64, JobId>,
    writes: u64,
}

/// Where the next frame of a job goes.
#[derive(Debug)]
struct Tail {
    segment: u64,
    length: u64,
    file: Option<Arc<File>>,
    /// The key in `Growing::open`, when the file is open.
    last_write: u64,
}

impl Logs {
    pub(crate) fn new(folder: Dir) -> Self {
        Self {
            folder,
            growing: Mutex::default(),
        }
    }

    /// Adds what an attempt printed. When this returns, it survives the end of the process.
    ///
    /// # Errors
    /// What the file system says. What was added before stays readable.
    pub fn append(
        &self,
        attempt: AttemptId,
        stream: Stream,
        at: UnixMillis,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let AttemptId { job, task, number } = attempt;
        let head = FrameHead {
            task,
            attempt: number,
            at,
            stream,
        };
        let mut frames = Vec::with_capacity(bytes.len() + HEAD_BYTES);
        bytes
            .chunks(BYTES_MAX)
            .for_each(|bytes| encode(head, bytes, &mut frames));
        let full = self
            .growing()
            .append(&self.folder, job, &frames)
            .doing("write a log")?;
        // Outside the lock: a flush takes as long as it takes, and others want to write.
        full.map_or(Ok(()), |full| sync_file(&full))
            .doing("make a log durable")
    }

    /// Reads what a job printed, from a place on, up to what is there now. What is added later is read from the position
    /// after the last entry.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read(
        &self,
        job: JobId,
        selection: LogSelection,
        from: LogPosition,
    ) -> Result<LogReader, Error> {
        // Under the lock: a log that somebody begins to write meanwhile must not be taken for one that nobody writes.
        let growing = self.growing();
        let folder = self.folder.open_dir(job.0.to_string());
        let folder = if_found(folder).doing("open a log")?;
        let end = match (growing.end(job), &folder) {
            (Some(end), _) => Some(end),
            (None, Some(folder)) => whole_log(folder).doing("open a log")?,
            (None, None) => None,
        };
        drop(growing);
        Ok(LogReader::new(folder, selection, from, end))
    }

    /// Makes what the job printed durable against power loss, and lets go of its file: for a job that is finished. If it
    /// prints again, a new segment begins.
    ///
    /// # Errors
    /// What the file system says.
    pub fn close(&self, job: JobId) -> Result<(), Error> {
        let Some(tail) = self.growing().forget(job) else {
            return Ok(());
        };
        let sync_tail = || match tail.file {
            Some(file) => sync_file(&file),
            None => sync_file(&open_segment(&self.folder, job, tail.segment)?),
        };
        sync_tail().doing("make a log durable")
    }

    /// Makes everything that was printed so far durable against power loss: for a server that stops.
    ///
    /// # Errors
    /// What the file system says.
    pub fn sync(&self) -> Result<(), Error> {
        sync_file_system(&self.folder).doing("make logs durable")
    }

    /// Removes what a job printed. One that printed nothing is fine.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, job: JobId) -> Result<(), Error> {
        drop(self.growing().forget(job));
        if_found(self.folder.remove_dir_all(job.0.to_string()))
            .map(drop)
            .doing("remove a log")
    }

    fn growing(&self) -> MutexGuard<'_, Growing> {
        // A panic elsewhere leaves at worst a tail that is behind, whose bytes are written again.
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Growing {
    /// Answers with a segment that is full now.
    fn append(&mut self, folder: &Dir, job: JobId, frames: &[u8]) -> io::Result<Option<Arc<File>>> {
        if frames.is_empty() {
            return Ok(None);
        }
        let file = self.file_of(folder, job)?;
        let Some(tail) = self.tails.get_mut(&job) else {
            return Ok(None);
        };
        file.write_all_at(frames, tail.length)?;
        tail.length += u64::try_from(frames.len()).unwrap_or(u64::MAX);
        if tail.length < SEGMENT_BYTES {
            return Ok(None);
        }
        let next = tail.segment + 1;
        // If it cannot be begun, this one goes on growing: longer than meant, and whole.
        if let Ok(tail) = Tail::begin(folder, job, next) {
            self.close_file(job);
            self.tails.insert(job, tail);
            self.opened(job);
        }
        Ok(Some(file))
    }

    /// The file to write to. It becomes the one last written to.
    fn file_of(&mut self, folder: &Dir, job: JobId) -> io::Result<Arc<File>> {
        match self.tails.get_mut(&job) {
            Some(tail) if tail.file.is_none() => {
                tail.file = Some(Arc::new(open_segment(folder, job, tail.segment)?));
            }
            Some(tail) => drop(self.open.remove(&tail.last_write)),
            None => {
                let segment = newest(&private_folder(folder, job.0.to_string())?)? + 1;
                self.tails.insert(job, Tail::begin(folder, job, segment)?);
            }
        }
        self.opened(job);
        let file = self.tails.get(&job).and_then(|tail| tail.file.clone());
        file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Notes that the job's file is open, and closes the one not written to for the longest time if there are too many.
    fn opened(&mut self, job: JobId) {
        self.writes += 1;
        if let Some(tail) = self.tails.get_mut(&job) {
            tail.last_write = self.writes;
            self.open.insert(self.writes, job);
        }
        if self.open.len() > OPEN_FILES_MAX {
            let oldest = self.open.first_key_value().map(|(_, oldest)| *oldest);
            oldest
                .into_iter()
                .for_each(|oldest| self.close_file(oldest));
        }
    }

    fn close_file(&mut self, job: JobId) {
        if let Some(tail) = self.tails.get_mut(&job) {
            tail.file = None;
            self.open.remove(&tail.last_write);
        }
    }

    fn forget(&mut self, job: JobId) -> Option<Tail> {
        let tail = self.tails.remove(&job)?;
        self.open.remove(&tail.last_write);
        Some(tail)
    }

    /// The end of what was written whole.
    fn end(&self, job: JobId) -> Option<LogPosition> {
        let Tail {
            segment, length, ..
        } = self.tails.get(&job)?;
        Some(LogPosition {
            segment: *segment,
            offset: *length,
        })
    }
}

impl Tail {
    fn begin(folder: &Dir, job: JobId, segment: u64) -> io::Result<Self> {
        let folder = folder.open_dir(job.0.to_string())?;
        let mut options = private_file();
        let file = folder.open_with(file_name(segment), options.create(true).truncate(true))?;
        if let Err(error) = file.write_all_at(MAGIC, 0).and_then(|()| sync(&folder)) {
            // An empty segment would look like one that lost something.
            folder.remove_file(file_name(segment))?;
            return Err(error);
        }
        Ok(Self {
            segment,
            length: MAGIC_BYTES,
            file: Some(Arc::new(file)),
            last_write: 0,
        })
    }
}

fn open_segment(folder: &Dir, job: JobId, segment: u64) -> io::Result<File> {
    folder
        .open_dir(job.0.to_string())?
        .open_with(file_name(segment), &private_file())
}

/// The end of a log that nobody writes to: all of it.
fn whole_log(folder: &Dir) -> io::Result<Option<LogPosition>> {
    let segment = newest(folder)?;
    if segment == 0 {
        return Ok(None);
    }
    let length = folder.metadata(file_name(segment))?.len();
    // One without its beginning has lost what was in it: the reader has to come to it to say so.
    let offset = if length < MAGIC_BYTES {
        MAGIC_BYTES + 1
    } else {
        length
    };
    Ok(Some(LogPosition { segment, offset }))
}
