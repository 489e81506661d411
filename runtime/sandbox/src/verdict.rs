//! From what happened to what is told: the outcome of an instance and the lines that explain it.

use sublet_scheduler::{Limit, Limits, Outcome, TrapKind};
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::{I32Exit, ResourceTableError};

use crate::counts::Counts;
use crate::halts::Halt;
use crate::text::shown;

/// What is known beside the result itself.
pub(crate) struct Facts<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) counts: &'a Counts,
    pub(crate) scratch_exceeded: bool,
}

pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    pub(crate) detail: Option<String>,
    pub(crate) handles_denied: u32,
}

/// Whether the guest ended by itself, returning or exiting, and was neither cut off nor brought down.
pub(crate) fn is_own_end(result: &wasmtime::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => error.is::<I32Exit>(),
    }
}

/// Judges a result.
pub(crate) fn of(result: Result<wasmtime::Result<()>, Halt>, facts: &Facts<'_>) -> Verdict {
    let verdict = match result {
        Err(Halt::Cancelled(reason)) => return Verdict::new(Outcome::Cancelled(reason)),
        Err(Halt::Limit(limit)) => {
            return Verdict::explained(Outcome::LimitExceeded(limit), facts.limit_line(limit));
        }
        Ok(Ok(())) => Verdict::new(Outcome::Succeeded),
        Ok(Err(error)) => failure(&error, facts),
    };
    // The guest was through before the disk was measured again.
    if facts.scratch_exceeded {
        return Verdict::explained(
            Outcome::LimitExceeded(Limit::Disk),
            facts.limit_line(Limit::Disk),
        );
    }
    verdict
}

impl Verdict {
    const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            detail: None,
            handles_denied: 0,
        }
    }

    const fn explained(outcome: Outcome, detail: String) -> Self {
        Self {
            outcome,
            detail: Some(detail),
            handles_denied: 0,
        }
    }
}

fn failure(error: &wasmtime::Error, facts: &Facts<'_>) -> Verdict {
    // An exit travels as an error, so it is looked for before anything else.
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return exit(*code, facts);
    }
    let story = story(error);
    if is_out_of_handles(error) {
        let detail = format!("{story}\n{}", facts.limit_line(Limit::Handles));
        let outcome = Outcome::LimitExceeded(Limit::Handles);
        return Verdict {
            outcome,
            detail: Some(detail),
            handles_denied: 1,
        };
    }
    match facts.first_denied() {
        Some((limit, line)) => {
            Verdict::explained(Outcome::LimitExceeded(limit), format!("{story}\n{line}"))
        }
        None => Verdict::explained(Outcome::Trapped(kind(error)), story),
    }
}

fn exit(code: i32, facts: &Facts<'_>) -> Verdict {
    match code {
        0 => Verdict::new(Outcome::Succeeded),
        _ => Verdict {
            detail: facts.first_denied().map(|(_, line)| line),
            ..Verdict::new(Outcome::Failed(code))
        },
    }
}

impl Facts<'_> {
    /// The denial that most likely brought the guest down.
    fn first_denied(&self) -> Option<(Limit, String)> {
        let denied = [
            (Limit::Memory, self.counts.memory.denied()),
            (Limit::Tables, self.counts.tables.denied()),
            (Limit::Files, self.counts.files.denied()),
        ];
        let (limit, times) = denied.into_iter().find(|(_, times)| *times > 0)?;
        let times = if times == 1 {
            "once".to_owned()
        } else {
            format!("{times} times")
        };
        Some((
            limit,
            format!("denied before {times}: {}", self.limit_line(limit)),
        ))
    }

    /// A limit in words, with its number.
    fn limit_line(&self, limit: Limit) -> String {
        match limit {
            Limit::Memory => format!("the limit of memory is {} bytes", self.limits.memory_bytes),
            Limit::Tables => format!(
                "the limit of table elements is {}",
                self.limits.table_elements
            ),
            Limit::Handles => format!("the limit of handles is {}", self.limits.handles),
            Limit::Files => format!("the limit of open files is {}", self.limits.open_files),
            Limit::Cpu => format!(
                "the limit of processor time is {} ms",
                self.limits.cpu_ms.unwrap_or_default()
            ),
            Limit::Wall => format!("the limit of wall time is {} ms", self.limits.wall_ms),
            Limit::Disk => format!(
                "the limit of scratch space is {} bytes",
                self.limits.scratch_bytes
            ),
        }
    }
}

/// Either of the two tables that handles live in was full.
fn is_out_of_handles(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref(), Some(ResourceTableError::Full))
        || error
            .root_cause()
            .to_string()
            .contains("store handle limit exceeded")
}

fn kind(error: &wasmtime::Error) -> TrapKind {
    match error.downcast_ref() {
        Some(Trap::UnreachableCodeReached) => TrapKind::Unreachable,
        Some(Trap::MemoryOutOfBounds | Trap::HeapMisaligned) => TrapKind::MemoryOutOfBounds,
        Some(Trap::TableOutOfBounds) => TrapKind::TableOutOfBounds,
        Some(Trap::IndirectCallToNull | Trap::BadSignature) => TrapKind::BadIndirectCall,
        Some(Trap::StackOverflow) => TrapKind::StackOverflow,
        Some(Trap::IntegerDivisionByZero) => TrapKind::DivisionByZero,
        Some(Trap::IntegerOverflow | Trap::BadConversionToInteger) => TrapKind::IntegerOverflow,
        Some(_) => TrapKind::Other,
        // Not the guest's own trap: a host function refused what it was passed.
        None => TrapKind::HostCall,
    }
}

/// What the trap was, and the guest's calls that led to it.
fn story(error: &wasmtime::Error) -> String {
    let mut story = shown(&error.root_cause().to_string());
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        for (depth, frame) in backtrace.frames().iter().enumerate() {
            story.push_str(&format!("\n  {depth}: {}", place(frame)));
        }
    }
    story
}

fn place(frame: &FrameInfo) -> String {
    let name = frame
        .func_name()
        .map_or_else(|| format!("function {}", frame.func_index()), shown);
    match frame.module_offset() {
        Some(offset) => format!("{name} at {offset:#x}"),
        None => name,
    }
}
