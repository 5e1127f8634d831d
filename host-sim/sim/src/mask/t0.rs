//! Secret characters in T=0. Which bytes of an APDU are secret is decided in `qiyong_protocol::card::redact`.

use qiyong_protocol::card::commands::takes_data;
use qiyong_protocol::card::redact;
use qiyong_protocol::iso7816::t0::{ENVELOPE, NULL};

/// Follows T=0 far enough to know which characters are a PIN or an ID number.
#[derive(Clone, Debug, Default)]
pub(super) struct T0 {
    /// CLA INS P1 P2 P3 of the current TPDU; empty before the first command, during the ATR.
    header: Vec<u8>,
    /// The TPDU's data so far, in one direction or the other.
    data: Vec<u8>,
    /// Data bytes that the card sends before the next procedure byte.
    announced: usize,
    /// The second byte of a status word comes next.
    status: bool,
}

impl T0 {
    /// The terminal sent this character: is it secret?
    pub(super) fn sent_to_card(&mut self, byte: u8) -> bool {
        match *self.header.as_slice() {
            // A part of an APDU, which is not decoded.
            [_, ENVELOPE, _, _, _] => true,
            [_, ins, _, _, lc] if takes_data(ins) => {
                self.data.push(byte);
                let secret = redact::command_secret(ins, &self.whole(usize::from(lc)));
                secret.contains(&(self.data.len() - 1))
            }
            // Out of step, with a card that breaks the rules: every character is hidden.
            [_, _, _, _, _] => true,
            _ => {
                self.header.push(byte);
                false
            }
        }
    }

    /// The card sent this character: is it secret?
    pub(super) fn sent_by_card(&mut self, byte: u8) -> bool {
        let &[_, ins, _, _, le] = self.header.as_slice() else {
            return false;
        };
        let total = if le == 0 { 256 } else { usize::from(le) };
        if self.announced > 0 {
            self.announced -= 1;
            self.data.push(byte);
            let secret = redact::response_secret(ins, &self.whole(total));
            return secret.contains(&(self.data.len() - 1));
        }
        if self.status {
            // The TPDU is over: the next character to the card begins a header.
            *self = Self::default();
        } else if (takes_data(ins) || ins == ENVELOPE) && (byte == ins || byte == !ins) {
            // The card asks for data.
        } else if byte == ins {
            self.announced = total.saturating_sub(self.data.len());
        } else if byte == !ins {
            self.announced = 1;
        } else {
            self.status = matches!(byte & 0xF0, 0x60 | 0x90) && byte != NULL;
        }
        false
    }

    /// The data, filled up to its whole length, since the first byte and the length decide which part is secret.
    fn whole(&self, len: usize) -> Vec<u8> {
        let mut whole = self.data.clone();
        whole.resize(len.max(whole.len()), 0);
        whole
    }
}
