//! What all connections of a server share.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use crate::decider::Refused;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::queue::Queue;

/// A request that is to be refused.
pub(crate) struct Refusal {
    pub(crate) message: Vec<u8>,
    pub(crate) why: Refused,
    pub(crate) answer: oneshot::Sender<Option<Vec<u8>>>,
}

/// One server's state.
pub(crate) struct Face {
    pub(crate) queue: Queue,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    refusals: Sender<Refusal>,
}

impl Face {
    pub(crate) fn new(limits: Limits, metrics: Metrics, refusals: Sender<Refusal>) -> Arc<Self> {
        Arc::new(Self { queue: Queue::new(limits.waiting), limits, metrics, refusals })
    }

    /// Lets a request be refused, which is never decided; the answer comes here.
    pub(crate) fn refuse(&self, message: Vec<u8>, why: Refused) -> oneshot::Receiver<Option<Vec<u8>>> {
        self.metrics.refused(why);
        let (answer, comes) = oneshot::channel();
        // Without anybody who refuses there is no answer, as the receiver then says.
        let _ = self.refusals.send(Refusal { message, why, answer });
        comes
    }
}
