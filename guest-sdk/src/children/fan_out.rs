//! Many children of one module, and their answers in the order of the questions.

use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{Child, Outcome, Spec};
use crate::{Fail, Job, Result};

/// How long one call waits before the job looks whether it should stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// Many children of one job.
///
/// ```
/// # fn main() {
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(parts: Vec<u64>, job: &Job) -> Result<u64> {
///     let children = job.children().of("square@1", parts, |child, part| child.input(&part))?;
///     let squares: Vec<u64> = children.join()?;
///     Ok(squares.iter().sum())
/// }
///
/// let sum: u64 = Run::of(main)
///     .module("square@1", |part: u64| Ok(part * part))
///     .input(&[1, 2, 3])
///     .finish();
/// assert_eq!(sum, 14);
/// # }
/// ```
#[derive(Debug)]
pub struct Children<'job>(&'job Job);

impl<'job> Children<'job> {
    pub(crate) const fn new(job: &'job Job) -> Self {
        Self(job)
    }

    /// Submits one child of the module for each item; the closure says what it is given.
    ///
    /// # Errors
    /// When the closure fails, or one cannot be submitted. Those before it are submitted and stay so.
    pub fn of<T>(
        &self,
        module: &str,
        items: impl IntoIterator<Item = T>,
        mut with: impl FnMut(Spec<'job>, T) -> Result<Spec<'job>>,
    ) -> Result<Family<'job>> {
        let submit = |item| Ok(with(self.0.child(module), item)?.submit()?);
        let children = items.into_iter().map(submit).collect::<Result<_>>()?;
        Ok(Family {
            job: self.0,
            children,
        })
    }

    /// A child by its id, also one that an earlier attempt submitted.
    #[must_use]
    pub fn find(&self, id: &str) -> Child {
        Child::new(self.0.host.clone(), id.to_owned())
    }
}

/// Children that were submitted together.
#[derive(Debug)]
pub struct Family<'job> {
    job: &'job Job,
    children: Vec<Child>,
}

impl Family<'_> {
    /// The children, in the order of the items.
    #[must_use]
    pub fn all(&self) -> &[Child] {
        &self.children
    }

    /// Waits for all and gives the outputs of their first tasks, in the order of the items. Progress is told.
    ///
    /// # Errors
    /// When a child does not succeed; another attempt finds the same children. When the job should stop, it yields.
    pub fn join<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let mut progress = self.job.progress("children").of(self.len());
        let mut outputs = Vec::new();
        for child in &self.children {
            self.succeeded(child)?;
            outputs.push(child.output(0)?);
            progress.step();
        }
        Ok(outputs)
    }

    fn succeeded(&self, child: &Child) -> Result<()> {
        loop {
            match child.wait(PATIENCE)? {
                Some(Outcome::Succeeded) => return Ok(()),
                Some(outcome) => {
                    let id = child.id();
                    return Err(Fail::permanent(format_args!("child {id} {outcome}")).kind("child"));
                }
                None if self.job.stopping() => return Err(Fail::yielded()),
                None => {}
            }
        }
    }

    fn len(&self) -> u64 {
        u64::try_from(self.children.len()).unwrap_or(u64::MAX)
    }
}
