//! The pool.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sublet_api::Pool;
use sublet_scheduler::UserId;

use super::problem::Answer;
use crate::convert::{self, PoolRecords};
use crate::front::Front;

pub(super) async fn show(State(front): State<Arc<Front>>) -> Answer<Json<Pool>> {
    read(&front).await.map(Json)
}

/// What the scheduler knows of the pool, with what the records add: since when, by whom, why.
pub(super) async fn read(front: &Arc<Front>) -> Answer<Pool> {
    let (view, now) = front
        .driver
        .look(|state| (state.scheduler.pool(), state.now))
        .await?;
    let records = front
        .read(|reader| {
            let memberships = reader.memberships()?.into_iter();
            let users = reader.users()?.into_iter();
            Ok(PoolRecords {
                wishes: reader.wishes()?,
                memberships: memberships.map(|row| (row.node, row)).collect(),
                users: users.map(|user| (user.id.0, user.name)).collect(),
            })
        })
        .await?;
    Ok(convert::pool(&view, &records, now))
}

/// The name of a user.
pub(super) async fn user_name(front: &Arc<Front>, id: UserId) -> Answer<String> {
    let users = front.read(sublet_store::Reader::users).await?;
    let found = users.into_iter().find(|user| user.id == id);
    Ok(found.map(|user| user.name).unwrap_or_default())
}
