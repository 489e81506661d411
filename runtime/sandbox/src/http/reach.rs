//! What an instance can reach, and whom it believes.

use std::future::{Future, ready};
use std::sync::Arc;

use hyper::Request;
use hyper::header::{HeaderName, TE, TRAILER};
use sublet_network::Nic;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

use crate::http::Trust;
use crate::http::call::{Answer, Call};

/// Bytes of a request's body that are copied out of a guest at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The nic of an instance, and whom the instance believes when it speaks TLS.
pub(crate) struct Reach {
    nic: Option<Nic>,
    trust: Trust,
}

impl Reach {
    pub(crate) fn new(nic: Option<Nic>, trust: Trust) -> Self {
        Self { nic, trust }
    }

    /// Its nic, while it has one.
    pub(crate) fn nic(&self) -> Option<&Nic> {
        self.nic.as_ref()
    }

    /// Takes the nic away.
    pub(crate) fn leave(&mut self) -> Option<Nic> {
        self.nic.take()
    }

    fn call(
        &self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Call, Error> {
        let nic = self.nic().ok_or(Error::HttpRequestDenied)?;
        Call::prepare(nic, &self.trust, request, options)
    }
}

impl WasiHttpHooks for Reach {
    /// What this answers is run as a task that ends with the guest's handle of it. It holds nothing of the nic alive.
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answer, Error>> + Send> {
        match self.call(request, options) {
            Ok(call) => Box::new(call.answer()),
            Err(error) => Box::new(ready(Err(error))),
        }
    }

    /// The host is told by us, from the authority: a guest that could say another would be two guests to the server.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }
}

/// What concerns one connection alone is not the guest's to say or to see, and neither is the host.
fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name) || *name == TE || *name == TRAILER
}
