//! Sending a request and waiting for the head of its answer.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response, body};
use tokio::time::timeout;
use wasmtime_wasi_http::Error;

use crate::http::call::Driving;
use crate::http::errors::hyper_error;
use crate::http::outgoing::{Outgoing, Progress};

/// The head of the answer, and what is left to do for its body.
pub(super) async fn exchange(
    mut sender: SendRequest<Outgoing>,
    driving: Driving,
    request: Request<Outgoing>,
    progress: &Progress,
    first_byte: Duration,
) -> Result<(Response<body::Incoming>, Option<Driving>), Error> {
    let mut driving = Some(driving);
    let mut sending = pin!(sender.send_request(request));
    loop {
        let sent = progress.pieces();
        let answer = poll_fn(|cx| poll_both(&mut driving, sending.as_mut(), cx));
        match timeout(first_byte, answer).await {
            Ok(Ok(response)) => return Ok((response, driving)),
            Ok(Err(error)) => return Err(hyper_error(&error)),
            // The request is still on its way, and no server has to answer before it has it.
            Err(_) if progress.pieces() != sent => {}
            Err(_) => return Err(Error::ConnectionReadTimeout),
        }
    }
}

/// The connection goes first: the answer comes from there. Once it is over nothing but the answer is left.
fn poll_both<F: Future>(
    driving: &mut Option<Driving>,
    sending: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    if let Some(running) = driving
        && running.as_mut().poll(cx).is_ready()
    {
        *driving = None;
    }
    sending.poll(cx)
}
