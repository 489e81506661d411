//! Progress, as people see it in `sublet ps` and beside `submit --wait`.

use crate::Job;
use crate::host::Reached;

/// How far the work is. It may be told as often as you like: a few reports a second are passed on, and always the last.
///
/// ```
/// # fn main() {
/// use sublet_job::prelude::*;
/// use sublet_job::test::Run;
///
/// #[sublet_job::main]
/// fn main(pages: Vec<String>, job: &Job) -> usize {
///     let mut letters = 0;
///     for page in job.progress("pages").over(&pages) {
///         letters += page.len();
///     }
///     letters
/// }
///
/// let ended = Run::of(main).input(&["one", "two"]).run();
/// let last = ended.progress().last().unwrap();
/// assert_eq!((last.done, last.total), (2, Some(2)));
/// # }
/// ```
#[derive(Debug)]
pub struct Progress<'job> {
    job: &'job Job,
    reached: Reached,
}

impl<'job> Progress<'job> {
    pub(crate) fn new(job: &'job Job, unit: &str) -> Self {
        Self {
            job,
            reached: Reached {
                done: 0,
                total: None,
                unit: unit.to_owned(),
                message: None,
            },
        }
    }

    /// The same with the number of units there are.
    #[must_use]
    pub const fn of(mut self, total: u64) -> Self {
        self.reached.total = Some(total);
        self
    }

    /// The same with units that are done already, as after a checkpoint.
    #[must_use]
    pub const fn from(mut self, done: u64) -> Self {
        self.reached.done = done;
        self
    }

    /// Walks over `items`; each one is done when the next is asked for. Unless [`of`](Self::of) said it, the total is
    /// what the iterator knows of itself.
    pub fn over<I: IntoIterator>(mut self, items: I) -> Steps<'job, I::IntoIter> {
        let items = items.into_iter();
        if let (None, (least, Some(most))) = (self.reached.total, items.size_hint())
            && least == most
        {
            let left = u64::try_from(most).unwrap_or(u64::MAX);
            self.reached.total = self.reached.done.checked_add(left);
        }
        Steps {
            progress: self,
            items,
            is_inside: false,
        }
    }

    /// One more unit is done.
    pub fn step(&mut self) {
        self.set(self.reached.done.saturating_add(1));
    }

    /// So many units are done.
    pub fn set(&mut self, done: u64) {
        self.reached.done = done;
        self.job.report(&self.reached);
    }

    /// What is being done now; it is told with the next units.
    pub fn say(&mut self, message: &str) {
        self.reached.message = Some(message.to_owned());
    }
}

/// An iterator that tells how far it is.
#[derive(Debug)]
pub struct Steps<'job, I> {
    progress: Progress<'job>,
    items: I,
    /// Whether an item was given whose work is not over.
    is_inside: bool,
}

impl<I: Iterator> Iterator for Steps<'_, I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let item = self.items.next();
        if item.is_none() && self.is_inside {
            // The end is known now, so this report is the last.
            let reached = &mut self.progress.reached;
            let done = reached.done.saturating_add(1);
            reached.total.get_or_insert(done);
        }
        if std::mem::replace(&mut self.is_inside, item.is_some()) {
            self.progress.step();
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}
