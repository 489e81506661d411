//! Questions that have no function of their own.

use reqwest::{Method, Response, Url};
use sublet_api::Code;

use super::Client;
use crate::failure::Failure;

impl Client {
    /// Asks for a path with its query. The answer may go on for ever.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Response, Failure> {
        let mut request = self.http.request(method, self.place_of(path)?);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        self.send(request).await
    }

    /// The next piece of an answer, as it comes.
    pub(crate) async fn more(&self, answer: &mut Response) -> Result<Option<Vec<u8>>, Failure> {
        let piece = answer.chunk().await;
        let piece = piece.map_err(|error| self.unreachable(&error))?;
        Ok(piece.map(|bytes| bytes.to_vec()))
    }

    /// Only ever on this server: our certificate is for nobody else.
    fn place_of(&self, path: &str) -> Result<Url, Failure> {
        let place = path
            .strip_prefix('/')
            .filter(|rest| !rest.starts_with(['/', '\\']))
            .and_then(|_| self.base.join(path).ok());
        place.ok_or_else(|| {
            Failure::new(Code::Usage, format!("`{}` is no path", path.escape_debug()))
                .help("a path begins with one slash, such as /v1/jobs")
        })
    }
}
