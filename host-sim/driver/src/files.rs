//! iReadCard and its steps with a security module: any records of the card, named by file and tag (docs/card.md §1.4, §1.5,
//! §1.9).

use qiyong_protocol::card::files::{Access, Content, Df, EF05, FileSpec, RecordSpec, key, tag};
use qiyong_protocol::card::psam::for_reading;
use qiyong_protocol::iso7816::sw::StatusWord;
use zeroize::Zeroizing;

use crate::answer::Answer;
use crate::card::Powered;
use crate::code::Code;
use crate::failure::Failure;
use crate::hsm::Waiting;
use crate::pin::Keyboard;
use crate::rights::{Needs, Rights};
use crate::settings::Settings;
use crate::which::Which;

/// What a caller wants, from which card.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) card: Which,
    files: Vec<(Df, u16, Vec<u8>)>,
}

/// Records of a file, as this card has them.
pub(crate) struct Found {
    pub(crate) file: &'static FileSpec,
    pub(crate) records: Vec<(u8, &'static RecordSpec)>,
}

impl Wanted {
    /// From pCardInfo and pFileAddr. A file is named by its application and its own identifier, with `SSSE` or `3F00` for the
    /// environment; tags in hex follow, each closed by a bar, and `$` closes the file.
    ///
    /// # Errors
    /// It is not of this form, or names no record.
    pub(crate) fn parse(card: &[u8], files: &[u8]) -> Result<Self, Failure> {
        let wrong = || Code::Parameter.with("pFileAddr格式错误");
        let text = str::from_utf8(files).map_err(|_| wrong())?;
        let files: Option<Vec<_>> = text.split('$').filter(|part| !part.is_empty()).map(file).collect();
        let files = files.filter(|files| !files.is_empty()).ok_or_else(wrong)?;
        Ok(Self { card: Which::parse(card), files })
    }

    /// The same for writing: one file.
    ///
    /// # Errors
    /// Those of [`Wanted::parse`], or there are more.
    pub(crate) fn parse_one(card: &[u8], files: &[u8]) -> Result<Self, Failure> {
        let wanted = Self::parse(card, files)?;
        if wanted.files.len() == 1 { Ok(wanted) } else { Err(Code::Parameter.with("只能写一个文件")) }
    }

    /// The records on this card, if it is the one that is named.
    pub(crate) fn find(&self, card: &Powered) -> Result<Vec<Found>, Failure> {
        self.card.compare_ident(card)?;
        let find = |(df, fid, tags): &(Df, u16, Vec<u8>)| {
            let file = card.generation.file(*df, *fid).ok_or(Failure::from(StatusWord::FILE_NOT_FOUND))?;
            if !matches!(file.content, Content::Records(_)) {
                return Err(Code::NotSupported.with("只支持变长记录文件"));
            }
            let records: Option<Vec<_>> = tags.iter().map(|tag| record(file, *tag)).collect();
            Ok(Found { file, records: records.ok_or(Failure::from(StatusWord::RECORD_NOT_FOUND))? })
        };
        self.files.iter().map(find).collect()
    }
}

impl Found {
    /// What reading the records requires.
    fn access(&self) -> impl Iterator<Item = Access> {
        self.records.iter().map(|(_, record)| self.file.read_access(record.tag))
    }

    fn needs(&self, prefers_pin: bool) -> Result<Needs, Failure> {
        self.access().try_fold(Needs::default(), |sum, access| Ok(sum.and(Needs::of(access, prefers_pin)?)))
    }

    /// The values of the records; what they require is done, and the application is entered.
    fn read(&self, card: &mut Powered, answer: &mut Answer) -> Result<(), Failure> {
        card.select(self.file.fid)?;
        for (number, spec) in &self.records {
            let value = card.record(*number, spec)?;
            answer.value(spec.format, &value)?;
        }
        answer.end_file()
    }
}

/// iReadCard: `auth` is 1 for the PIN, 2 for a key of the PSAM, where a file lets either do. What is free needs neither.
///
/// The card number of a card of version 3.00 is compared only where the caller has proved itself, since the card shows it only
/// then.
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
    let found = wanted.find(&card)?;
    let needs: Vec<Needs> = found.iter().map(|found| found.needs(auth == 1)).collect::<Result<_, _>>()?;
    if shows_number(&card) {
        wanted.card.compare_number(&mut card)?;
    }
    let all = needs.iter().fold(Needs::default(), |sum, needs| sum.and(*needs));
    let mut rights = Rights::prepare(settings, keyboard, &mut card, all)?;
    let mut answer = Answer::new();
    for (found, needs) in found.iter().zip(needs) {
        let FileSpec { df, fid, .. } = *found.file;
        rights.enter(&mut card, df, needs, Some(for_reading(df, fid)))?;
        if rights.shows_number() {
            wanted.card.compare_number(&mut card)?;
        }
        found.read(&mut card, &mut answer)?;
    }
    Ok(answer.into_bytes())
}

/// iReadCard_HSM_Step1, for records that key RKSSSE opens.
pub(crate) fn step_1(settings: &Settings, wanted: &Wanted) -> Result<(Waiting, Zeroizing<Vec<u8>>), Failure> {
    let card = Powered::new(settings)?;
    let found = wanted.find(&card)?;
    let access: Vec<Access> = found.iter().flat_map(Found::access).collect();
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
    let mut card = waiting.authenticate(key, key::READ_SSSE)?;
    let found = wanted.find(&card)?;
    wanted.card.compare_number(&mut card)?;
    let mut answer = Answer::new();
    for found in found {
        card.enter(found.file.df)?;
        found.read(&mut card, &mut answer)?;
    }
    Ok(answer.into_bytes())
}

/// Whether the card number can be read without anything.
pub(crate) fn shows_number(card: &Powered) -> bool {
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
        assert_eq!(Wanted::parse_one(b"", b"SSSEEF05|07|$DF01EF05|21|$").unwrap_err().code, Code::Parameter);
    }
}
