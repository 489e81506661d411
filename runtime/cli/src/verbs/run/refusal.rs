//! Why a module was not run at all, in the one shape of every error.

use sublet_api::Code;
use sublet_worker::compile::CompileError;
use sublet_worker::local::LocalError;

use crate::failure::Failure;

/// What is told. The sandbox says what helps; the page of the code says more.
pub(in crate::verbs) fn failure(error: LocalError) -> Failure {
    match error {
        LocalError::Refused(refusal) => {
            with_page(sublet_daemon::code_of(refusal.code), refusal.message)
        }
        LocalError::Compile(error @ CompileError::OverBudget(_)) => {
            with_page(Code::CompileBudget, error.to_string())
        }
        LocalError::Compile(error) => {
            Failure::new(Code::CompilerFault, "the module cannot be compiled").caused_by(&error)
        }
        LocalError::Port { port, source } => Failure::new(
            Code::PortTaken,
            format!("port {port} of this host cannot be published"),
        )
        .caused_by(&source),
        LocalError::Pattern(error) => with_page(Code::PatternInvalid, error.to_string()),
        LocalError::Io(error) => {
            Failure::new(Code::LocalFault, "the module cannot be run here").caused_by(&error)
        }
    }
}

fn with_page(code: Code, detail: String) -> Failure {
    Failure::new(code, detail).help(format!("sublet help {code}"))
}
