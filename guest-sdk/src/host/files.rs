//! Level 0: files and variables, as any program in any language meets them, and as any WASI runtime can give them.
//!
//! | thing | where |
//! |---|---|
//! | input, log | stdin, stderr |
//! | output | `/out/result.json` for JSON where there is `/out`, else stdout |
//! | artifacts | files in `/out` |
//! | checkpoint | `/state/checkpoint` |
//! | progress, summary, stop | the files that `SUBLET_PROGRESS`, `SUBLET_SUMMARY` and `SUBLET_STOP` name |
//!
//! What a runtime does not give is left out where that does no harm, and an error where it would.

mod deadline;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use std::{env, process};

use super::{Host, Level, Reached, check_name};
use crate::children::{Order, Outcome};
use crate::payload::Bytes;
use crate::peers::Peer;
use crate::{Called, Fail, HostError};

const OUT: &str = "/out";
const RESULT: &str = "/out/result.json";
const CHECKPOINT: &str = "/state/checkpoint";
/// Written first, then put in the place of the one before: a checkpoint is there whole or not at all.
const NEXT_CHECKPOINT: &str = "/state/checkpoint.next";

/// The files and variables of one task.
#[derive(Clone, Debug)]
pub(crate) struct Files(Rc<Surroundings>);

#[derive(Debug)]
struct Surroundings {
    /// Where `/` is: another place only in tests.
    root: PathBuf,
    variables: BTreeMap<String, String>,
}

/// An artifact while it is written: under a name that nobody asks for, until it is finished.
#[derive(Debug)]
pub(crate) struct Writer {
    file: File,
    beside: PathBuf,
    place: PathBuf,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Once it is finished there is nothing left to remove; if it cannot be removed nobody can be told.
        let _removed_or_finished = fs::remove_file(&self.beside);
    }
}

impl Files {
    fn variable(&self, name: &str) -> Option<&str> {
        self.0.variables.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.variable(name)?.parse().ok()
    }

    fn place(&self, path: &str) -> PathBuf {
        self.0.root.join(path.trim_start_matches('/'))
    }

    /// The file that a variable names, if it names one.
    fn named(&self, variable: &str) -> Option<PathBuf> {
        self.variable(variable).map(|path| self.place(path))
    }
}

impl Host for Files {
    type Writer = Writer;

    const IS_PACED: bool = true;

    fn begin() -> Self {
        let variables = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("SUBLET_"))
            .collect();
        Self(Rc::new(Surroundings {
            root: PathBuf::from("/"),
            variables,
        }))
    }

    fn exit(&self, code: u8) {
        process::exit(i32::from(code));
    }

    fn job(&self) -> String {
        self.variable("SUBLET_JOB_ID").unwrap_or("local").to_owned()
    }

    fn name(&self) -> Option<String> {
        self.variable("SUBLET_JOB_NAME").map(str::to_owned)
    }

    fn task(&self) -> (u32, u32) {
        let index = self.number("SUBLET_TASK_INDEX").unwrap_or(0);
        (index, self.number("SUBLET_TASK_COUNT").unwrap_or(1))
    }

    fn attempt(&self) -> u32 {
        self.number("SUBLET_ATTEMPT").unwrap_or(1)
    }

    fn parent(&self) -> Option<String> {
        self.variable("SUBLET_PARENT_ID").map(str::to_owned)
    }

    fn label(&self, _: &str) -> Option<String> {
        None
    }

    fn time_left(&self) -> Option<Duration> {
        let deadline = deadline::parse(self.variable("SUBLET_DEADLINE")?)?;
        let left = deadline.duration_since(SystemTime::now());
        Some(left.unwrap_or(Duration::ZERO))
    }

    fn limit(&self, _: &str) -> Option<u64> {
        None
    }

    fn used(&self, _: &str) -> Option<u64> {
        None
    }

    fn stop_requested(&self) -> Option<String> {
        let reason = fs::read(self.named("SUBLET_STOP")?).ok()?;
        Some(String::from_utf8_lossy(&reason).trim().to_owned())
    }

    fn input_type(&self) -> String {
        crate::payload::JSON.to_owned()
    }

    fn read_input(&self, _: u64, len: u32) -> Called<Vec<u8>> {
        super::read_stdin(len)
    }

    fn set_output(&self, output: &Bytes) -> Called<()> {
        if output.is_json() && self.place(OUT).is_dir() {
            return fs::write(self.place(RESULT), &output.body)
                .map_err(|error| unavailable(RESULT, &error));
        }
        output.print()
    }

    #[expect(clippy::print_stderr, reason = "the log is all there is to tell it to")]
    fn fail(&self, fail: &Fail) {
        eprintln!("error: {fail}");
    }

    #[expect(clippy::print_stderr, reason = "stderr is the log")]
    fn log(level: Level, target: &str, message: &str, fields: &[(String, String)]) {
        let values: String = fields
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        eprintln!("{level} {target}: {message}{values}");
    }

    fn progress(&self, reached: &Reached) {
        let (Some(path), Some(line)) = (self.named("SUBLET_PROGRESS"), line(reached)) else {
            return;
        };
        let file = OpenOptions::new().create(true).append(true).open(path);
        // Progress that cannot be told does not stop the work.
        let _told = file.and_then(|mut file| file.write_all(line.as_bytes()));
    }

    fn gauge(&self, _: &str, _: f64) {}

    fn counter(&self, _: &str, _: u64) {}

    fn summary(&self, markdown: &str) {
        if let Some(path) = self.named("SUBLET_SUMMARY") {
            let _told = fs::write(path, markdown);
        }
    }

    fn load(&self) -> Called<Option<Vec<u8>>> {
        match fs::read(self.place(CHECKPOINT)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(CHECKPOINT, &error)),
        }
    }

    fn save(&self, bytes: &[u8]) -> Called<()> {
        let next = self.place(NEXT_CHECKPOINT);
        let written = File::create(&next).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written
            .and_then(|()| fs::rename(&next, self.place(CHECKPOINT)))
            .map_err(|error| unavailable(CHECKPOINT, &error))
    }

    fn create(&self, name: &str, _: &str) -> Called<Writer> {
        check_name(name)?;
        let place = self.place(OUT).join(name);
        let beside = self.place(OUT).join(format!(".{name}.part"));
        let file = File::create(&beside).map_err(|error| unavailable(OUT, &error))?;
        Ok(Writer {
            file,
            beside,
            place,
        })
    }

    fn append(writer: &mut Writer, bytes: &[u8]) -> Called<()> {
        let written = writer.file.write_all(bytes);
        written.map_err(|error| unavailable(OUT, &error))
    }

    fn finish(writer: Writer) -> Called<()> {
        fs::rename(&writer.beside, &writer.place).map_err(|error| unavailable(OUT, &error))
    }

    fn read_artifact(
        &self,
        job: Option<&str>,
        name: &str,
        offset: u64,
        len: u32,
    ) -> Called<Vec<u8>> {
        if job.is_some() {
            return missing("the artifacts of other jobs");
        }
        check_name(name)?;
        read_part(&self.place(OUT).join(name), offset, len).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                HostError::NotFound(format!("there is no artifact `{name}`"))
            }
            _ => unavailable(OUT, &error),
        })
    }

    fn artifact_names(&self, job: Option<&str>) -> Called<Vec<String>> {
        if job.is_some() {
            return missing("the artifacts of other jobs");
        }
        let entries = fs::read_dir(self.place(OUT)).map_err(|error| unavailable(OUT, &error))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        Ok(names)
    }

    fn submit(&self, _: &Order) -> Called<String> {
        missing("children")
    }

    fn child_state(&self, _: &str) -> Called<String> {
        missing("children")
    }

    fn child_wait(&self, _: &str, _: Duration) -> Called<Option<Outcome>> {
        missing("children")
    }

    fn child_output(&self, _: &str, _: u32) -> Called<Bytes> {
        missing("children")
    }

    fn child_cancel(&self, _: &str, _: &str) -> Called<()> {
        missing("children")
    }

    fn hostname(&self) -> String {
        let name = self.variable("SUBLET_HOSTNAME").unwrap_or("localhost");
        name.to_owned()
    }

    fn members(&self, _: &str) -> Called<Vec<Peer>> {
        missing("peers")
    }

    fn barrier(&self, _: &str, _: u32, _: Duration) -> Called<()> {
        missing("peers")
    }
}

/// `0.42 loading`; nothing where the end is not known, because then there is no such number.
fn line(reached: &Reached) -> Option<String> {
    let total = reached.total.filter(|total| *total > 0)?;
    // In ten thousandths, because a fraction of two large numbers needs no more.
    let done = u128::from(reached.done.min(total)) * 10_000 / u128::from(total);
    let message = match &reached.message {
        Some(message) => message.replace(['\n', '\r'], " "),
        None => format!("{} of {total} {}", reached.done, reached.unit),
    };
    Some(format!(
        "{}.{:04} {message}\n",
        done / 10_000,
        done % 10_000
    ))
}

fn read_part(path: &Path, offset: u64, len: u32) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(u64::from(len)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn missing<T>(what: &str) -> Called<T> {
    Err(HostError::Denied(format!(
        "{what} need Sublet's own interfaces: build the job with the feature `host` of sublet-job, which is a default"
    )))
}

fn unavailable(place: &str, error: &io::Error) -> HostError {
    HostError::Unavailable(format!("{place}: {error}"))
}

#[cfg(test)]
mod tests;
