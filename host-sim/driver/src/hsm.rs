//! The two steps with a centre's security module: what it is asked, and what its result is to the card (docs/card.md §1.9,
//! docs/driver.md §A.3). Which files a caller wants is not decided here.

use qiyong_protocol::card::commands;
use qiyong_protocol::card::keys::Cryptogram;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::psam::with_terminal;
use crate::settings::Settings;

/// Between two steps: the card, which keeps its power and its challenge.
pub(crate) struct Waiting {
    card: Powered,
    /// The card's answer to INTERNAL AUTHENTICATE.
    internal: Cryptogram,
    /// The eight bytes that follow the cryptogram in EXTERNAL AUTHENTICATE.
    factor: [u8; 8],
}

/// The result of a security module.
#[derive(Debug, PartialEq, Eq)]
struct Results {
    internal: Cryptogram,
    /// The data of EXTERNAL AUTHENTICATE; its second half may be left out.
    external: ([u8; 8], Option<[u8; 8]>),
}

impl Waiting {
    /// Step 1: the card's internal authentication, its challenge, and the text for the security module.
    ///
    /// The internal authentication is done now, since a challenge holds for the very next command only.
    pub(crate) fn new(mut card: Powered, settings: &Settings) -> Result<(Self, Zeroizing<Vec<u8>>), Failure> {
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(|_| Code::Unknown.with("没有随机数"))?;
        let ([process, original, factor], _) = random.as_chunks::<8>() else { return Err(Code::Unknown.into()) };
        let data = commands::join(*original, *process);
        let internal = Cryptogram(card.eight_bytes(&commands::internal_authenticate(&data))?);
        let challenge = card.challenge()?;
        let text = question(&card, [process, original, factor, &challenge], &with_terminal(settings))?;
        Ok((Self { card, internal, factor: *factor }, text))
    }

    /// The card, before the caller has proved itself.
    pub(crate) const fn card(&self) -> &Powered {
        &self.card
    }

    /// Step 2: the card, to which the caller has proved itself by this key.
    ///
    /// # Errors
    /// The result is none; the card is not the one that the module knows; or it refused the cryptogram.
    pub(crate) fn authenticate(mut self, key: &[u8], key_id: u8) -> Result<Powered, Failure> {
        let Results { internal, external: (cryptogram, factor) } = Results::parse(key)?;
        if internal != self.internal {
            return Err(Code::NotGenuine.into());
        }
        self.card.external(key_id, Cryptogram(cryptogram), factor.unwrap_or(self.factor))?;
        Ok(self.card)
    }
}

impl Results {
    /// Two forms are in use. With bars: `internal|external|`, 16 or 32 digits each. Without: at least 64 digits, the
    /// internal result in the first 16, the data of EXTERNAL AUTHENTICATE in those from the 33rd on. Callers may add a bar
    /// to the second form.
    fn parse(key: &[u8]) -> Result<Self, Failure> {
        let text = key.strip_suffix(b"|").unwrap_or(key);
        let (internal, external) = match text.iter().position(|byte| *byte == b'|') {
            Some(bar) => {
                let (internal, external) = text.split_at(bar);
                (internal, external.get(1..).unwrap_or_default())
            }
            None => (text.get(..32).ok_or(Code::Length)?, text.get(32..64).ok_or(Code::Length)?),
        };
        let (internal, _) = halves(internal)?;
        Ok(Self { internal: Cryptogram(internal), external: halves(external)? })
    }
}

/// What a security module is asked: region, reset information, algorithm, ident code, four values, terminal, device.
pub(crate) fn question(card: &Powered, values: [&[u8]; 4], settings: &Settings) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut answer = Answer::new();
    answer.field(card.ident.region().as_str().as_bytes())?;
    answer.field(hex::encode_upper(&card.historical).as_bytes())?;
    answer.field(hex::encode_upper([card.algorithm]).as_bytes())?;
    answer.field(card.ident_hex().as_bytes())?;
    for value in values {
        answer.field(hex::encode_upper(value).as_bytes())?;
    }
    answer.field(settings.terminal.as_bytes())?;
    answer.field(settings.device.as_bytes())?;
    Ok(answer.into_bytes())
}

/// Bytes from hex digits.
pub(crate) fn unhex(digits: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Code::Character.into());
    }
    hex::decode(digits).map(Zeroizing::new).map_err(|_| Code::Length.into())
}

/// Eight bytes, and eight more if there are, from hex digits.
fn halves(digits: &[u8]) -> Result<([u8; 8], Option<[u8; 8]>), Failure> {
    let bytes = unhex(digits)?;
    match *bytes.as_chunks().0 {
        [first] if bytes.len() == 8 => Ok((first, None)),
        [first, second] if bytes.len() == 16 => Ok((first, Some(second))),
        _ => Err(Code::Length.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/driver.md §A.3.
    #[test]
    fn results_come_in_two_forms() {
        let results = |text: &str| Results::parse(text.as_bytes());
        let (one, two, three) = ("0101010101010101", "0202020202020202", "aaaaAAAAaaaaAAAA");
        let expected = |factor| Results { internal: Cryptogram([1; 8]), external: ([2; 8], factor) };
        assert_eq!(results(&format!("{one}|{two}|")), Ok(expected(None)));
        assert_eq!(results(&format!("{one}|{two}{three}")), Ok(expected(Some([0xAA; 8]))));
        let fixed = format!("{one}{:016}{two}{three}", 0);
        assert_eq!(results(&fixed), Ok(expected(Some([0xAA; 8]))));
        assert_eq!(results(&format!("{fixed}|")), Ok(expected(Some([0xAA; 8]))));
        for (bad, code) in [
            ("", Code::Length),
            ("|", Code::Length),
            (&fixed[..63], Code::Length),
            ("01|02|", Code::Length),
            ("0101010101010101|02020202020202020|", Code::Length),
            ("010101010101010G|0202020202020202|", Code::Character),
            ("0101010101010101|0202020202020202|0202020202020202|", Code::Character),
        ] {
            assert_eq!(results(bad).unwrap_err().code, code, "{bad}");
        }
    }
}
