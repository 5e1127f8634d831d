//! iReadCard and its steps with a security module: any records of the card, named by file and tag (docs/card.md §1.4, §1.5,
//! §1.9).

use qiyong_protocol::card::files::{Access, Content, Df, EF05, FileSpec, RecordSpec, key, tag};
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::answer::{Answer, without_filling};
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::hsm::Waiting;
use crate::pin::{self, Keyboard, Voice};
use crate::settings::Settings;

/// What a caller wants, from which card. `pCardInfo` is `ident code|card number|`, of which either may be empty: then it is not
/// compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    ident: String,
    number: Vec<u8>,
    files: Vec<(Df, u16, Vec<u8>)>,
}

/// A record of a file, as this card has it.
struct Found {
    df: Df,
    fid: u16,
    records: Vec<(u8, &'static RecordSpec)>,
}

impl Wanted {
    /// From pCardInfo and pFileAddr. A file is named by its application and its own identifier, with `SSSE` or `3F00` for the
    /// environment; tags in hex follow, each closed by a bar, and `$` closes the file.
    ///
    /// # Errors
    /// It is not of this form, or names no record.
    pub(crate) fn parse(card: &[u8], files: &[u8]) -> Result<Self, Failure> {
        let mut fields = card.split(|byte| *byte == b'|');
        let mut field = || fields.next().unwrap_or_default();
        let (ident, number) = (field(), field());
        let wrong = || Code::Parameter.with("pFileAddr格式错误");
        let text = str::from_utf8(files).map_err(|_| wrong())?;
        let files: Option<Vec<_>> = text.split('$').filter(|part| !part.is_empty()).map(file).collect();
        let files = files.filter(|files| !files.is_empty()).ok_or_else(wrong)?;
        Ok(Self { ident: String::from_utf8_lossy(ident).into_owned(), number: number.into(), files })
    }

    /// The records on this card, and what reading them requires.
    fn find(&self, card: &Powered) -> Result<(Vec<Found>, Vec<Access>), Failure> {
        if !self.ident.is_empty() && !self.ident.eq_ignore_ascii_case(&card.ident_hex()) {
            return Err(Code::OtherCard.into());
        }
        let mut access = Vec::new();
        let mut found = Vec::new();
        for (df, fid, tags) in &self.files {
            let spec = card.generation.file(*df, *fid).ok_or(Failure::from(StatusWord::FILE_NOT_FOUND))?;
            if !matches!(spec.content, Content::Records(_)) {
                return Err(Code::NotSupported.with("只能读取变长记录文件"));
            }
            let records: Option<Vec<_>> = tags.iter().map(|tag| record(spec, *tag)).collect();
            let records = records.ok_or(Failure::from(StatusWord::RECORD_NOT_FOUND))?;
            access.extend(records.iter().map(|(_, record)| spec.read_access(record.tag)));
            found.push(Found { df: *df, fid: *fid, records });
        }
        Ok((found, access))
    }

    /// The values of the records, if it is the right card. What they require is done.
    fn read(&self, card: &mut Powered, found: &[Found]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut answer = Answer::new();
        for Found { df, fid, records } in found {
            card.enter(*df)?;
            card.select(*fid)?;
            for (number, spec) in records {
                let value = card.record(*number, spec)?;
                answer.value(spec.format, &value)?;
            }
            answer.end_file()?;
        }
        Ok(answer.into_bytes())
    }

    /// Compares the card's number, where the card shows it.
    fn compare_number(&self, card: &mut Powered) -> Result<(), Failure> {
        if self.number.is_empty() {
            return Ok(());
        }
        card.enter(Df::Ssse)?;
        card.select(EF05)?;
        let there = card.value(EF05, tag::CARD_NUMBER)?;
        if without_filling(&there) == self.number { Ok(()) } else { Err(Code::OtherCard.into()) }
    }
}

/// iReadCard: `auth` is 1 for the PIN, 2 for a key of the PSAM. What is free needs neither.
///
/// The card number of a card of version 3.00 is compared only if it is read, since the card shows it only then.
pub(crate) fn read(
    settings: &Settings,
    keyboard: Keyboard,
    auth: i32,
    wanted: &Wanted,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if !matches!(auth, 1 | 2) {
        return Err(Code::Parameter.with("iAuthType应为1或2"));
    }
    let mut card = Powered::new(settings)?;
    let (found, access) = wanted.find(&card)?;
    if shows_number(&card) {
        wanted.compare_number(&mut card)?;
    }
    let mut needs_pin = false;
    for access in access {
        match access {
            Access::Free => {}
            Access::PinOrKey(_) if auth == 1 => needs_pin = true,
            Access::PinOrKey(_) | Access::PinAndKey(_) | Access::Key(_) => return Err(Code::NoPsam.into()),
            Access::Never => return Err(StatusWord::SECURITY_NOT_SATISFIED.into()),
        }
    }
    if needs_pin {
        let pin = pin::ask(settings, keyboard, Voice::Enter)?;
        card.verify(&pin)?;
    }
    wanted.read(&mut card, &found)
}

/// iReadCard_HSM_Step1, for records that key RKSSSE opens.
pub(crate) fn step_1(settings: &Settings, wanted: &Wanted) -> Result<(Waiting, Zeroizing<Vec<u8>>), Failure> {
    let card = Powered::new(settings)?;
    let (_, access) = wanted.find(&card)?;
    if access.iter().all(|access| *access == Access::Free) {
        return Err(Code::HsmNotNeeded.into());
    }
    if !access.iter().all(|access| matches!(access, Access::Free | Access::Key(key::READ_SSSE))) {
        return Err(Code::NotSupported.with("加密机方式只支持SSSE文件"));
    }
    Waiting::new(card, settings)
}

/// iReadCard_HSM_Step2.
pub(crate) fn step_2(waiting: Waiting, key: &[u8], wanted: &Wanted) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut card = waiting.authenticate(key)?;
    let (found, _) = wanted.find(&card)?;
    wanted.compare_number(&mut card)?;
    wanted.read(&mut card, &found)
}

/// Whether the card number can be read without anything.
fn shows_number(card: &Powered) -> bool {
    let file = card.generation.file(Df::Ssse, EF05);
    file.is_some_and(|file| file.read_access(tag::CARD_NUMBER) == Access::Free)
}

fn record(file: &FileSpec, tag: u8) -> Option<(u8, &'static RecordSpec)> {
    (1..).zip(file.records()).find(|(_, record)| record.tag == tag)
}

/// `SSSEEF05|01|07|`.
fn file(text: &str) -> Option<(Df, u16, Vec<u8>)> {
    let mut words = text.split('|');
    let (df, fid) = words.next()?.split_at_checked(4)?;
    let df = match df {
        "SSSE" | "3F00" => Df::Ssse,
        df => Df::App(u8::from_str_radix(df.strip_prefix("DF")?, 16).ok()?),
    };
    let fid = hex::decode(fid).ok()?;
    let fid = u16::from_be_bytes(fid.try_into().ok()?);
    let tags: Option<Vec<u8>> = words
        .filter(|word| !word.is_empty())
        .map(|word| match *hex::decode(word).ok()? {
            [tag] => Some(tag),
            _ => None,
        })
        .collect();
    Some((df, fid, tags.filter(|tags| !tags.is_empty())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// docs/card.md §1.9, docs/driver.md §A.3.
    #[test]
    fn files_are_named_in_two_ways() {
        let parse = |files: &str| Wanted::parse(b"", files.as_bytes()).map(|wanted| wanted.files);
        let ssse = |fid, tags: &[u8]| (Df::Ssse, fid, tags.to_vec());
        assert_eq!(
            parse("SSSEEF05|06|07|$SSSEEF06|08|4E|$"),
            Ok(vec![ssse(0xEF05, &[6, 7]), ssse(0xEF06, &[8, 0x4E])])
        );
        assert_eq!(parse("3F00EF06|08|09|4E|$"), Ok(vec![ssse(0xEF06, &[8, 9, 0x4E])]));
        assert_eq!(parse("DF04EF05|81|84"), Ok(vec![(Df::App(4), 0xEF05, vec![0x81, 0x84])]));
        for bad in [
            "",
            "$",
            "SSSEEF05",
            "SSSEEF05||$",
            "SSSEEF5|01|",
            "SSEEF05|01|",
            "XF04EF05|81|",
            "SSSEEF05|1|",
            "社保卡|01|",
        ] {
            assert_eq!(parse(bad).unwrap_err().code, Code::Parameter, "{bad}");
        }
        let wanted = Wanted::parse(b"ABCD|X00000019|", b"SSSEEF05|07|$").unwrap();
        assert_eq!((wanted.ident.as_str(), wanted.number.as_slice()), ("ABCD", &b"X00000019"[..]));
    }
}
