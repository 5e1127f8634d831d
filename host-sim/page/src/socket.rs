//! A socket: its messages one after the other, each with its answer, until the page leaves, is silent for too long, does not
//! read, or the service ends.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::cards::Outcome;
use crate::door::{Door, named, typed};
use crate::functions::Call;
use crate::refusal::Refusal;
use crate::shared::{Shared, answer_own};

/// Serves it to its end.
pub(crate) async fn serve(mut socket: WebSocket, shared: Arc<Shared>) {
    let mut end = shared.end.clone();
    let why = loop {
        let message = tokio::select! {
            message = timeout(shared.limits.socket_for, socket.recv()) => message,
            _ = end.wait_for(|end| *end) => break close_code::AWAY,
        };
        let answer = match message {
            Err(_) => break close_code::AWAY,
            Ok(None | Some(Ok(Message::Close(_)))) => return,
            Ok(Some(Ok(Message::Text(text)))) => answer(&shared, text.as_bytes()).await,
            Ok(Some(Ok(Message::Binary(bytes)))) => answer(&shared, &bytes).await,
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
            // Too long, or no WebSocket's bytes: the page is told if it still can be.
            Ok(Some(Err(_))) => break close_code::SIZE,
        };
        match timeout(shared.limits.write_within, socket.send(Message::text(answer))).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    };
    let frame = CloseFrame { code: why, reason: "".into() };
    let _ = timeout(shared.limits.write_within, socket.send(Message::Close(Some(frame)))).await;
}

/// The answer to one message, in the form of the port's protocol.
async fn answer(shared: &Shared, message: &[u8]) -> String {
    match shared.door {
        Door::Named => {
            let (name, call) = named::read(message);
            named::answer(&name, &outcome(shared, call).await)
        }
        Door::Typed => {
            let call = typed::read(message).and_then(|()| Call::read());
            typed::answer(&outcome(shared, call).await)
        }
        Door::Own | Door::Entry => match answer_own(&shared.cards, message).await {
            Ok(answer) => json!(answer).to_string(),
            Err((id, refusal)) => {
                let mut told = json!(refusal.told());
                if let (Some(id), Value::Object(told)) = (id, &mut told) {
                    told.insert("id".into(), id);
                }
                told.to_string()
            }
        },
    }
}

/// What the library answers, or what a caller without a place for causes is told instead.
async fn outcome(shared: &Shared, call: Result<Call, Refusal>) -> Outcome {
    match call {
        Ok(call) => shared.cards.call(call).await,
        Err(refusal) => Outcome::refused(refusal),
    }
}
