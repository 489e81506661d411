//! The pool.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sublet_api::Pool;

use super::problem::Answer;
use crate::convert;
use crate::front::Front;

pub(super) async fn show(State(front): State<Arc<Front>>) -> Answer<Json<Pool>> {
    Ok(Json(convert::pool(
        &front.driver.look(|state| state.scheduler.pool()).await?,
    )))
}
