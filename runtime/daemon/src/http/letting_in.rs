//! From a connection to a caller: who asks, and whether their role may do what the route does.
//!
//! Each route says its action where it is registered. Without one, or without an identity, a handler that takes a
//! [`Caller`] is never reached.

use std::sync::Arc;

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::MethodRouter;
use sublet_api::Code;
use sublet_identity::{Action, Reach};

use super::caller::Caller;
use super::problem::ApiError;
use crate::front::Front;
use crate::people::{Peer, Unwelcome};
use crate::{clock, convert};

/// A route that is for an action, and for those who may do it.
pub(super) fn asks(action: Action, route: MethodRouter<Arc<Front>>) -> MethodRouter<Arc<Front>> {
    route.layer(Extension(action))
}

impl FromRequestParts<Arc<Front>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, front: &Arc<Front>) -> Result<Self, ApiError> {
        let (Some(peer), Some(&action)) = (
            parts.extensions.get::<Peer>(),
            parts.extensions.get::<Action>(),
        ) else {
            let nameless = std::io::Error::other("a route has no action, or a request no peer");
            return Err(ApiError::fault(&nameless));
        };
        let now = convert::unix_seconds(clock::now());
        let principal = front.people.principal(peer, now).map_err(|unwelcome| {
            front
                .strangers
                .refused(peer.name(), unwelcome.reason(), peer.to_string());
            refusal(unwelcome)
        })?;
        match action.reach(principal.role) {
            Reach::Nobody => Err(ApiError::new(
                Code::NotPermitted,
                format!(
                    "`{}` has the role {}, which may not do this",
                    principal.name,
                    principal.role.as_str()
                ),
            )
            .with_help("ask an operator")),
            reach => Ok(Self::new(Arc::clone(front), Arc::new(principal), reach)),
        }
    }
}

fn refusal(unwelcome: Unwelcome) -> ApiError {
    let (code, detail, help) = match unwelcome {
        Unwelcome::ForeignAccount => (
            Code::ForeignCaller,
            "your account is no user of this server",
            "run the command as the account that started the server, or ask an operator: `sublet users add`",
        ),
        Unwelcome::Revoked => (
            Code::CertificateRefused,
            "your certificate was revoked",
            "ask an operator for another: `sublet certs issue`",
        ),
        Unwelcome::Expired => (
            Code::CertificateRefused,
            "your certificate is not good any more",
            "ask an operator for another: `sublet certs issue`; the next one renew in time: `sublet certs renew`",
        ),
        Unwelcome::NoSuchUser => (
            Code::CertificateRefused,
            "your certificate names somebody who is no user of this server",
            "ask an operator: `sublet users add`",
        ),
        Unwelcome::Suspended => (
            Code::UserSuspended,
            "you may not ask for anything until an operator resumes you",
            "ask an operator: `sublet users resume`",
        ),
    };
    ApiError::new(code, detail).with_help(help)
}
