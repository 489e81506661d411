//! What may be dialled. Pure: the worker asks early, the broker asks decisively, with this same code.
//!
//! Nothing is allowed but what the operator **and** the job allow. Protected ranges (loopback, private networks, link-local
//! with its metadata service, …) stay closed even then, unless a rule of the operator is marked to open them:
//!
//! ```
//! use sublet_network::policy::{Egress, JobRules, OperatorRules};
//!
//! let operator = OperatorRules::parse(["*:443", "protected:10.1.0.0/16:5432"])?;
//! let job = JobRules::parse(["*.example.org:443", "10.1.2.3:5432", "10.9.9.9:443"])?;
//! let egress = Egress::new(operator, job);
//!
//! assert!(egress.decide_name("api.example.org", 443).is_ok());
//! assert!(egress.decide_name("example.org", 443).is_err());
//! assert!(egress.decide_address("10.1.2.3:5432".parse().unwrap()).is_ok());
//! assert!(egress.decide_address("10.9.9.9:443".parse().unwrap()).is_err());
//! # Ok::<(), sublet_network::policy::PatternError>(())
//! ```

mod pattern;
mod ports;
mod problem;
mod protected;
mod rules;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::names::{self, Name};
use crate::range::Range;
use crate::route::is_for_many;
use crate::{Denial, DenialReason};

pub use problem::{PatternError, Problem};
pub use rules::{JobRules, OperatorRules};

/// What one attempt may dial. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    operator: Arc<OperatorRules>,
    job: Arc<JobRules>,
    closed: Arc<[Range]>,
}

impl Egress {
    /// What a job asks for, as far as the operator allows it.
    pub fn new(operator: OperatorRules, job: JobRules) -> Self {
        Self {
            operator: Arc::new(operator),
            job: Arc::new(job),
            closed: Arc::default(),
        }
    }

    /// Protects more ranges: the addresses of the host itself and of the user's own network, for who dials.
    #[must_use]
    pub fn protecting(mut self, ranges: impl IntoIterator<Item = Range>) -> Self {
        self.closed = self.closed.iter().copied().chain(ranges).collect();
        self
    }

    /// The operator's part.
    pub fn operator(&self) -> &OperatorRules {
        &self.operator
    }

    /// The job's part.
    pub fn job(&self) -> &JobRules {
        &self.job
    }

    /// Whether a name may be dialled on some port, so that it is worth an answer.
    pub fn knows(&self, name: &str) -> bool {
        let Ok(Name::External(name)) = names::parse(name) else {
            return false;
        };
        self.operator.rules().knows(&name) && self.job.rules().knows(&name)
    }

    /// Whether a name may be dialled. What it resolves to is for [`Egress::filter`] to decide.
    ///
    /// # Errors
    ///
    /// Why not. Names of the network are never dialled outside; an address goes to [`Egress::decide_address`].
    pub fn decide_name(&self, name: &str, port: u16) -> Result<(), Denial> {
        let allowed = match names::parse(name) {
            Ok(Name::External(name)) => {
                self.operator.rules().allows_name(&name, port)
                    && self.job.rules().allows_name(&name, port)
            }
            Ok(Name::Literal(_) | Name::Localhost | Name::Internal(_)) | Err(_) => false,
        };
        if allowed {
            return Ok(());
        }
        Err(Denial {
            target: format!("{name}:{port}"),
            reason: DenialReason::NotAllowed,
        })
    }

    /// Whether an address may be dialled that the guest named itself, in whatever spelling.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn decide_address(&self, to: SocketAddr) -> Result<(), Denial> {
        let (ip, port) = (to.ip().to_canonical(), to.port());
        let protected = self.protects(ip);
        let operator = self.operator.rules();
        let reason = if is_for_many(ip) {
            DenialReason::NotSupported
        } else if protected && !operator.opens(ip, port) {
            DenialReason::Protected
        } else if (protected || operator.allows_address(ip, port))
            && self.job.rules().allows(ip, port, protected)
        {
            return Ok(());
        } else {
            DenialReason::NotAllowed
        };
        Err(Denial {
            target: to.to_string(),
            reason,
        })
    }

    /// Of the addresses that a name resolved to: those that may be dialled, in order, each once. To be asked after each
    /// resolution, and what it answers is what must be dialled.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or all its addresses are protected. None at all is no error.
    pub fn filter(
        &self,
        name: &str,
        port: u16,
        resolved: &[IpAddr],
    ) -> Result<Vec<SocketAddr>, Denial> {
        self.decide_name(name, port)?;
        let mut kept = Vec::new();
        for ip in resolved.iter().map(IpAddr::to_canonical) {
            let to = SocketAddr::new(ip, port);
            let open = !self.protects(ip) || self.operator.rules().opens(ip, port);
            if open && !is_for_many(ip) && !kept.contains(&to) {
                kept.push(to);
            }
        }
        if kept.is_empty() && !resolved.is_empty() {
            return Err(Denial {
                target: format!("{name}:{port}"),
                reason: DenialReason::Protected,
            });
        }
        Ok(kept)
    }

    fn protects(&self, ip: IpAddr) -> bool {
        protected::is_protected(ip) || self.closed.iter().any(|range| range.contains(ip))
    }
}
