//! The panel on the board's I2C: an SSD1306 that takes the bytes of the bus and shows what a person would see (data sheet, chapters 8
//! to 10).
//!
//! It does what a terminal needs: memory that is filled from the upper left in columns and pages, and the settings without which the glass
//! stays dark or shows something else. What it does not know is told, so that nothing looks right by chance.

use qiyong_firmware::ui::framebuffer::{Framebuffer, LEN, WIDTH};

/// What the first byte of a transfer says of the others (8.1.5.2).
const COMMANDS: u8 = 0x00;
const DATA: u8 = 0x40;

/// Settings of an upright picture of 128 × 64 pixels with the connector above it, and the value that each must have.
const NEEDED: [(u8, &[u8]); 10] = [
    (0x8D, &[0x14]), // charge pump on
    (0x20, &[0x00]), // columns first, then pages
    (0xA8, &[0x3F]), // 64 rows
    (0xD3, &[0x00]), // none of them shifted
    (0xDA, &[0x12]), // every other row on the other side
    (0x40, &[]),     // the first one uppermost
    (0xA1, &[]),     // columns from the right
    (0xC8, &[]),     // rows from below
    (0xA4, &[]),     // the memory is shown
    (0xA6, &[]),     // a one is lit
];

/// The panel.
#[derive(Debug)]
pub(super) struct Panel {
    memory: [u8; LEN],
    /// Where the next byte goes, and the columns and pages that are filled.
    at: (usize, usize),
    columns: (usize, usize),
    pages: (usize, usize),
    /// The settings that it has heard.
    settings: Vec<(u8, Vec<u8>)>,
    /// What it showed, each time that it was switched on.
    pub(super) pictures: Vec<Framebuffer>,
    /// What it did not understand.
    pub(super) strange: Vec<String>,
}

impl Panel {
    pub(super) fn new() -> Self {
        let (columns, pages) = ((0, WIDTH - 1), (0, LEN / WIDTH - 1));
        let (memory, at) = ([0; LEN], (0, 0));
        Self { memory, at, columns, pages, settings: Vec::new(), pictures: Vec::new(), strange: Vec::new() }
    }

    /// A transfer has ended.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        match bytes {
            [COMMANDS, commands @ ..] => self.commands(commands),
            [DATA, data @ ..] => data.iter().for_each(|byte| self.fill(*byte)),
            other => self.strange.push(format!("a transfer {other:02X?}")),
        }
    }

    fn fill(&mut self, byte: u8) {
        let (column, page) = self.at;
        if let Some(place) = self.memory.get_mut(page * WIDTH + column) {
            *place = byte;
        }
        self.at = match (column == self.columns.1, page == self.pages.1) {
            (false, _) => (column + 1, page),
            (true, false) => (self.columns.0, page + 1),
            (true, true) => (self.columns.0, self.pages.0),
        };
    }

    fn commands(&mut self, mut rest: &[u8]) {
        while let [command, after @ ..] = rest {
            let count = match command {
                0x20 | 0x81 | 0x8D | 0xA8 | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB => 1,
                0x21 | 0x22 => 2,
                0x2E | 0x40..=0x7F | 0xA0 | 0xA1 | 0xA4..=0xA7 | 0xAE | 0xAF | 0xC0 | 0xC8 => 0,
                _ => return self.strange.push(format!("a command {command:02X}")),
            };
            let Some((values, next)) = after.split_at_checked(count) else {
                return self.strange.push(format!("a command {command:02X} that is cut off"));
            };
            self.command(*command, values);
            rest = next;
        }
    }

    fn command(&mut self, command: u8, values: &[u8]) {
        match (command, values) {
            (0x21, [from, to]) => {
                self.columns = ((*from).into(), (*to).into());
                self.at.0 = self.columns.0;
            }
            (0x22, [from, to]) => {
                self.pages = ((*from).into(), (*to).into());
                self.at.1 = self.pages.0;
            }
            (0xAF, _) => self.is_on(),
            _ => {
                self.settings.retain(|(other, _)| !is_same(*other, command));
                self.settings.push((command, values.to_vec()));
            }
        }
    }

    /// It lights up.
    fn is_on(&mut self) {
        for (command, values) in NEEDED {
            let set = self.settings.iter().any(|(other, has)| *other == command && has == values);
            if !set {
                self.strange.push(format!("switched on without {command:02X} {values:02X?}"));
            }
        }
        self.pictures.push(Framebuffer::from_bytes(self.memory));
    }
}

/// Whether one command takes the place of another.
fn is_same(one: u8, other: u8) -> bool {
    let kind = |command| match command {
        0x40..=0x7F => 0x40,
        0xA0 | 0xA1 => 0xA0,
        0xA4 | 0xA5 => 0xA4,
        0xA6 | 0xA7 => 0xA6,
        0xC0 | 0xC8 => 0xC0,
        other => other,
    };
    kind(one) == kind(other)
}

#[cfg(test)]
mod tests {
    use qiyong_firmware::ui::panel::Transfer;

    use super::*;

    /// Sends a picture as the terminal does, but for what `bend` changes of a transfer.
    fn shown(bend: impl Fn(usize, &mut Vec<u8>)) -> (Framebuffer, Panel) {
        let picture: [u8; LEN] = std::array::from_fn(|at| (at * 7 % 251) as u8);
        let mut panel = Panel::new();
        let all = std::iter::successors(Some(Transfer::FIRST), |transfer| transfer.next());
        for (number, transfer) in all.enumerate() {
            let mut bytes = (0..transfer.size().into()).map(|at| transfer.byte(at, |at| picture[at])).collect();
            bend(number, &mut bytes);
            panel.hear(&bytes);
        }
        (Framebuffer::from_bytes(picture), panel)
    }

    #[test]
    fn what_the_terminal_sends_is_what_is_seen() {
        let (picture, panel) = shown(|_, _| {});
        assert_eq!((panel.pictures, panel.strange), (vec![picture], vec![]));
    }

    #[test]
    fn a_setting_that_is_wrong_a_byte_that_is_lost_and_a_command_that_is_none_are_seen() {
        for at in [4, 6, 7, 8, 9, 11, 12, 13, 14, 15, 22, 23] {
            let (_, panel) = shown(|number, bytes| {
                if number == 0 {
                    bytes[at] ^= 1
                }
            });
            assert!(!panel.strange.is_empty(), "{at}");
        }
        let (picture, panel) = shown(|number, bytes| {
            if number == 5 {
                bytes.truncate(9)
            }
        });
        assert!(panel.pictures != [picture]);
        let (_, panel) = shown(|number, bytes| {
            if number == 0 {
                bytes[0] = 0x80
            }
        });
        assert!(!panel.strange.is_empty());
    }
}
