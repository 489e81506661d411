//! The HTTP client: one function per route, over the unix socket of this host's server, or over TLS with a credential.
//!
//! It knows paths, headers and the API's types. It does not know what an answer is for, nor how it is shown. Routes:
//!
//! ```text
//!   jobs     POST /v1/jobs · GET /v1/jobs · GET /v1/jobs/{job}[/wait|explain|tasks|tasks/{index}] · POST …/cancel, …/retry
//!            GET /v1/jobs/{job}/tasks/{index}/artifacts[/{name}], …/output
//!   logs     GET /v1/jobs/{job}/logs, …/events                         one entry per line, for as long as it is followed
//!   modules  POST /v1/modules · GET /v1/modules · GET, DELETE /v1/modules/{module} · POST …/release
//!   inputs   HEAD, PUT /v1/inputs/{digest}
//!   pool     GET /v1/pool · GET /v1/subclusters[/{name}] · POST …/pause, …/resume · DELETE /v1/subclusters/{name}
//!            GET /v1/nodes[/{name}[/explain]] · POST …/drain, …/resume, …/label
//!   networks GET /v1/networks[/{name}[/flows|peers]] · GET, PUT /v1/users/{name}/policy
//!   users    GET /v1/whoami · GET, POST /v1/users · GET, DELETE /v1/users/{name} · PUT …/quota · POST …/suspend, …/resume
//!   usage    GET /v1/usage[/removed]
//!   certs    GET, POST /v1/certs · POST /v1/certs/{serial}/revoke · POST /v1/certs/rotate, …/retire
//!   rules    GET, PUT /v1/rules · GET /v1/rules/history · POST /v1/plan · GET /v1/audit
//!   any      whatever `sublet api` is asked for
//!   server   GET /version · GET /readyz?verbose · GET /v1/admin/config
//! ```

mod inputs;
mod jobs;
mod logs;
mod modules;
mod networks;
mod pool;
mod raw;
mod receive;
mod rules;
mod server;
mod stream;
mod upload;
mod usage;
mod users;

use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use rustls::time_provider::DefaultTimeProvider;
use serde::de::DeserializeOwned;
use sublet_api::{Code, Problem};
use sublet_identity::{Credential, client_config};

pub(crate) use inputs::Upload;
pub(crate) use receive::Received;

use crate::failure::Failure;

/// Most items that a server puts on one page.
const PAGE_ITEMS_MAX: u32 = 1_000;

/// A server to talk to.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    /// As messages name it.
    place: String,
}

/// Where a server is, and how it knows us.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// On this host. Our account is who we are.
    Socket(PathBuf),
    /// Anywhere. Our certificate is who we are.
    Remote(Box<Remote>),
}

/// A server that is reached with a credential.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    url: Url,
    tls: rustls::ClientConfig,
}

impl Address {
    /// `unix:/path`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("unix:").map(PathBuf::from_str);
        match path {
            Some(Ok(socket)) if socket.is_absolute() => Ok(Self::Socket(socket)),
            _ if text.starts_with("https:") => Err(
                "a server elsewhere is reached with a credential: `sublet login FILE`, --profile or --credential".to_owned(),
            ),
            _ => Err(
                "write unix: and an absolute path, such as unix:/run/sublet/api.sock".to_owned(),
            ),
        }
    }

    /// The socket that `sublet serve` makes when nobody says otherwise.
    pub(crate) fn automatic() -> Self {
        Self::Socket(sublet_daemon::paths::socket())
    }

    /// Where a credential leads.
    pub(crate) fn of(credential: &Credential) -> Result<Self, Failure> {
        let unusable = |error: &dyn Error| {
            Failure::new(Code::CredentialInvalid, "the credential cannot be used").caused_by(error)
        };
        let server = credential.servers().first().map_or("", String::as_str);
        let url = Url::parse(server).map_err(|error| unusable(&error))?;
        let clock = Arc::new(DefaultTimeProvider);
        let tls = client_config(credential, clock).map_err(|error| unusable(&error))?;
        Ok(Self::Remote(Box::new(Remote { url, tls })))
    }
}

impl Client {
    /// A client of this server. Nothing is sent yet.
    pub(crate) fn new(address: &Address) -> Result<Self, Failure> {
        // The library wants to know who speaks TLS even where nobody does. The first to say so is the same as the second.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder = reqwest::Client::builder()
            .no_proxy()
            .user_agent(concat!("sublet/", env!("CARGO_PKG_VERSION")));
        let (builder, base, place) = match address {
            Address::Socket(socket) => (
                builder.unix_socket(socket.clone()),
                // The host is not looked up: the socket is the server.
                Url::parse("http://sublet").expect("a constant that is a URL"),
                socket.display().to_string(),
            ),
            Address::Remote(remote) => (
                builder.tls_backend_preconfigured(remote.tls.clone()),
                remote.url.clone(),
                remote.url.to_string(),
            ),
        };
        let http = builder.build().map_err(|error| {
            Failure::new(Code::ServerUnreachable, "no client can be made").caused_by(&error)
        })?;
        Ok(Self { http, base, place })
    }

    /// The address of a route. Each segment is escaped, so that no name can change the route.
    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("an http URL has a path")
            .pop_if_empty()
            .extend(segments);
        url
    }

    fn get(&self, segments: &[&str]) -> RequestBuilder {
        self.http.get(self.url(segments))
    }

    fn post(&self, segments: &[&str]) -> RequestBuilder {
        self.http.post(self.url(segments))
    }

    /// Sends a request; the answer is a success, or it is a failure.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        Err(refusal(answer).await)
    }

    /// Sends a request and reads the object that it answers.
    async fn fetch<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let answer = self.send(request).await?;
        let bytes = answer
            .bytes()
            .await
            .map_err(|error| self.unreachable(&error))?;
        understood(&bytes)
    }

    /// Whether something exists: `None` when the server says 404.
    async fn find(&self, request: RequestBuilder) -> Result<Option<Response>, Failure> {
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(Some(answer)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refusal(answer).await),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let cause = root(error);
        if error.is_connect() {
            Failure::new(
                Code::ServerUnreachable,
                format!("no server answers on {}", self.place),
            )
            .caused_by(cause)
            .help("start one with `sublet serve`, or name another with --url or SUBLET_URL")
        } else {
            Failure::new(
                Code::ServerUnreachable,
                "the connection to the server broke off",
            )
            .caused_by(cause)
            .help("see whether the server still runs, then try again")
        }
    }
}

/// What lies at the bottom of an error of the library: what is above repeats a made-up address and its own layers.
fn root(error: &reqwest::Error) -> &dyn Error {
    let mut root: &dyn Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root
}

/// What the server says instead of a success.
async fn refusal(answer: Response) -> Failure {
    let status = answer.status();
    let is_problem = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"));
    let body = answer.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) if is_problem => Failure::from(problem),
        _ => Failure::new(
            Code::ServerFault,
            format!("the server answered {status} without saying why"),
        ),
    }
}

/// An object of the API, read from an answer.
fn understood<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::new(
            Code::ServerFault,
            "the server's answer cannot be understood",
        )
        .caused_by(&error)
        .help("compare the versions of command and server with `sublet version`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_change_the_route() {
        let client = Client::new(&Address::automatic()).unwrap();
        let url = client.url(&["v1", "jobs", "#412", "wait"]);
        assert_eq!(url.path(), "/v1/jobs/%23412/wait");
        let url = client.url(&["v1", "modules", "a/../b?c@1"]);
        assert_eq!(url.path(), "/v1/modules/a%2F..%2Fb%3Fc@1");
    }

    #[test]
    fn addresses() {
        assert!(Address::parse("unix:/run/sublet/api.sock").is_ok());
        for bad in [
            "",
            "unix:",
            "unix:api.sock",
            "/run/sublet/api.sock",
            "http://localhost:7070",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }
}
