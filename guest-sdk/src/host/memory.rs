//! The host in this process. A test makes one, see [`crate::test`]; a program that is started natively gets one that reads
//! stdin, writes to stdout and talks on stderr.

mod alone;
mod children;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::{Host, Level, Reached};
use crate::children::{Order, Outcome};
use crate::payload::Bytes;
use crate::peers::Peer;
use crate::test::Line;
use crate::{Called, Fail, HostError};
use children::{Admitted, Kin};

/// What stands in the job's place while a test runs it.
pub(crate) const TEST_JOB: &str = "job_test";

thread_local! {
    /// The world of the test that runs on this thread.
    static WORLD: RefCell<Option<Memory>> = const { RefCell::new(None) };
}

/// All that the host knows of one task.
pub(crate) struct World {
    pub(crate) job: String,
    pub(crate) name: Option<String>,
    pub(crate) task: (u32, u32),
    pub(crate) attempt: u32,
    pub(crate) parent: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) time_left: Option<Duration>,
    pub(crate) limits: BTreeMap<String, u64>,
    pub(crate) stop: Option<String>,
    /// The stop is requested with this report of progress.
    pub(crate) stop_after: Option<usize>,

    pub(crate) input: Bytes,
    pub(crate) output: Option<Bytes>,
    pub(crate) failed: Option<Fail>,

    pub(crate) lines: Vec<Line>,
    pub(crate) progress: Vec<Reached>,
    pub(crate) gauges: BTreeMap<String, f64>,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) summary: Option<String>,

    pub(crate) checkpoint: Option<Vec<u8>>,
    pub(crate) artifacts: BTreeMap<String, Bytes>,
    pub(crate) kin: Kin,
    /// How many tasks of this job are at a barrier besides this one.
    pub(crate) peers: u32,
    /// Whether a test looks on; otherwise this is a program at a terminal.
    pub(crate) is_tested: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            job: TEST_JOB.to_owned(),
            name: None,
            task: (0, 1),
            attempt: 1,
            parent: None,
            labels: BTreeMap::new(),
            time_left: None,
            limits: BTreeMap::new(),
            stop: None,
            stop_after: None,
            input: Bytes::default(),
            output: None,
            failed: None,
            lines: Vec::new(),
            progress: Vec::new(),
            gauges: BTreeMap::new(),
            counters: BTreeMap::new(),
            summary: None,
            checkpoint: None,
            artifacts: BTreeMap::new(),
            kin: Kin::default(),
            peers: 0,
            is_tested: true,
        }
    }
}

/// A way to the world. Clones lead to the same one.
#[derive(Clone)]
pub(crate) struct Memory(Rc<RefCell<World>>);

/// An artifact while it is written.
pub(crate) struct Writer {
    world: Memory,
    name: String,
    bytes: Bytes,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// Runs a program in this world, and gives the world back as it is then.
    pub(crate) fn around(world: World, main: fn()) -> World {
        let memory = Self(Rc::new(RefCell::new(world)));
        let before = WORLD.replace(Some(memory.clone()));
        // Also when the program panics, so that the next test of this thread begins in no other's world.
        let _back = Back(before);
        main();
        memory.0.take()
    }

    fn now() -> Option<Self> {
        WORLD.with_borrow(Clone::clone)
    }

    fn look<T>(&self, at: impl FnOnce(&World) -> T) -> T {
        at(&self.0.borrow())
    }

    fn change<T>(&self, how: impl FnOnce(&mut World) -> T) -> T {
        how(&mut self.0.borrow_mut())
    }
}

/// Puts the world back that was there before.
struct Back(Option<Memory>);

impl Drop for Back {
    fn drop(&mut self) {
        WORLD.set(self.0.take());
    }
}

impl Host for Memory {
    type Writer = Writer;

    // A test sees each step.
    const IS_PACED: bool = false;

    fn begin() -> Self {
        Self::now().unwrap_or_else(|| {
            let world = alone::world();
            Self(Rc::new(RefCell::new(world)))
        })
    }

    fn exit(&self, code: u8) {
        if !self.look(|world| world.is_tested) {
            alone::exit(code);
        }
    }

    fn job(&self) -> String {
        self.look(|world| world.job.clone())
    }

    fn name(&self) -> Option<String> {
        self.look(|world| world.name.clone())
    }

    fn task(&self) -> (u32, u32) {
        self.look(|world| world.task)
    }

    fn attempt(&self) -> u32 {
        self.look(|world| world.attempt)
    }

    fn parent(&self) -> Option<String> {
        self.look(|world| world.parent.clone())
    }

    fn label(&self, key: &str) -> Option<String> {
        self.look(|world| world.labels.get(key).cloned())
    }

    fn time_left(&self) -> Option<Duration> {
        self.look(|world| world.time_left)
    }

    fn limit(&self, budget: &str) -> Option<u64> {
        self.look(|world| world.limits.get(budget).copied())
    }

    fn used(&self, budget: &str) -> Option<u64> {
        self.limit(budget).map(|_| 0)
    }

    fn stop_requested(&self) -> Option<String> {
        self.look(|world| world.stop.clone())
    }

    fn input_type(&self) -> String {
        self.look(|world| world.input.content_type.clone())
    }

    fn read_input(&self, offset: u64, len: u32) -> Called<Vec<u8>> {
        Ok(self.look(|world| part(&world.input.body, offset, len)))
    }

    fn set_output(&self, output: &Bytes) -> Called<()> {
        if !self.look(|world| world.is_tested) {
            return output.print();
        }
        self.change(|world| world.output = Some(output.clone()));
        Ok(())
    }

    fn fail(&self, fail: &Fail) {
        if !self.look(|world| world.is_tested) {
            alone::talk(format_args!("error: {fail}"));
        }
        self.change(|world| {
            world.output = None;
            world.failed = Some(fail.clone());
        });
    }

    fn log(level: Level, target: &str, message: &str, fields: &[(String, String)]) {
        let line = Line {
            level,
            target: target.to_owned(),
            message: message.to_owned(),
            fields: fields.to_vec(),
        };
        match Self::now() {
            Some(memory) => memory.change(|world| world.lines.push(line)),
            None => alone::talk(line),
        }
    }

    fn progress(&self, reached: &Reached) {
        self.change(|world| {
            world.progress.push(reached.clone());
            if world.stop_after == Some(world.progress.len()) {
                world.stop = Some("the test says so".to_owned());
            }
        });
    }

    fn gauge(&self, name: &str, value: f64) {
        self.change(|world| world.gauges.insert(name.to_owned(), value));
    }

    fn counter(&self, name: &str, add: u64) {
        self.change(|world| {
            let count = world.counters.entry(name.to_owned()).or_default();
            *count = count.saturating_add(add);
        });
    }

    fn summary(&self, markdown: &str) {
        self.change(|world| world.summary = Some(markdown.to_owned()));
    }

    fn load(&self) -> Called<Option<Vec<u8>>> {
        Ok(self.look(|world| world.checkpoint.clone()))
    }

    fn save(&self, bytes: &[u8]) -> Called<()> {
        self.change(|world| world.checkpoint = Some(bytes.to_vec()));
        Ok(())
    }

    fn create(&self, name: &str, content_type: &str) -> Called<Writer> {
        super::check_name(name)?;
        Ok(Writer {
            world: self.clone(),
            name: name.to_owned(),
            bytes: Bytes::typed(content_type, Vec::new()),
        })
    }

    fn append(writer: &mut Writer, bytes: &[u8]) -> Called<()> {
        writer.bytes.body.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(writer: Writer) -> Called<()> {
        let Writer { world, name, bytes } = writer;
        world.change(|world| world.artifacts.insert(name, bytes));
        Ok(())
    }

    fn read_artifact(
        &self,
        job: Option<&str>,
        name: &str,
        offset: u64,
        len: u32,
    ) -> Called<Vec<u8>> {
        self.look(|world| {
            let bytes = world
                .artifacts_of(job)?
                .get(name)
                .ok_or_else(|| HostError::NotFound(format!("there is no artifact `{name}`")))?;
            Ok(part(&bytes.body, offset, len))
        })
    }

    fn artifact_names(&self, job: Option<&str>) -> Called<Vec<String>> {
        self.look(|world| Ok(world.artifacts_of(job)?.keys().cloned().collect()))
    }

    fn submit(&self, order: &Order) -> Called<String> {
        let (module, id) = match self.change(|world| world.kin.admit(order))? {
            Admitted::Already(id) => return Ok(id),
            Admitted::New(module, id) => (module, id),
        };
        // Not while the world is borrowed: the module may be another job of this test.
        let input = order.input.clone();
        let input = input.map_or_else(Bytes::default, |(of, body)| Bytes::typed(of, body));
        let ended = module(&input);
        self.change(|world| world.kin.end(&id, ended));
        Ok(id)
    }

    fn child_state(&self, id: &str) -> Called<String> {
        self.look(|world| world.kin.find(id).map(|_| "finished".to_owned()))
    }

    fn child_wait(&self, id: &str, _: Duration) -> Called<Option<Outcome>> {
        self.look(|world| world.kin.find(id).map(|child| Some(child.outcome())))
    }

    fn child_output(&self, id: &str, task: u32) -> Called<Bytes> {
        self.look(|world| world.kin.find(id)?.output(task))
    }

    fn child_cancel(&self, id: &str, _: &str) -> Called<()> {
        self.look(|world| world.kin.find(id).map(|_| ()))
    }

    fn hostname(&self) -> String {
        "localhost".to_owned()
    }

    fn members(&self, group: &str) -> Called<Vec<Peer>> {
        if !group.is_empty() {
            return Err(HostError::NotFound(format!("there is no group `{group}`")));
        }
        let member = |task| Peer {
            name: self.hostname(),
            job: self.job(),
            task,
        };
        Ok((0..=self.look(|world| world.peers)).map(member).collect())
    }

    fn barrier(&self, group: &str, count: u32, _: Duration) -> Called<()> {
        let members = self.members(group)?.len();
        if u32::try_from(members).is_ok_and(|members| members < count) {
            return Err(HostError::TimedOut);
        }
        Ok(())
    }
}

impl World {
    fn artifacts_of(&self, job: Option<&str>) -> Called<&BTreeMap<String, Bytes>> {
        match job {
            None => Ok(&self.artifacts),
            Some(id) => self.kin.find(id).and_then(|_| {
                Err(HostError::NotFound(
                    "what stands for a module in a test leaves no artifacts".to_owned(),
                ))
            }),
        }
    }
}

/// At most `len` bytes from an offset, none behind the end.
fn part(bytes: &[u8], offset: u64, len: u32) -> Vec<u8> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let rest = bytes.get(offset..).unwrap_or_default();
    rest[..rest.len().min(len)].to_vec()
}
