//! Machine code on its way to a worker: found on the disk or compiled, and asked for again where the host had no means.

use std::time::Duration;

use sublet_worker::Preemption;

use super::{Surroundings, WorkerId};
use crate::artifacts::ArtifactError;
use crate::driver::{ActiveJob, Command, is_for_want_of_means};

/// Before what the host had no means for is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the driver once the machine code of a job's module is there, or cannot be had.
pub(super) fn fetch(
    surroundings: &Surroundings,
    worker: WorkerId,
    preemption: Preemption,
    job: &ActiveJob,
) {
    let (user, module) = (job.user, job.module);
    let (artifacts, driver) = (surroundings.artifacts.clone(), surroundings.driver.clone());
    surroundings.runtime.spawn(async move {
        let obtain = || artifacts.obtain(user, module, preemption);
        let artifact = once_there_are_means(obtain).await;
        driver.tell(Command::ArtifactReady {
            worker,
            module,
            artifact,
        });
    });
}

/// A want of descriptors, processes or memory passes, and is no fault of those who wait for the module.
async fn once_there_are_means<T, F>(mut obtain: impl FnMut() -> F) -> Result<T, ArtifactError>
where
    F: Future<Output = Result<T, ArtifactError>>,
{
    loop {
        match obtain().await {
            Err(error) if is_for_want_of_means(&error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the host has no means to fetch machine code now, its attempts wait"
                );
                tokio::time::sleep(PAUSE).await;
            }
            obtained => return obtained,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;
    use sublet_worker::compile::CompileError;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_want_of_means_is_waited_for_and_nothing_else() {
        let files = |errno: Errno| sublet_store::Error::Files {
            doing: "open an artifact",
            source: errno.into(),
        };
        let mut answers = vec![
            Ok("code"),
            Err(ArtifactError::Store(files(Errno::MFILE))),
            Err(ArtifactError::Compile(CompileError::Fault(
                Errno::NOMEM.into(),
            ))),
        ];
        let obtained = once_there_are_means(|| std::future::ready(answers.pop().unwrap()));
        assert_eq!(obtained.await.unwrap(), "code");

        for lasting in [
            ArtifactError::NoModule,
            ArtifactError::Store(files(Errno::IO)),
            ArtifactError::Compile(CompileError::Fault(io::Error::other("a crash"))),
        ] {
            let mut answers = vec![Err::<(), _>(lasting)];
            let obtained = once_there_are_means(|| std::future::ready(answers.pop().unwrap()));
            assert!(obtained.await.is_err());
        }
    }
}
