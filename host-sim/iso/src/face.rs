//! What all connections of a server share.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use tokio::sync::oneshot;

use qiyong_centre::Asked;
use qiyong_protocol::rules::reason::Reason;

use crate::decider::{Errand, OneQueue, Refused};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::queues::Queues;

/// A request that is to be refused.
pub(crate) struct Refusal {
    pub(crate) message: Vec<u8>,
    pub(crate) why: Refused,
    pub(crate) answer: oneshot::Sender<Option<Vec<u8>>>,
}

/// One server's state.
pub(crate) struct Face {
    pub(crate) queue: Queues,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    refusals: Sender<Refusal>,
}

impl Face {
    pub(crate) fn new(limits: Limits, metrics: Metrics, refusals: Sender<Refusal>) -> Arc<Self> {
        Self::over(Queues::new(1, limits.waiting, Box::new(OneQueue)), limits, metrics, refusals)
    }

    /// The same with these queues.
    pub(crate) fn over(queue: Queues, limits: Limits, metrics: Metrics, refusals: Sender<Refusal>) -> Arc<Self> {
        Arc::new(Self { queue, limits, metrics, refusals })
    }

    /// Lets a request be refused, which is never decided; the answer comes here.
    pub(crate) fn refuse(&self, errand: Errand, why: Refused) -> oneshot::Receiver<Option<Vec<u8>>> {
        let (answer, comes) = oneshot::channel();
        self.refuse_to(errand, why, answer);
        comes
    }

    /// The same; the answer goes to whoever waits for it.
    pub(crate) fn refuse_to(&self, errand: Errand, why: Refused, answer: oneshot::Sender<Option<Vec<u8>>>) {
        self.metrics.refused(why);
        match errand.asked {
            // It brings the terminal's key; whoever has gone needs no answer.
            Asked::Passed(passed) => drop(answer.send(passed.refusal(Reason::CentreBusy))),
            // Without anybody who refuses there is no answer, as the receiver then says.
            Asked::Message(message) | Asked::Stranger(message) => {
                drop(self.refusals.send(Refusal { message, why, answer }));
            }
        }
    }
}
