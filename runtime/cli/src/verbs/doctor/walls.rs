//! The wall around workers: which of its layers stand here, told by a worker that is started for it.

use std::env;

use sublet_worker::wall::{self, Account, Layer};

use super::Finding;

/// Each layer. A configuration that requires them makes each a promise.
pub(super) fn findings(are_required: bool) -> Vec<Finding> {
    let why_shared = wall::why_no_accounts().unwrap_or_else(|error| Some(error.to_string()));
    let account = why_shared.is_none().then_some(Account::COMPILERS);
    let probed = env::current_exe().and_then(|this| wall::probe(&this, &env::temp_dir(), account));
    let mut findings = match probed {
        Ok(standings) => layers(&wall::gaps(&standings)),
        Err(error) => vec![
            Finding::no("workers", format!("none can be started here: {error}"))
                .promised()
                .help("start the same executable from another place, or as another account"),
        ],
    };
    if are_required {
        findings = findings.into_iter().map(Finding::promised).collect();
    }
    findings.push(accounts(why_shared));
    findings
}

/// No layer that can be required: few want to run a server as root for it.
fn accounts(why_shared: Option<String>) -> Finding {
    match why_shared {
        None => Finding::yes(
            "accounts",
            "the workers of each user, and compilers, have an account of the host for themselves",
        ),
        Some(why) => Finding::no(
            "accounts",
            format!("{why}; workers and compilers have the account of the server"),
        )
        .help("nothing needs to be done where that account has nothing else: it is the other layers that hold"),
    }
}

fn layers(gaps: &[(Layer, String)]) -> Vec<Finding> {
    let of = |layer: Layer| match gaps.iter().find(|gap| gap.0 == layer) {
        None => Finding::yes(layer.name(), given(layer)),
        Some((_, why)) => {
            let left = format!("{why}; a guest that broke out {}", left_with(layer));
            Finding::no(layer.name(), left).help(
                "run the server as an account of its own, with the walls of docs/sublet.service",
            )
        }
    };
    Layer::ALL.into_iter().map(of).collect()
}

const fn given(layer: Layer) -> &'static str {
    match layer {
        Layer::Privileges => {
            "workers and compilers have no rights of root, gain none, and hide their memory"
        }
        Layer::Descriptors => "workers and compilers begin with their standard streams alone",
        Layer::Namespaces => {
            "workers and compilers have an account, a network and shared memory of their own, all empty"
        }
        Layer::Files => "workers open files of their one user alone, compilers none",
        Layer::Calls => "workers and compilers make no socket, start no program, signal nobody",
    }
}

const fn left_with(layer: Layer) -> &'static str {
    match layer {
        Layer::Privileges => "could have the rights of programs that it runs",
        Layer::Descriptors => "could use what was open where the server was started",
        Layer::Namespaces => "could see the network of this host",
        Layer::Files => "could open every file that the account may",
        Layer::Calls => "could make every system call that the account may",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Holds;
    use super::*;

    #[test]
    fn a_layer_that_is_missing_is_told_with_its_reason() {
        for layer in Layer::ALL {
            let found = layers(&[(layer, "an old kernel".to_owned())]);
            let missing: Vec<&Finding> =
                found.iter().filter(|one| one.holds == Holds::No).collect();
            assert_eq!(missing.len(), 1);
            assert_eq!(missing[0].name, layer.name());
            assert!(missing[0].detail.starts_with("an old kernel; "), "{layer}");
        }
    }
}
