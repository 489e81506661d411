//! The account of who changed what.

use axum::Json;
use sublet_api::{AuditEntry, AuditQuery, AuditVerdict, Page};
use sublet_store::{AuditFilter, Page as StorePage};

use super::caller::Caller;
use super::extract::Query;
use super::problem::Answer;
use super::validate;
use crate::convert;

/// Whether the account is as it was written.
pub(super) async fn verify(caller: Caller) -> Answer<Json<AuditVerdict>> {
    let chain = caller.read(sublet_store::Reader::audit_verify).await?;
    Ok(Json(convert::audit_verdict(&chain)))
}

pub(super) async fn list(
    caller: Caller,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<Page<AuditEntry>>> {
    let limit = validate::page_limit(query.limit)?;
    let page = StorePage {
        before: query.cursor.as_deref().map(validate::cursor).transpose()?,
        limit,
    };
    let rows = caller
        .read(move |reader| reader.audit(&AuditFilter::default(), page))
        .await?;
    let items: Vec<AuditEntry> = rows.iter().map(convert::audit_entry).collect();
    let next_cursor = validate::next_cursor(limit, &items, |entry| entry.seq);
    Ok(Json(Page { items, next_cursor }))
}
