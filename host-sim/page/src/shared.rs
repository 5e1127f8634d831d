//! What paths and sockets of a port share, and what both do: carry out a message of our own protocol.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use crate::cards::Cards;
use crate::door::{Door, own};
use crate::guard::Guard;
use crate::limits::Limits;
use crate::refusal::Refusal;

/// What the paths of one port share.
pub(crate) struct Shared {
    pub(crate) door: Door,
    pub(crate) guard: Arc<Guard>,
    pub(crate) cards: Arc<Cards>,
    /// Room for sockets, of all ports together.
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) limits: Limits,
    pub(crate) end: watch::Receiver<bool>,
}

/// Carries out a message of our own protocol. With a refusal comes the message's `id`.
pub(crate) async fn answer_own(cards: &Cards, message: &[u8]) -> Result<own::Answer, (Option<Value>, Refusal)> {
    let (id, request) = own::read(message);
    let request = match request {
        Ok(request) => request,
        Err(refusal) => return Err((id, refusal)),
    };
    let (name, is_masked) = (request.call.name(), request.is_masked());
    let outcome = cards.call(request.call).await;
    Ok(own::Answer::new(id, name, is_masked, &outcome))
}
