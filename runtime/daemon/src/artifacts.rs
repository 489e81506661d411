//! Machine code of modules: found on the disk, or made by a compile process. One module is compiled at a time.

mod turns;

use std::sync::Arc;

use sublet_scheduler::UserId;
use sublet_store::{Artifact, Digest, Error, Library, WholeArtifact};
use sublet_worker::compile::{CompileError, Compiled, Compiler};
use sublet_worker::{Preemption, engine_identity};
use thiserror::Error;
use turns::Turns;

/// Where machine code comes from.
#[derive(Clone, Debug)]
pub(crate) struct Artifacts {
    library: Arc<Library>,
    compiler: Compiler,
    turns: Turns,
    /// With the checks that make guests give way, and without.
    engines: [Arc<str>; 2],
}

/// Why there is no machine code.
#[derive(Debug, Error)]
pub(crate) enum ArtifactError {
    #[error("the module's binary is not there")]
    NoModule,
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    Store(#[from] Error),
    #[error("the server is stopping")]
    Stopping,
}

impl Artifacts {
    pub(crate) fn new(library: Arc<Library>, compiler: Compiler) -> Self {
        Self {
            library,
            compiler,
            turns: Turns::default(),
            engines: [Preemption::Checks, Preemption::Kernel]
                .map(|preemption| engine_identity(preemption).into()),
        }
    }

    /// The engine that machine code is for.
    pub(crate) fn engine(&self, preemption: Preemption) -> &Arc<str> {
        let [checks, kernel] = &self.engines;
        match preemption {
            Preemption::Checks => checks,
            Preemption::Kernel => kernel,
        }
    }

    /// Compiles bytes of a user's that were just uploaded, or are there. Nothing is kept.
    pub(crate) async fn compile(
        &self,
        user: UserId,
        wasm: &[u8],
        preemption: Preemption,
    ) -> Result<Compiled, ArtifactError> {
        let _turn = self.turns.take(user).await.ok_or(ArtifactError::Stopping)?;
        Ok(self.compiler.compile(wasm, preemption).await?)
    }

    /// Keeps what was compiled.
    pub(crate) async fn keep(
        &self,
        user: UserId,
        module: Digest,
        preemption: Preemption,
        artifact: Vec<u8>,
    ) -> Result<(), ArtifactError> {
        let library = Arc::clone(&self.library);
        let engine = Arc::clone(self.engine(preemption));
        on_disk(move || library.keep_artifact(user, module, &engine, &artifact)).await?;
        Ok(())
    }

    /// The checked machine code of a module that is there, compiled anew if it is missing, damaged or of another engine.
    pub(crate) async fn obtain(
        &self,
        user: UserId,
        module: Digest,
        preemption: Preemption,
    ) -> Result<WholeArtifact, ArtifactError> {
        if let Some(artifact) = self.find(user, module, preemption).await? {
            return Ok(artifact);
        }
        tracing::info!(%module, "the module is compiled for this engine");
        let library = Arc::clone(&self.library);
        let wasm = on_disk(move || library.module(user, module))
            .await?
            .ok_or(ArtifactError::NoModule)?;
        let compiled = self.compile(user, &wasm, preemption).await?;
        self.keep(user, module, preemption, compiled.artifact)
            .await?;
        self.find(user, module, preemption)
            .await?
            .ok_or(ArtifactError::NoModule)
    }

    async fn find(
        &self,
        user: UserId,
        module: Digest,
        preemption: Preemption,
    ) -> Result<Option<WholeArtifact>, ArtifactError> {
        let library = Arc::clone(&self.library);
        let engine = Arc::clone(self.engine(preemption));
        Ok(
            match on_disk(move || library.artifact(user, module, &engine)).await? {
                Artifact::Whole(artifact) => Some(artifact),
                Artifact::Missing => None,
                Artifact::Damaged => {
                    tracing::error!(%module, "machine code on the disk was damaged, it is made again");
                    None
                }
            },
        )
    }
}

/// Work with files, off the threads that answer.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
