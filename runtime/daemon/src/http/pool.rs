//! The pool.

use axum::Json;
use sublet_api::Pool;
use sublet_scheduler::UserId;

use super::caller::Caller;
use super::problem::Answer;
use crate::convert::{self, PoolRecords};

pub(super) async fn show(caller: Caller) -> Answer<Json<Pool>> {
    read(&caller).await.map(Json)
}

/// What the scheduler knows of the pool, with what the records add: since when, by whom, why.
pub(super) async fn read(caller: &Caller) -> Answer<Pool> {
    let (view, now) = caller
        .driver
        .look(|state| (state.scheduler.pool(), state.now))
        .await?;
    let records = caller
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
pub(super) async fn user_name(caller: &Caller, id: UserId) -> Answer<String> {
    let users = caller.read(sublet_store::Reader::users).await?;
    let found = users.into_iter().find(|user| user.id == id);
    Ok(found.map(|user| user.name).unwrap_or_default())
}
