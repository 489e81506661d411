//! What the server itself does and suffers.

use sublet_scheduler::*;

use crate::model::Checked;
use crate::world::{World, new_scheduler};

impl World {
    pub(crate) fn pass_time(&mut self) -> Checked {
        self.now = self.now.plus(u64::from(self.random.below(120)));
        self.count("pass time");
        self.tell(&Event::TimePassed)
    }

    /// A submission that the store could not keep, perhaps after its user cancelled it in the same batch.
    pub(crate) fn withdraw(&mut self) -> Checked {
        let job = self.new_job();
        let id = job.id;
        if self.scheduler.admit(self.now, &job).is_err() {
            return Ok(());
        }
        self.count("withdraw");
        self.tell(&Event::Submitted(job))?;
        if self.random.once_in(3) {
            let task = if self.random.once_in(2) {
                Some(self.random.below(25))
            } else {
                None
            };
            self.tell(&Event::CancelAsked { job: id, task })?;
        }
        self.tell(&Event::Withdrawn(id))
    }

    pub(crate) fn withdraw_too_late(&mut self) -> Checked {
        let durable = self.model.jobs.values().filter(|model| model.durable);
        let durable: Vec<JobId> = durable.map(|model| model.job.id).collect();
        let Some(id) = self.random.pick(&durable) else {
            return Ok(());
        };
        self.count("withdraw too late");
        self.tell(&Event::Withdrawn(id))
    }

    pub(crate) fn join_node(&mut self) -> Checked {
        let node = self.random.below(6);
        self.count("join a node");
        match self.model.nodes.get(&NodeId(node)).copied() {
            Some(capacity) => self.host(node, capacity),
            None => {
                let slots = self.random.below(6);
                self.node(node, slots)
            }
        }
    }

    pub(crate) fn drain(&mut self) -> Checked {
        self.count("drain");
        self.tell(&Event::DrainAsked)?;
        self.exit()?;
        self.reclaim()?;
        self.tell(&Event::GraceEnded)
    }

    /// The server is killed and comes back with what it had recorded.
    pub(crate) fn restart(&mut self) -> Checked {
        self.count("restart");
        self.scheduler = new_scheduler();
        let rest = self.model.crash();
        self.node(0, 3)?;
        for resumption in rest {
            self.tell(&Event::Resumed(resumption))?;
        }
        self.join_node()
    }
}
