//! Children in a test: closures that stand for modules, run at once.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::children::{Order, Outcome};
use crate::payload::Bytes;
use crate::{Called, Fail, HostError, Result};

/// What stands for a module: from its input to its output.
pub(crate) type Module = Rc<dyn Fn(&Bytes) -> Result<Option<Bytes>>>;

/// What asking for a child leads to.
pub(super) enum Admitted {
    /// It is there already.
    Already(String),
    /// This is to be run for it.
    New(Module, String),
}

/// The children of a test's job.
#[derive(Default)]
pub(crate) struct Kin {
    pub(crate) modules: BTreeMap<String, Module>,
    ids: BTreeMap<String, String>,
    ended: BTreeMap<String, Ended>,
}

/// A child that has run.
pub(crate) struct Ended {
    tasks: u32,
    result: Result<Option<Bytes>>,
}

impl Kin {
    /// The module to run and the child's id; or only the id of a child that is there already.
    pub(super) fn admit(&mut self, order: &Order) -> Called<Admitted> {
        if let Some(id) = order.key.as_ref().and_then(|key| self.ids.get(key)) {
            return Ok(Admitted::Already(id.clone()));
        }
        let name = &order.module;
        let module = self.modules.get(name).cloned().ok_or_else(|| {
            HostError::NotFound(format!(
                "no module `{name}`: this test has none, give it one with `.module(\"{name}\", …)`"
            ))
        })?;
        if order.tasks == 0 {
            return Err(HostError::Invalid(
                "a child has at least one task".to_owned(),
            ));
        }
        let id = format!("{}_child_{}", super::TEST_JOB, self.ended.len() + 1);
        self.ids
            .extend(order.key.clone().map(|key| (key, id.clone())));
        // It has failed until it is known how it ended, as a child that is its own parent would ask.
        let unknown = Ended {
            tasks: order.tasks,
            result: Err(Fail::retry("it has not ended")),
        };
        self.ended.insert(id.clone(), unknown);
        Ok(Admitted::New(module, id))
    }

    pub(super) fn end(&mut self, id: &str, result: Result<Option<Bytes>>) {
        if let Some(child) = self.ended.get_mut(id) {
            child.result = result;
        }
    }

    pub(crate) fn find(&self, id: &str) -> Called<&Ended> {
        let child = self.ended.get(id);
        child.ok_or_else(|| HostError::NotFound(format!("this job has no child `{id}`")))
    }

    pub(crate) fn count(&self) -> usize {
        self.ended.len()
    }
}

impl Ended {
    pub(super) fn outcome(&self) -> Outcome {
        match &self.result {
            Ok(_) => Outcome::Succeeded,
            Err(fail) => Outcome::Failed(i32::from(fail.exit_code())),
        }
    }

    pub(super) fn output(&self, task: u32) -> Called<Bytes> {
        match &self.result {
            Ok(output) if task < self.tasks => Ok(output.clone().unwrap_or_default()),
            Ok(_) => Err(HostError::NotFound(format!(
                "task {task}: the child has {} tasks",
                self.tasks
            ))),
            Err(_) => Err(HostError::NotFound("the child did not succeed".to_owned())),
        }
    }
}
