//! Which characters on a card line must not be shown: PINs, and the middle of ID numbers.
//!
//! What is secret is decided by `qiyong_protocol::card::redact`; here single characters are matched to it. For whoever
//! writes characters down: the story's trace, and captures.

use qiyong_protocol::card::commands::takes_data;
use qiyong_protocol::card::redact;
use qiyong_protocol::iso7816::pps;
use qiyong_protocol::iso7816::t0::CardSide;

/// Follows T=0 far enough to know which characters are a PIN or an ID number.
///
/// It is told each character on the line and answers whether that one must not be shown. A reset begins anew.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    /// CLA INS P1 P2 P3 of the TPDU under way; empty before the first command, during the ATR.
    header: Vec<u8>,
    /// The data that went one way or the other so far.
    data: Vec<u8>,
    /// Data bytes the card sends before the next procedure byte.
    announced: usize,
    /// The second byte of a status word comes next.
    status: bool,
    /// A PPS request so far; it holds no secret.
    pps: Vec<u8>,
}

impl Masker {
    /// The terminal sent this character: is it secret?
    pub(crate) fn sent_to_card(&mut self, byte: u8) -> bool {
        // No command begins with FF, every PPS request does.
        if !self.pps.is_empty() || (self.header.is_empty() && byte == 0xFF) {
            self.pps.push(byte);
            if pps::expected_len(&self.pps) == Some(self.pps.len()) {
                self.pps.clear();
            }
            return false;
        }
        match *self.header.as_slice() {
            [_, ins, _, _, lc] if takes_data(ins) => {
                self.data.push(byte);
                let secret = redact::command_secret(ins, &self.whole(usize::from(lc)));
                secret.contains(&(self.data.len() - 1))
            }
            // Out of step with a card that breaks the rules: what cannot be told is hidden.
            [_, _, _, _, _] => true,
            _ => {
                self.header.push(byte);
                false
            }
        }
    }

    /// The card sent this character: is it secret?
    pub(crate) fn sent_by_card(&mut self, byte: u8) -> bool {
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
            // The TPDU is over: what goes to the card next is a header.
            *self = Self::default();
        } else if !takes_data(ins) && byte == ins {
            self.announced = total.saturating_sub(self.data.len());
        } else if !takes_data(ins) && byte == !ins {
            self.announced = 1;
        } else {
            self.status = matches!(byte & 0xF0, 0x60 | 0x90) && byte != CardSide::null();
        }
        false
    }

    /// The data filled up to its whole length: which part is secret depends on the first byte and the length.
    fn whole(&self, len: usize) -> Vec<u8> {
        let mut whole = self.data.clone();
        whole.resize(len.max(whole.len()), 0);
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs characters through the masker: `>` to the card, `<` from it.
    fn masked(script: &str) -> String {
        let mut masker = Masker::default();
        let mut out = Vec::new();
        for part in script.split_whitespace() {
            let (direction, bytes) = part.split_at(1);
            for byte in hex::decode(bytes).unwrap() {
                let secret = if direction == ">" { masker.sent_to_card(byte) } else { masker.sent_by_card(byte) };
                out.push(if secret { "**".to_string() } else { format!("{byte:02X}") });
            }
        }
        out.join("")
    }

    #[test]
    fn a_pin_is_masked_however_the_card_takes_it() {
        assert_eq!(masked("<3B00 >0020000003 <20 >123456 <9000"), "3B00002000000320******9000");
        assert_eq!(
            masked(">0020000003 <DF >12 <DF >34 <20 >56 <63C2 >0084000008"),
            "0020000003DF**DF**20**63C20084000008"
        );
        assert_eq!(masked(">805E010007 <5E >123456FF271828 <9000"), "805E0100075E**************9000");
    }

    #[test]
    fn the_middle_of_an_id_number_is_masked_and_nothing_else() {
        let id = "3131313131313139383130313031313131 30".replace(' ', "");
        let shown = masked(&format!(">00B2010414 <B2 <0812{id} <9000 >00B2020403 <B2 <0A0131 <9000"));
        assert_eq!(shown, format!("00B2010414B20812313131{}31309000{}", "*".repeat(26), "00B2020403B20A01319000"));
        assert_eq!(masked(">00B207040B <B2 <0709583030303030303139 <9000"), "00B207040BB207095830303030303031399000");
    }

    #[test]
    fn a_pps_does_not_put_the_masker_out_of_step() {
        let shown = masked("<3B00 >FF109679 <FF109679 >0020000003 <20 >123456 <9000");
        assert_eq!(shown, "3B00FF109679FF109679002000000320******9000");
    }

    #[test]
    fn a_wrong_length_does_not_put_the_masker_out_of_step() {
        let each = masked(">00B2010404 <4D <08 <4D <02 <4D <31 <4D <32 <9000");
        assert_eq!(each, "00B20104044D084D024D314D329000");
        let shown = masked(">00B2010412 <6C14 >00B2010414 <60B2 <0812313131313131313131313131313131313131 <9000");
        assert!(shown.ends_with(&format!("0812313131{}31319000", "*".repeat(26))), "{shown}");
    }
}
