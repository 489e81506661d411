//! `sublet:job/artifacts`: files in `/out`, written piece by piece. One that is not finished leaves nothing.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::sublet::job::artifacts::{Host, HostWriter};
use super::bindings::sublet::job::types::Error;
use super::relatives::{Reply, Wish, at_most, bounded, strange};
use super::{BYTES_PER_CALL_MAX, JobView, broken, folder, too_many};

/// Artifacts that are written at once: each is an open file of ours.
const WRITERS_MAX: usize = 16;

type Answer<T> = Result<std::result::Result<T, Error>>;

/// An artifact while it is written.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Writer {
    out: Arc<OwnedFd>,
    file: File,
    /// Its name until it is finished.
    begun: String,
    name: String,
    content_type: String,
    sha256: Sha256,
}

impl Drop for Writer {
    /// Where it was finished there is nothing of this name.
    fn drop(&mut self) {
        folder::remove(&self.out, &self.begun);
    }
}

impl HostWriter for JobView<'_> {
    fn write(&mut self, writer: Resource<Writer>, bytes: Vec<u8>) -> Answer<()> {
        if bytes.len() > BYTES_PER_CALL_MAX {
            return Ok(Err(too_many("a piece of the artifact", bytes.len())));
        }
        let writer = self.table.get_mut(&writer)?;
        let length = writer.file.metadata().map(|metadata| metadata.len());
        let written = length.and_then(|length| {
            writer.file.write_all(&bytes).inspect_err(|_| {
                // All of these bytes, or none.
                writer.file.set_len(length).unwrap_or_default();
            })
        });
        Ok(match written {
            Ok(()) => {
                writer.sha256.update(&bytes);
                Ok(())
            }
            Err(error) => Err(broken("write the artifact", &error)),
        })
    }

    fn finish(&mut self, writer: Resource<Writer>) -> Answer<String> {
        let writer = self.table.delete(writer)?;
        self.state.writers = self.state.writers.saturating_sub(1);
        if let Err(error) = folder::finish(&writer.out, &writer.begun, &writer.name) {
            return Ok(Err(broken("finish the artifact", &error)));
        }
        if let Some(desk) = self.state.desk() {
            desk.artifact_type(&writer.name, &writer.content_type);
        }
        let digest = writer.sha256.clone().finalize();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Ok(format!("sha256:{digits}")))
    }

    fn drop(&mut self, writer: Resource<Writer>) -> Result<()> {
        self.table.delete(writer)?;
        self.state.writers = self.state.writers.saturating_sub(1);
        Ok(())
    }
}

impl Host for JobView<'_> {
    fn create(&mut self, name: String, content_type: String) -> Answer<Resource<Writer>> {
        let begun = match self.begin(name, content_type) {
            Ok(writer) => writer,
            Err(error) => return Ok(Err(error)),
        };
        self.state.writers += 1;
        self.state.writers_begun += 1;
        Ok(Ok(self.table.push(begun)?))
    }

    async fn read(
        &mut self,
        job: Option<String>,
        name: String,
        offset: u64,
        len: u32,
    ) -> Answer<Vec<u8>> {
        if let Err(error) = folder::check_name(&name) {
            return Ok(Err(error));
        }
        Ok(match self.relative(job) {
            None => self.read_own(&name, (offset, len)),
            Some(job) => self.read_of(job, name, (offset, len)).await,
        })
    }

    async fn names(&mut self, job: Option<String>) -> Answer<Vec<String>> {
        Ok(match self.relative(job) {
            None => self.state.out().and_then(|out| {
                folder::names(out).map_err(|error| broken("list artifacts", &error))
            }),
            Some(job) => self.names_of(job).await,
        })
    }
}

impl JobView<'_> {
    fn begin(&self, name: String, content_type: String) -> std::result::Result<Writer, Error> {
        folder::check_name(&name)?;
        folder::check_content_type(&content_type)?;
        let out = self.state.out()?;
        if self.state.writers >= WRITERS_MAX {
            return Err(Error::Quota(format!(
                "{WRITERS_MAX} artifacts are being written, and no more may be at once"
            )));
        }
        let unwritable = |error: std::io::Error| broken("begin the artifact", &error);
        let out = Arc::new(folder::duplicate(out).map_err(unwritable)?);
        let begun = format!("{}writing-{}", folder::OWN, self.state.writers_begun);
        let file = folder::begin(&out, &begun).map_err(unwritable)?;
        Ok(Writer {
            out,
            file,
            begun,
            name,
            content_type,
            sha256: Sha256::new(),
        })
    }

    /// The other job, where it is not this one.
    fn relative(&self, job: Option<String>) -> Option<String> {
        let own = self.state.facts().map(|facts| facts.job.as_str());
        job.filter(|job| Some(job.as_str()) != own)
    }

    async fn read_of(
        &mut self,
        job: String,
        name: String,
        (offset, len): (u64, u32),
    ) -> std::result::Result<Vec<u8>, Error> {
        let wish = Wish::Artifact {
            job: bounded("the id", job)?,
            name,
            offset,
            len,
        };
        match self.state.ask(wish).await? {
            Reply::Bytes(bytes) => at_most(bytes, usize::try_from(len).unwrap_or(usize::MAX)),
            _ => Err(strange()),
        }
    }

    async fn names_of(&mut self, job: String) -> std::result::Result<Vec<String>, Error> {
        let job = bounded("the id", job)?;
        match self.state.ask(Wish::Artifacts(job)).await? {
            Reply::Names(names) => Ok(names),
            _ => Err(strange()),
        }
    }

    fn read_own(
        &self,
        name: &str,
        (offset, len): (u64, u32),
    ) -> std::result::Result<Vec<u8>, Error> {
        let unreadable = |error: std::io::Error| broken("read the artifact", &error);
        let file = folder::open(self.state.out()?, name).map_err(unreadable)?;
        let file =
            file.ok_or_else(|| Error::NotFound("there is no artifact of this name".to_owned()))?;
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        let mut bytes = vec![0; wanted.min(BYTES_PER_CALL_MAX)];
        let read = file.read_at(&mut bytes, offset).map_err(unreadable)?;
        bytes.truncate(read);
        Ok(bytes)
    }
}
