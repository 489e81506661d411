//! `sublet:job/checkpoint`: bytes that outlive the attempt, in the directory that the next one is handed. A checkpoint is
//! there whole or not at all: written beside, made durable, renamed.

use std::io;

use wasmtime::Result;

use super::bindings::sublet::job::checkpoint::Host;
use super::bindings::sublet::job::types::Error;
use super::{BYTES_PER_CALL_MAX, JobView, broken, folder, too_many};

/// The file, in which the number of the checkpoint stands before its bytes.
const FILE: &str = ".sublet-checkpoint";
const NUMBER_BYTES: usize = size_of::<u64>();

type Checkpoint = (u64, Vec<u8>);

impl Host for JobView<'_> {
    fn load(&mut self) -> Result<std::result::Result<Option<Checkpoint>, Error>> {
        Ok(self.newest())
    }

    /// Not on the guest's thread: it waits for the disk.
    async fn save(&mut self, bytes: Vec<u8>) -> Result<std::result::Result<u64, Error>> {
        let number = match self.next_number(&bytes) {
            Ok(number) => number,
            Err(error) => return Ok(Err(error)),
        };
        let state = match self.state.state().map(folder::duplicate) {
            Ok(Ok(state)) => state,
            Ok(Err(error)) => return Ok(Err(broken("save the checkpoint", &error))),
            Err(error) => return Ok(Err(error)),
        };
        let content = [&number.to_le_bytes()[..], &bytes].concat();
        let writing =
            tokio::task::spawn_blocking(move || folder::write_durable(&state, FILE, &content));
        let written = writing
            .await
            .unwrap_or_else(|_| Err(io::Error::other("it broke off")));
        Ok(written
            .map(|()| number)
            .map_err(|error| broken("save the checkpoint", &error)))
    }
}

impl JobView<'_> {
    fn newest(&self) -> std::result::Result<Option<Checkpoint>, Error> {
        let most = BYTES_PER_CALL_MAX + NUMBER_BYTES;
        let content = folder::read_whole(self.state.state()?, FILE, most)
            .map_err(|error| broken("load the checkpoint", &error))?;
        Ok(content.and_then(|content| {
            let (number, bytes) = content.split_first_chunk()?;
            Some((u64::from_le_bytes(*number), bytes.to_vec()))
        }))
    }

    fn next_number(&self, bytes: &[u8]) -> std::result::Result<u64, Error> {
        if bytes.len() > BYTES_PER_CALL_MAX {
            return Err(too_many("the checkpoint", bytes.len()));
        }
        let newest = self.newest()?;
        Ok(newest.map_or(1, |(number, _)| number.saturating_add(1)))
    }
}
