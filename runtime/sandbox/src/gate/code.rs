//! The body of one function: how deep, how wide, how many loops around how many locals.

use wasmparser::{FunctionBody, Operator};

use super::invalid;
use super::limits::{
    BLOCK_NESTING, BODY_BYTES, BRANCH_TARGETS, LOCALS, LOOP_DEPTH_LOCALS, LOOP_LOCALS, LOOP_NESTING,
};
use crate::Refusal;

/// Checks one body; `locals` counts over all of them.
pub(super) fn check(body: &FunctionBody<'_>, locals: &mut u64) -> Result<(), Refusal> {
    BODY_BYTES.check(u64::try_from(body.as_bytes().len()).unwrap_or(u64::MAX))?;
    let own = declared(body)?;
    *locals = locals.saturating_add(own);
    LOCALS.check(*locals)?;
    check_code(body, own)
}

fn declared(body: &FunctionBody<'_>) -> Result<u64, Refusal> {
    let mut own: u64 = 0;
    for declaration in body.get_locals_reader().map_err(invalid)? {
        let (count, _) = declaration.map_err(invalid)?;
        own = own.saturating_add(count.into());
    }
    Ok(own)
}

fn check_code(body: &FunctionBody<'_>, locals: u64) -> Result<(), Refusal> {
    let mut nesting = Nesting {
        locals,
        ..Nesting::default()
    };
    for operator in body.get_operators_reader().map_err(invalid)? {
        match operator.map_err(invalid)? {
            Operator::Loop { .. } => nesting.enter_loop()?,
            Operator::Block { .. } | Operator::If { .. } => nesting.enter(Block::Plain)?,
            Operator::End => nesting.leave(),
            Operator::BrTable { targets } => BRANCH_TARGETS.check(targets.len().into())?,
            _ => {}
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Plain,
    Loop,
}

/// The blocks that are open, and the loops seen so far.
#[derive(Default)]
struct Nesting {
    locals: u64,
    loops: u64,
    loop_depth: u64,
    open: Vec<Block>,
}

impl Nesting {
    fn enter(&mut self, block: Block) -> Result<(), Refusal> {
        self.open.push(block);
        BLOCK_NESTING.check(u64::try_from(self.open.len()).unwrap_or(u64::MAX))
    }

    fn enter_loop(&mut self) -> Result<(), Refusal> {
        self.loops = self.loops.saturating_add(1);
        self.loop_depth = self.loop_depth.saturating_add(1);
        LOOP_NESTING.check(self.loop_depth)?;
        LOOP_DEPTH_LOCALS.check(self.loop_depth.saturating_mul(self.locals))?;
        LOOP_LOCALS.check(self.loops.saturating_mul(self.locals))?;
        self.enter(Block::Loop)
    }

    /// The last `end` of a body closes the function itself, which was never entered.
    fn leave(&mut self) {
        if self.open.pop() == Some(Block::Loop) {
            self.loop_depth = self.loop_depth.saturating_sub(1);
        }
    }
}
