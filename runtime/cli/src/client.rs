//! The HTTP client: one function per route, over the server's unix socket.
//!
//! It knows paths, headers and the API's types. It does not know what an answer is for, nor how it is shown. Routes:
//!
//! ```text
//!   jobs     POST /v1/jobs · GET /v1/jobs · GET /v1/jobs/{job}[/wait|explain|tasks|tasks/{index}] · POST …/cancel, …/retry
//!   logs     GET /v1/jobs/{job}/logs                         one entry per line, for as long as it is followed
//!   modules  POST /v1/modules · GET /v1/modules · GET, DELETE /v1/modules/{module}
//!   inputs   HEAD, PUT /v1/inputs/{digest}
//!   pool     GET /v1/pool · GET /v1/subclusters[/{name}] · POST …/pause, …/resume · DELETE /v1/subclusters/{name}
//!            GET /v1/nodes[/{name}[/explain]] · POST …/drain, …/resume, …/label
//!   networks GET /v1/networks[/{name}[/flows|peers]] · GET, PUT /v1/users/{name}/policy
//!   rules    GET, PUT /v1/rules · GET /v1/rules/history · POST /v1/plan · GET /v1/audit
//!   server   GET /version
//! ```

mod inputs;
mod jobs;
mod logs;
mod modules;
mod networks;
mod pool;
mod rules;
mod server;
mod upload;

use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr as _;

use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use sublet_api::{Code, Problem};

pub(crate) use inputs::Upload;

use crate::failure::Failure;

/// A server to talk to.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    socket: PathBuf,
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    socket: PathBuf,
}

impl Address {
    /// `unix:/path`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("unix:").map(PathBuf::from_str);
        match path {
            Some(Ok(socket)) if socket.is_absolute() => Ok(Self { socket }),
            _ => Err(
                "write unix: and an absolute path, such as unix:/run/sublet/api.sock".to_owned(),
            ),
        }
    }

    /// The socket that `sublet serve` makes when nobody says otherwise.
    pub(crate) fn automatic() -> Self {
        Self {
            socket: sublet_daemon::paths::socket(),
        }
    }
}

impl Client {
    /// A client of this server. Nothing is sent yet.
    pub(crate) fn new(address: &Address) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .unix_socket(address.socket.clone())
            .no_proxy()
            .user_agent(concat!("sublet/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                Failure::new(Code::ServerUnreachable, "no client can be made").caused_by(&error)
            })?;
        Ok(Self {
            http,
            socket: address.socket.clone(),
        })
    }

    /// The address of a route. Each segment is escaped, so that no name can change the route.
    fn url(segments: &[&str]) -> Url {
        // The host is not looked up: the socket is the server.
        let mut url = Url::parse("http://sublet").expect("a constant that is a URL");
        url.path_segments_mut()
            .expect("an http URL has a path")
            .extend(segments);
        url
    }

    fn get(&self, segments: &[&str]) -> RequestBuilder {
        self.http.get(Self::url(segments))
    }

    fn post(&self, segments: &[&str]) -> RequestBuilder {
        self.http.post(Self::url(segments))
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
                format!("no server answers on {}", self.socket.display()),
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
        let url = Client::url(&["v1", "jobs", "#412", "wait"]);
        assert_eq!(url.path(), "/v1/jobs/%23412/wait");
        let url = Client::url(&["v1", "modules", "a/../b?c@1"]);
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
