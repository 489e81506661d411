//! Modules.

use jiff::Timestamp;
use sublet_api::{Module, ModuleHarm, ModuleKind};

use super::table::{self, ABSENT};
use super::unit;
use crate::output::Named;

/// Digits of a digest that are shown where it only has to be told from others.
const SHORT_DIGITS: usize = 12;

impl Named for Module {
    fn name(&self) -> String {
        self.digest.clone()
    }
}

/// `93a44bbb96c7  render@latest  1.2 MiB  component`
pub(crate) fn line(module: &Module) -> String {
    let name = name_and_tag(module).unwrap_or_else(|| ABSENT.to_owned());
    format!(
        "{}  {name}  {}  {}",
        module.digest,
        unit::bytes(module.size_bytes),
        kind(module.kind)
    )
}

/// Many modules.
pub(crate) fn table(modules: &[Module], now: Timestamp) -> String {
    let rows = modules.iter().map(|module| {
        vec![
            module.digest.chars().take(SHORT_DIGITS).collect(),
            name_and_tag(module).unwrap_or_else(|| ABSENT.to_owned()),
            kind(module.kind).to_owned(),
            unit::bytes(module.size_bytes),
            unit::bytes(module.memory_bytes_min),
            unit::age(module.pushed_at, now),
            state(module).to_owned(),
        ]
    });
    table::rows(
        &["DIGEST", "NAME", "KIND", "SIZE", "MEMORY", "AGE", "STATE"],
        rows,
    )
}

/// All of one module.
pub(crate) fn page(module: &Module, now: Timestamp) -> String {
    let pushed = format!(
        "{} ({} ago)",
        module.pushed_at,
        unit::age(module.pushed_at, now)
    );
    let list = |names: &[String]| (!names.is_empty()).then(|| names.join("  "));
    table::page([
        ("digest", Some(module.digest.clone())),
        ("name", name_and_tag(module)),
        ("kind", Some(kind(module.kind).to_owned())),
        ("size", Some(unit::bytes(module.size_bytes))),
        (
            "memory",
            Some(format!(
                "{} before its first instruction",
                unit::bytes(module.memory_bytes_min)
            )),
        ),
        ("imports", list(&module.imports)),
        ("exports", list(&module.exports)),
        ("pushed", Some(pushed)),
        ("state", Some(state(module).to_owned())),
        ("harm", module.harm.as_ref().map(harm)),
    ])
}

const fn state(module: &Module) -> &'static str {
    match &module.harm {
        Some(ModuleHarm {
            quarantined_at: Some(_),
            ..
        }) => "quarantine",
        Some(ModuleHarm {
            runs_alone: true, ..
        }) => "runs alone",
        Some(_) | None => "ready",
    }
}

/// `worker deaths 3, host panics 0, compile kills 0; in quarantine since 2025-11-21T20:13:20Z`
fn harm(harm: &ModuleHarm) -> String {
    let ModuleHarm {
        worker_deaths,
        host_panics,
        compile_kills,
        ..
    } = harm;
    let counts = format!(
        "worker deaths {worker_deaths}, host panics {host_panics}, compile kills {compile_kills}"
    );
    match harm.quarantined_at {
        Some(since) => format!("{counts}; in quarantine since {since}"),
        None => counts,
    }
}

fn name_and_tag(module: &Module) -> Option<String> {
    let name = module.name.as_ref()?;
    Some(match &module.tag {
        Some(tag) => format!("{name}@{tag}"),
        None => name.clone(),
    })
}

const fn kind(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Core => "core",
        ModuleKind::Component => "component",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_in_a_table() {
        let module = Module {
            digest: "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476".to_owned(),
            name: Some("render".to_owned()),
            tag: Some("latest".to_owned()),
            size_bytes: 1_258_291,
            kind: ModuleKind::Component,
            imports: Vec::new(),
            exports: Vec::new(),
            memory_bytes_min: 17 << 16,
            pushed_at: "2025-11-21T20:13:20Z".parse().unwrap(),
            harm: None,
        };
        let now = "2025-11-21T20:15:31Z".parse().unwrap();
        let harm = ModuleHarm {
            worker_deaths: 2,
            host_panics: 1,
            compile_kills: 0,
            runs_alone: true,
            quarantined_at: Some(now),
        };
        let poison = Module {
            harm: Some(harm.clone()),
            ..module.clone()
        };
        assert_eq!(
            table(&[module, poison], now),
            "DIGEST        NAME           KIND       SIZE     MEMORY   AGE  STATE\n\
             93a44bbb96c7  render@latest  component  1.2 MiB  1.1 MiB  2m   ready\n\
             93a44bbb96c7  render@latest  component  1.2 MiB  1.1 MiB  2m   quarantine"
        );
        assert_eq!(
            super::harm(&harm),
            "worker deaths 2, host panics 1, compile kills 0; in quarantine since 2025-11-21T20:15:31Z"
        );
    }
}
