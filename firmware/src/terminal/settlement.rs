//! Settles a batch with the centre (docs/centre.md §22): the totals first, and what stands behind them if they differ. What is
//! still owed goes before, and is `owed`'s; what counts is the memory's.

use heapless::Vec;

use qiyong_protocol::advice::Advice;
use qiyong_protocol::centre::{Answer, Batch, BatchState, Body, Request};
use qiyong_protocol::rules::reason::Reason;

use super::{Board, Clock, Memory, Stop, Terminal};

impl<B: Board> Terminal<B> {
    /// Settles the present batch. The next sign-in brings another one.
    pub(super) async fn settle_batch(&mut self) -> Result<(), Stop> {
        let batch = self.sign_in().await?;
        let is_balanced = self.compare(batch).await?;
        if is_balanced { Ok(()) } else { Err(Stop::centre(Reason::TotalsDiffer)) }
    }

    /// Compares a batch with the centre's until it is settled. False: with a difference, which the centre's report names.
    pub(super) async fn compare(&mut self, batch: Batch) -> Result<bool, Stop> {
        let totals = self.memory.totals();
        for _ in 0..self.settings.policy.tries {
            let state = match self.say(batch, &Body::SettleBatch { totals: &totals }).await {
                Ok(BatchState::Differs) => self.upload(batch).await?,
                Ok(state) => state,
                // It was settled with other totals. Nothing that this terminal says of it counts any more.
                Err(Stop { reason: Reason::BatchSettled, by_centre: true, .. }) => BatchState::Closed,
                Err(stop) => return Err(stop),
            };
            if state.is_settled() {
                self.memory.settled()?;
                return Ok(state == BatchState::Balanced);
            }
        }
        Err(Stop::here(Reason::NoAnswer))
    }

    /// Uploads what was confirmed or reversed, and says that this was all.
    async fn upload(&mut self, batch: Batch) -> Result<BatchState, Stop> {
        let mut count = 0;
        let mut entries = Vec::new();
        loop {
            entries.clear();
            self.memory.uploads(count + 1, &mut entries)?;
            if entries.is_empty() {
                return self.say(batch, &Body::UploadDone { count }).await;
            }
            match self.say(batch, &Body::Upload { from: count + 1, entries: &entries }).await? {
                BatchState::Differs => count += entries.len() as u32,
                state => return Ok(state),
            }
        }
    }

    /// Says something of a batch, a few times if nobody answers: the centre takes it once.
    async fn say(&mut self, batch: Batch, body: &Body<'_>) -> Result<BatchState, Stop> {
        let mut last = Stop::here(Reason::NoAnswer);
        for _ in 0..self.settings.policy.tries {
            let (institution, terminal, time) = (self.settings.institution, self.settings.terminal, self.clock.now());
            match self.send(&Request { institution, terminal, batch, time, body: body.clone() }).await {
                Ok(Answer::Batch(state)) => return Ok(state),
                // A centre that answers something else has not answered.
                Ok(_) => {}
                Err(stop) if stop.by_centre || stop.reason.advice() != Advice::TryAgain => return Err(stop),
                Err(stop) => last = stop,
            }
        }
        Err(last)
    }
}
