//! What `SQLite` does to its files, step by step: a layer over the file system that notes each write and each flush of
//! files in one folder, and fails those that it is told to. Files elsewhere never come through here, so that the tests
//! beside these see nothing of it.

#![expect(
    unsafe_code,
    reason = "`SQLite` is C, and takes a file system as functions of C"
)]

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    fs,
    ops::Deref,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    slice,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};

use rusqlite::ffi::{
    self, SQLITE_IOERR_FSYNC, SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_OK,
    SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_WAL, sqlite3_file, sqlite3_int64, sqlite3_io_methods,
    sqlite3_vfs,
};

/// The file system that does the work.
const BENEATH: &CStr = c"unix";
const OURS: &CStr = c"sublet-recording";

/// Something that was done to a file, or that was said about all of them.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// It was opened. What it held, if it was there already.
    Opened {
        file: String,
        content: Option<Vec<u8>>,
        /// Whether its first flush makes the names in its folder durable as well, as `SQLite` does for its logs.
        flushes_names: bool,
    },
    Written {
        file: String,
        offset: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: String,
        length: usize,
    },
    Synced {
        file: String,
    },
    /// A flush failed: what was written since the last one may be gone for good, whatever a later one says.
    NotSynced {
        file: String,
    },
    Removed {
        file: String,
        flushes_names: bool,
    },
    /// Whoever asked was told that it is kept.
    Acknowledged,
}

/// What may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    Write,
    Sync,
}

/// Which calls of a kind fail: after so many that do not, so many that do.
#[derive(Clone, Copy, Debug)]
struct Fault {
    call: Call,
    after: u32,
    times: u32,
}

/// Has what is done in a folder recorded, until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(Arc<Recording>);

/// What was done to the files of one folder.
#[derive(Debug)]
pub(crate) struct Recording {
    folder: PathBuf,
    steps: Mutex<Vec<Step>>,
    fault: Mutex<Option<Fault>>,
}

/// A file of a watched folder that is open.
#[derive(Clone)]
struct Open {
    file: String,
    recording: Arc<Recording>,
    beneath: sqlite3_io_methods,
    /// What `SQLite` calls in their place, which it knows by its address.
    _ours: Arc<sqlite3_io_methods>,
}

static WATCHED: Mutex<Vec<Arc<Recording>>> = Mutex::new(Vec::new());
/// By the address of what `SQLite` knows them by.
static OPEN: Mutex<BTreeMap<usize, Open>> = Mutex::new(BTreeMap::new());

impl Watch {
    /// Notes all that is done to files of this folder that are opened from now on.
    pub(crate) fn over(folder: &Path) -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(register);
        let recording = Arc::new(Recording {
            folder: folder.canonicalize().unwrap(),
            steps: Mutex::default(),
            fault: Mutex::default(),
        });
        held(&WATCHED).push(Arc::clone(&recording));
        Self(recording)
    }
}

impl Recording {
    pub(crate) fn acknowledged(&self) {
        self.note(Step::Acknowledged);
    }

    /// What was done so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        held(&self.steps).clone()
    }

    pub(crate) fn count(&self, is_meant: impl Fn(&Step) -> bool) -> usize {
        held(&self.steps)
            .iter()
            .filter(|step| is_meant(step))
            .count()
    }

    /// Of the calls of this kind to come, the first `after` go well and the next `times` do not.
    pub(crate) fn fail(&self, call: Call, after: u32, times: u32) {
        *held(&self.fault) = Some(Fault { call, after, times });
    }

    /// Whether there were as many calls as were to fail.
    pub(crate) fn has_failed(&self) -> bool {
        held(&self.fault).is_none()
    }

    fn note(&self, step: Step) {
        held(&self.steps).push(step);
    }

    fn fails(&self, call: Call) -> bool {
        let mut fault = held(&self.fault);
        let Some(due) = fault.as_mut().filter(|fault| fault.call == call) else {
            return false;
        };
        if due.after > 0 {
            due.after -= 1;
            return false;
        }
        due.times -= 1;
        if due.times == 0 {
            *fault = None;
        }
        true
    }
}

impl Deref for Watch {
    type Target = Recording;

    fn deref(&self) -> &Recording {
        &self.0
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        held(&WATCHED).retain(|recording| !Arc::ptr_eq(recording, &self.0));
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that failed beside us leaves whole entries.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes ours the file system that connections are opened with.
fn register() {
    // SAFETY: the name is text with an end. The answer is null or lives as long as the process.
    let beneath = unsafe { ffi::sqlite3_vfs_find(BENEATH.as_ptr()) };
    assert!(!beneath.is_null(), "there is always a file system");
    // SAFETY: it is not null, and nobody changes it.
    let mut ours = unsafe { *beneath };
    ours.zName = OURS.as_ptr();
    ours.pNext = std::ptr::null_mut();
    ours.xOpen = Some(open);
    ours.xDelete = Some(delete);
    let ours = Box::leak(Box::new(ours));
    // SAFETY: it is filled as the one beneath is, and lives as long as the process.
    let registered = unsafe { ffi::sqlite3_vfs_register(ours, 1) };
    assert_eq!(registered, SQLITE_OK);
}

/// The recording and the name of a file, if its folder is watched.
fn watched(path: *const c_char) -> Option<(Arc<Recording>, PathBuf)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: `SQLite` names files by text with an end, which stays as it is during the call.
    let path = unsafe { CStr::from_ptr(path) };
    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
    let recordings = held(&WATCHED);
    let recording = recordings
        .iter()
        .find(|recording| path.parent() == Some(&recording.folder))?;
    Some((Arc::clone(recording), path.to_owned()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn opened(file: *mut sqlite3_file) -> Open {
    held(&OPEN).get(&file.addr()).expect("it is ours").clone()
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let watched = watched(path).map(|(recording, path)| {
        let content = fs::read(&path).ok();
        (recording, name(&path), content)
    });
    // SAFETY: as where ours was registered.
    let beneath = unsafe { ffi::sqlite3_vfs_find(BENEATH.as_ptr()) };
    // SAFETY: it is the one that ours was made of, so it is not null.
    let open = unsafe { (*beneath).xOpen }.expect("a file system opens files");
    // SAFETY: what `SQLite` handed to us for a file system of the same size and form.
    let answer = unsafe { open(beneath, path, file, flags, out_flags) };
    if let Some((recording, name, content)) = watched.filter(|_| answer == SQLITE_OK) {
        recording.note(Step::Opened {
            file: name.clone(),
            content,
            flushes_names: flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL) != 0,
        });
        put_between(file, name, recording);
    }
    answer
}

/// Has `SQLite` call us for what is to be noted, and the file system beneath for all else.
fn put_between(file: *mut sqlite3_file, name: String, recording: Arc<Recording>) {
    // SAFETY: a file that was opened well has its functions.
    let methods = unsafe { (*file).pMethods };
    // SAFETY: they are a table that lives as long as the process.
    let beneath = unsafe { *methods };
    let ours = Arc::new(sqlite3_io_methods {
        xClose: Some(close),
        xRead: Some(read),
        xWrite: Some(write),
        xTruncate: Some(cut),
        xSync: Some(sync),
        ..beneath
    });
    let address = Arc::as_ptr(&ours);
    let open = Open {
        file: name,
        recording,
        beneath,
        _ours: ours,
    };
    held(&OPEN).insert(file.addr(), open);
    // SAFETY: nobody else has the file yet; the table stays where it is until the file is closed.
    unsafe { (*file).pMethods = address };
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let close = opened(file).beneath.xClose.expect("a file is closed");
    // SAFETY: as `SQLite` called us.
    let answer = unsafe { close(file) };
    // Only now: nothing of `SQLite` looks at the table any more.
    held(&OPEN).remove(&file.addr());
    answer
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    count: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let open = opened(file);
    if open.recording.fails(Call::Read) {
        return SQLITE_IOERR_READ;
    }
    let read = open.beneath.xRead.expect("a file is read");
    // SAFETY: as `SQLite` called us.
    unsafe { read(file, into, count, offset) }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    count: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let open = opened(file);
    if open.recording.fails(Call::Write) {
        return SQLITE_IOERR_WRITE;
    }
    let write = open.beneath.xWrite.expect("a file is written");
    // SAFETY: as `SQLite` called us.
    let answer = unsafe { write(file, from, count, offset) };
    if answer == SQLITE_OK {
        let length = usize::try_from(count).expect("a length");
        // SAFETY: `SQLite` hands over that many bytes, which stay as they are during the call.
        let bytes = unsafe { slice::from_raw_parts(from.cast::<u8>(), length) };
        open.recording.note(Step::Written {
            file: open.file,
            offset: usize::try_from(offset).expect("a place"),
            bytes: bytes.to_vec(),
        });
    }
    answer
}

unsafe extern "C" fn cut(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    let open = opened(file);
    let cut = open.beneath.xTruncate.expect("a file is cut");
    // SAFETY: as `SQLite` called us.
    let answer = unsafe { cut(file, length) };
    if answer == SQLITE_OK {
        open.recording.note(Step::Cut {
            file: open.file,
            length: usize::try_from(length).expect("a length"),
        });
    }
    answer
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let open = opened(file);
    if open.recording.fails(Call::Sync) {
        open.recording.note(Step::NotSynced { file: open.file });
        return SQLITE_IOERR_FSYNC;
    }
    let sync = open.beneath.xSync.expect("a file is flushed");
    // SAFETY: as `SQLite` called us.
    let answer = unsafe { sync(file, flags) };
    if answer == SQLITE_OK {
        open.recording.note(Step::Synced { file: open.file });
    }
    answer
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    // SAFETY: as where ours was registered.
    let beneath = unsafe { ffi::sqlite3_vfs_find(BENEATH.as_ptr()) };
    // SAFETY: it is the one that ours was made of, so it is not null.
    let delete = unsafe { (*beneath).xDelete }.expect("a file system removes files");
    // SAFETY: as `SQLite` called us.
    let answer = unsafe { delete(beneath, path, sync) };
    if let Some((recording, path)) = watched(path).filter(|_| answer == SQLITE_OK) {
        recording.note(Step::Removed {
            file: name(&path),
            flushes_names: sync != 0,
        });
    }
    answer
}
