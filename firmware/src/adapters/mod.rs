//! placeholder

mod card_line;
mod panel;
mod serial;

pub use card_line::{Characters, Contacts, PinLine, Timing, Unconnected};
pub use panel::Panel;
pub use serial::SerialPort;
