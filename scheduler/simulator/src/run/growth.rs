//! Whether more hosts make a run slower. List scheduling has such anomalies, and first-come order has more of them: they
//! are reported, not hidden.

use super::{Failure, Setting};

/// The same load on a pool, and on one with more hosts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Hosts before, and after.
    pub hosts: [u32; 2],
    /// The virtual time until everything was over, in microseconds.
    pub length_us: [u64; 2],
    /// The mean wait of a task, in microseconds.
    pub mean_wait_us: [f64; 2],
}

impl Setting {
    /// Plays the load with the hosts of this setting and with so many more.
    ///
    /// # Errors
    /// The first invariant that was broken in one of the two.
    pub fn with_more_hosts(&self, more: u32) -> Result<Growth, Box<Failure>> {
        let larger = Self {
            hosts: self.hosts + more,
            ..self.clone()
        };
        let reports = [self.run()?.report, larger.run()?.report];
        Ok(Growth {
            hosts: [self.hosts, larger.hosts],
            length_us: [reports[0].length_us, reports[1].length_us],
            mean_wait_us: [reports[0].waits.mean(), reports[1].waits.mean()],
        })
    }
}

impl Growth {
    /// By which part the whole takes longer with more hosts; below 0 when it takes less.
    #[must_use]
    pub fn slower(&self) -> f64 {
        self.length_us[1] as f64 / self.length_us[0].max(1) as f64 - 1.0
    }

    /// Whether more hosts made the whole longer, or its tasks wait longer.
    #[must_use]
    pub fn is_anomaly(&self) -> bool {
        self.slower() > 0.0 || self.mean_wait_us[1] > self.mean_wait_us[0]
    }
}
