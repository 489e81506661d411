//! The account of who changed what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sublet_api::{AuditEntry, AuditQuery, Page};
use sublet_store::{AuditFilter, Page as StorePage};

use super::extract::Query;
use super::problem::Answer;
use super::validate;
use crate::convert;
use crate::front::Front;

pub(super) async fn list(
    State(front): State<Arc<Front>>,
    Query(query): Query<AuditQuery>,
) -> Answer<Json<Page<AuditEntry>>> {
    let limit = validate::page_limit(query.limit)?;
    let page = StorePage {
        before: query.cursor.as_deref().map(validate::cursor).transpose()?,
        limit,
    };
    let rows = front
        .read(move |reader| reader.audit(&AuditFilter::default(), page))
        .await?;
    let items: Vec<AuditEntry> = rows.iter().map(convert::audit_entry).collect();
    let next_cursor = validate::next_cursor(limit, &items, |entry| entry.seq);
    Ok(Json(Page { items, next_cursor }))
}
