//! One request at a time is at the centre: it has one connection to its database. The others wait here, not for ever and
//! not in any number.

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::limits::Limits;

/// Why a request did not get to the centre, or not through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Too many wait already.
    Full,
    /// Its turn did not come in time.
    Late,
    /// The centre has panicked, which is a fault of this program. The transaction was rolled back.
    Broken,
}

/// A centre behind its queue.
pub(crate) struct Writer<O> {
    centre: Arc<Mutex<O>>,
    places: Arc<Semaphore>,
    limits: Limits,
}

impl<O> Clone for Writer<O> {
    fn clone(&self) -> Self {
        Self { centre: self.centre.clone(), places: self.places.clone(), limits: self.limits }
    }
}

impl<O: Send + 'static> Writer<O> {
    pub(crate) fn new(centre: O, limits: Limits) -> Self {
        let places = Arc::new(Semaphore::new(limits.waiting));
        Self { centre: Arc::new(Mutex::new(centre)), places, limits }
    }

    /// Lets `job` have the centre on a thread that may block. Cancel-safe until the job begins; once begun it runs to its
    /// end, even if nobody waits for the result any more.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut O) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Busy::Full)?;
        let turn = timeout(self.limits.turn_within, self.centre.clone().lock_owned());
        let mut centre = turn.await.map_err(|_| Busy::Late)?;
        let work = spawn_blocking(move || {
            let result = job(&mut centre);
            drop(place);
            result
        });
        work.await.map_err(|error| {
            tracing::error!(%error, "an act has panicked");
            Busy::Broken
        })
    }
}
