//! What the application needs from outside, besides a card slot: the centre, the till's screen and keys, the time.

use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::host::{Answer, LinkError, Request};

use crate::ui::Screen;

/// The way to the card centre.
pub trait CentreLink {
    /// Sends a request and awaits its answer, at most as long as the link's own time-out.
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError>;
}

/// The screen, and the keys of operator and holder.
pub trait Operator {
    /// Shows a screen until the next one.
    fn show(&mut self, screen: &Screen);

    /// Takes a PIN from the key pad, with no more echo than a star a digit; ends by itself when nobody keys.
    async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin>;

    /// Completes when the cancel key is pressed, and never otherwise. May be dropped before.
    async fn cancel(&mut self);
}

/// Which PIN the holder is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichPin {
    /// The one the card has now.
    Present,
    /// A new one.
    New,
    /// The new one again.
    NewAgain,
}

/// Why no PIN was keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPin {
    /// The cancel key (driver error -31).
    Cancelled,
    /// Nobody keyed in time (driver error -32).
    TimedOut,
}

/// The terminal's clock.
pub trait Clock {
    /// The local date and time.
    fn now(&mut self) -> Timestamp;
}
