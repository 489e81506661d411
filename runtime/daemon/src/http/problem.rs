//! Errors as answers: which status goes with which code, and how faults of the server are told without telling its
//! insides.

mod refused;

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use sublet_api::{Code, Problem, Violation};
use sublet_scheduler::Rejection;
use sublet_worker::Refusal;
use sublet_worker::compile::CompileError;

use super::request_id;
use crate::artifacts::ArtifactError;
use crate::config::RulesError;
use crate::convert;
use crate::driver::{ApplyError, Gone, NotKept, RetryError, WishError};

/// What problems are.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which a client may try again what failed for want of room.
const RETRY_AFTER_S: u32 = 5;
/// Longest detail of an error.
const DETAIL_CHARS_MAX: usize = 1_000;

/// An error on its way to the caller.
#[derive(Debug)]
pub(super) struct ApiError {
    problem: Box<Problem>,
    code: Code,
    /// When the caller may come again, in seconds, where that is known.
    retry_after_s: Option<u32>,
}

pub(super) type Answer<T> = Result<T, ApiError>;

impl ApiError {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        let problem = Problem {
            status: status_of(code).as_u16(),
            ..Problem::new(code, shortened(detail.into()))
        };
        Self {
            problem: Box::new(problem),
            code,
            retry_after_s: None,
        }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    /// Names the place at fault, its limit and what was asked.
    pub(super) fn at(mut self, pointer: &str, limit: Option<u64>, asked: Option<u64>) -> Self {
        *self.problem = self.problem.at(pointer, limit, asked);
        self
    }

    /// Names one thing that is at fault, where there may be several.
    pub(super) fn because(mut self, name: &str, detail: &str) -> Self {
        self.problem.errors.push(Violation {
            pointer: name.to_owned(),
            detail: Some(detail.to_owned()),
            ..Violation::default()
        });
        self
    }

    pub(super) const fn code(&self) -> Code {
        self.code
    }

    /// What is wrong and what to do about it, for who sees but a text.
    pub(super) fn text(&self) -> String {
        let Problem { detail, help, .. } = &*self.problem;
        match help {
            Some(help) => format!("{detail}: {help}"),
            None => detail.clone(),
        }
    }

    /// Says when the caller may come again.
    fn retry_after(mut self, after_ms: u64) -> Self {
        self.retry_after_s = Some(u32::try_from(after_ms.div_ceil(1000)).unwrap_or(u32::MAX));
        self
    }

    /// Something on our side: the causes go to the log, the caller learns that it was us.
    pub(super) fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a request failed on the server's side");
        Self::new(Code::ServerFault, "something failed on the server's side")
            .with_help("the server's log has the cause beside the request id")
    }
}

/// A detail may repeat what the caller sent; a page of it helps nobody.
fn shortened(mut detail: String) -> String {
    if let Some((end, _)) = detail.char_indices().nth(DETAIL_CHARS_MAX) {
        detail.truncate(end);
        detail.push('…');
    }
    detail
}

/// The one table of codes and statuses.
#[expect(clippy::too_many_lines, reason = "a table has a line for each code")]
const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::RequestMalformed | Code::UnknownField | Code::DigestMismatch => {
            StatusCode::BAD_REQUEST
        }
        Code::OutOfRange
        | Code::PatternInvalid
        | Code::NotPlaceable
        | Code::TooManyTasks
        | Code::GangTooLarge
        | Code::DependencyUnknown
        | Code::DependencyBroken
        | Code::RuleInvalid
        | Code::RulesRefused
        | Code::NotWasm
        | Code::NativeCode
        | Code::ModuleInvalid
        | Code::FeatureRefused
        | Code::ModuleTooComplex
        | Code::CompileBudget
        | Code::UnknownImport
        | Code::NoEntryPoint
        | Code::ModuleNeedsMore
        | Code::InputInvalid
        | Code::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::NoSuchRoute
        | Code::JobNotFound
        | Code::ModuleNotFound
        | Code::TaskNotFound
        | Code::ArtifactNotFound
        | Code::InputNotFound
        | Code::SubclusterNotFound
        | Code::NodeNotFound
        | Code::NetworkNotFound
        | Code::UserNotFound
        | Code::CertificateNotFound => StatusCode::NOT_FOUND,
        Code::ForeignCaller
        | Code::NotPermitted
        | Code::CertificateRefused
        | Code::UserSuspended
        | Code::QuotaExceeded
        | Code::TooManyModules
        | Code::TooMuchStored
        | Code::EgressDenied => StatusCode::FORBIDDEN,
        Code::Ambiguous
        | Code::ModuleInUse
        | Code::ModuleQuarantined
        | Code::NothingToRetry
        | Code::SubclusterBusy
        | Code::UserExists
        | Code::NoOlderAuthority
        | Code::RotationUnfinished
        | Code::NotListening
        | Code::PortTaken => StatusCode::CONFLICT,
        Code::EventsGone => StatusCode::GONE,
        Code::ConfigurationRefused => StatusCode::CONFLICT,
        Code::VersionMismatch => StatusCode::PRECONDITION_FAILED,
        Code::VersionMissing => StatusCode::PRECONDITION_REQUIRED,
        Code::QueueFull | Code::TooFast | Code::TooManyUploads => StatusCode::TOO_MANY_REQUESTS,
        Code::Draining | Code::NoNetworkLeft | Code::NotReady => StatusCode::SERVICE_UNAVAILABLE,
        Code::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
        Code::ServerFault
        | Code::CompilerFault
        | Code::ServerUnreachable
        | Code::FileUnreadable
        | Code::FileUnwritable
        | Code::LocalFault
        | Code::DataDirectoryHeld
        | Code::ConfigurationInvalid
        | Code::Usage
        | Code::CredentialInvalid
        | Code::BackupRefused
        | Code::AuditBroken
        | Code::HostUnfit
        | Code::TextInvalid => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        let status = status_of(self.code);
        self.problem.request_id = request_id::current();
        let mut response = (status, Json(self.problem)).into_response();
        // For those who count refusals.
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let may_pass = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::INSUFFICIENT_STORAGE,
        ];
        if may_pass.contains(&status) {
            headers.insert(
                RETRY_AFTER,
                HeaderValue::from(self.retry_after_s.unwrap_or(RETRY_AFTER_S)),
            );
        }
        response
    }
}

pub(super) async fn no_such_route(uri: Uri) -> ApiError {
    ApiError::new(
        Code::NoSuchRoute,
        format!("there is no route {}", uri.path()),
    )
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::new(
        Code::MethodNotAllowed,
        format!("{} does not take {method}", uri.path()),
    )
}

impl From<sublet_store::Error> for ApiError {
    fn from(error: sublet_store::Error) -> Self {
        if error.is_disk_full() {
            return NotKept::DiskFull.into();
        }
        match error {
            sublet_store::Error::UploadTooLong { limit_bytes } => Self::new(
                Code::BodyTooLarge,
                format!("the body is longer than {limit_bytes} bytes"),
            )
            .at("body", Some(limit_bytes), None),
            sublet_store::Error::Archive(refused) => {
                Self::new(Code::InputInvalid, refused.to_string())
            }
            other => Self::fault(&other),
        }
    }
}

/// What we wrote ourselves cannot be read.
impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        Self::fault(&error)
    }
}

impl From<Gone> for ApiError {
    fn from(_: Gone) -> Self {
        Self::new(Code::Draining, "the server is stopping")
    }
}

impl From<NotKept> for ApiError {
    fn from(why: NotKept) -> Self {
        match why {
            NotKept::DiskFull => Self::new(
                Code::DiskFull,
                "the disk of the server is full, so this cannot be recorded",
            )
            .with_help("free some space; the server goes on by itself"),
            NotKept::Fault => Self::new(Code::ServerFault, "the server could not record this"),
        }
    }
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Stale { current } => Self::new(
                Code::VersionMismatch,
                format!("the rules are at version {current} by now"),
            )
            .with_help("look at what changed with `sublet plan`, then apply again"),
            ApplyError::Host(error) => error.into(),
            ApplyError::NotKept(why) => why.into(),
        }
    }
}

impl From<WishError> for ApiError {
    fn from(error: WishError) -> Self {
        match error {
            WishError::NoSubcluster(name) => Self::new(
                Code::SubclusterNotFound,
                format!("there is no sub-cluster `{}`", name.escape_debug()),
            ),
            WishError::NoNode(name) => Self::new(
                Code::NodeNotFound,
                format!("there is no node `{}`", name.escape_debug()),
            ),
            WishError::NotKept(why) => why.into(),
        }
    }
}

impl From<RulesError> for ApiError {
    fn from(error: RulesError) -> Self {
        let Problem {
            code,
            detail,
            errors,
            help,
            ..
        } = convert::refusal(&error);
        let code = Code::parse(&code).expect("a refusal has a code of ours");
        let mut refused = Self::new(code, detail);
        refused.problem.errors = errors;
        refused.problem.help = help;
        refused
    }
}

impl From<RetryError> for ApiError {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::Draining => Rejection::Draining.into(),
            RetryError::NothingChosen => Self::new(
                Code::NothingToRetry,
                "no finished task of the job fits the choice",
            )
            .with_help("`sublet jobs show` tells how its tasks ended"),
            RetryError::ModuleGone => module_gone(),
            RetryError::Quarantined(found) => found.into(),
            RetryError::NotKept(why) => why.into(),
        }
    }
}

impl From<ArtifactError> for ApiError {
    fn from(error: ArtifactError) -> Self {
        match error {
            ArtifactError::Compile(CompileError::Refused(refusal)) => refusal.into(),
            ArtifactError::Compile(error @ CompileError::OverBudget(_)) => {
                Self::new(Code::CompileBudget, error.to_string())
                    .with_help("split very large functions, or optimise the module for size")
            }
            ArtifactError::Compile(CompileError::Fault(error)) => {
                tracing::error!(%error, "the compile process failed");
                Self::new(
                    Code::CompilerFault,
                    "the process that compiles modules failed",
                )
            }
            ArtifactError::Store(error) => error.into(),
            ArtifactError::NoModule => Self::new(Code::ModuleNotFound, error.to_string()),
            ArtifactError::Stopping => Gone.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = convert::code_of(refusal.code);
        Self::new(code, refusal.message).with_help(format!("`sublet help {code}` says more"))
    }
}

fn module_gone() -> ApiError {
    ApiError::new(Code::ModuleNotFound, "the module was deleted").with_help("push it again")
}
