//! Files that attempts left for people: copied out of the directory of an attempt, which was a guest's, into one that is
//! ours, hashed on the way. A file has its place before its record says so; what no record names is not there.

mod keep;

use std::io::{self, Seek as _};

use cap_std::fs::{Dir, File};
use sublet_scheduler::{AttemptId, JobId};

use crate::{Digest, Error, JobArtifact, durable::if_found, error::Doing};

pub use keep::{Kept, Unkept};

const DAMAGED: Error = Error::Damaged {
    what: "an artifact",
};

/// All of them, by their job.
#[derive(Debug)]
pub struct Outputs {
    folder: Dir,
}

impl Outputs {
    pub(crate) const fn new(folder: Dir) -> Self {
        Self { folder }
    }

    /// Opens what a record names, for who reads all of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not there, or is not what was kept; otherwise what the file system says.
    pub fn open_whole(
        &self,
        job: JobId,
        task: u32,
        artifact: &JobArtifact,
    ) -> Result<std::fs::File, Error> {
        let mut file = self.open(job, task, artifact)?;
        let digest = Digest::of_rest(&file).doing("read an artifact")?;
        file.rewind().doing("read an artifact")?;
        if digest == artifact.digest {
            Ok(file)
        } else {
            Err(DAMAGED)
        }
    }

    /// Opens what a record names, for who reads a part: whether that is what was kept cannot be seen from a part.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not there or of another length; otherwise what the file system says.
    pub fn open(
        &self,
        job: JobId,
        task: u32,
        artifact: &JobArtifact,
    ) -> Result<std::fs::File, Error> {
        let number = artifact.number;
        let attempt = AttemptId { job, task, number };
        let path = format!("{}/{}", attempt_path(attempt), artifact.place);
        let file: File = if_found(self.folder.open(path))
            .doing("open an artifact")?
            .ok_or(DAMAGED)?;
        let length = file.metadata().doing("open an artifact")?.len();
        if length != artifact.size_bytes {
            return Err(DAMAGED);
        }
        Ok(file.into_std())
    }

    /// Removes what earlier attempts of the same task left, now that the records name what this one did.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_earlier(&self, attempt: AttemptId) -> Result<(), Error> {
        for number in 1..attempt.number {
            self.remove_at(&attempt_path(AttemptId { number, ..attempt }))
                .doing("remove artifacts")?;
        }
        Ok(())
    }

    /// Removes all that the attempts of a job left.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove(&self, job: JobId) -> Result<(), Error> {
        self.remove_at(&job.0.to_string()).doing("remove artifacts")
    }

    fn remove_at(&self, path: &str) -> io::Result<()> {
        if_found(self.folder.remove_dir_all(path)).map(drop)
    }
}

fn attempt_path(AttemptId { job, task, number }: AttemptId) -> String {
    format!("{}/{task}-{number}", job.0)
}
