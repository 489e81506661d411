//! `sublet:job/payload`: what goes in, what comes out, and how an attempt fails.

use std::os::unix::fs::FileExt;

use wasmtime::Result;

use super::bindings::sublet::job::payload::Host;
use super::bindings::sublet::job::types::Error;
use super::{BYTES_PER_CALL_MAX, Failure, JobView, broken, folder, too_many};
use crate::text::shown;

/// What comes out is an artifact: under the one name where it is JSON, and under the other where it is anything else.
const RESULT_JSON: &str = "result.json";
const RESULT: &str = "result";
const JSON: &str = "application/json";
/// Nobody says what a job is given, and bytes are bytes.
const INPUT_TYPE: &str = "application/octet-stream";
/// Exit codes that a guest may have of its own.
const CODES: std::ops::RangeInclusive<i32> = 1..=255;

impl Host for JobView<'_> {
    fn content_type(&mut self) -> Result<String> {
        Ok(INPUT_TYPE.to_owned())
    }

    fn size(&mut self) -> Result<u64> {
        let input = self.state.job.as_ref().and_then(|job| job.input.as_ref());
        let length = input.and_then(|input| input.metadata().ok());
        Ok(length.map_or(0, |metadata| metadata.len()))
    }

    /// As much as was asked for, or as one call may have.
    fn read(&mut self, offset: u64, len: u32) -> Result<std::result::Result<Vec<u8>, Error>> {
        let Some(input) = self.state.job.as_ref().and_then(|job| job.input.as_ref()) else {
            return Ok(Ok(Vec::new()));
        };
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        let mut bytes = vec![0; wanted.min(BYTES_PER_CALL_MAX)];
        Ok(match input.read_at(&mut bytes, offset) {
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes)
            }
            Err(error) => Err(broken("read the input", &error)),
        })
    }

    fn set_output(
        &mut self,
        content_type: String,
        body: Vec<u8>,
    ) -> Result<std::result::Result<(), Error>> {
        Ok(self.keep_output(&content_type, &body))
    }

    fn fail(&mut self, code: i32, kind: String, message: String, retryable: bool) -> Result<()> {
        if let Some(desk) = self.state.desk() {
            desk.fail(Failure {
                code: if CODES.contains(&code) { code } else { 1 },
                kind: shown(&kind),
                message: shown(&message),
                is_retryable: retryable,
            });
        }
        Ok(())
    }
}

impl JobView<'_> {
    fn keep_output(&mut self, content_type: &str, body: &[u8]) -> std::result::Result<(), Error> {
        if body.len() > BYTES_PER_CALL_MAX {
            return Err(too_many("the output", body.len()));
        }
        folder::check_content_type(content_type)?;
        let out = self.state.out()?;
        let (name, other) = match content_type == JSON {
            true => (RESULT_JSON, RESULT),
            false => (RESULT, RESULT_JSON),
        };
        folder::write_whole(out, name, body).map_err(|error| broken("keep the output", &error))?;
        folder::remove(out, other);
        if let Some(desk) = self.state.desk() {
            desk.artifact_type(name, content_type);
        }
        Ok(())
    }
}
