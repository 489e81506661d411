//! Modules and inputs in the API's words.

use sublet_api::{Code, Module, ModuleHarm, ModuleKind};
use sublet_store::{InputKind, ModuleRow};
use sublet_worker::{Interface, Kind, RefusalCode};

use super::timestamp;

pub(crate) fn module(row: &ModuleRow) -> Result<Module, serde_json::Error> {
    let interface: Interface = serde_json::from_str(&row.interface)?;
    let name = row.names.first();
    Ok(Module {
        digest: row.digest.to_string(),
        name: name.map(|name| name.name.clone()),
        tag: name.and_then(|name| name.tag.clone()),
        size_bytes: row.size_bytes,
        kind: match interface.kind {
            Kind::Core => ModuleKind::Core,
            Kind::Component => ModuleKind::Component,
        },
        imports: interface.imports,
        exports: interface.exports,
        memory_bytes_min: interface.memory_bytes_min,
        pushed_at: timestamp(row.added_at),
        harm: row.harm.as_ref().map(harm),
    })
}

fn harm(stored: &sublet_store::ModuleHarm) -> ModuleHarm {
    ModuleHarm {
        worker_deaths: stored.counts.worker_deaths,
        host_panics: stored.counts.host_panics,
        compile_kills: stored.counts.compile_kills,
        runs_alone: stored.is_suspect,
        quarantined_at: stored.quarantined_at.map(timestamp),
    }
}

/// What a module imports; nothing, should its record not be readable.
pub(crate) fn imports(row: &ModuleRow) -> Vec<String> {
    let interface = serde_json::from_str::<Interface>(&row.interface);
    interface.map(|one| one.imports).unwrap_or_default()
}

pub(crate) fn input(input: &sublet_store::Input) -> sublet_api::Input {
    sublet_api::Input {
        digest: input.digest.to_string(),
        kind: match input.kind {
            InputKind::Tree => sublet_api::InputKind::Tree,
            InputKind::Blob => sublet_api::InputKind::Blob,
        },
        size_bytes: input.size_bytes,
    }
}

pub(crate) const fn input_kind(kind: sublet_api::InputKind) -> InputKind {
    match kind {
        sublet_api::InputKind::Tree => InputKind::Tree,
        sublet_api::InputKind::Blob => InputKind::Blob,
    }
}

/// The stable code of a refused module.
#[must_use]
pub const fn code_of(refusal: RefusalCode) -> Code {
    match refusal {
        RefusalCode::NotWasm => Code::NotWasm,
        RefusalCode::NativeCode => Code::NativeCode,
        RefusalCode::Invalid => Code::ModuleInvalid,
        RefusalCode::Proposal => Code::FeatureRefused,
        RefusalCode::TooLarge => Code::ModuleTooComplex,
        RefusalCode::UnknownImport => Code::UnknownImport,
        RefusalCode::NoEntryPoint => Code::NoEntryPoint,
        RefusalCode::Compiler => Code::ModuleInvalid,
    }
}
