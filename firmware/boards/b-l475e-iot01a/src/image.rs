//! What is for the chip alone: the application on it, and its drivers. Here stands only which file is for what.
//!
//! | Module | What it is for |
//! |---|---|
//! | `start` | entry, clocks, interrupts, executor |
//! | `application` | the terminal with this board's parts, and what it does for the till |
//! | `time` | microseconds since the start; waiting |
//! | `publication` | what a probe reads: screen, picture, counters |
//! | `live` | the words by which a probe sees how the image is |
//! | `crash` | fault and panic handlers, and the note for the next start |
//! | `random` | the random number generator |
//! | `chip` | what the chip says of itself |
//! | `pins` | the pins |
//! | `serial` | characters in and out of the three USARTs, by interrupt |
//! | `card_line` | the card's contacts, and its characters on USART2 in smartcard mode |
//! | `till` | till and centre on the ST-LINK's virtual COM port |
//! | `desk` | screen, PIN pad and cancel key: what operator and holder see and press |
//! | `panel` | the picture to an SSD1306 on I2C1 |
//! | `lights` | the LEDs |
//! | `keys` | the button that is the cancel key |
//! | `watchdog` | resets a terminal that hangs |
//! | `storage` | the driver of the region it lies in: flash, or SRAM1 where that cannot be written |
//! | `words` | where that region is, and whether its ECC found it wrong |

mod application;
mod card_line;
mod chip;
mod crash;
mod desk;
mod keys;
mod lights;
mod live;
mod panel;
mod pins;
mod publication;
mod random;
mod serial;
mod start;
mod storage;
mod till;
mod time;
mod watchdog;
mod words;
