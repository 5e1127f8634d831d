//! A command APDU as it lies in memory, in pieces that are sent one after the other without being copied together.

use crate::iso7816::apdu::{ApduError, Command, EXTENDED_NE_MAX};

/// Header, Lc and Le: four bytes, three, two.
const FIELDS: usize = 9;

/// A command APDU.
#[derive(Clone, Copy)]
pub(super) struct Pieces<'a> {
    /// Header and length fields; of them `before` come before the data.
    fields: [u8; FIELDS],
    before: u8,
    count: u8,
    data: &'a [u8],
}

impl<'a> Pieces<'a> {
    /// One that is encoded already.
    pub(super) const fn encoded(bytes: &'a [u8]) -> Self {
        Self { fields: [0; FIELDS], before: 0, count: 0, data: bytes }
    }

    /// One that is encoded here, as [`Command::encode`] does.
    ///
    /// # Errors
    /// Nc over 65 535 or Ne over 65 536.
    pub(super) fn new(command: &Command<'a>) -> Result<Self, ApduError> {
        let Command { cla, ins, p1, p2, data, ne } = *command;
        let Ok(nc) = u16::try_from(data.len()) else { return Err(ApduError::TooLong) };
        if ne > EXTENDED_NE_MAX {
            return Err(ApduError::TooLong);
        }
        // Le is written modulo its size: 256 is 00, 65 536 is 0000 (clause 12.1.3).
        let ([lc_high, lc], [le_high, le]) = (nc.to_be_bytes(), (ne as u16).to_be_bytes());
        // The length fields, how many of the bytes come before the data, and how many are Le.
        let ([a, b, c, d, e], before, le_len) = match (command.is_extended(), nc > 0) {
            (false, false) => ([le, 0, 0, 0, 0], 4, 1),
            (false, true) => ([lc, le, 0, 0, 0], 5, 1),
            (true, false) => ([0, le_high, le, 0, 0], 4, 3),
            (true, true) => ([0, lc_high, lc, le_high, le], 7, 2),
        };
        let count = before + if ne > 0 { le_len } else { 0 };
        Ok(Self { fields: [cla, ins, p1, p2, a, b, c, d, e], before, count, data })
    }

    /// The bytes of all pieces.
    pub(super) const fn len(&self) -> usize {
        self.count as usize + self.data.len()
    }

    /// The bytes `from..to` of the APDU: what there is of them before the data, of the data, and after it.
    pub(super) fn cut(&self, from: usize, to: usize) -> (&[u8], &'a [u8], &[u8]) {
        let fields = self.fields.get(..self.count.into()).unwrap_or_default();
        let (before, after) = fields.split_at_checked(self.before.into()).unwrap_or_default();
        let behind = before.len() + self.data.len();
        (overlap(before, 0, from, to), overlap(self.data, before.len(), from, to), overlap(after, behind, from, to))
    }
}

/// What `piece`, which begins at `start` of the APDU, has of its bytes `from..to`.
#[cfg_attr(target_os = "none", inline(never))]
fn overlap(piece: &[u8], start: usize, from: usize, to: usize) -> &[u8] {
    let within = |at: usize| at.saturating_sub(start).min(piece.len());
    piece.get(within(from)..within(to)).unwrap_or_default()
}
