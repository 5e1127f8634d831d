//! `qiyong atr HEX [--json]`: what the Answer to Reset of a card says, for people and for scripts.
//!
//! [`run`] reads an ATR in any form of hex, lets [`qiyong_protocol::iso7816::atr`] judge it, and prints a table or one
//! JSON object. Exit status: 0 a valid ATR, 1 bytes that are no valid ATR, 2 no bytes.

mod unsaid;

use qiyong_protocol::iso7816::{
    atr::{Atr, AtrError, ClockStop, Edc, Group, Parameters, Tck, decode_di, decode_f_max, decode_fi},
    character::Convention,
};
use serde::Serialize;
use std::fmt::Write as _;

use qiyong_sim::input::{ALLOWED, HexError, parse_hex};

use crate::output::{Output, Verdict};

/// The clock of most terminals, in Hz: at 372 cycles per etu it gives 9600 bit/s.
const CLOCK_HZ: u32 = 3_571_200;

/// Decodes `hex`, prints the result on standard output and returns the exit status (see the module).
///
/// Unreadable input is explained on standard error, with `json` also as an object on standard output.
pub(crate) fn run(hex: &str, json: bool, output: &mut Output) -> Result<Verdict, String> {
    match parse_hex(hex).map_err(explain) {
        Ok(bytes) => {
            let report = Report::new(&bytes);
            if json {
                output.json_line(&report);
            } else {
                to_text(&bytes, &report).lines().for_each(|line| output.line(line));
            }
            Ok(if report.valid { Verdict::Done } else { Verdict::No })
        }
        Err(error) => {
            if json {
                output.json_line(&Unreadable { valid: false, error: &error });
            }
            Err(error)
        }
    }
}

fn explain(error: HexError) -> String {
    match error {
        HexError::Empty => {
            format!("there are no bytes in the input; expected an ATR such as 3B 6D 00 00 ...; {ALLOWED}")
        }
        HexError::Alone { .. } | HexError::NotHex { .. } => error.to_string(),
    }
}

/// What the ATR says, in the order of the JSON object. Hex is upper case without spaces.
///
/// Where the ATR says nothing, the value is the default of ISO/IEC 7816-3 and its key stands in `defaults`; `interface`
/// shows the bytes that are there.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Report {
    /// The bytes, in hex.
    atr: String,
    /// Whether it is as ISO/IEC 7816-3 wants it.
    valid: bool,
    /// What is wrong with it; only there if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// direct or inverse; null if the first byte says neither.
    convention: Option<&'static str>,
    /// The offered values of T, the preferred one first.
    protocols: Vec<u8>,
    /// The clock rate conversion integer Fi; null: an RFU code.
    fi: Option<u16>,
    /// The baud rate adjustment integer Di; null: an RFU code.
    di: Option<u8>,
    /// N of TC1, in etu; 255 means the minimum.
    extra_guard: u8,
    /// The mode in which the card begins; null: negotiable mode.
    specific_mode: Option<Specific>,
    /// The historical bytes, in hex.
    historical: String,
    /// The check character: absent, correct or wrong.
    tck: &'static str,
    /// For T=1: the card's information field size IFSC, in bytes.
    ifsc: u8,
    /// For T=1: the block waiting time integer BWI.
    bwi: u8,
    /// For T=1: the character waiting time integer CWI.
    cwi: u8,
    /// For T=0: the waiting time integer WI.
    wi: u8,
    /// For T=1: the error detection code, LRC or CRC.
    edc: &'static str,
    /// The classes of operating conditions.
    classes: Vec<&'static str>,
    /// Whether and at which level CLK may stop.
    clock_stop: &'static str,
    /// Keys of this object whose values the ATR does not say.
    defaults: Vec<&'static str>,
    /// Keys of this object whose values are not those in force, which the ATR does not say.
    implicit: Vec<&'static str>,
    /// The interface bytes that are there.
    interface: Vec<InterfaceByte>,
    /// What a valid ATR should not say, one sentence each.
    warnings: Vec<String>,
}

/// TA2: the mode in which the card begins.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Specific {
    /// The protocol T.
    protocol: u8,
    /// F and D are not those of TA1.
    implicit: bool,
    /// A warm reset may lead to negotiable mode.
    can_change: bool,
}

/// The JSON object for input that is no bytes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Unreadable<'e> {
    /// False.
    valid: bool,
    /// What is wrong with the input.
    error: &'e str,
}

/// An interface byte.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct InterfaceByte {
    /// Such as TA1.
    name: String,
    /// The byte, in hex.
    value: String,
    /// Only for people.
    #[serde(skip)]
    meaning: String,
}

impl Report {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (atr, card) = (Atr::new(bytes), Atr::new(bytes).parameters());
        let error = atr.check().err();
        Self {
            atr: hex::encode_upper(bytes),
            valid: error.is_none(),
            error: error.map(|e| e.to_string()),
            convention: atr.convention().map(|convention| match convention {
                Convention::Direct => "direct",
                Convention::Inverse => "inverse",
            }),
            protocols: atr.protocols().collect(),
            fi: card.fi(),
            di: card.di(),
            extra_guard: card.extra_guard(),
            specific_mode: card.specific_mode().map(|mode| Specific {
                protocol: mode.protocol,
                implicit: mode.implicit,
                can_change: mode.can_change,
            }),
            historical: hex::encode_upper(atr.historical()),
            tck: match atr.tck() {
                Tck::Absent => "absent",
                Tck::Ok => "ok",
                Tck::Wrong => "wrong",
                Tck::Missing => "missing",
            },
            ifsc: card.ifsc(),
            bwi: card.bwi(),
            cwi: card.cwi(),
            wi: card.wi(),
            edc: match card.edc() {
                Edc::Lrc => "lrc",
                Edc::Crc => "crc",
            },
            // Clause 8.3: a card that does not say its classes is of class A.
            classes: if card.classes().is_some() { classes(&card) } else { vec!["A"] },
            clock_stop: match card.clock_stop() {
                ClockStop::NotSupported => "no",
                ClockStop::Low => "low",
                ClockStop::High => "high",
                ClockStop::Any => "any",
            },
            defaults: unsaid::default_keys(&atr),
            implicit: unsaid::implicit_keys(&card),
            interface: interface(&atr, &card),
            warnings: warnings(&atr, &card, error),
        }
    }
}

fn interface(atr: &Atr<'_>, card: &Parameters) -> Vec<InterfaceByte> {
    atr.groups()
        .flat_map(|group| group.bytes().map(move |(letter, byte)| (group, letter, byte)))
        .map(|(group, letter, byte)| InterfaceByte {
            name: format!("T{letter}{}", group.index),
            value: format!("{byte:02X}"),
            meaning: match first_of_its_kind(atr, &group, letter) {
                Some(first) => format!("repeats T{letter}{first}, which is the one that counts"),
                None => meaning(card, &group, letter, byte),
            },
        })
        .collect()
}

/// The index of an earlier group with the same byte for the same T. From group 3 on, only the first one counts.
fn first_of_its_kind(atr: &Atr<'_>, group: &Group, letter: char) -> Option<usize> {
    let same = |other: &Group| other.protocol == group.protocol && other.bytes().any(|(l, _)| l == letter);
    let first = atr.groups().skip(2).find(same)?.index;
    (letter != 'D' && first < group.index).then_some(first)
}

/// The meaning of an interface byte, in a few words. Clauses: 8.3 (global), 10.2 (T=0), 11.4 (T=1) of ISO/IEC
/// 7816-3:2006.
fn meaning(card: &Parameters, group: &Group, letter: char, byte: u8) -> String {
    match (letter, group.index, group.protocol) {
        ('A', 1, _) => fi_and_di(byte),
        ('B', 1, _) => match byte & 0x1F {
            0 => "no programming voltage".to_owned(),
            volts => format!("programming voltage {volts} V (out of use)"),
        },
        ('B', 2, _) => format!("programming voltage {}.{} V (out of use)", byte / 10, byte % 10),
        ('C', 1, _) => match byte {
            0 => "no extra guard time".to_owned(),
            255 => "N = 255: least guard time, 12 etu in T=0 and 11 etu in T=1".to_owned(),
            n => format!("extra guard time {n} etu, {} in all", 12 + u16::from(n)),
        },
        ('D', i, _) => format!("T={}; {}", byte & 0x0F, follow(byte >> 4, i + 1)),
        ('A', 2, _) => format!(
            "specific mode: T={} at once, parameters {}, {}",
            byte & 0x0F,
            if byte & 0x10 == 0 { "of TA1" } else { "implicit" },
            if byte & 0x80 == 0 { "a warm reset may lead to negotiable mode" } else { "the card cannot change mode" }
        ),
        ('C', 2, _) => format!(
            "T=0 waiting integer {byte}: waiting time {}",
            seconds(u64::from(byte) * 960 * u64::from(card.fi().unwrap_or(372)))
        ),
        ('A', _, Some(1)) => {
            format!("IFSC: blocks to the card have at most {byte} information bytes")
        }
        ('B', _, Some(1)) => {
            let (bwi, cwi) = (byte >> 4, byte & 0x0F);
            format!(
                "BWI {bwi}: block waiting time 11 etu + {}; CWI {cwi}: character waiting time {} etu",
                seconds((960 * 372) << bwi),
                (1u32 << cwi) + 11
            )
        }
        ('C', _, Some(1)) => {
            let code = if byte & 1 == 0 { "LRC, 1 byte" } else { "CRC, 2 bytes" };
            format!("error detection code of blocks: {code}")
        }
        ('A', _, Some(15)) => {
            let clock_stop = match card.clock_stop() {
                ClockStop::NotSupported => "clock must not stop",
                ClockStop::Low => "clock may stop in state L",
                ClockStop::High => "clock may stop in state H",
                ClockStop::Any => "clock may stop in either state",
            };
            format!("{clock_stop}; classes {}", class_names(card))
        }
        ('B', _, Some(15)) => match byte {
            0 => "contact C6 not used".to_owned(),
            1..=0x7F => "contact C6 has a standard use".to_owned(),
            _ => "contact C6 has a proprietary use".to_owned(),
        },
        (_, _, protocol) => format!("specific to T={}, no meaning in the standard", protocol.unwrap_or_default()),
    }
}

fn fi_and_di(ta1: u8) -> String {
    match (decode_fi(ta1), decode_f_max(ta1), decode_di(ta1)) {
        (Some(fi), Some(f_max), Some(di)) => {
            let etu = f64::from(fi) / f64::from(di);
            format!(
                "Fi {fi}, Di {di}: 1 etu = {} clock cycles, {:.0} bit/s at 3.5712 MHz; clock up to {} MHz",
                (etu * 100.0).round() / 100.0,
                f64::from(CLOCK_HZ) / etu,
                f64::from(f_max) / 1000.0
            )
        }
        (fi, _, di) => {
            let or_rfu = |value: Option<u16>| value.map_or("RFU".to_owned(), |v| v.to_string());
            format!("Fi {}, Di {}", or_rfu(fi), or_rfu(di.map(u16::from)))
        }
    }
}

/// A duration in clock cycles, as seconds at the usual clock.
fn seconds(cycles: u64) -> String {
    format!("{:.2} s at 3.5712 MHz", cycles as f64 / f64::from(CLOCK_HZ))
}

/// The names of the interface bytes that the high nibble of T0 or a TD announces.
fn follow(announced: u8, index: usize) -> String {
    let names: Vec<String> = ['A', 'B', 'C', 'D']
        .iter()
        .enumerate()
        .filter(|(bit, _)| announced >> bit & 1 == 1)
        .map(|(_, letter)| format!("T{letter}{index}"))
        .collect();
    match names.last() {
        None => "no more interface bytes".to_owned(),
        Some(_) => format!("followed by {}", names.join(" ")),
    }
}

/// The classes that the ATR names; none if it names none, or an RFU combination.
fn classes(card: &Parameters) -> Vec<&'static str> {
    let accepted = card.classes().map_or([false; 3], |classes| [classes.a(), classes.b(), classes.c()]);
    ["A", "B", "C"].into_iter().zip(accepted).filter_map(|(name, accepted)| accepted.then_some(name)).collect()
}

fn class_names(card: &Parameters) -> String {
    let volts = |name: &str| match name {
        "A" => "A (5 V)",
        "B" => "B (3 V)",
        _ => "C (1.8 V)",
    };
    let names: Vec<_> = classes(card).into_iter().map(volts).collect();
    if names.is_empty() { "RFU".to_owned() } else { names.join(", ") }
}

fn warnings(atr: &Atr<'_>, card: &Parameters, error: Option<AtrError>) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |condition: bool, sentence: String| {
        if condition {
            warnings.push(sentence);
        }
    };
    let first = atr.groups().next();
    let second = atr.groups().nth(1);
    let ta1 = first.and_then(|g| g.ta).unwrap_or(0x11);
    warn(
        card.fi().is_none(),
        format!("TA1 = {ta1:02X} has an RFU code for Fi, so the terminal stays at F = 372, D = 1."),
    );
    warn(
        card.di().is_none(),
        format!("TA1 = {ta1:02X} has an RFU code for Di, so the terminal stays at F = 372, D = 1."),
    );
    if let Some(tb1) = first.and_then(|g| g.tb) {
        warn(
            tb1 & 0x1F != 0,
            format!("TB1 = {tb1:02X} asks for a programming voltage; no terminal gives one since ISO/IEC 7816-3:2006."),
        );
    }
    if let Some(tb2) = second.and_then(|g| g.tb) {
        warn(
            true,
            format!("TB2 = {tb2:02X} asks for a programming voltage; no terminal gives one since ISO/IEC 7816-3:2006."),
        );
    }
    let protocols: Vec<u8> = atr.protocols().collect();
    for t in protocols.iter().filter(|&&t| t > 1) {
        warn(true, format!("T={t} is offered, which ISO/IEC 7816-3 does not define."));
    }
    if let Some(mode) = card.specific_mode() {
        warn(
            !protocols.contains(&mode.protocol),
            format!("TA2 asks for T={} at once, which no TD offers.", mode.protocol),
        );
    }
    warn(card.wi() == 0, "TC2 has WI = 0, which is RFU.".to_owned());
    warn(matches!(card.ifsc(), 0 | 255), format!("The IFSC is {}, which is RFU.", card.ifsc()));
    warn(card.bwi() > 9, format!("BWI is {}, which is RFU.", card.bwi()));
    if let Some(classes) = card.classes() {
        // Clause 8.3: A, B, C, AB, BC and ABC are the only combinations.
        warn(
            !matches!(classes.bits(), 1 | 2 | 3 | 4 | 6 | 7),
            format!("The class indicator is {:02X}, which is RFU.", classes.bits()),
        );
    }
    if let (Some(AtrError::TooLong { expected, have }), Tck::Absent) = (error, atr.tck()) {
        let sum = atr.bytes().iter().skip(1).fold(0, |sum, byte| sum ^ byte);
        warn(
            have == expected + 1 && sum == 0,
            "The last byte is a check byte TCK that fits, but a card that only offers T=0 sends none.".to_owned(),
        );
    }
    let announced = atr.bytes().get(1).map(|t0| t0 & 0x0F);
    warn(announced == Some(0), "There are no historical bytes, so the ATR does not tell what card it is.".to_owned());
    warnings
}

pub(crate) fn to_text(bytes: &[u8], report: &Report) -> String {
    let atr = Atr::new(bytes);
    let mut text = String::new();
    let mut line = |name: &str, value: &str, meaning: &str| {
        let _ = writeln!(text, "{name:<5} {value:<3} {meaning}");
    };
    let ts = match atr.convention() {
        Some(Convention::Direct) => "direct convention: state H is 1, least significant bit first",
        Some(Convention::Inverse) => "inverse convention: state L is 1, most significant bit first",
        None => "no TS",
    };
    if let Some(byte) = bytes.first() {
        line("TS", &format!("{byte:02X}"), ts);
    }
    if let Some(&t0) = bytes.get(1) {
        let meaning = format!("{} historical bytes; {}", t0 & 0x0F, follow(t0 >> 4, 1));
        line("T0", &format!("{t0:02X}"), &meaning);
    }
    for byte in &report.interface {
        line(&byte.name, &byte.value, &byte.meaning);
    }
    let historical = atr.historical();
    if !historical.is_empty() {
        line("T1-TK", "", &format!("{}  \"{}\"", spaced(historical), ascii(historical)));
        for field in social_security_fields(historical) {
            line("", "", &field);
        }
    }
    // If a TD is missing, the length is not known, and there is nothing to say about the end.
    if let Some(len) = Atr::expected_len(bytes) {
        let last = bytes.get(len - 1).map(|byte| format!("{byte:02X}")).unwrap_or_default();
        match atr.tck() {
            Tck::Absent => line("TCK", "", "none, as only T=0 is offered"),
            Tck::Ok => line("TCK", &last, "fits"),
            Tck::Wrong => line("TCK", &last, "does not fit"),
            Tck::Missing => line("TCK", "", "missing"),
        }
        if let Some(rest @ [_, ..]) = bytes.get(len..) {
            line("", "", &format!("behind the end: {}", spaced(rest)));
        }
    }
    text.push('\n');
    let protocols = match report.protocols.as_slice() {
        [] => "no known protocol".to_owned(),
        ts => ts.iter().map(|t| format!("T={t}")).collect::<Vec<_>>().join(" and "),
    };
    let mode = if report.specific_mode.is_some() { "specific mode (no PPS)" } else { "negotiable mode" };
    let _ = writeln!(text, "Offers {protocols}, {mode}.");
    for sentence in unsaid::sentences(&atr, &atr.parameters()) {
        let _ = writeln!(text, "{sentence}");
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "Warning: {warning}");
    }
    let _ = match &report.error {
        None => writeln!(text, "A valid ATR of {} bytes.", bytes.len()),
        Some(error) => writeln!(text, "Not a valid ATR: {error}."),
    };
    text
}

/// The fields of the historical bytes of a social security card, one row each (docs/card.md §3.4).
///
/// Empty unless the bytes follow the pattern: 13 bytes, the first of which is 00, as in the numbers of all chip makers.
fn social_security_fields(historical: &[u8]) -> Vec<String> {
    let Ok([0x00, chip, cos @ .., m1, m2, s1, s2, s3, s4, s5, s6]) = <&[u8; 13]>::try_from(historical) else {
        return Vec::new();
    };
    let chip_maker = match chip {
        0x81 => "华大",
        0x85 => "华虹",
        0x87 => "大唐",
        0x90 => "复旦",
        _ => "name not known",
    };
    let card_maker = match (m1, m2) {
        (0x86, 0x60) => "东信和平",
        _ => "name not known",
    };
    // Cards are numbered in two ways; only a number that reads as a date counts as one.
    let in_bcd = |byte: u8, least: u8, most: u8| {
        byte & 0x0F <= 9 && (least..=most).contains(&(byte >> 4).wrapping_mul(10).wrapping_add(byte & 0x0F))
    };
    let serial = if in_bcd(*s1, 0, 99) && in_bcd(*s2, 1, 12) && in_bcd(*s3, 1, 31) {
        format!("reads as made on 20{s1:02X}-{s2:02X}-{s3:02X}, number {s4:02X}{s5:02X}{s6:02X}")
    } else {
        "region and number".to_owned()
    };
    vec![
        "as a social security card:".to_owned(),
        format!("  chip maker   00{chip:02X}, {chip_maker}"),
        format!("  chip and COS {}", hex::encode_upper(cos)),
        format!("  card maker   {m1:02X}{m2:02X}, {card_maker}"),
        format!("  serial       {}, {serial}", hex::encode_upper([*s1, *s2, *s3, *s4, *s5, *s6])),
    ]
}

fn spaced(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(" ")
}

/// The bytes as ASCII, with a dot for each that cannot be printed.
fn ascii(bytes: &[u8]) -> String {
    let printable = |byte: u8| matches!(byte, b' '..=b'~').then_some(char::from(byte));
    bytes.iter().map(|&byte| printable(byte).unwrap_or('.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOCIAL_SECURITY: &str = "3B 6D 00 00 00 81 54 31 00 86 60 11 08 16 00 00 01";

    fn text_of(hex: &str) -> String {
        let bytes = parse_hex(hex).unwrap();
        to_text(&bytes, &Report::new(&bytes))
    }

    fn json_of(hex: &str) -> serde_json::Value {
        serde_json::to_value(Report::new(&parse_hex(hex).unwrap())).unwrap()
    }

    #[test]
    fn keys_of_the_json_object_in_their_order() {
        let keys = |hex: &str| -> Vec<String> {
            let json = serde_json::to_string_pretty(&Report::new(&parse_hex(hex).unwrap())).unwrap();
            let lines = json.lines().filter_map(|line| line.strip_prefix("  \""));
            lines.filter_map(|line| Some(line.split_once('"')?.0.to_owned())).collect()
        };
        let good = "atr valid convention protocols fi di extra_guard specific_mode historical tck ifsc bwi cwi wi edc \
                    classes clock_stop defaults implicit interface warnings";
        assert_eq!(keys(SOCIAL_SECURITY).join(" "), good);
        assert_eq!(keys("3B").join(" "), good.replace("valid", "valid error"));
    }

    #[test]
    fn values_of_the_json_object() {
        let json = json_of("3b9795 80b1fe001f42 8031a073be2117 7a");
        assert_eq!(json["atr"], "3B979580B1FE001F428031A073BE21177A");
        assert_eq!(json["valid"], true);
        assert_eq!(json["convention"], "direct");
        assert_eq!(json["protocols"], serde_json::json!([0, 1]));
        assert_eq!((&json["fi"], &json["di"]), (&512.into(), &16.into()));
        assert_eq!(json["interface"][0], serde_json::json!({ "name": "TA1", "value": "95" }));
        assert_eq!(json["historical"], "8031A073BE2117");
        assert_eq!(json["tck"], "ok");
        assert_eq!(json["warnings"], serde_json::json!([]));

        let json = json_of("3B 10 7A 00");
        assert_eq!((&json["fi"], &json["di"]), (&serde_json::Value::Null, &serde_json::Value::Null));
        assert!(json["error"].as_str().unwrap().contains("announce 3 bytes, there are 4"));
        assert_eq!(json["warnings"].as_array().unwrap().len(), 3, "{}", json["warnings"]);
    }

    #[test]
    fn what_the_atr_does_not_say_is_marked() {
        let keys = |hex: &str, list: &str| serde_json::to_string(&json_of(hex)[list]).unwrap().replace('"', "");
        let all = "[protocols,fi,di,extra_guard,ifsc,bwi,cwi,wi,edc,classes,clock_stop]";
        assert_eq!(keys("3B 00", "defaults"), all);
        assert_eq!(json_of("3B 00")["classes"], serde_json::json!(["A"]));
        // Each byte says its own: TA1, TC1, TC2, then TA, TB and TC for T=1, then TA for T=15.
        for (hex, said) in [
            ("3B 10 95", &["fi", "di"][..]),
            ("3B 40 02", &["extra_guard"]),
            ("3B 80 40 0A", &["protocols", "wi"]),
            ("3B 80 81 31 20 4D 7D", &["protocols", "ifsc", "bwi", "cwi"]),
            ("3B 80 81 41 01 41", &["protocols", "edc"]),
            ("3B 80 81 1F 03 1D", &["protocols", "classes", "clock_stop"]),
        ] {
            let left: Vec<_> = all.trim_matches(['[', ']']).split(',').filter(|key| !said.contains(key)).collect();
            assert_eq!(keys(hex, "defaults"), format!("[{}]", left.join(",")), "{hex}");
            assert_eq!(
                (keys(hex, "implicit").as_str(), &json_of(hex)["specific_mode"]),
                ("[]", &serde_json::Value::Null)
            );
        }
        assert_eq!(json_of("3B 80 81 1F C3 DD")["classes"], serde_json::json!(["A", "B"]));
        assert_eq!(json_of("3B 80 81 1F C3 DD")["clock_stop"], "any");
        // TA1 says a rate, and TA2 that the card works at another one.
        let implicit = json_of("3B 90 95 10 91");
        assert_eq!(keys("3B 90 95 10 91", "implicit"), "[fi,di]");
        assert_eq!(
            implicit["specific_mode"],
            serde_json::json!({ "protocol": 1, "implicit": true, "can_change": false })
        );
        let text = text_of("3B 90 95 10 91");
        assert!(text.contains("Implicit: the card works at an F and D that the ATR does not say"), "{text}");
        assert!(!text_of("3B").contains("T=0 alone"));
        assert!(text_of("3B 00").contains(
            "By default, since the ATR does not say it: T=0 alone, Fi 372, Di 1, no extra guard time, WI 10, class A, \
             clock must not stop."
        ));
    }

    #[test]
    fn text_shows_the_fields_of_a_social_security_card() {
        let text = text_of(SOCIAL_SECURITY);
        for says in ["0081, 华大", "8660, 东信和平", "2011-08-16, number 000001", "A valid ATR of 17 bytes"] {
            assert!(text.contains(says), "no {says:?} in\n{text}");
        }
    }

    #[test]
    fn text_explains_the_bytes() {
        for (hex, says) in [
            ("3B 10 96", "Fi 512, Di 32: 1 etu = 16 clock cycles, 223200 bit/s at 3.5712 MHz; clock up to 5 MHz"),
            ("3B 10 11", "1 etu = 372 clock cycles, 9600 bit/s"),
            ("3B 80 40 0A", "waiting time 1.00 s"),
            (
                "3B 80 81 31 20 4D",
                "BWI 4: block waiting time 11 etu + 1.60 s at 3.5712 MHz; CWI 13: character waiting time 8203 etu",
            ),
            ("3B 02 14 50 46", "check byte TCK that fits"),
            ("3B 02 14 50 46", "behind the end: 46"),
            ("3B 80 81 91 20 11 40", "TA4   40  repeats TA3, which is the one that counts"),
            ("3B 80 81 1F C7", "TA3   C7  clock may stop in either state; classes A (5 V), B (3 V), C (1.8 V)"),
            ("03", "Not a valid ATR: TS is 03"),
        ] {
            let text = text_of(hex);
            assert!(text.contains(says), "no {says:?} in\n{text}");
        }
    }

    #[test]
    fn no_bytes_make_a_report_impossible() {
        // Every T0, and every TD chain of one repeated byte, at some lengths around the ends of the parts.
        for (t0, fill) in (0..=255).flat_map(|t0| (0..=255).step_by(5).map(move |fill| (t0, fill))) {
            for len in [1, 2, 5, 20, 33, 40] {
                let mut bytes = vec![fill; len];
                for (byte, start) in bytes.iter_mut().zip([0x3B, t0]) {
                    *byte = start;
                }
                let report = Report::new(&bytes);
                assert_eq!(report.valid, report.error.is_none());
                assert!(!to_text(&bytes, &report).is_empty());
            }
        }
    }
}
