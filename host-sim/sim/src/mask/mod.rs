//! Which characters on a card line must not be shown: PINs, and the middle of ID numbers.
//!
//! `qiyong_protocol::card::redact` decides what is secret; this module applies it to single characters. The story's
//! trace and the captures use it, since they write characters down.

mod t0;
mod t1;

use crate::line::Character;

use qiyong_protocol::iso7816::atr::{Atr, Edc};
use qiyong_protocol::iso7816::pps;

/// Follows a session from the ATR on.
///
/// It gets each character on the line, and answers whether this character must not be shown. A reset begins a new
/// session.
#[derive(Clone, Debug, Default)]
pub struct Masker {
    atr: Vec<u8>,
    /// A PPS request or response so far, and how many of the two are still to come; neither contains a secret.
    pps: Vec<u8>,
    pps_due: u8,
    protocol: Option<Protocol>,
}

#[derive(Clone, Debug)]
enum Protocol {
    T0(t0::T0),
    T1(t1::T1),
}

impl Masker {
    /// The terminal sent this character: is it secret?
    pub fn sent_to_card(&mut self, character: Character) -> bool {
        self.follow(character, Self::terminal_sent)
    }

    /// The card sent this character: is it secret?
    pub fn sent_by_card(&mut self, character: Character) -> bool {
        self.follow(character, Self::card_sent)
    }

    /// Judges a character. If its receiver did not accept it, it comes again, so it does not count.
    fn follow(&mut self, character: Character, take: impl Fn(&mut Self, u8) -> bool) -> bool {
        if character.signalled { take(&mut self.clone(), character.byte) } else { take(self, character.byte) }
    }

    fn terminal_sent(&mut self, byte: u8) -> bool {
        if self.protocol.is_none() {
            self.protocol = Some(Protocol::of(&self.atr));
            // No command begins with FF, and none of our blocks does; every PPS request does.
            if byte == 0xFF {
                self.pps_due = 2;
            }
        }
        match &mut self.protocol {
            _ if self.pps_due > 0 => self.take_pps(byte),
            Some(Protocol::T0(t0)) => t0.sent_to_card(byte),
            Some(Protocol::T1(t1)) => t1.sent_to_card(byte),
            None => true,
        }
    }

    fn card_sent(&mut self, byte: u8) -> bool {
        match &mut self.protocol {
            _ if self.pps_due > 0 => self.take_pps(byte),
            Some(Protocol::T0(t0)) => t0.sent_by_card(byte),
            Some(Protocol::T1(t1)) => t1.sent_by_card(byte),
            None => {
                self.atr.push(byte);
                false
            }
        }
    }

    fn take_pps(&mut self, byte: u8) -> bool {
        self.pps.push(byte);
        if pps::expected_len(&self.pps) == Some(self.pps.len()) {
            self.pps.clear();
            self.pps_due -= 1;
        }
        false
    }
}

impl Protocol {
    /// The protocol after an ATR: the terminal takes the first one offered.
    fn of(atr: &[u8]) -> Self {
        let card = Atr::new(atr).parameters();
        let specific = card.specific_mode().map(|mode| mode.protocol);
        match specific.or(card.preferred_protocol()) {
            Some(1) => Self::T1(t1::T1::new(if card.edc() == Edc::Crc { 2 } else { 1 })),
            _ => Self::T0(t0::T0::default()),
        }
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
                let secret = if direction == ">" { masker.terminal_sent(byte) } else { masker.card_sent(byte) };
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
    fn the_middle_of_an_id_number_and_what_stands_in_it_are_masked() {
        let id = "3131313131313139383130313031313131 30".replace(' ', "");
        let shown = masked(&format!(">00B2010414 <B2 <0812{id} <9000 >00B2020403 <B2 <0A0131 <9000"));
        assert_eq!(shown, format!("00B2010414B20812313131{}31309000{}", "*".repeat(26), "00B2020403B20A01**9000"));
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

    fn over_t1(script: &str) -> String {
        // An ATR that offers T=1 with LRC.
        masked(&format!("<3B80813100 {script}")).split_off(10)
    }

    #[test]
    fn in_t1_a_pin_is_masked_with_its_check_character() {
        // I(0,0): 0020000003123456, LRC.
        assert_eq!(
            over_t1(">0000080020000003123456 >55 <000002900092 >00C1012041"),
            "0000080020000003********00000290009200C1012041"
        );
    }

    #[test]
    fn in_t1_a_chain_and_a_repeated_block_are_masked_as_well() {
        // I(0,1) with the header and one digit pair, R(0) to repeat it, R(1), then I(1,0) with the rest.
        let first = ">002006002000000312 >17";
        let shown = over_t1(&format!("{first} <00810081 {first} <00900090 >0040023456 >20 <000002900092"));
        assert!(!shown.contains("0312") && !shown.contains("3456"), "{shown}");
        let id = "31".repeat(18);
        let shown = over_t1(&format!(">00000500B2010414A2 <0000160812{id}9000 <00"));
        assert!(shown.contains(&format!("0812313131{}3131", "*".repeat(26))), "{shown}");
    }

    #[test]
    fn in_t1_a_damaged_block_shows_nothing_of_an_id_number() {
        let id = "31".repeat(18);
        // LEN came twice, or was lost; the tag was lost; NAD came twice.
        for block in ["00001616 0812", "00000812", "00001612", "0000001608 12"].map(|prefix| prefix.replace(' ', "")) {
            let shown = over_t1(&format!(">00000500B2010414A2 <{block}{id}900000 >00810081 <0000160812{id}9000"));
            assert!(!shown.contains("3131313131"), "{block}: {shown}");
        }
    }
}
