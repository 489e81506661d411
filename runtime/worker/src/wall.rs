//! The second wall: what a process of ours may still do once somebody has broken out of WebAssembly in it.
//!
//! ```text
//!   begin    descriptors, account, namespaces, privileges   before anything is read or opened
//!   around   files                                          before the first thread: a thread takes what its maker may not do with it
//!            …the engine is made…                           it needs more of the kernel than guests do
//!            calls                                          for all threads there are, before the first guest
//! ```
//!
//! Knows nothing of guests. A layer that the kernel does not have is *missing*, and said to be; a layer that the kernel has
//! and refuses is an error, and the process does not go on.

mod account;
mod calls;
mod descriptors;
mod files;
mod namespaces;
mod privileges;
mod probe;

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use account::{Account, NoAccount, why_no_accounts};
pub use probe::probe;

/// One layer of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layer {
    /// No descriptor but those that were meant for it.
    Descriptors,
    /// No network, no shared memory and no account but its own, which are empty.
    Namespaces,
    /// No rights beyond those of a plain process, none to be gained, no memory for others to read.
    Privileges,
    /// No file but those below its one directory, no port, no signal to others: Landlock.
    Files,
    /// No call to the kernel but those it needs: seccomp.
    Calls,
}

impl Layer {
    /// All of them, in the order in which they are raised.
    pub const ALL: [Self; 5] = [
        Self::Descriptors,
        Self::Namespaces,
        Self::Privileges,
        Self::Files,
        Self::Calls,
    ];

    /// The word for it, the kernel's own where it has one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::Namespaces => "namespaces",
            Self::Privileges => "privileges",
            Self::Files => "landlock",
            Self::Calls => "seccomp",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a layer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub layer: Layer,
    /// Why it does not; nothing where it stands.
    pub missing: Option<String>,
}

impl Standing {
    const fn up(layer: Layer) -> Self {
        Self {
            layer,
            missing: None,
        }
    }

    fn missing(layer: Layer, why: impl Into<String>) -> Self {
        Self {
            layer,
            missing: Some(why.into()),
        }
    }
}

/// Which layers do not stand, each with its reason. One of which nothing is said does not stand.
#[must_use]
pub fn gaps(standings: &[Standing]) -> Vec<(Layer, String)> {
    let of = |layer| {
        let said = standings.iter().find(|one| one.layer == layer);
        match said {
            Some(standing) => standing.missing.clone(),
            None => Some("the process did not say that it stands".to_owned()),
        }
    };
    let each = Layer::ALL.into_iter();
    each.filter_map(|layer| Some((layer, of(layer)?))).collect()
}

/// For what a process needs the kernel.
#[derive(Clone, Copy, Debug)]
pub enum Room<'a> {
    /// Guests, whose files are below this directory.
    Worker(&'a Path),
    /// The compiler: no file at all.
    Compiler,
}

/// What the front does without: rights that it has no use for, rights gained by running another program, copies of its
/// memory, which has keys in it, and calls to the kernel that nothing of ours makes. To be called before the first thread;
/// what it starts does without them as well.
///
/// # Errors
/// When the kernel refuses.
pub fn around_the_front() -> io::Result<()> {
    privileges::give_up_in_the_front()?;
    privileges::hide_memory()?;
    calls::close_those_of_nobody()
}

/// A wall whose first half stands.
#[derive(Debug)]
pub struct Begun(Vec<Standing>);

/// The first half, as this account of the host where it is given one. To be called where nothing is open yet but the
/// standard streams: whatever else is open, it closes.
///
/// # Errors
/// The kernel has a layer and refuses it.
pub fn begin(account: Option<Account>) -> io::Result<Begun> {
    let descriptors = descriptors::close_others()?;
    // Asked here: only root may raise the limit that it takes, and in a namespace of its own not even root.
    let may_leave_the_idle_class = privileges::may_leave_the_idle_class();
    if let Some(account) = account {
        account.take()?;
    }
    let namespaces = namespaces::leave_those_of_the_host()?;
    Ok(Begun(vec![
        descriptors,
        namespaces,
        privileges::give_up(may_leave_the_idle_class)?,
    ]))
}

impl Begun {
    /// The second half, around what `make` makes. To be called on the one thread that there is.
    ///
    /// # Errors
    /// The kernel has a layer and refuses it, or `make` fails.
    pub fn around<T>(
        self,
        room: Room<'_>,
        make: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<(T, Vec<Standing>)> {
        let Self(mut standings) = self;
        standings.push(files::close(room)?);
        let made = make()?;
        privileges::hide_memory()?;
        standings.push(calls::close(room)?);
        Ok((made, standings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_which_nothing_is_said_is_a_gap() {
        let all: Vec<Standing> = Layer::ALL.into_iter().map(Standing::up).collect();
        assert_eq!(gaps(&all), []);
        for layer in Layer::ALL {
            let others: Vec<Standing> = all
                .iter()
                .filter(|one| one.layer != layer)
                .cloned()
                .collect();
            let found: Vec<Layer> = gaps(&others).into_iter().map(|gap| gap.0).collect();
            assert_eq!(found, [layer]);
        }
        let missing = [Standing::missing(Layer::Files, "no kernel")];
        assert!(gaps(&missing).contains(&(Layer::Files, "no kernel".to_owned())));
    }
}
