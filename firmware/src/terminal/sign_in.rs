//! Signs in at the centre: only one terminal works under a name, in a batch that the centre leases to it (docs/centre.md §12).
//! What keys that takes is the link's; what is kept of the lease, the memory's.

use rand_core::Rng;

use qiyong_protocol::centre::{Answer, Batch, Body, Request, Token};
use qiyong_protocol::rules::reason::Reason;

use super::{Board, Clock, Memory, Settings, Stop, Terminal};

impl<B: Board> Terminal<B> {
    /// The batch in which the terminal works. If it has not signed in since it started, or has no number left, it signs in
    /// first.
    pub(super) async fn sign_in(&mut self) -> Result<Batch, Stop> {
        let Settings { institution, terminal, .. } = self.settings;
        if self.signed_in
            && let Some(batch) = self.memory.batch(&self.settings)
        {
            return Ok(batch);
        }
        // What is owed belongs to the lease before, so that goes first.
        if self.memory.owed()?.is_some() {
            return Err(Stop::here(Reason::NoAnswer));
        }
        let mut fresh = Token([0; 8]);
        self.random.fill_bytes(&mut fresh.0);
        let token = self.memory.token(fresh)?;
        let (batch, time, body) = (Batch::NONE, self.clock.now(), Body::SignIn { token });
        let Answer::SignedIn { lease, session } =
            self.send(&Request { institution, terminal, batch, time, body }).await?
        else {
            return Err(Stop::here(Reason::NoAnswer));
        };
        self.settings.policy = session.policy.unwrap_or_default();
        // The centre has begun another batch. What was sold in the one before is settled first, or nobody would compare it.
        if let Some(before) = self.memory.unsettled(&self.settings)
            && before != lease.batch
        {
            match self.compare(before).await {
                // The centre knows of no such batch any more: no later word of this terminal would be heard either.
                Err(stop) if stop.by_centre => self.memory.settled()?,
                compared => drop(compared?),
            }
        }
        self.memory.keep_lease(&self.settings, lease)?;
        self.signed_in = true;
        Ok(lease.batch)
    }

    /// A centre that has given the lease away, or has settled the batch, is asked anew next time.
    pub(super) fn note_signed_out(&mut self, stop: Option<&Stop>) {
        let is_over = |reason| matches!(reason, Reason::NotSignedIn | Reason::BatchSettled);
        if stop.is_some_and(|stop| stop.by_centre && is_over(stop.reason)) {
            self.signed_in = false;
        }
    }
}
