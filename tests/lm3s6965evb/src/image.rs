//! What is for the chip alone.
//!
//! | Module | What it is for |
//! |---|---|
//! | `start` | entry, clock, interrupts, executor, crashes |
//! | `board` | the template's list of types, filled in |
//! | `card` | the card's characters on UART2 |
//! | `uart` | characters in and out of the three UARTs |
//! | `pins` | the pins |
//! | `time` | the time since the start; waiting |
//! | `words` | what a probe finds by its name, and the storage region |
//! | `registers` | the chip's registers |

mod board;
mod card;
mod pins;
mod registers;
mod start;
mod time;
mod uart;
mod words;
