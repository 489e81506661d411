//! Room for what users upload: nobody stores more than their quota, however many uploads are under way at a time.
//!
//! An upload takes a place before its first byte is received, and keeps it until it is on record or given up. Its bytes
//! count from when they arrive; at its end the count is compared once more with the records, which are exact by then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sublet_api::Code;
use sublet_scheduler::UserId;

use super::caller::Caller;
use super::problem::{Answer, ApiError};
use crate::config::Size;

/// Uploads of one user at a time.
const UPLOADS_MAX: u32 = 8;

/// What is on its way in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Arc<Mutex<HashMap<UserId, Coming>>>);

/// What is on its way in for one user.
#[derive(Clone, Copy, Debug, Default)]
struct Coming {
    uploads: u32,
    modules: u64,
    bytes: u64,
}

/// What counts as more than bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Module,
    Input,
}

/// The place of one upload. Given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Room,
    user: UserId,
    kind: Kind,
    bytes: u64,
    may: May,
}

/// What a user has on record, and may have.
#[derive(Clone, Copy, Debug)]
struct May {
    has_modules: u64,
    has_bytes: u64,
    modules: Option<u64>,
    bytes: Option<u64>,
}

/// Takes a place for an upload of the caller's, of so many bytes at least.
pub(super) async fn take(caller: &Caller, kind: Kind, bytes: u64) -> Answer<Place> {
    let (user, room) = (caller.user(), caller.room.clone());
    room.enter(user, kind)?;
    // From here on the place is given back whatever happens.
    let mut place = Place {
        room,
        user,
        kind,
        bytes: 0,
        may: May {
            has_modules: 0,
            has_bytes: 0,
            modules: None,
            bytes: None,
        },
    };
    place.may = may(caller).await?;
    place.grow(bytes)?;
    Ok(place)
}

impl Place {
    /// So many bytes have arrived in all.
    pub(super) fn grow(&mut self, bytes: u64) -> Answer<()> {
        let more = bytes.saturating_sub(self.bytes);
        let coming = {
            let mut all = self.room.all();
            let coming = all.entry(self.user).or_default();
            coming.bytes += more;
            *coming
        };
        self.bytes += more;
        self.may.hold(coming, self.kind)
    }

    /// Compares with the records once more: other uploads may have come to their end meanwhile.
    pub(super) async fn confirm(&mut self, caller: &Caller) -> Answer<()> {
        self.may = may(caller).await?;
        let coming = self.room.all().get(&self.user).copied();
        self.may.hold(coming.unwrap_or_default(), self.kind)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.room.all();
        let Some(coming) = all.get_mut(&self.user) else {
            return;
        };
        coming.uploads -= 1;
        coming.bytes -= self.bytes;
        coming.modules -= u64::from(self.kind == Kind::Module);
        if coming.uploads == 0 {
            all.remove(&self.user);
        }
    }
}

impl Room {
    fn enter(&self, user: UserId, kind: Kind) -> Answer<()> {
        let mut all = self.all();
        let coming = all.entry(user).or_default();
        if coming.uploads >= UPLOADS_MAX {
            return Err(ApiError::new(
                Code::TooManyUploads,
                format!("{UPLOADS_MAX} uploads of yours are under way, which is the limit"),
            )
            .with_help("let one of them end first"));
        }
        coming.uploads += 1;
        coming.modules += u64::from(kind == Kind::Module);
        Ok(())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<UserId, Coming>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl May {
    fn hold(&self, coming: Coming, kind: Kind) -> Answer<()> {
        let modules = self.has_modules.saturating_add(coming.modules);
        if let Some(limit) = self.modules.filter(|limit| modules > *limit)
            && kind == Kind::Module
        {
            return Err(ApiError::new(
                Code::TooManyModules,
                format!(
                    "you have {} modules, and may have {limit}",
                    self.has_modules
                ),
            )
            .at("body", Some(limit), Some(modules))
            .with_help(
                "delete some with `sublet modules delete`, or ask an operator for a larger quota",
            ));
        }
        let bytes = self.has_bytes.saturating_add(coming.bytes);
        if let Some(limit) = self.bytes.filter(|limit| bytes > *limit) {
            return Err(ApiError::new(
                Code::TooMuchStored,
                format!("your modules and inputs would take {bytes} bytes, and may take {limit}"),
            )
            .at("body", Some(limit), Some(bytes))
            .with_help(
                "delete modules that are not needed, or ask an operator for a larger quota",
            ));
        }
        Ok(())
    }
}

async fn may(caller: &Caller) -> Answer<May> {
    let user = caller.user();
    let (quota, holdings) = caller
        .read(move |reader| Ok((reader.quota(user)?, reader.holdings(user)?)))
        .await?;
    let held = caller.now();
    let everyone = &held.config.defaults.quota;
    Ok(May {
        has_modules: holdings.modules,
        has_bytes: holdings.stored_bytes(),
        modules: quota.modules.or(everyone.modules),
        bytes: quota
            .stored_bytes
            .or_else(|| everyone.stored.map(Size::as_bytes)),
    })
}
