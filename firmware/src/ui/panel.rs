//! A panel with the controller SSD1306 on I2C: what is sent to it, as data. A driver sends it, at its own pace.
//!
//! Every picture is sent whole, with all settings, so that a panel that was plugged in late or lost its memory comes back with the
//! next screen. The commands are those of the crate `ssd1306`. That crate's driver is not used: it waits for every byte, and a
//! terminal that talks to a card has no 25 ms for that.

use super::framebuffer::LEN;

/// The panel's address on the bus, seven bits.
pub const ADDRESS: u8 = 0x3C;

/// What the first byte of a transfer says of the others (SSD1306 data sheet, 8.1.5.2).
const COMMANDS: u8 = 0x00;
const DATA: u8 = 0x40;

/// 128 × 64 pixels with the charge pump, all of the memory from the upper left to the lower right (10.1).
#[rustfmt::skip]
const SETTINGS: [u8; 30] = [
    0xD5, 0x80, // clock
    0xA8, 0x3F, 0xD3, 0x00, 0x40, // 64 rows, the first of them uppermost
    0x8D, 0x14, // charge pump
    0x20, 0x00, // columns first, then pages
    0xDA, 0x12, 0xA1, 0xC8, // how the glass is wired, with the connector above it
    0xD9, 0x21, 0x81, 0x5F, 0xDB, 0x40, // brightness
    0xA4, 0xA6, 0x2E, // the memory is shown, ones are lit, nothing scrolls
    0x21, 0x00, 0x7F, 0x22, 0x00, 0x07, // all columns, all pages
];
/// The panel is switched on once its memory holds a picture.
const ON: u8 = 0xAF;

/// How many bytes of the picture a transfer has. Small, since driver and bus each hold a transfer in RAM; larger ones would be one
/// millisecond in 25 faster.
const PIECE: usize = 32;
const PIECES: usize = LEN / PIECE;
const _: () = assert!(SETTINGS.len() <= PIECE && LEN.is_multiple_of(PIECE));

/// One transfer on the bus, from START to STOP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Transfer {
    /// The settings.
    Settings,
    /// A piece of the picture.
    Piece(usize),
    /// The panel is switched on.
    On,
}

impl Transfer {
    /// The first transfer of a picture.
    pub const FIRST: Self = Self::Settings;
    /// The most bytes that a transfer has after the address.
    pub const SIZE_MAX: usize = 1 + PIECE;

    /// The one after this; `None` after the last.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Settings => Some(Self::Piece(0)),
            Self::Piece(piece) if piece + 1 < PIECES => Some(Self::Piece(piece + 1)),
            Self::Piece(_) => Some(Self::On),
            Self::On => None,
        }
    }

    /// How many bytes it has after the address.
    pub fn size(self) -> u8 {
        let size = match self {
            Self::Settings => 1 + SETTINGS.len(),
            Self::Piece(_) => 1 + PIECE,
            Self::On => 2,
        };
        size as u8
    }

    /// The byte of this number, where `picture` gives those of the framebuffer; zero beyond the end.
    pub fn byte(self, at: usize, picture: impl FnOnce(usize) -> u8) -> u8 {
        match (self, at.checked_sub(1)) {
            (Self::Settings | Self::On, None) => COMMANDS,
            (Self::Piece(_), None) => DATA,
            (Self::Settings, Some(at)) => SETTINGS.get(at).copied().unwrap_or_default(),
            (Self::Piece(piece), Some(at)) => picture((piece * PIECE + at) % LEN),
            (Self::On, Some(_)) => ON,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]
mod tests {
    use std::vec::Vec;

    use embedded_hal::i2c::{ErrorType, I2c, Operation};
    use ssd1306::command::AddrMode;
    use ssd1306::prelude::{DisplayRotation, DisplaySize128x64};
    use ssd1306::{I2CDisplayInterface, Ssd1306};

    use super::*;

    /// What a panel understands of the transfers that it gets: commands, and bytes for its memory.
    #[derive(Default, Debug, PartialEq, Eq)]
    struct Heard {
        commands: Vec<u8>,
        memory: Vec<u8>,
    }

    impl Heard {
        fn transfer(&mut self, bytes: &[u8]) {
            match bytes {
                [COMMANDS, rest @ ..] => self.commands.extend(rest),
                [DATA, rest @ ..] => self.memory.extend(rest),
                other => panic!("{other:?}"),
            }
        }
    }

    impl ErrorType for &mut Heard {
        type Error = core::convert::Infallible;
    }

    impl I2c for &mut Heard {
        fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
            assert_eq!(address, ADDRESS);
            let mut all = Vec::new();
            for operation in operations {
                let Operation::Write(bytes) = operation else { panic!("nothing is read") };
                all.extend_from_slice(bytes);
            }
            self.transfer(&all);
            Ok(())
        }
    }

    #[test]
    fn a_panel_hears_what_the_crate_ssd1306_tells_it_and_is_on_only_with_a_picture() {
        let picture: Vec<u8> = (0..LEN).map(|at| (at * 7 % 251) as u8).collect();
        let mut theirs = Heard::default();
        let mut display =
            Ssd1306::new(I2CDisplayInterface::new(&mut theirs), DisplaySize128x64, DisplayRotation::Rotate0);
        display.init_with_addr_mode(AddrMode::Horizontal).unwrap();
        display.set_draw_area((0, 0), (128, 64)).unwrap();
        display.draw(&picture).unwrap();
        // It is switched off at first, and on before the area is set.
        let of =
            |commands: &[u8]| commands.iter().filter(|byte| ![0xAE, ON].contains(byte)).copied().collect::<Vec<_>>();

        let mut ours = Heard::default();
        let mut next = Some(Transfer::FIRST);
        while let Some(transfer) = next {
            let bytes: Vec<u8> = (0..transfer.size().into()).map(|at| transfer.byte(at, |at| picture[at])).collect();
            assert_eq!(transfer == Transfer::On, bytes == [COMMANDS, ON]);
            ours.transfer(&bytes);
            next = transfer.next();
        }
        assert_eq!(of(&ours.commands), of(&theirs.commands));
        assert_eq!(ours.commands.last(), Some(&ON));
        assert_eq!((&ours.memory, &theirs.memory), (&picture, &picture));
    }
}
