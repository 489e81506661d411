//! What `#[sublet_job::main]` writes calls of: from the input to the exit code. Not for authors.

use crate::fail::{IntoFail, Result};
use crate::host::{Backend, Host as _};
use crate::payload::{Bytes, Input, Output};
use crate::{Fail, Job, logging};

/// Runs the body of a job and ends the program as the body ended.
pub fn run(body: impl FnOnce(&Job) -> Result<Option<Bytes>>) {
    let job = Job::begin(Backend::begin());
    logging::begin();
    let kept = body(&job).and_then(|output| match output {
        Some(bytes) => job.host.set_output(&bytes).map_err(Fail::from),
        None => Ok(()),
    });
    if let Err(fail) = kept {
        job.host.fail(&fail);
        job.host.exit(fail.exit_code());
    }
}

/// The input of the job.
///
/// # Errors
/// When it is not what the type wants.
pub fn input<T: Input>(job: &Job) -> Result<T> {
    T::read(job)
}

/// The end of a body that gives its output.
///
/// # Errors
/// When it cannot be written.
pub fn output<T: Output>(output: T) -> Result<Option<Bytes>> {
    output.written()
}

/// The end of a body that gives its output or fails.
///
/// # Errors
/// When the body failed, or the output cannot be written.
pub fn result<T: Output, E: IntoFail>(result: std::result::Result<T, E>) -> Result<Option<Bytes>> {
    result.map_err(IntoFail::into_fail)?.written()
}

/// The end of a body that gives nothing.
///
/// # Errors
/// Never.
pub fn nothing((): ()) -> Result<Option<Bytes>> {
    Ok(None)
}
