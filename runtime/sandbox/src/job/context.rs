//! `sublet:job/context`: who an attempt is, what it may use, and whether it is to stop.

use wasmtime::Result;

use super::JobView;
use super::bindings::sublet::job::context::Host;

impl Host for JobView<'_> {
    fn job(&mut self) -> Result<String> {
        let facts = self.state.facts();
        Ok(facts.map(|facts| facts.job.clone()).unwrap_or_default())
    }

    fn name(&mut self) -> Result<Option<String>> {
        Ok(self.state.facts().and_then(|facts| facts.name.clone()))
    }

    fn task(&mut self) -> Result<(u32, u32)> {
        Ok(self.state.facts().map_or((0, 1), |facts| facts.task))
    }

    fn attempt(&mut self) -> Result<u32> {
        Ok(self.state.facts().map_or(1, |facts| facts.attempt))
    }

    fn parent(&mut self) -> Result<Option<String>> {
        Ok(self.state.facts().and_then(|facts| facts.parent.clone()))
    }

    fn label(&mut self, key: String) -> Result<Option<String>> {
        let facts = self.state.facts();
        Ok(facts.and_then(|facts| facts.labels.get(&key).cloned()))
    }

    fn time_left(&mut self) -> Result<Option<u64>> {
        let spent = u64::try_from(self.state.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Some(self.state.limits.wall_ms.saturating_sub(spent)))
    }

    fn limit(&mut self, name: String) -> Result<Option<u64>> {
        let limits = &self.state.limits;
        Ok(match name.as_str() {
            "memory-bytes" => Some(limits.memory_bytes),
            "cpu-ms" => limits.cpu_ms,
            "disk-bytes" => Some(limits.scratch_bytes),
            "output-bytes" => Some(limits.output_bytes),
            _ => None,
        })
    }

    /// What is measured from outside while a guest runs, it cannot be told.
    fn used(&mut self, name: String) -> Result<Option<u64>> {
        Ok(match name.as_str() {
            "memory-bytes" => Some(self.memory_used),
            "output-bytes" => Some(
                self.state
                    .stderr
                    .both_written_bytes(self.state.limits.output_bytes),
            ),
            _ => None,
        })
    }

    fn stop_requested(&mut self) -> Result<Option<String>> {
        Ok(self.state.desk().and_then(super::Desk::stop_requested))
    }
}
