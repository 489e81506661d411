//! Which files a process may open, by Landlock: those of its one directory, or none. No port, no abstract socket of others,
//! no signal to others either, where the kernel's Landlock knows of them.
//!
//! It holds for the thread that asks for it and for those that this one makes.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, Scope, make_bitflags,
};

use super::{Layer, Room, Standing};

/// The rights that are taken away are those this version knows; older kernels know fewer.
const KNOWN: ABI = ABI::V6;
/// Before this version a file that may only be read could be cut off.
const LEAST: ABI = ABI::V3;
/// What of its directory a worker writes to. Inputs lie beside them, and are read by several attempts.
const WRITTEN: [&str; 2] = ["attempts", "state"];
/// Tells the engine which pages of its own a guest wrote to.
const OWN_PAGES: &str = "/proc/self/pagemap";

/// Takes away every file but those of the room.
pub(super) fn close(room: Room<'_>) -> io::Result<Standing> {
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(KNOWN)))
        .and_then(|rules| rules.scope(Scope::from_all(KNOWN)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    let rules = match room {
        Room::Worker(directory) => open_directory(rules, directory)?,
        Room::Compiler => rules,
    };
    let status = rules.restrict_self().map_err(io::Error::other)?;
    Ok(standing(&status.landlock))
}

fn standing(status: &LandlockStatus) -> Standing {
    let missing = |why: &str| Standing::missing(Layer::Files, why);
    match status {
        LandlockStatus::NotImplemented => missing("the kernel was built without Landlock"),
        LandlockStatus::NotEnabled => {
            missing("the kernel was started without Landlock: add it to `lsm=` on its command line")
        }
        LandlockStatus::Available { effective_abi, .. } if *effective_abi < LEAST => {
            missing("the kernel's Landlock is too old: Linux 6.2 has what is needed")
        }
        LandlockStatus::Available { .. } => Standing::up(Layer::Files),
    }
}

fn open_directory(rules: RulesetCreated, directory: &Path) -> io::Result<RulesetCreated> {
    let mut rules = allow(rules, directory, reading())?;
    for name in WRITTEN {
        let path = directory.join(name);
        if path.is_dir() {
            rules = allow(rules, &path, reading() | writing())?;
        }
    }
    let own_pages = Path::new(OWN_PAGES);
    if own_pages.exists() {
        rules = allow(rules, own_pages, AccessFs::ReadFile.into())?;
    }
    Ok(rules)
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    rights: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let unusable = |error: &dyn std::error::Error| {
        let path = path.display();
        io::Error::other(format!("cannot open {path} as a plain process: {error}"))
    };
    let opened = PathFd::new(path).map_err(|error| unusable(&error))?;
    let rule = PathBeneath::new(opened, rights);
    rules.add_rule(rule).map_err(|error| unusable(&error))
}

fn reading() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{ReadFile | ReadDir})
}

/// Not among them: running a file, devices, pipes and sockets. WASI can make none of those.
fn writing() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{
        WriteFile | Truncate | RemoveFile | RemoveDir | MakeReg | MakeDir | MakeSym | Refer
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_enough_of_it_is_told_apart() {
        let available = |effective_abi| LandlockStatus::Available {
            effective_abi,
            kernel_abi: None,
        };
        assert_eq!(standing(&available(ABI::V3)).missing, None);
        assert_eq!(standing(&available(ABI::V6)).missing, None);
        for (status, word) in [
            (available(ABI::V2), "too old"),
            (LandlockStatus::NotEnabled, "lsm="),
            (LandlockStatus::NotImplemented, "without Landlock"),
        ] {
            let why = standing(&status).missing.unwrap();
            assert!(why.contains(word), "{why}");
        }
    }
}
