//! What a worker says is heard on a thread of its own. Output goes straight to the log, so that it is there before the
//! end of the attempt is known; everything else goes to the driver.
//!
//! The worker is not trusted: what it says of attempts that it was not given is dropped, output here and the rest by the
//! driver, and a frame that does not decode ends it.

#[cfg(test)]
mod hostile;

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, waitid};
use sublet_network::Refusal;
use sublet_scheduler::{AttemptId, UnixMillis, Usage};
use sublet_store::{Digest, Logs};
use sublet_worker::fault;
use sublet_worker::frame::FrameReader;
use sublet_worker::protocol::{Ended, FromWorker, Progress, Question, Stream, ToWorker};
use sublet_worker::wall::{self, Standing};
use sublet_worker::{Isolation, engine_identity};
use tokio::sync::{Semaphore, watch};

use super::given::Given;
use super::keeper::{Keeper, Terms, processor_time};
use super::process::Purpose;
use super::pulse::{Pulse, SILENCE, Step};
use super::{Speaker, Surroundings, WorkerId};
use crate::broker::{Asker, Broker};
use crate::clock;
use crate::driver::{Command, DriverHandle, Report};
use crate::http::relatives::{Asked, ToRelatives, turn_away};
use crate::metrics::Metrics;
use crate::serve::told_gaps;

/// Denials of one attempt that are recorded, and the bytes of each sentence of a worker: more than an honest one says.
const DENIALS_MAX: usize = 16;
const WORDS_BYTES_MAX: usize = 4096;
/// Bytes of what an attempt came to, in its own words: more than a worker lets pass.
const SUMMARY_BYTES_MAX: usize = 128 << 10;
/// Artifacts of one attempt of which it may have said what is in them.
const MEDIA_TYPES_MAX: usize = 1_000;
/// Open questions for each guest of a worker: it has one, and those of guests that have ended are open for a moment longer.
const PLACES_PER_GUEST: usize = 8;
/// All that an attempt has to do, in the unit of progress.
const MILLION: u32 = 1_000_000;

/// Where the reports of one worker arrive.
pub(super) struct Desk {
    worker: WorkerId,
    asker: Asker,
    broker: Broker,
    /// The attempts that it may speak of.
    given: Given,
    logs: Arc<Logs>,
    metrics: Arc<Metrics>,
    driver: DriverHandle,
    output: watch::Sender<u64>,
    relatives: ToRelatives,
    /// Places for questions that take their time.
    questions: Arc<Semaphore>,
    engine: String,
    require_hardening: bool,
    purpose: Purpose,
    keeper: Keeper,
    pulse: Pulse,
    /// What the guest of a worker with one attempt has done so far, as seen from here.
    seen: Seen,
    /// Output that could not be kept, by attempt: it is reported as cut.
    unkept: HashMap<AttemptId, u64>,
}

impl Desk {
    pub(super) fn new(
        surroundings: &Surroundings,
        (worker, speaker, given): (WorkerId, Speaker, Given),
        purpose: Purpose,
    ) -> Self {
        let instances = usize::try_from(purpose.shape.instances_max).unwrap_or(1);
        let places = instances.saturating_mul(PLACES_PER_GUEST);
        Self {
            worker,
            asker: Asker {
                user: purpose.user,
                worker,
                speaker,
            },
            broker: surroundings.broker.clone(),
            given,
            logs: Arc::clone(&surroundings.logs),
            metrics: Arc::clone(&surroundings.metrics),
            driver: surroundings.driver.clone(),
            output: surroundings.output.clone(),
            relatives: surroundings.relatives.clone(),
            questions: Arc::new(Semaphore::new(places)),
            engine: engine_identity(purpose.shape.isolation.preemption()),
            require_hardening: surroundings.require_hardening,
            purpose,
            keeper: surroundings.keeper.clone(),
            pulse: Pulse::default(),
            seen: Seen::default(),
            unkept: HashMap::new(),
        }
    }

    /// Listens until the worker is gone, and says so.
    pub(super) fn listen(mut self, mut frames: FrameReader, mut child: Child) {
        let process = Pid::from_child(&child);
        // Whatever becomes of this thread, the driver has to learn that the worker is gone.
        let heard = catch_unwind(AssertUnwindSafe(|| self.hear_all(&mut frames, process)));
        let failed = |_| Err(io::Error::other("whoever heard it failed"));
        if let Err(error) = heard.unwrap_or_else(failed) {
            tracing::warn!(worker = self.worker.0, %error, "a worker is ended for what it said");
        }
        drop(frames);
        // From here on its id may be given to another process.
        self.keeper.release(self.worker);
        let used = self.end(&mut child, process).unwrap_or_else(|error| {
            tracing::debug!(%error, "a worker had ended by itself");
            Usage::default()
        });
        self.driver.tell(Command::WorkerGone(self.worker, used));
    }

    /// Ends the process, and answers what its guest used where it had but one: the kernel knows it also when the worker
    /// itself did not come to tell.
    fn end(&self, child: &mut Child, process: Pid) -> io::Result<Usage> {
        child.kill()?;
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(process), options)?;
        let used = self.seen.usage(process);
        child.wait()?;
        Ok(used)
    }

    fn hear_all(&mut self, frames: &mut FrameReader, process: Pid) -> io::Result<()> {
        frames.notice_after(SILENCE)?;
        while let Some(batch) = frames.receive_or_notice(&mut || self.nothing_came())? {
            self.pulse.felt();
            if frames.next_descriptor().is_some() {
                return Err(io::Error::other("a worker has no descriptor to pass"));
            }
            self.hear(batch, process)?;
        }
        Ok(())
    }

    /// Nothing came for a while.
    fn nothing_came(&mut self) {
        if self.keeper.holds(self.worker) {
            // It cannot answer, by our own will.
            self.pulse.felt();
            return;
        }
        match self.pulse.missed() {
            Step::Ask => self
                .asker
                .speaker
                .say(vec![ToWorker::AreYouThere], Vec::new()),
            Step::GiveUp => {
                let reports = vec![Report::StandsStill];
                self.driver.tell(Command::Reports(self.worker, reports));
            }
            Step::Wait => {}
        }
    }

    /// It speaks before its first guest, so what it says of itself is not a guest's word.
    fn look_at(&self, engine: &str, wall: &[Standing]) -> io::Result<()> {
        if engine != self.engine {
            let ours = &self.engine;
            return Err(io::Error::other(format!(
                "its engine is {engine}, ours is {ours}"
            )));
        }
        let gaps = wall::gaps(wall);
        if self.require_hardening && !gaps.is_empty() {
            let told = told_gaps(&gaps);
            return Err(io::Error::other(format!("it would have {told}")));
        }
        Ok(())
    }

    fn hear(&mut self, batch: Vec<FromWorker>, process: Pid) -> io::Result<()> {
        let now = clock::onward();
        let mut reports = Vec::new();
        let mut wrote = false;
        for message in batch {
            match message {
                FromWorker::Output {
                    attempt,
                    stream,
                    bytes,
                } => {
                    if self.may_speak_of(attempt, bytes.len()) {
                        self.seen.wrote(stream, bytes.len());
                        self.keep(attempt, stream, now, &bytes);
                        wrote = true;
                    }
                }
                FromWorker::Ready { engine, wall } => {
                    self.look_at(&engine, &wall)?;
                    reports.push(Report::Ready);
                }
                FromWorker::Loaded(_) | FromWorker::Here => {}
                FromWorker::LoadFailed { module, reason } => {
                    reports.push(Report::LoadFailed {
                        module: Digest::from_bytes(module),
                        reason,
                    });
                }
                FromWorker::Started(attempt) => {
                    self.begins(process)?;
                    reports.push(Report::Started(attempt));
                }
                FromWorker::Told {
                    attempt,
                    mut progress,
                } => {
                    bound(&mut progress);
                    reports.push(Report::Told(attempt, progress));
                }
                FromWorker::Asked { number, question } => {
                    // Who does not read answers is not asked for more questions.
                    while !self.asker.speaker.is_heard_within(SILENCE) {
                        self.nothing_came();
                    }
                    self.asked(number, question);
                }
                FromWorker::Taken {
                    connection,
                    refusal,
                } => {
                    let refusal = refusal.map(Refusal::from);
                    self.broker.taken(self.worker, connection, refusal);
                }
                FromWorker::Traffic { number, nics } => {
                    let nics = nics.into_iter().map(|nic| (nic.v4, nic.usage)).collect();
                    self.broker.told_traffic(&self.asker, number, nics);
                }
                FromWorker::HungUp(connection) => self.broker.hung_up(self.worker, connection),
                FromWorker::Ended(ended) => {
                    reports.push(Report::Ended(Box::new(self.account(*ended))));
                }
            }
        }
        if wrote {
            self.output.send_modify(|count| *count += 1);
        }
        if !reports.is_empty() {
            self.driver.tell(Command::Reports(self.worker, reports));
        }
        Ok(())
    }

    /// Exactly one answer to each question.
    fn asked(&self, number: u64, question: Question) {
        match question {
            Question::Neighbours(name) => self.broker.tell_neighbours(&self.asker, number, &name),
            Question::Dial {
                nic,
                protocol,
                target,
            } => {
                let wanted = (protocol, target);
                self.broker.connect(&self.asker, number, nic, wanted);
            }
            Question::Relatives { attempt, wish } => {
                let place = Arc::clone(&self.questions).try_acquire_owned();
                let Some(place) = place.ok().filter(|_| self.given.has(attempt)) else {
                    return turn_away(&self.asker, number);
                };
                let asked = Asked {
                    asker: self.asker.clone(),
                    number,
                    attempt,
                    wish: *wish,
                    place,
                };
                if self.relatives.blocking_send(asked).is_err() {
                    tracing::debug!("a job asks for others while the server ends");
                }
            }
        }
    }

    /// A guest that has its worker for itself is kept to its share from its first instruction on.
    fn begins(&mut self, process: Pid) -> io::Result<()> {
        let Purpose { shape, wall, .. } = self.purpose;
        if shape.isolation == Isolation::User || self.seen.began.is_some() {
            return Ok(());
        }
        let now = Instant::now();
        self.seen.began = Some((now, processor_time(process).unwrap_or_default()));
        let terms = Terms {
            process,
            handle: pidfd_open(process, PidfdFlags::empty())?,
            cpu_millis: shape.cpu_millis,
            burst: shape.burst,
            deadline: now.checked_add(wall),
        };
        self.keeper.keep(self.worker, terms);
        Ok(())
    }

    /// Output of an attempt that the worker does not have, or has no more, is nobody's: it is dropped, and counted.
    fn may_speak_of(&self, attempt: AttemptId, bytes: usize) -> bool {
        let may = self.given.has(attempt);
        if !may {
            let worker = self.worker.number();
            tracing::warn!(%attempt, worker, bytes, "a worker prints for what it was not given");
            self.metrics
                .disowned(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        may
    }

    /// A log that cannot be written loses output, which is counted, and not the attempt.
    fn keep(&mut self, attempt: AttemptId, stream: Stream, at: UnixMillis, bytes: &[u8]) {
        let stream = match stream {
            Stream::Stdout => sublet_store::Stream::Stdout,
            Stream::Stderr => sublet_store::Stream::Stderr,
        };
        let failing = |source| sublet_store::Error::Files {
            doing: "write a log",
            source,
        };
        let kept = fault::disk("front.disk.log").map_err(failing);
        if let Err(error) = kept.and_then(|()| self.logs.append(attempt, stream, at, bytes)) {
            let unkept = self.unkept.entry(attempt).or_default();
            if *unkept == 0 {
                tracing::error!(%attempt, error = &error as &dyn std::error::Error, "output cannot be kept");
            }
            *unkept += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        }
    }

    fn account(&mut self, mut ended: Ended) -> Ended {
        fault::step("front.end.received");
        // From here on it has no more to say of that attempt.
        self.given.take_back(ended.attempt);
        let unkept = self.unkept.remove(&ended.attempt).unwrap_or_default();
        ended.usage.output_cut_bytes = ended.usage.output_cut_bytes.saturating_add(unkept);
        ended.denied.truncate(DENIALS_MAX);
        for words in ended.denied.iter_mut().chain(&mut ended.detail) {
            cut(words, WORDS_BYTES_MAX);
        }
        if let Some(progress) = &mut ended.progress {
            bound(progress);
        }
        ended.media_types.truncate(MEDIA_TYPES_MAX);
        if let Some(summary) = &mut ended.summary {
            cut(summary, SUMMARY_BYTES_MAX);
        }
        ended
    }
}

fn bound(progress: &mut Progress) {
    cut(&mut progress.message, WORDS_BYTES_MAX);
    progress.millionths = progress.millionths.map(|share| share.min(MILLION));
}

fn cut(words: &mut String, bytes_max: usize) {
    words.truncate(words.floor_char_boundary(bytes_max));
}

/// What was seen of a guest from outside its worker.
#[derive(Debug, Default)]
struct Seen {
    /// When it began, and what processor time its worker had used by then. Nothing for workers with many guests.
    began: Option<(Instant, Duration)>,
    stdout_bytes: u64,
    stderr_bytes: u64,
}

impl Seen {
    fn wrote(&mut self, stream: Stream, bytes: usize) {
        let sum = match stream {
            Stream::Stdout => &mut self.stdout_bytes,
            Stream::Stderr => &mut self.stderr_bytes,
        };
        *sum = sum.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Of a process that has ended and was not reaped yet.
    fn usage(&self, process: Pid) -> Usage {
        let Some((at, before)) = self.began else {
            return Usage::default();
        };
        let spent = processor_time(process)
            .unwrap_or_default()
            .saturating_sub(before);
        Usage {
            cpu_us: microseconds(spent),
            wall_us: microseconds(at.elapsed()),
            stdout_bytes: self.stdout_bytes,
            stderr_bytes: self.stderr_bytes,
            ..Usage::default()
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
