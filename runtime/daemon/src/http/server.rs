//! Questions about the server itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sublet_api::{Code, Version};
use sublet_worker::Preemption;

use super::extract::Path;
use super::problem::{Answer, ApiError};
use crate::front::Front;

/// The accept loop turns.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

pub(super) async fn version(State(front): State<Arc<Front>>) -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: front.artifacts.engine(Preemption::Checks).to_string(),
    })
}

pub(super) async fn problem_page(Path(code): Path<String>) -> Answer<String> {
    let code = Code::parse(&code).ok_or_else(|| {
        ApiError::new(
            Code::NoSuchRoute,
            format!("there is no error code `{code}`"),
        )
    })?;
    Ok(format!("{code} {}\n\n{}\n", code.title(), code.page()))
}
