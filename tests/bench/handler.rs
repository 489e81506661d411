//! The least that an HTTP server does: hyper and a handler, without routes, identities or anything to look up.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use anyhow::Context;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::{records, server};

/// What it answers.
pub(crate) enum Answering {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Something short, once what came is durable in this file.
    Durably(PathBuf),
}

/// A server that runs until it is dropped.
pub(crate) struct Handler {
    socket: PathBuf,
    _directory: TempDir,
    _runtime: Runtime,
}

/// Tells that a record is durable.
pub(crate) type Kept = oneshot::Sender<()>;

impl Handler {
    pub(crate) fn start(answering: Answering) -> anyhow::Result<Self> {
        let directory = server::directory()?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let socket = directory.path().join("socket");
        let listener = {
            let _inside = runtime.enter();
            UnixListener::bind(&socket)?
        };
        let (body, records) = match answering {
            Answering::Bytes(bytes) => (Bytes::from(bytes), None),
            Answering::Durably(file) => (Bytes::from_static(b"{}"), Some(writer(file))),
        };
        runtime.spawn(accept(listener, body, records));
        Ok(Self {
            socket,
            _directory: directory,
            _runtime: runtime,
        })
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }
}

fn writer(file: PathBuf) -> mpsc::Sender<Kept> {
    let (sender, waiting) = mpsc::channel();
    thread::spawn(move || records::keep_together(&file, &waiting));
    sender
}

async fn accept(listener: UnixListener, body: Bytes, records: Option<mpsc::Sender<Kept>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (body, records) = (body.clone(), records.clone());
        let answer = service_fn(move |request: Request<Incoming>| {
            let (body, records) = (body.clone(), records.clone());
            async move {
                if let Some(records) = records
                    && keep(request, &records).await.is_err()
                {
                    return Ok(Response::builder()
                        .status(500)
                        .body(Full::default())
                        .unwrap_or_default());
                }
                Ok::<_, Infallible>(Response::new(Full::new(body)))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn keep(request: Request<Incoming>, records: &mpsc::Sender<Kept>) -> anyhow::Result<()> {
    request.into_body().collect().await?;
    let (kept, is_kept) = oneshot::channel();
    records.send(kept).ok().context("the writer is gone")?;
    Ok(is_kept.await?)
}
