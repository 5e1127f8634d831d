//! What all connections of a server share.

use std::sync::Arc;

use crate::decider::{Refuse, Refused};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::queue::Queue;

/// One server's state.
pub(crate) struct Face {
    pub(crate) queue: Queue,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    refuser: Arc<dyn Refuse>,
}

impl Face {
    pub(crate) fn new(limits: Limits, metrics: Metrics, refuser: Arc<dyn Refuse>) -> Arc<Self> {
        Arc::new(Self { queue: Queue::new(limits.waiting), limits, metrics, refuser })
    }

    /// The answer to a request that is not decided.
    pub(crate) fn refuse(&self, message: &[u8], why: Refused) -> Option<Vec<u8>> {
        self.metrics.refused(why);
        self.refuser.refuse(message, why)
    }
}
