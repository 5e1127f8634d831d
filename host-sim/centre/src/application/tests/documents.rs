//! Every kind of document accepted and refused, every fault reached, and the tables of other systems
//! (docs/centre.md §6.5.4, §6.5.5).

use jiff::civil::{Date, date};
use strum::VariantArray as _;

use crate::application::documents::numbers::{self, NumberFault, Sex, normal, social_security_number};
use crate::application::documents::tables::{Aac058, CityLetter, Hospital, KioskDigit};
use crate::application::documents::{Bearer, DocumentFault, Expiry, Kind, Validity, check, check_validity};
use NumberFault::{BirthDate, Character, Check, Form, MainlandersPermit, OtherKind, Region};

const TODAY: Date = date(2026, 3, 2);

fn knows(region: &str) -> bool {
    ["111111", "340524", "370101", "320102"].contains(&region)
}

type Judged = Result<String, NumberFault>;

fn judge(kind: Kind, number: &str) -> Judged {
    numbers::check(kind, number, TODAY, &knows).map(|checked| checked.identity)
}

/// Kind, number, and the identity or fault that it must give.
fn cases() -> Vec<(Kind, &'static str, Judged)> {
    let ok = |identity: &str| Ok(identity.to_string());
    vec![
        (Kind::IdCard, "34052419800101001X", ok("34052419800101001X")),
        (Kind::IdCard, "370101190102039973", ok("370101190102039973")),
        (Kind::IdCard, "340524198001010011", Err(Check)),
        (Kind::IdCard, "34052419800230001X", Err(BirthDate)),
        (Kind::IdCard, "320102202603032019", Err(BirthDate)),
        (Kind::IdCard, "320102202603022013", ok("320102202603022013")),
        (Kind::IdCard, "990102198001010010", Err(OtherKind(Kind::ForeignerResidence))),
        (Kind::IdCard, "320199198001010015", Err(Region)),
        (Kind::IdCard, "810000199408230021", Err(OtherKind(Kind::ResidencePermit))),
        (Kind::IdCard, "3405241980010100", Err(Form(Kind::IdCard))),
        (Kind::IdCard, "34052419800101O01X", Err(Character(Kind::IdCard, 15))),
        (Kind::HouseholdRegister, "111111198101011110", ok("111111198101011110")),
        (Kind::HouseholdRegister, "111111198101011111", Err(Check)),
        (Kind::HkMacauPermit, "H12345678", ok("H12345678")),
        (Kind::HkMacauPermit, "M1234567800", ok("M12345678")),
        (Kind::HkMacauPermit, "H1234567801", ok("H12345678")),
        (Kind::HkMacauPermit, "H123456780", Err(Form(Kind::HkMacauPermit))),
        (Kind::HkMacauPermit, "T12345678", Err(Character(Kind::HkMacauPermit, 1))),
        (Kind::HkMacauPermit, "H1234567X", Err(Character(Kind::HkMacauPermit, 9))),
        (Kind::HkMacauPermit, "CA1234567", Err(MainlandersPermit)),
        (Kind::TaiwanPermit, "12345678", ok("12345678")),
        (Kind::TaiwanPermit, "1234567802", ok("12345678")),
        (Kind::TaiwanPermit, "1234567", Err(Form(Kind::TaiwanPermit))),
        (Kind::ResidencePermit, "810000199408230021", ok("810000199408230021")),
        (Kind::ResidencePermit, "810000199408230022", Err(Check)),
        (Kind::ResidencePermit, "34052419800101001X", Err(OtherKind(Kind::IdCard))),
        (Kind::ResidencePermit, "81000019940823", Err(Form(Kind::ResidencePermit))),
        (Kind::ForeignerResidence, "911124198108030024", ok("911124198108030024")),
        (Kind::ForeignerResidence, "911124198108030025", Err(Check)),
        (Kind::ForeignerResidence, "FRA123456789012", ok("FRA123456789012")),
        (Kind::ForeignerResidence, "FR1123456789012", Err(Form(Kind::ForeignerResidence))),
        (Kind::ForeignerResidence, "34052419800101001X", Err(OtherKind(Kind::IdCard))),
        (Kind::Passport, "E12345678", ok("E12345678")),
        (Kind::Passport, "EA1234567", ok("EA1234567")),
        (Kind::Passport, "G12345678", ok("G12345678")),
        (Kind::Passport, "141234567", ok("141234567")),
        (Kind::Passport, "151234567", ok("151234567")),
        (Kind::Passport, "P1234567", ok("P1234567")),
        (Kind::Passport, "S1234567", ok("S1234567")),
        (Kind::Passport, "S12345678", ok("S12345678")),
        (Kind::Passport, "D1234567", ok("D1234567")),
        (Kind::Passport, "E1234567", Err(Form(Kind::Passport))),
        (Kind::Passport, "X12345678", Err(Form(Kind::Passport))),
        (Kind::ForeignPassport, "C01X00T47", ok("C01X00T47")),
        (Kind::ForeignPassport, "C01X", Err(Form(Kind::ForeignPassport))),
        (Kind::ForeignPassport, "C01X00T47C01X00T47C", Err(Form(Kind::ForeignPassport))),
        (Kind::ForeignPassport, "C01X-0T47", Err(Character(Kind::ForeignPassport, 5))),
        (Kind::SocialSecurityCard, "X00000019", ok("X00000019")),
        (Kind::SocialSecurityCard, "X0000001", Err(Form(Kind::SocialSecurityCard))),
        (Kind::SocialSecurityCard, "X000-0019", Err(Character(Kind::SocialSecurityCard, 5))),
        (Kind::OfficerId, "军1234567", ok("军1234567")),
        (Kind::OfficerId, "军", Err(Form(Kind::OfficerId))),
        (Kind::OfficerId, "军123;4567", Err(Character(Kind::OfficerId, 5))),
    ]
}

/// The kinds of which only characters and length are known.
const FREE: [Kind; 10] = [
    Kind::OfficerId,
    Kind::PoliceOfficerId,
    Kind::DisabilityCertificate,
    Kind::MilitaryFamilyCertificate,
    Kind::ForeignWorkPermit,
    Kind::ForeignExpertPermit,
    Kind::ForeignJournalistPermit,
    Kind::HmtWorkPermit,
    Kind::SettledExpertCertificate,
    Kind::BirthCertificate,
];

#[test]
fn every_kind_is_accepted_and_refused() {
    for (kind, number, expected) in cases() {
        assert_eq!(judge(kind, number), expected, "{kind:?} {number}");
    }
    for kind in FREE.into_iter().chain([Kind::Other]) {
        assert_eq!(judge(kind, "AB-123"), Ok("AB-123".to_string()), "{kind:?}");
        assert_eq!(judge(kind, "A"), Err(Form(kind)));
        assert_eq!(judge(kind, "A12345678901234567890"), Err(Form(kind)));
        assert_eq!(judge(kind, "AB 123"), Err(Character(kind, 3)));
    }
    for kind in Kind::VARIANTS {
        let seen = |accepted: bool| cases().iter().any(|(of, _, result)| of == kind && result.is_ok() == accepted);
        assert!(
            FREE.contains(kind) || *kind == Kind::Other || (seen(true) && seen(false)),
            "{kind:?} is not in the table"
        );
    }
}

#[test]
fn each_deliberate_fault_of_a_number_rule_is_caught() {
    type Mutant = (&'static str, fn(Kind, &str) -> Judged);
    let forgive: [Mutant; 9] = [
        ("check character ignored", |kind, number| match judge(kind, number) {
            Err(Check) => Ok(number.to_string()),
            other => other,
        }),
        ("birth date ignored", |kind, number| match judge(kind, number) {
            Err(BirthDate) => Ok(number.to_string()),
            other => other,
        }),
        ("birth date may be to come", |kind, number| {
            numbers::check(kind, number, Date::MAX, &knows).map(|checked| checked.identity)
        }),
        ("born today is refused", |kind, number| {
            let yesterday = TODAY.yesterday().expect("a day before");
            numbers::check(kind, number, yesterday, &knows).map(|checked| checked.identity)
        }),
        ("every region known", |kind, number| {
            numbers::check(kind, number, TODAY, &|_| true).map(|checked| checked.identity)
        }),
        ("kinds of eighteen digits mixed up", |kind, number| match judge(kind, number) {
            Err(OtherKind(_)) => Ok(number.to_string()),
            other => other,
        }),
        ("renewals make another person", |kind, number| judge(kind, number).map(|_| number.to_string())),
        ("mainlanders' permits accepted", |kind, number| match judge(kind, number) {
            Err(MainlandersPermit) => Ok(number.to_string()),
            other => other,
        }),
        ("any character accepted", |kind, number| match judge(kind, number) {
            Err(Character(..)) => Ok(number.to_string()),
            other => other,
        }),
    ];
    for (name, mutant) in forgive {
        assert!(cases().iter().any(|(kind, number, expected)| mutant(*kind, number) != *expected), "{name}");
    }
}

#[test]
fn a_number_tells_birth_and_sex() {
    let of = |kind, number| numbers::check(kind, number, TODAY, &knows).expect("accepted");
    let id = of(Kind::IdCard, "34052419800101001X");
    assert_eq!((id.born, id.sex), (Some(date(1980, 1, 1)), Some(Sex::Male)));
    let permit = of(Kind::ResidencePermit, "810000199408230021");
    assert_eq!((permit.born, permit.sex), (Some(date(1994, 8, 23)), Some(Sex::Female)));
    let permanent = of(Kind::ForeignerResidence, "911124198108030024");
    assert_eq!(permanent.born, Some(date(1981, 8, 3)));
    assert_eq!(of(Kind::Passport, "E12345678").born, None);
    assert_eq!(normal(" 34052419800101001x "), "34052419800101001X");
}

#[test]
fn a_document_is_valid_to_the_end_of_its_last_day() {
    let judge = |kind, validity| check_validity(kind, validity, TODAY);
    let (yesterday, today) = (date(2026, 3, 1), TODAY);
    for kind in Kind::VARIANTS {
        assert_eq!(judge(*kind, Validity::Until(today)), Ok(()), "{kind:?}");
        assert_eq!(judge(*kind, Validity::Until(yesterday)), Err(DocumentFault::Expired(yesterday)), "{kind:?}");
        let (long, missing) = match kind.expiry() {
            Expiry::Day => (Err(DocumentFault::NeverLongTerm), Err(DocumentFault::ExpiryMissing)),
            Expiry::DayOrNone => (Ok(()), Err(DocumentFault::ExpiryMissing)),
            Expiry::Never => (Ok(()), Ok(())),
        };
        assert_eq!(judge(*kind, Validity::LongTerm), long, "{kind:?}");
        assert_eq!(judge(*kind, Validity::NotStated), missing, "{kind:?}");
    }
}

#[test]
fn all_faults_of_a_document_are_told_at_once() {
    let faults = check(Kind::IdCard, "340524198001010011", Validity::Until(date(2020, 1, 1)), TODAY, &knows);
    let expected = vec![DocumentFault::Number(Check), DocumentFault::Expired(date(2020, 1, 1))];
    assert_eq!(faults.err(), Some(expected));
    let fine = check(Kind::IdCard, "34052419800101001X", Validity::LongTerm, TODAY, &knows);
    assert!(fine.is_ok_and(|checked| checked.identity == "34052419800101001X"));
    let expired = check(Kind::IdCard, "34052419800101001X", Validity::NotStated, TODAY, &knows);
    assert_eq!(expired.err(), Some(vec![DocumentFault::ExpiryMissing]));
}

/// A number that a document of this kind may have.
fn sample(kind: Kind) -> &'static str {
    cases().into_iter().find(|(of, _, result)| *of == kind && result.is_ok()).map_or("AB-123", |(_, number, _)| number)
}

#[test]
fn other_tables_lead_to_the_kind_and_back() {
    for kind in Kind::VARIANTS.iter().copied() {
        let number = sample(kind);
        let back = Aac058::of(kind, number).map(Aac058::kind);
        assert_eq!(back.is_none(), matches!(kind, Kind::ResidencePermit | Kind::Passport), "{kind:?}");
        assert!(back.is_none_or(|back| back == kind), "{kind:?}");
        assert!(KioskDigit::of(kind, number).is_none_or(|code| code.kind() == kind), "{kind:?}");
        assert!(CityLetter::of(kind).is_none_or(|code| code.kinds().contains(&kind)), "{kind:?}");
        let hospital = Hospital::of(kind);
        assert!(hospital == Hospital::Other || hospital.kinds().contains(&kind), "{kind:?}");
    }
    assert!(Hospital::VARIANTS.iter().all(|code| code.kinds().iter().all(|kind| Hospital::of(*kind) == *code)));
    assert!(
        CityLetter::VARIANTS.iter().all(|code| code.kinds().iter().all(|kind| CityLetter::of(*kind) == Some(*code)))
    );
}

#[test]
fn the_codes_are_those_of_the_sources() {
    let aac058 = |kind, number| Aac058::of(kind, number).map(<&str>::from);
    assert_eq!(aac058(Kind::HkMacauPermit, "H12345678"), Some("04"));
    assert_eq!(aac058(Kind::HkMacauPermit, "M12345678"), Some("05"));
    assert_eq!(aac058(Kind::HouseholdRegister, ""), Some("21"));
    assert_eq!(aac058(Kind::BirthCertificate, ""), Some("990201"));
    assert_eq!(aac058(Kind::SettledExpertCertificate, ""), Some("15"));
    assert_eq!(KioskDigit::of(Kind::ForeignPassport, "").map(<&str>::from), Some("8"));
    assert_eq!(KioskDigit::of(Kind::HouseholdRegister, ""), None);
    assert_eq!(<&str>::from(Hospital::of(Kind::HouseholdRegister)), "02");
    assert_eq!(CityLetter::of(Kind::TaiwanPermit).map(<&str>::from), Some("K"));
    assert_eq!("04".parse(), Ok(Aac058::HongKong));
    // The same digits in another table are another paper.
    assert_eq!("04".parse(), Ok(Hospital::Officer));
    assert_eq!("03".parse::<Aac058>().map(Aac058::kind), Ok(Kind::PoliceOfficerId));
    assert!("1".parse::<Aac058>().is_err() && "01".parse::<KioskDigit>().is_err());
}

#[test]
fn whoever_has_no_citizens_number_gets_a_constructed_one() {
    let number = |kind, number, country| {
        social_security_number(kind, number, country).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())
    };
    assert_eq!(number(Kind::IdCard, "34052419800101001X", "CHN").as_deref(), Some("34052419800101001X"));
    assert_eq!(number(Kind::ForeignPassport, "C01X00T47", "DEU").as_deref(), Some("DEU000000C01X00T47"));
    assert_eq!(number(Kind::HkMacauPermit, "H12345678", "HKG").as_deref(), Some("HKG000000H12345678"));
    assert_eq!(number(Kind::ForeignPassport, "C01X00T47C01X00T", "DEU"), None);
    assert_eq!(number(Kind::ForeignPassport, "C01X00T47", "De"), None);
    assert_eq!(number(Kind::OfficerId, "军1234567", "CHN"), None);
    assert!(Kind::VARIANTS.iter().any(|kind| kind.bearer() == Bearer::Anybody));
}
