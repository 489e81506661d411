//! One request from its check to its answer.

use std::future::Future;
use std::pin::Pin;

use http_body_util::BodyExt;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use sublet_network::{Carrier, Connection, Nic, Pending, Place, Refusal};
use tokio::time::timeout;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use crate::http::errors::{hyper_error, refusal_error};
use crate::http::exchange::exchange;
use crate::http::incoming::Incoming;
use crate::http::outgoing::{Outgoing, Progress};
use crate::http::request::rewrite;
use crate::http::target::{Protection, Target};
use crate::http::timeouts::Timeouts;
use crate::http::trust::Trust;

/// The head of an answer, its body, and the work that brings the body in.
pub(super) type Answer = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

/// What moves bytes between a connection and who speaks HTTP over it. How it went is told by the answer and by its body.
pub(super) type Driving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The head of an answer and its trailers. What is longer is refused before it is kept.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A request that was checked, and was not sent yet.
pub(super) struct Call {
    request: Request<Outgoing>,
    progress: Progress,
    target: Target,
    timeouts: Timeouts,
    dialling: Pending<Result<Connection, Refusal>>,
    place: Place,
    trust: Trust,
}

impl Call {
    pub(super) fn prepare(
        nic: &Nic,
        trust: &Trust,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Self, Error> {
        let target = Target::of(request.uri())?;
        let (request, progress) = rewrite(request, &target)?;
        let place = nic.place().map_err(|refusal| refusal_error(&refusal))?;
        Ok(Self {
            request,
            progress,
            dialling: nic.connect_name(&target.host, target.port),
            target,
            timeouts: options.into(),
            place,
            trust: trust.clone(),
        })
    }

    pub(super) async fn answer(self) -> Result<Answer, Error> {
        let Timeouts {
            connect,
            first_byte,
            between_bytes,
        } = self.timeouts;
        let opening = Box::pin(open(self.dialling, &self.trust, &self.target));
        let stream = timeout(connect, opening).await;
        let stream = stream.map_err(|_elapsed| Error::ConnectionTimeout)??;
        let (sender, driving) = speak(stream, self.place).await?;
        let sent = exchange(sender, driving, self.request, &self.progress, first_byte);
        let (response, driving) = sent.await?;
        let response = response.map(|body| Incoming::new(body, between_bytes).boxed_unsync());
        let driving = async move {
            if let Some(driving) = driving {
                driving.await;
            }
            Ok(())
        };
        Ok((response, Box::new(driving)))
    }
}

/// A connection on which the bytes mean what the scheme says.
async fn open(
    dialling: Pending<Result<Connection, Refusal>>,
    trust: &Trust,
    target: &Target,
) -> Result<Box<dyn Carrier>, Error> {
    let connection = dialling.await.map_err(|refusal| refusal_error(&refusal))?;
    let stream = connection.into_stream();
    match target.protection {
        Protection::None => Ok(Box::new(stream)),
        Protection::Tls => trust.handshake(&target.host, stream).await,
    }
}

/// Begins to speak HTTP/1.1. The place is given back when the connection is over.
async fn speak(
    stream: Box<dyn Carrier>,
    place: Place,
) -> Result<(SendRequest<Outgoing>, Driving), Error> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| hyper_error(&error))?;
    let driving = async move {
        let _place = place;
        drop(connection.await);
    };
    Ok((sender, Box::pin(driving)))
}
