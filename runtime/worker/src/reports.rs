//! What an attempt says of itself while it runs: how far it is, and what it came to.
//!
//! A guest writes two files, whose names its environment tells; they are looked at again and again. The directory is the
//! guest's to write, so nothing in it is trusted: links are not followed, only the end of a file is read, and what is
//! read is cut to one short line, or to a summary of bounded length.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, renameat, unlinkat};

use sublet_sandbox::{Failure, Measure};

use crate::protocol::{Progress, StopCause};

/// The files in the directory, by their names there.
pub(crate) const PROGRESS: &str = "progress";
pub(crate) const SUMMARY: &str = "summary.md";
pub(crate) const STOP: &str = "stop";
/// Where the request to stop is written before it has its name: a guest that sees it sees all of it.
const STOP_TO_COME: &str = ".stop";

/// Bytes at the end of the progress file that are looked at: a guest that writes longer lines is not followed.
const TAIL_BYTES: usize = 4 << 10;
/// Bytes of what is told of progress, beside the number.
pub(crate) const MESSAGE_BYTES_MAX: usize = 200;
/// Bytes of a summary; what is beyond is cut, and said.
pub(crate) const SUMMARY_BYTES_MAX: usize = 64 << 10;
/// Different things that one attempt measures, and bytes of what they are called: more are dropped.
const MEASURES_MAX: usize = 64;
const MEASURE_BYTES_MAX: usize = 64;
/// Artifacts of which it is known what is in them: as many as are kept.
const TYPES_MAX: usize = 1_000;
/// All that is to do, in the unit of progress.
const WHOLE: f64 = 1_000_000.0;
/// What stands at the end of a summary that was cut.
const CUT: &str = "\n\n… (the rest is cut)\n";

/// What one attempt has said so far.
#[derive(Debug)]
pub(crate) struct Reports {
    folder: Option<OwnedFd>,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    progress: Option<Progress>,
    /// Whether the progress was not passed on yet.
    is_news: bool,
    /// The summary that did not come by a file.
    summary: Option<String>,
    measures: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
    failure: Option<Failure>,
    /// Why it is to end, where nobody asked.
    warning: Option<&'static str>,
}

/// What an attempt that is over had said.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    pub(crate) progress: Option<Progress>,
    pub(crate) summary: Option<String>,
    pub(crate) media_types: Vec<(String, String)>,
    pub(crate) failure: Option<Failure>,
}

impl Reports {
    /// Of an attempt with such a directory, if it has one.
    pub(crate) fn of(folder: Option<&Path>) -> io::Result<Self> {
        let open = |path: &Path| {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            openat(CWD, path, flags, Mode::empty())
        };
        Ok(Self {
            folder: folder.map(open).transpose()?,
            said: Mutex::default(),
        })
    }

    /// The progress, where it is another one than when this was last asked.
    pub(crate) fn news(&self) -> Option<Progress> {
        self.look(Line::Finished);
        let mut said = self.lock();
        std::mem::take(&mut said.is_news)
            .then(|| said.progress.clone())
            .flatten()
    }

    /// What was said last, when the guest is through.
    pub(crate) fn last_words(&self) -> LastWords {
        self.look(Line::Any);
        let in_file = self.summary();
        let mut said = self.lock();
        let summary = said.summary.take().or(in_file);
        LastWords {
            progress: said.progress.clone(),
            summary: with_measures(summary, &said.measures),
            media_types: std::mem::take(&mut said.types).into_iter().collect(),
            failure: said.failure.take(),
        }
    }

    /// The guest says how far it is.
    pub(crate) fn say_progress(&self, millionths: Option<u32>, message: &str) {
        let progress = Progress {
            millionths,
            message: bounded_message(message),
        };
        let mut said = self.lock();
        said.is_news |= said.progress.as_ref() != Some(&progress);
        said.progress = Some(progress);
    }

    pub(crate) fn say_summary(&self, markdown: &str) {
        self.lock().summary = Some(bounded_summary(markdown));
    }

    pub(crate) fn say_measure(&self, name: &str, measure: Measure) {
        let name = bounded(name, MEASURE_BYTES_MAX);
        let mut said = self.lock();
        if said.measures.len() >= MEASURES_MAX && !said.measures.contains_key(&name) {
            return;
        }
        let value = said.measures.entry(name).or_default();
        match measure {
            Measure::Is(now) => *value = now,
            Measure::More(more) => *value += as_float(more),
        }
    }

    pub(crate) fn say_type(&self, name: &str, content_type: &str) {
        let mut said = self.lock();
        if said.types.len() < TYPES_MAX || said.types.contains_key(name) {
            said.types.insert(name.to_owned(), content_type.to_owned());
        }
    }

    pub(crate) fn say_failure(&self, failure: Failure) {
        self.lock().failure = Some(failure);
    }

    /// Why it is to end, where nobody asked for that.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        self.lock().warning
    }

    /// Has the guest know that its time is about to be over.
    pub(crate) fn warn(&self, why: &'static str) -> io::Result<()> {
        self.lock().warning = Some(why);
        self.ask_to_stop(why)
    }

    /// Lets the guest find the request to stop. One that put something there itself finds that.
    pub(crate) fn ask_to_stop(&self, why: &str) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        // The guest may have been there first, with anything; where that cannot go, the next step says so.
        unlinkat(folder, STOP_TO_COME, AtFlags::empty()).unwrap_or_default();
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(
            folder,
            STOP_TO_COME,
            flags,
            Mode::RUSR | Mode::WUSR,
        )?);
        file.write_all_at(why.as_bytes(), 0)?;
        Ok(renameat(folder, STOP_TO_COME, folder, STOP)?)
    }

    fn look(&self, which: Line) {
        let Some(tail) = self.read_end(PROGRESS, TAIL_BYTES) else {
            return;
        };
        let Some(progress) = last_line(&tail, which).and_then(read_line) else {
            return;
        };
        let mut said = self.lock();
        if said.progress.as_ref() != Some(&progress) {
            said.progress = Some(progress);
            said.is_news = true;
        }
    }

    fn summary(&self) -> Option<String> {
        let file = self.open(SUMMARY)?;
        let mut bytes = vec![0; SUMMARY_BYTES_MAX + 1];
        let length = read_from(&file, &mut bytes, 0)?;
        bytes.truncate(length);
        let text = String::from_utf8_lossy(&bytes);
        (!text.trim().is_empty()).then(|| bounded_summary(&text))
    }

    fn read_end(&self, name: &str, most: usize) -> Option<Vec<u8>> {
        let file = self.open(name)?;
        let length = file.metadata().ok()?.len();
        let mut bytes = vec![0; most];
        let from = length.saturating_sub(u64::try_from(most).ok()?);
        let read = read_from(&file, &mut bytes, from)?;
        bytes.truncate(read);
        Some(bytes)
    }

    /// A regular file of this name. Opening does not wait, whatever else there is.
    fn open(&self, name: &str) -> Option<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = openat(self.folder.as_ref()?, name, flags, Mode::empty()).ok()?;
        let kind = FileType::from_raw_mode(fstat(&opened).ok()?.st_mode);
        (kind == FileType::RegularFile).then(|| opened.into())
    }

    /// Nothing that can panic runs under the lock, so its contents are whole even after a panic elsewhere.
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which line of a progress file counts.
#[derive(Clone, Copy)]
enum Line {
    /// The last one that has its end: the guest may be in the middle of the next.
    Finished,
    /// The last one.
    Any,
}

fn read_from(file: &File, into: &mut [u8], mut from: u64) -> Option<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from).ok()? {
            0 => break,
            read => {
                filled += read;
                from += u64::try_from(read).ok()?;
            }
        }
    }
    Some(filled)
}

fn last_line(tail: &[u8], which: Line) -> Option<&[u8]> {
    let whole = match which {
        Line::Any => tail,
        Line::Finished => tail.get(..=tail.iter().rposition(|&byte| byte == b'\n')?)?,
    };
    let mut lines = whole.rsplit(|&byte| byte == b'\n');
    lines.find(|line| !line.trim_ascii().is_empty())
}

/// `0.42 loading`: a share of the whole, and words. A line without a number is words alone.
fn read_line(line: &[u8]) -> Option<Progress> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Some(Progress {
            millionths: Some(millionths(share)),
            message: bounded_message(rest),
        }),
        Ok(_) | Err(_) => Some(Progress {
            millionths: None,
            message: bounded_message(text),
        }),
    }
}

/// Of a share between 0 and 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between nothing and a million"
)]
fn millionths(share: f64) -> u32 {
    (share * WHOLE).round() as u32
}

/// One line without control characters, of bounded length.
pub(crate) fn bounded_message(text: &str) -> String {
    bounded(text, MESSAGE_BYTES_MAX)
}

fn bounded(text: &str, bytes_max: usize) -> String {
    let mut plain: String = text
        .trim()
        .chars()
        .filter(|one| !one.is_control())
        .collect();
    plain.truncate(plain.floor_char_boundary(bytes_max));
    plain
}

/// The beginning of a summary that is too long, and the word that it is one.
pub(crate) fn bounded_summary(text: &str) -> String {
    if text.len() <= SUMMARY_BYTES_MAX {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SUMMARY_BYTES_MAX - CUT.len());
    text.get(..end).unwrap_or_default().to_owned() + CUT
}

/// What was measured stands in a list below what it came to.
fn with_measures(summary: Option<String>, measures: &BTreeMap<String, f64>) -> Option<String> {
    if measures.is_empty() {
        return summary;
    }
    let mut text = summary.unwrap_or_default();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    for (name, value) in measures {
        // Writing to a string cannot fail.
        writeln!(text, "- {name}: {value}").unwrap_or_default();
    }
    Some(text)
}

/// A count beyond what a float tells exactly is told nearly.
#[expect(clippy::cast_precision_loss, reason = "the nearest one is meant")]
const fn as_float(count: u64) -> f64 {
    count as f64
}

/// Why an attempt is asked to stop, as its guest reads it.
pub(crate) const fn word(cause: StopCause) -> &'static str {
    match cause {
        StopCause::Cancel => "cancelled\n",
        StopCause::Shutdown => "shutdown\n",
        StopCause::Drain => "drained\n",
        StopCause::Preempt => "preempted\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, which: Line, expected: Option<(Option<u32>, &str)>) {
        let read = last_line(file.as_bytes(), which).and_then(read_line);
        let read = read.map(|progress| (progress.millionths, progress.message));
        let expected = expected.map(|(millionths, message)| (millionths, message.to_owned()));
        assert_eq!(read, expected, "{file:?}");
    }

    #[test]
    fn the_last_finished_line_counts_while_the_guest_writes() {
        check("", Line::Finished, None);
        check("\n \n", Line::Finished, None);
        check("0.4", Line::Finished, None);
        check("0.4", Line::Any, Some((Some(400_000), "")));
        check("0.4 a\n0.", Line::Finished, Some((Some(400_000), "a")));
        check("0.4 a\n0.5 b\n", Line::Finished, Some((Some(500_000), "b")));
        check("0.4 a\r\n\r\n", Line::Finished, Some((Some(400_000), "a")));
    }

    #[test]
    fn what_is_no_share_is_words() {
        check("1 done\n", Line::Any, Some((Some(1_000_000), "done")));
        check("1.5 done\n", Line::Any, Some((None, "1.5 done")));
        check("-0.1\n", Line::Any, Some((None, "-0.1")));
        check("NaN inf\n", Line::Any, Some((None, "NaN inf")));
        check("loading\n", Line::Any, Some((None, "loading")));
    }

    #[test]
    fn words_are_one_short_line_without_control_characters() {
        check(
            "0.5 a\u{1b}[2Jb\u{7}\n",
            Line::Any,
            Some((Some(500_000), "a[2Jb")),
        );
        let long = "ü".repeat(MESSAGE_BYTES_MAX);
        check(
            &long,
            Line::Any,
            Some((None, &"ü".repeat(MESSAGE_BYTES_MAX / 2))),
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        let read = last_line(b"0.5 \xff\xfe\n", Line::Any).and_then(read_line);
        assert_eq!(read.unwrap().message, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_long_summary_is_cut_and_says_so() {
        let cut = bounded_summary(&"ü".repeat(SUMMARY_BYTES_MAX));
        assert!(cut.len() <= SUMMARY_BYTES_MAX && cut.ends_with(CUT));
        assert_eq!(bounded_summary("# short"), "# short");
    }

    #[test]
    fn what_is_said_without_end_is_kept_up_to_a_number() {
        let reports = Reports::of(None).unwrap();
        for number in 0..10_000 {
            reports.say_measure(&format!("{number}"), Measure::More(u64::MAX));
            reports.say_type(&format!("{number}"), "text/plain");
            reports.say_progress(Some(number), &"x".repeat(10_000));
        }
        reports.say_measure("0", Measure::Is(1.5));
        reports.say_summary(&"x".repeat(1 << 20));
        assert!(reports.news().is_some() && reports.news().is_none());
        let said = reports.last_words();
        assert_eq!(said.media_types.len(), TYPES_MAX);
        let summary = said.summary.unwrap();
        assert_eq!(summary.matches("\n- ").count(), MEASURES_MAX);
        assert!(summary.contains("\n- 0: 1.5\n"));
        assert!(summary.len() < SUMMARY_BYTES_MAX + MEASURES_MAX * 200);
        assert_eq!(said.progress.unwrap().message.len(), MESSAGE_BYTES_MAX);
    }

    #[test]
    fn links_and_folders_in_the_place_of_files_say_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "0.5 secret\n").unwrap();
        std::os::unix::fs::symlink(secret.path(), folder.path().join(PROGRESS)).unwrap();
        std::fs::create_dir(folder.path().join(SUMMARY)).unwrap();
        let reports = Reports::of(Some(folder.path())).unwrap();
        assert_eq!(reports.news(), None);
        let said = reports.last_words();
        assert_eq!((said.progress, said.summary), (None, None));
    }

    #[test]
    fn a_request_to_stop_is_written_into_no_file_that_a_guest_points_at() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::NamedTempFile::new().unwrap();
        for name in [STOP, STOP_TO_COME] {
            std::os::unix::fs::symlink(other.path(), folder.path().join(name)).unwrap();
        }
        let reports = Reports::of(Some(folder.path())).unwrap();
        reports.ask_to_stop("cancelled\n").unwrap();
        assert_eq!(std::fs::read_to_string(other.path()).unwrap(), "");
        let asked = std::fs::read_to_string(folder.path().join(STOP)).unwrap();
        assert_eq!(asked, "cancelled\n");
    }
}
