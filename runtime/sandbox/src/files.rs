//! Files and directories that a guest holds open: how many, and which.
//!
//! wasmtime has one table for all resources and ends a guest that fills it. A guest that opens one file too many is to
//! get an error instead, as from any system; so both ways to open stand here, in front of wasmtime's own.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wasmtime::component::Resource;
use wasmtime::{AsContextMut, Caller, Extern, Result, StoreContextMut};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as preview1, WasiSnapshotPreview1};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};
use wasmtime_wasi::{ResourceTable, WasiView};
use wiggle::GuestMemory;

use crate::counts::Counts;
use crate::state::State;

/// WASI 0.1's word for "too many open files".
const ERRNO_MFILE: i32 = 33;

/// Counts what is open, and remembers the files of a guest whose disk is metered.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    limit: u32,
    granted: usize,
    counts: Arc<Counts>,
    metered: Option<OpenedFiles>,
}

/// Files opened so far and perhaps still open, so that one without a name is counted too.
pub(crate) type OpenedFiles = Arc<Mutex<Vec<Weak<fs::File>>>>;

impl OpenFiles {
    /// `granted` directories are open from the start and do not count.
    pub(crate) fn new(
        limit: u32,
        granted: usize,
        metered: Option<OpenedFiles>,
        counts: Arc<Counts>,
    ) -> Self {
        Self {
            limit,
            granted,
            counts,
            metered,
        }
    }

    pub(crate) const fn limit(&self) -> u32 {
        self.limit
    }

    fn admit(&mut self, open: usize) -> bool {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let admitted = open < limit.saturating_add(self.granted);
        if !admitted {
            self.counts.files.deny();
        }
        admitted
    }

    fn remember(&self, table: &mut ResourceTable) {
        let Some(metered) = &self.metered else { return };
        let mut opened = metered.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|file| file.strong_count() > 0);
        for file in descriptors(table).filter_map(file_of) {
            let known = opened
                .iter()
                .any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(file)));
            if !known {
                opened.push(Arc::downgrade(file));
            }
        }
    }
}

fn descriptors(table: &mut ResourceTable) -> impl Iterator<Item = &Descriptor> {
    table.iter_mut().filter_map(|entry| {
        let entry: &dyn std::any::Any = entry;
        entry.downcast_ref()
    })
}

const fn file_of(descriptor: &Descriptor) -> Option<&Arc<fs::File>> {
    match descriptor {
        Descriptor::File(file) => Some(&file.file),
        Descriptor::Dir(_) => None,
    }
}

impl State {
    fn may_open(&mut self) -> bool {
        let open = descriptors(self.wasi.ctx().table).count();
        self.files.admit(open)
    }

    fn opened(&mut self) {
        self.files.remember(self.wasi.ctx().table);
    }
}

/// The arguments of 0.1's `path_open`, as the guest passes them: directory, lookup flags, path and its length, open
/// flags, the two sets of rights, descriptor flags, and where the answer goes.
pub(crate) type PathOpen = (i32, i32, i32, i32, i32, i64, i64, i32, i32);

/// `wasi_snapshot_preview1.path_open`.
pub(crate) async fn path_open(mut caller: Caller<'_, State>, arguments: PathOpen) -> Result<i32> {
    if !caller.data_mut().may_open() {
        return Ok(ERRNO_MFILE);
    }
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmtime::Error::msg("missing required memory export"));
    };
    let fuel = caller.as_context_mut().hostcall_fuel();
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    state.wasi.set_hostcall_fuel(fuel);
    let (directory, lookup, path, length, open, rights, inherited, flags, answer) = arguments;
    let mut bytes = GuestMemory::Unshared(bytes);
    let errno = preview1::path_open(
        &mut state.wasi,
        &mut bytes,
        directory,
        lookup,
        path,
        length,
        open,
        rights,
        inherited,
        flags,
        answer,
    )
    .await?;
    state.opened();
    Ok(errno)
}

/// The arguments of 0.2's `[method]descriptor.open-at`.
pub(crate) type OpenAt = (
    Resource<Descriptor>,
    PathFlags,
    String,
    OpenFlags,
    DescriptorFlags,
);

/// `wasi:filesystem/types.[method]descriptor.open-at`.
pub(crate) async fn open_at(
    mut store: StoreContextMut<'_, State>,
    (directory, path_flags, path, open_flags, flags): OpenAt,
) -> Result<Result<Resource<Descriptor>, ErrorCode>> {
    let state = store.data_mut();
    if !state.may_open() {
        // 0.2 has no word for too many open files; this is what a full system answers.
        return Ok(Err(ErrorCode::InsufficientMemory));
    }
    match state
        .filesystem()
        .open_at(directory, path_flags, path, open_flags, flags)
        .await
    {
        Ok(opened) => {
            state.opened();
            Ok(Ok(opened))
        }
        Err(error) => error.downcast().map(Err),
    }
}
