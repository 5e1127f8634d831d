//! What is for the chip alone: the application on it, and its drivers. Here stands only which file is for what.
//!
//! | Module | What it is for |
//! |---|---|
//! | `start` | entry, parts, and the one task |
//! | `application` | the terminal with this board's parts, and what it does for the till |
//! | `card_line` | the card's contacts; [`characters`] are its characters, on two state machines of PIO 0 |
//! | `clk` | pins that a peripheral drives or nobody: CLK and I/O |
//! | `time` | cycles since the start; waiting |
//! | `till` | till and centre on a serial line and on USB |
//! | `desk` | screen, PIN pad, cancel key: what operator and holder see and press; `panel`, `lights` and `keys` are parts of it |
//! | `storage` | the flash's last 128 KiB |
//! | `mutant` | deliberate faults, in an image for tests |
//! | `random` | random numbers |
//! | `watchdog`, `crash` | ends a terminal that hangs; what a run that ended badly leaves for the next one |
//! | `usb` | the USB port: a line for the till, or the slot as a reader in place of the application |

mod application;
mod card_line;
mod characters;
mod clk;
mod crash;
mod desk;
mod keys;
mod lights;
#[cfg(feature = "mutants")]
mod mutant;
mod panel;
mod random;
mod start;
mod storage;
mod till;
mod time;
mod usb;
mod watchdog;
