//! A terminal that must not work: it refuses whatever its till commands.

use qiyong_protocol::ecr::{Event, Refused};

use super::{Port, SerialLink};

impl<P: Port> SerialLink<P> {
    /// Refuses every command that is the application's, for ever. No key is used any more but by messages that are under way.
    ///
    /// Cancel-safety: dropped midway, the till may not have heard the last refusal; it commands that again.
    pub async fn refuse(&self, why: Refused) -> ! {
        loop {
            self.command().await;
            // There is no visit that could end.
            self.with(|inner| inner.state.visit = None);
            self.tell(&Event::Refused(why)).await;
        }
    }
}
