//! The work queue: what waits, for whom, until when and why, with the acts that end the waiting.

use axum::http::StatusCode;
use maud::html;
use serde_json::json;

use super::{Asked, Page};
use crate::acts::Acts;

impl<A: Acts> Asked<'_, A> {
    /// The work queue.
    pub(super) async fn queue(&self) -> Page {
        let answer = self.ask(self.act("work.list")?, json!({}), None).await?;
        let content = html! { (self.look().value("", &answer)) };
        Ok(self.visit.page(StatusCode::OK, self.say("Work queue", "待办"), &content))
    }
}
