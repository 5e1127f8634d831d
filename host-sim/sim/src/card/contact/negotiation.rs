//! Which protocol and rate a card uses: after a reset by its ATR, and after a PPS request by this and the card's habit
//! (ISO/IEC 7816-3 clauses 6.3.1 and 9).

use qiyong_protocol::iso7816::atr::{Parameters, decode_di, decode_fi};
use qiyong_protocol::iso7816::pps;

use super::habits::{Habits, PpsHabit};

/// Fi and Di after a reset.
pub(super) const DEFAULT_RATE: (u16, u8) = (372, 1);
/// PPSS, the first character of request and response.
const PPSS: u8 = 0xFF;
/// PPS0: PPS1 follows.
const HAS_PPS1: u8 = 0x10;

/// Fi and Di of a TA1 or PPS1, if neither is reserved.
fn rate(code: u8) -> Option<(u16, u8)> {
    decode_fi(code).zip(decode_di(code))
}

/// The protocol and the rate (Fi, Di) after a reset.
pub(super) fn at_reset(says: &Parameters, habits: &Habits) -> (u8, (u16, u8)) {
    match says.specific_mode() {
        Some(mode) => {
            let code = if mode.implicit { habits.implicit.or(says.ta1()) } else { says.ta1() };
            (mode.protocol, code.and_then(rate).unwrap_or(DEFAULT_RATE))
        }
        // Bytes that are no ATR may offer nothing; T=0 is the default (clause 8.2.3).
        None => (says.preferred_protocol().unwrap_or(0), DEFAULT_RATE),
    }
}

/// Nearly all of `multiplier` times the block waiting time (clause 11.4.3), in etu of the rate in force: what a card adds to
/// the block guard time if it uses what it was granted.
pub(super) fn most_of_bwt(says: &Parameters, (fi, di): (u16, u8), multiplier: u8) -> u64 {
    let cycles = (960 * 372) << says.bwi().min(9);
    let etu = cycles * u64::from(di) / u64::from(fi.max(1));
    (etu * u64::from(multiplier)).saturating_sub(22)
}

/// What a card answers to a PPS request, and what follows from it.
pub(super) struct PpsAnswer {
    /// The characters, possibly none.
    pub(super) bytes: Vec<u8>,
    /// The protocol that it takes into use; `None`: the one that it had.
    pub(super) protocol: Option<u8>,
    /// Fi and Di that it takes into use.
    pub(super) rate: (u16, u8),
    /// It cannot use this rate.
    pub(super) deaf: bool,
}

/// The answer to a whole request.
pub(super) fn answer(request: &[u8], says: &Parameters, habit: PpsHabit) -> PpsAnswer {
    let nothing = PpsAnswer { bytes: Vec::new(), protocol: None, rate: DEFAULT_RATE, deaf: false };
    let (&[_, pps0, ref rest @ ..], true) = (request, request.iter().fold(0, |xor, byte| xor ^ byte) == 0) else {
        return nothing;
    };
    let protocol = pps0 & 0x0F;
    let knows = says.offers(protocol) || (says.preferred_protocol().is_none() && protocol == 0);
    if habit == PpsHabit::Silent || !knows {
        return nothing;
    }
    let asked = (pps0 & HAS_PPS1 != 0).then(|| rest.first().copied()).flatten();
    let within = asked.filter(|code| is_within(*code, says));
    // PPS2 and PPS3 ask for what this card does not have: its response leaves them out (clause 9.3).
    let named = match habit {
        PpsHabit::NoPps1 => None,
        PpsHabit::Pps1(code) => Some(code),
        _ => within,
    };
    let response_to = |protocol: u8, pps1: Option<u8>| {
        let mut bytes = vec![PPSS, protocol | if pps1.is_some() { HAS_PPS1 } else { 0 }];
        bytes.extend(pps1);
        bytes.push(bytes.iter().fold(0, |xor, byte| xor ^ byte));
        bytes
    };
    let mut bytes = match habit {
        PpsHabit::Protocol => response_to(protocol ^ 1, named),
        _ => response_to(protocol, named),
    };
    if let (PpsHabit::WrongPck, Some(pck)) = (habit, bytes.last_mut()) {
        *pck ^= 0x80;
    }
    debug_assert_eq!(pps::expected_len(&bytes), Some(bytes.len()));
    let deaf = matches!(habit, PpsHabit::Unusable | PpsHabit::UnusableOnce) && named.is_some();
    PpsAnswer { bytes, protocol: Some(protocol), rate: named.and_then(rate).unwrap_or(DEFAULT_RATE), deaf }
}

/// Whether a card can use this PPS1: F and D lie between the default and what its TA1 says (clause 9.2).
fn is_within(code: u8, says: &Parameters) -> bool {
    let most = says.ta1().and_then(rate).unwrap_or(DEFAULT_RATE);
    rate(code).is_some_and(|(fi, di)| {
        let (low, high) = (most.0.min(DEFAULT_RATE.0), most.0.max(DEFAULT_RATE.0));
        (low..=high).contains(&fi) && di <= most.1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use qiyong_protocol::iso7816::atr::Atr;

    fn says(atr: &[u8]) -> Parameters {
        Atr::new(atr).parameters()
    }

    fn answered(request: &[u8], atr: &[u8], habit: PpsHabit) -> (Vec<u8>, Option<u8>, (u16, u8)) {
        let PpsAnswer { bytes, protocol, rate, .. } = answer(request, &says(atr), habit);
        (bytes, protocol, rate)
    }

    /// Clauses 8.2.3 and 6.3.1.
    #[test]
    fn the_atr_says_what_is_used_after_a_reset() {
        let at = |atr: &[u8], implicit| at_reset(&says(atr), &Habits { implicit, ..Habits::default() });
        assert_eq!(at(&hex!("3B1096"), None), (0, (372, 1)));
        // Specific mode: T=1 at 512/32; implicit, at what TA1 says or at the card's own choice.
        assert_eq!(at(&hex!("3B90 96 91 81 31 FE 45 00"), None), (1, (512, 32)));
        assert_eq!(at(&hex!("3B90 96 10 80"), None), (0, (512, 32)));
        assert_eq!(at(&hex!("3B90 96 10 90"), Some(0x13)), (0, (372, 4)));
        // No ATR: T=0.
        assert_eq!(at(&hex!("FF"), None), (0, (372, 1)));
    }

    /// A card that offers T=0 and T=1 takes the one that is asked for.
    #[test]
    fn pps_chooses_the_protocol() {
        let both = hex!("3B90 96 80 01");
        assert_eq!(at_reset(&says(&both), &Habits::default()).0, 0);
        assert_eq!(answered(&hex!("FF119678"), &both, PpsHabit::AsAsked).1, Some(1));
        assert_eq!(answered(&hex!("FF01FE"), &both, PpsHabit::AsAsked), (hex!("FF01FE").to_vec(), Some(1), (372, 1)));
    }

    /// Clause 9.
    #[test]
    fn a_card_agrees_to_what_its_atr_offers() {
        let t0 = hex!("3B10 96");
        let good = (hex!("FF109679").to_vec(), Some(0), (512, 32));
        assert_eq!(answered(&hex!("FF109679"), &t0, PpsHabit::AsAsked), good);
        // Less than TA1, and nothing but the protocol.
        assert_eq!(answered(&hex!("FF10957A"), &t0, PpsHabit::AsAsked).2, (512, 16));
        assert_eq!(answered(&hex!("FF00FF"), &t0, PpsHabit::AsAsked), (hex!("FF00FF").to_vec(), Some(0), (372, 1)));
        // More than TA1, and what the card does not know: PPS2.
        let default = (hex!("FF00FF").to_vec(), Some(0), (372, 1));
        assert_eq!(answered(&hex!("FF109778"), &t0, PpsHabit::AsAsked), default);
        assert_eq!(answered(&hex!("FF20 01 DE"), &t0, PpsHabit::AsAsked), default);
        // A request for a protocol that is not offered, and a damaged one, are not answered.
        for request in [&hex!("FF119678")[..], &hex!("FF109678")] {
            assert_eq!(answered(request, &t0, PpsHabit::AsAsked), (vec![], None, (372, 1)));
        }
    }

    #[test]
    fn each_habit_answers_in_its_way() {
        let request = hex!("FF109679");
        for (habit, bytes, rate) in [
            (PpsHabit::NoPps1, &hex!("FF00FF")[..], (372, 1)),
            (PpsHabit::Pps1(0x95), &hex!("FF10957A"), (512, 16)),
            (PpsHabit::Protocol, &hex!("FF119678"), (512, 32)),
            (PpsHabit::WrongPck, &hex!("FF1096F9"), (512, 32)),
            (PpsHabit::Silent, &[], (372, 1)),
            (PpsHabit::Unusable, &hex!("FF109679"), (512, 32)),
        ] {
            let (got, _, taken) = answered(&request, &hex!("3B1096"), habit);
            assert_eq!((got.as_slice(), taken), (bytes, rate), "{habit:?}");
        }
    }
}
