//! `sublet modules push`: uploads a module, which the server then checks and compiles.

use clap::Args;
use sublet_api::{Module, PushQuery};

use crate::arguments::word;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::module_file::{Binary, Source};
use crate::output::Output;
use crate::progress::Transfer;
use crate::show;
use crate::verbs::Session;

/// Upload a module; the same bytes twice are one module
#[derive(Args, Debug)]
pub(crate) struct Push {
    /// A .wasm or .wat file; `-` is stdin
    #[arg(value_name = "FILE|-")]
    file: String,
    /// A name to submit it by
    #[arg(long, value_name = "NAME", value_parser = word::module_name)]
    name: Option<String>,
    /// A tag within the name [default: latest]
    #[arg(long, value_name = "TAG", value_parser = word::module_name, requires = "name")]
    tag: Option<String>,
}

pub(crate) async fn push(push: Push, session: &Session) -> Result<Exit, Failure> {
    let client = session.client()?;
    let binary = match Source::of_file(&push.file) {
        Source::File(path) => Binary::read(&path)?,
        Source::Stdin | Source::Reference(_) => Binary::read_stdin()?,
    };
    let query = PushQuery {
        name: push.name,
        tag: push.tag,
    };
    let module = upload(&client, binary, &query, &session.output).await?;
    session.output.one(&module, show::module::line)?;
    Ok(Exit::DONE)
}

/// Sends a module, with a bar where somebody watches.
pub(crate) async fn upload(
    client: &Client,
    binary: Binary,
    query: &PushQuery,
    output: &Output,
) -> Result<Module, Failure> {
    let progress = Transfer::new(output, "uploading module", binary.size_bytes(), "compiling");
    let module = client.push(binary, query, progress.clone()).await;
    progress.done();
    module
}
