//! What workers say, once or again.

use sublet_scheduler::*;

use crate::model::Checked;
use crate::world::World;

impl World {
    pub(crate) fn start(&mut self) -> Checked {
        let live = self.live();
        let Some((id, _)) = self.random.pick(&live) else {
            return Ok(());
        };
        self.count("start");
        self.say(Event::Started(id))
    }

    pub(crate) fn exit(&mut self) -> Checked {
        let live = self.live();
        let Some((attempt, _)) = self.random.pick(&live) else {
            return Ok(());
        };
        let outcome = self.outcome();
        self.count("exit");
        self.say(Event::Exited { attempt, outcome })
    }

    pub(crate) fn reclaim(&mut self) -> Checked {
        let over = self.over();
        let Some(id) = self.random.pick(&over) else {
            return Ok(());
        };
        self.count("reclaim");
        self.say(Event::Reclaimed(id))
    }

    /// All attempts of one user are lost at once.
    pub(crate) fn kill_worker(&mut self) -> Checked {
        let user = UserId(u64::from(self.random.below(3)));
        self.count("kill a worker");
        for (attempt, _) in self.live().into_iter().filter(|(_, owner)| *owner == user) {
            self.say(Event::Exited {
                attempt,
                outcome: Outcome::Lost(LossReason::Worker),
            })?;
        }
        Ok(())
    }

    pub(crate) fn repeat(&mut self) -> Checked {
        let said: Vec<usize> = (0..self.said.len()).collect();
        let Some(at) = self.random.pick(&said) else {
            return Ok(());
        };
        self.count("repeat a message");
        self.tell(&self.said[at].clone())
    }
}
