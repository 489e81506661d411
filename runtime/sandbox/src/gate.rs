//! The gate before the compiler: one pass over the bytes, which decides whether compiling them is worth the risk.
//!
//! A compiler's work does not follow from a module's size: 8 KB of nested loops cost it more than 40 seconds. So what
//! makes work is counted ([`limits`]), everything is validated, imports must be known and there must be an entry point.
//! The gate stops what is cheap to see; the process that compiles is killed at its budget for the rest.

mod code;
mod entry;
mod imports;
pub mod limits;
mod survey;

use wasmparser::types::Types;
use wasmparser::{FuncValidatorAllocations, Parser, ValidPayload, Validator, WasmFeatures};

use crate::config::FEATURES;
use crate::text::shown;
use crate::{Interface, Refusal, RefusalCode};
use survey::Survey;

/// Passes a program and tells what it is, or refuses it.
pub fn pass(wasm: &[u8]) -> Result<Interface, Refusal> {
    crate::recognise(wasm)?;
    let (survey, types) = survey(wasm)?;
    imports::check(survey.imports())?;
    let interface = survey.into_interface();
    entry::check(&interface, &types)?;
    Ok(interface)
}

/// Counts first and validates second, payload by payload, so that no section is validated that is too large already.
fn survey(wasm: &[u8]) -> Result<(Survey, Types), Refusal> {
    let mut types = None;
    let mut survey = Survey::default();
    let mut validator = Validator::new_with_features(FEATURES);
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(invalid)?;
        survey.see(&payload)?;
        match validator.payload(&payload).map_err(invalid)? {
            ValidPayload::Func(function, body) => {
                let mut validator = function.into_validator(allocations);
                validator.validate(&body).map_err(invalid)?;
                allocations = validator.into_allocations();
            }
            ValidPayload::End(inner) => types = Some(inner),
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }
    let types = types.expect("the parser fails where the upload does not come to its end");
    Ok((survey, types))
}

/// What is wrong with the bytes, and whether it is only a proposal that is off.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn invalid(error: wasmparser::Error) -> Refusal {
    let message = shown(error.message());
    let offset = error.offset();
    // The one proposal that the parser does not name by itself.
    let unnamed = (error.message() == "multiple memories").then_some(WasmFeatures::MULTI_MEMORY);
    match error.missing_wasm_feature().or(unnamed).map(proposal) {
        Some(proposal) => Refusal::new(
            RefusalCode::Proposal,
            format!(
                "the module uses {proposal}, which is not available here ({message} at offset {offset:#x}): build it without"
            ),
        ),
        None => Refusal::new(
            RefusalCode::Invalid,
            format!("the module is not valid: {message} at offset {offset:#x}"),
        ),
    }
}

/// The name of a proposal, as people know it.
fn proposal(feature: WasmFeatures) -> &'static str {
    use WasmFeatures as F;
    const NAMES: [(F, &str); 20] = [
        (F::THREADS, "threads (shared memory and atomics)"),
        (F::SHARED_EVERYTHING_THREADS, "shared-everything threads"),
        (F::MEMORY64, "memory64"),
        (F::MULTI_MEMORY, "multi-memory"),
        (F::GC, "garbage collection (gc)"),
        (
            F::GC_TYPES,
            "reference types of the garbage collector (gc, externref)",
        ),
        (F::FUNCTION_REFERENCES, "function references"),
        (F::EXCEPTIONS, "exceptions"),
        (F::LEGACY_EXCEPTIONS, "exceptions (legacy)"),
        (F::RELAXED_SIMD, "relaxed SIMD"),
        (F::STACK_SWITCHING, "stack switching"),
        (F::WIDE_ARITHMETIC, "wide arithmetic"),
        (F::CUSTOM_PAGE_SIZES, "custom page sizes"),
        (F::MEMORY_CONTROL, "memory control"),
        (F::CUSTOM_DESCRIPTORS, "custom descriptors"),
        (F::COMPACT_IMPORTS, "compact imports"),
        (F::CM_ASYNC, "component-model async (WASI 0.3)"),
        (F::CM_THREADING, "component-model threading"),
        (F::CM_ERROR_CONTEXT, "component-model error contexts"),
        (F::CM_GC, "component-model gc"),
    ];
    let known = NAMES
        .iter()
        .find(|(known, _)| feature.intersects(*known))
        .map(|(_, name)| *name);
    known.unwrap_or("a proposal that is younger than this sandbox")
}
