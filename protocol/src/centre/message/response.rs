//! F39, the response code: every [`Reason`] as a code, or as the general one and its word in F44.
//!
//! The codes are those of docs/card.md §5.5 (recalled). 05, "do not honour", stands for every reason without a code
//! (recalled). 91, "issuer down", is for a centre that was not asked; 96, "system", has no reason here, since other
//! centres send it also when nobody knows what was done, and then a terminal must reverse.

use crate::rules::reason::Reason;

/// Done as asked.
pub const APPROVED: [u8; 2] = *b"00";
/// The form of the message is wrong.
pub const FORMAT: [u8; 2] = *b"30";
/// The message's MAC is missing or wrong.
pub const MAC: [u8; 2] = *b"A0";
/// No answer came, or a wrong one: the reason of a reversal.
pub const NO_ANSWER: [u8; 2] = *b"98";
/// Refused for a reason that has no code; F44 has its word.
pub const REFUSED: [u8; 2] = *b"05";

/// The reasons that have a code.
const CODES: [([u8; 2], Reason); 12] = [
    (*b"03", Reason::InstitutionUnknown),
    (*b"14", Reason::CardUnknown),
    (*b"17", Reason::CancelledByOperator),
    (*b"41", Reason::CardLost),
    (*b"51", Reason::InsufficientFunds),
    (*b"54", Reason::CardExpired),
    (*b"55", Reason::PinWrong),
    (*b"58", Reason::InstitutionNotDesignated),
    (*b"75", Reason::PinBlocked),
    (*b"91", Reason::RegionDown),
    (*b"94", Reason::NumberReused),
    (NO_ANSWER, Reason::NoAnswer),
];

/// The code of a reason, and the word that must go with it.
pub fn of_reason(reason: Reason) -> ([u8; 2], Option<&'static str>) {
    let known = CODES.iter().find(|(_, known)| *known == reason);
    known.map_or((REFUSED, Some(reason.as_str())), |(code, _)| (*code, None))
}

/// The reason for which a code and a word stand, if there is one.
pub fn reason(code: [u8; 2], word: Option<&[u8]>) -> Option<Reason> {
    let reason = match CODES.iter().find(|(known, _)| *known == code) {
        Some((_, reason)) => *reason,
        None => Reason::from_bytes(word?)?,
    };
    let (expected, expected_word) = of_reason(reason);
    (expected == code && expected_word.map(str::as_bytes) == word).then_some(reason)
}

/// What a code says, in a few words.
pub fn words(code: &[u8]) -> Option<&'static str> {
    let code = <[u8; 2]>::try_from(code).ok()?;
    Some(match code {
        APPROVED => "done",
        FORMAT => "wrong form",
        MAC => "wrong MAC",
        REFUSED => "refused, F44 says why",
        _ => CODES.iter().find(|(known, _)| *known == code)?.1.as_str(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::centre::iso8583::field::{Size, find};

    #[test]
    fn every_reason_is_one_code_or_one_word_that_fits() {
        for given in Reason::ALL {
            let (code, word) = of_reason(*given);
            assert_eq!(reason(code, word.map(str::as_bytes)), Some(*given));
            assert!(![APPROVED, FORMAT, MAC].contains(&code));
            assert!(word.is_none_or(|word| find(44).unwrap().size == Size::Ll(25) && word.len() <= 25), "{given}");
        }
        assert_eq!(reason(*b"05", None), None);
        assert_eq!(reason(*b"05", Some(b"card-lost")), None, "that one has a code");
        assert_eq!(reason(*b"06", Some(b"card-locked")), None);
        assert_eq!(reason(*b"41", Some(b"card-locked")), None);
    }
}
