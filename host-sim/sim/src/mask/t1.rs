//! Secret characters in T=1. Which bytes of an APDU are secret is decided in `qiyong_protocol::card::redact`.

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::card::files::tag;
use qiyong_protocol::card::redact;

/// Characters of an ID number.
const ID_NUMBER_LEN: usize = 18;

/// Follows T=1 far enough to know which characters are a PIN or an ID number.
///
/// The I-blocks of each direction are joined into APDUs; a repeated block replaces its first sending.
#[derive(Clone, Debug)]
pub(super) struct T1 {
    /// The length of the error detection code.
    edc: usize,
    to_card: Direction,
    by_card: Direction,
    /// What the card has sent since the terminal did.
    answer: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Direction {
    /// The characters of the current block; next, whether one of them was secret.
    block: Vec<u8>,
    secret: bool,
    /// N(S) of the last I-block, and where its INF begins in `apdu`.
    last: Option<(bool, usize)>,
    /// The current chain, or the last one if `complete`.
    apdu: Vec<u8>,
    complete: bool,
}

impl T1 {
    pub(super) fn new(edc: usize) -> Self {
        Self { edc, to_card: Direction::default(), by_card: Direction::default(), answer: Vec::new() }
    }

    pub(super) fn sent_to_card(&mut self, byte: u8) -> bool {
        // Blocks go in turns: an unfinished block of the card is over.
        self.by_card.drop_block();
        self.answer.clear();
        self.to_card.take(byte, self.edc, |apdu, at| match *apdu {
            [_, ins, _, _, lc, ref data @ ..] => {
                let mut data = data.to_vec();
                data.resize(usize::from(lc).max(data.len()), 0);
                at.checked_sub(5).is_some_and(|at| redact::command_secret(ins, &data).contains(&at))
            }
            _ => false,
        })
    }

    pub(super) fn sent_by_card(&mut self, byte: u8) -> bool {
        self.to_card.drop_block();
        self.answer.push(byte);
        let out_of_step = self.is_out_of_step();
        let ins = self.to_card.apdu.get(1).copied().unwrap_or_default();
        let secret = self.by_card.take(byte, self.edc, |apdu, at| {
            // The record contains its own length; the status word comes after it.
            let mut record = apdu.to_vec();
            record.resize(apdu.get(1).map_or(apdu.len(), |len| usize::from(*len) + 2), 0);
            redact::answer_is_secret(ins) || redact::response_secret(ins, &record).contains(&at)
        });
        if self.by_card.resynchronised() {
            *self = Self::new(self.edc);
        }
        secret || out_of_step
    }

    /// Whether an answer to the reading of an ID number is not framed as it should be: a character of it was lost, came twice
    /// or was changed, and nobody can tell where the number is in it. Then all of it is secret.
    fn is_out_of_step(&self) -> bool {
        let asked =
            matches!(*self.to_card.apdu, [_, ins::READ_RECORD, _, _, le] if usize::from(le) == 2 + ID_NUMBER_LEN);
        // NAD and PCB tell nothing; R- and S-blocks carry no record. Then LEN, and of the record tag and length.
        let frame = [2 + ID_NUMBER_LEN as u8 + 2, tag::ID_NUMBER, ID_NUMBER_LEN as u8];
        let is_i_block = self.answer.get(1).is_some_and(|pcb| pcb & 0x80 == 0);
        let rest = self.answer.get(2..).unwrap_or_default();
        asked && is_i_block && rest.iter().zip(frame).any(|(byte, due)| *byte != due)
    }
}

impl Direction {
    fn drop_block(&mut self) {
        self.block.clear();
        self.secret = false;
    }

    /// S(RESYNCH response): both sides begin anew.
    fn resynchronised(&self) -> bool {
        matches!(self.block.as_slice(), [_, 0xE0, ..])
    }

    /// Takes a character; `is_secret` judges the byte at `at`, the last one of the APDU so far.
    fn take(&mut self, byte: u8, edc: usize, is_secret: impl FnOnce(&[u8], usize) -> bool) -> bool {
        let whole = |block: &[u8]| block.get(2).is_some_and(|len| block.len() == 3 + usize::from(*len) + edc);
        if whole(&self.block) {
            self.drop_block();
        }
        self.block.push(byte);
        let &[_, pcb, ref rest @ ..] = self.block.as_slice() else {
            return false;
        };
        // Bit 8 of PCB is 0 in I-blocks only (clause 11.3.2.2).
        if pcb & 0x80 != 0 {
            return false;
        }
        match rest {
            [] => self.begin(pcb & 0x40 != 0),
            [_] => {}
            [len, inf @ ..] if inf.len() <= usize::from(*len) => {
                self.apdu.push(byte);
                let secret = is_secret(&self.apdu, self.apdu.len() - 1);
                self.secret |= secret;
                self.finish(pcb, inf.len() == usize::from(*len));
                return secret;
            }
            // The check characters of a short secret would reveal it.
            [_, ..] => return self.secret,
        }
        false
    }

    /// An I-block with this N(S) begins.
    fn begin(&mut self, ns: bool) {
        match self.last {
            Some((last, start)) if last == ns => self.apdu.truncate(start),
            _ if self.complete => self.apdu.clear(),
            _ => {}
        }
        self.complete = false;
        self.last = Some((ns, self.apdu.len()));
    }

    /// After a character of INF: bit 6 of PCB, M, says whether the chain goes on after this block.
    fn finish(&mut self, pcb: u8, block_over: bool) {
        self.complete = block_over && pcb & 0x20 == 0;
    }
}
