//! The API, described for programs: an `OpenAPI` 3.1 document made of the routes and the types that they speak of.

use std::sync::LazyLock;

use sublet_api::Problem;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::{
    Components, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
};

use super::answer::{Bytes, Document};
use super::described::{CERTIFICATE, Sketch};
use super::problem;
use super::routes::Routes;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| text_of(super::all_routes()));

/// The description, as JSON.
#[must_use]
pub fn document() -> &'static str {
    &DOCUMENT
}

pub(super) async fn show() -> Bytes<Document> {
    Bytes::new(document())
}

fn text_of(routes: Routes) -> String {
    let mut text = serde_json::to_string_pretty(&described(routes)).unwrap_or_default();
    text.push('\n');
    text
}

fn described(routes: Routes) -> OpenApi {
    let Routes {
        mut paths,
        mut schemas,
        ..
    } = routes;
    let mut sketch = Sketch::new();
    sketch.shape::<Problem>();
    schemas.extend(sketch.schemas);
    for item in paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ];
        operations.into_iter().flatten().for_each(may_be_refused);
    }
    let mut components = Components::new();
    components.schemas = schemas;
    components.add_security_scheme(
        CERTIFICATE,
        SecurityScheme::MutualTls {
            description: Some(
                "The certificate of a credential; on the unix socket, the account of the host"
                    .into(),
            ),
            extensions: None,
            deprecated: None,
        },
    );
    let info = InfoBuilder::new()
        .title("Sublet")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A runner for WebAssembly jobs that nobody needs to trust.",
        ));
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

/// Every operation may be answered by a problem.
fn may_be_refused(operation: &mut Operation) {
    let shape = Ref::from_schema_name(Problem::name());
    let problem = Response::builder()
        .description("It is refused, or failed.")
        .content(problem::MEDIA_TYPE, Content::new(Some(shape)));
    let responses = &mut operation.responses.responses;
    responses.insert("default".to_owned(), RefOr::T(problem.build()));
}
