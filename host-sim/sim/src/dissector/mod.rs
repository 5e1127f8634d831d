//! A dissector for Wireshark, in Lua: it names every part of what crosses the card line, the till's line and the line to the centre.
//!
//! Its tables are made here from the protocol's own (`qiyong_protocol::layout` and what stands beside the codecs, the card's files
//! and commands, the status words), whenever it is asked for. What reads by them is in the Lua files beside this one, and knows no
//! message by name. The module `capture` writes what it opens.
//!
//! | Protocol | What | Where Wireshark finds it |
//! |---|---|---|
//! | `qiyong.card`, `qiyong.apdu`, `qiyong.atr` | commands, answers and ATRs of the card | GSMTAP, and user link types 0 and 1 |
//! | `qiyong.centre` | ISO 8583 between terminal and centre | TCP port 8583 (a preference), and exported PDUs of this name |
//! | `qiyong.till` | frames between till and terminal | exported PDUs of this name |

mod lua;

use std::fmt::Write;

use qiyong_protocol::card::commands::{FCI_OBJECTS, describe, ins, takes_data, words};
use qiyong_protocol::card::files::{Df, FileSpec, Format, Generation, MF, RID, SSSE_NAME};
use qiyong_protocol::centre::iso8583::field::{Content, FIELDS, Size, name};
use qiyong_protocol::centre::message::layout::{self, Layout, OBJECTS, Object, Variant};
use qiyong_protocol::ecr::layout::{COMMANDS, EVENTS};
use qiyong_protocol::frame::Peer;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::layout::Form;

use crate::decode::key_of;
use lua::{one, parts, table, text};

/// What reads by the tables.
const ENGINE: [&str; 4] =
    [include_str!("common.lua"), include_str!("centre.lua"), include_str!("till.lua"), include_str!("card.lua")];

/// The dissector.
pub fn script() -> String {
    let mut script = String::from(
        "-- Wireshark: what crosses the lines of a social security card's terminal. Made by `qiyong dissector` from the\n\
         -- tables of the program; do not change it, make it anew.\n\n",
    );
    for (name, table) in tables() {
        _ = writeln!(script, "local {name} = {table}");
    }
    for part in ENGINE {
        script.push('\n');
        script += part;
    }
    script
}

fn tables() -> Vec<(&'static str, String)> {
    let peer = |peer: Peer| {
        let word = match peer {
            Peer::Till => "till",
            Peer::Centre => "centre",
        };
        format!("[{}] = {}", peer.code(), text(word))
    };
    let message = |name: layout::Name| {
        let layout::Name { mti, sort, network, words } = name;
        // A type is read as a number there.
        format!("{{ mti = {mti}, sort = {sort}, network = {network}, n = {} }}", text(words))
    };
    let of_till = COMMANDS.iter().chain(&EVENTS).map(|message| {
        let (letter, key) = (lua::bytes(&[message.letter]), text(&key_of(message.name)));
        format!("[{letter}] = {{ k = {key}, n = {}, parts = {} }}", text(message.name), parts(message.parts))
    });
    let fci = FCI_OBJECTS.iter().map(|(tag, name)| format!("[{tag}] = {}", text(name)));
    let hex = |bytes: &[u8]| text(&hex::encode_upper(bytes));
    vec![
        ("NAMES", table(layout::names().map(message))),
        (
            "FIELDS",
            table(
                FIELDS.iter().map(|field| row(field.number, Some((field.content, field.size)))).chain([row(64, None)]),
            ),
        ),
        ("PEERS", table(Peer::ALL.map(peer))),
        ("MESSAGES", table(of_till)),
        ("SELECT", ins::SELECT.to_string()),
        ("COMMANDS", table((0..=255).filter_map(command))),
        ("SELECTIONS", table(selections())),
        ("TAKES_DATA", table((0..=255).filter(|ins| takes_data(*ins)).map(|ins| format!("[{ins}] = true")))),
        ("SSSE_NAME", hex(&SSSE_NAME)),
        ("RID", hex(&RID)),
        ("MF", hex(&MF.to_be_bytes())),
        ("FILES", files()),
        ("TAGS", tags()),
        ("FCI", table(fci)),
        ("WORDS", table(status_words())),
    ]
}

/// A field: how it is written, and what it consists of.
fn row(number: u8, form: Option<(Content, Size)>) -> String {
    let name = text(&format!("F{number} {}", name(number).unwrap_or_default()));
    let Some((content, size)) = form else {
        return format!("[{number}] = {{ n = {name}, one = {} }}", one("", &Form::Text(8)));
    };
    let (length, most) = match size {
        Size::Fixed(count) => (0, count),
        Size::Ll(most) => (1, most),
        Size::Lll(most) => (2, most),
    };
    let (word, own) = match content {
        Content::Digits | Content::Track => ("digits", Form::Digits(most)),
        Content::Text => ("text", Form::Rest),
        Content::Binary => ("binary", Form::RestBytes),
    };
    let what = match layout::field(number) {
        Layout::Plain(_) => format!("one = {}", one("", &own)),
        Layout::One(form) => format!("one = {}", one("", &form)),
        Layout::Parts(variants) => format!("variants = {}", table(variants.iter().map(variant))),
        Layout::Objects => {
            format!("objects = {}", table(OBJECTS.iter().filter(|object| object.field == number).map(object)))
        }
    };
    format!("\n  [{number}] = {{ n = {name}, content = \"{word}\", length = {length}, size = {most}, {what} }}")
}

fn variant(variant: &Variant) -> String {
    let Variant { mti, network, parts: own } = variant;
    let mti = mti.map(|mti| format!("mti = {mti}"));
    let network = network.map(|network| format!("network = {network}"));
    table(mti.into_iter().chain(network).chain([format!("parts = {}", parts(own))]))
}

fn object(object: &Object) -> String {
    let Object { tag, name, variants, .. } = object;
    let name = text(&format!("{tag:X} {name}"));
    format!("\n    [{tag}] = {{ n = {name}, variants = {} }}", table(variants.iter().map(|own| parts(own))))
}

/// A command: its name, other names by P1, and what its parts are.
fn command(ins: u8) -> Option<String> {
    let name = |p1| describe(&Command::new(0, ins, p1, 0));
    // Most have one name, whatever P1 is.
    let usual = name(0x80);
    let others = (0..=255).filter(|p1| name(*p1) != usual).map(|p1| format!("[{p1}] = {}", text(name(p1))));
    let others: Vec<String> = others.collect();
    let is_known = usual != describe(&Command::new(0, 0x00, 0x80, 0)) || !others.is_empty();
    let words = table(words(ins).map(text));
    is_known.then(|| format!("\n  [{ins}] = {{ n = {}, p1 = {}, w = {words} }}", text(usual), table(others)))
}

/// What SELECT is called where its data say more.
fn selections() -> Vec<String> {
    let name = |p1, data| describe(&Command::new(0, ins::SELECT, p1, 0).with_data(data));
    let usual = describe(&Command::new(0, ins::SELECT, 0, 0));
    let mut rows = Vec::new();
    for (data, whole) in [(&SSSE_NAME[..], true), (&RID[..], false)] {
        let of_p1 = |p1| (name(p1, data) != usual).then(|| (p1, name(p1, data)));
        let named: Vec<(u8, &str)> = (0..=255).filter_map(of_p1).collect();
        let data = text(&hex::encode_upper(data));
        let row = |p1: String, name: &str| format!("{{ {p1}data = {data}, whole = {whole}, n = {} }}", text(name));
        match named[..] {
            [(_, name), ..] if named.len() == 256 => rows.push(row(String::new(), name)),
            _ => rows.extend(named.iter().map(|(p1, name)| row(format!("p1 = {p1}, "), name))),
        }
    }
    rows
}

/// The files of all generations, by application; the newest generation that has a file tells of it.
fn files() -> String {
    let mut by_df: Vec<(Df, Vec<&FileSpec>)> = Vec::new();
    for file in Generation::ALL.into_iter().rev().flat_map(Generation::files) {
        let place = by_df.iter().position(|(df, _)| *df == file.df).unwrap_or_else(|| {
            by_df.push((file.df, Vec::new()));
            by_df.len() - 1
        });
        if let Some((_, known)) = by_df.get_mut(place)
            && !known.iter().any(|other| other.fid == file.fid)
        {
            known.push(file);
        }
    }
    table(by_df.iter().map(|(df, files)| {
        let key = df.fid().map_or_else(|| "ssse".to_string(), |fid| format!("{fid:04x}"));
        format!("\n  [{}] = {}", text(&key), table(files.iter().map(|file| self::file(file))))
    }))
}

fn file(file: &FileSpec) -> String {
    let records = file.records().iter().map(|record| {
        format!("[{}] = {{ n = {}, f = {} }}", record.tag, text(record.name), text(format(record.format)))
    });
    let (fid, (english, chinese)) = (text(&format!("{:04X}", file.fid)), file.title);
    format!("\n    [{fid}] = {{ n = {}, zh = {}, records = {} }}", text(english), text(chinese), table(records))
}

/// The environment's records, which mean the same in every file and generation.
fn tags() -> String {
    let own = Generation::V3.files().filter(|file| file.df == Df::Ssse).flat_map(|file| file.records());
    table(own.map(|record| {
        format!("[{}] = {{ n = {}, f = {} }}", record.tag, text(record.name), text(format(record.format)))
    }))
}

const fn format(format: Format) -> &'static str {
    match format {
        Format::Text => "text",
        Format::Digits => "digits",
        Format::Binary | Format::Number | Format::Nested => "bytes",
    }
}

/// Status words that mean the same, from one to another.
fn status_words() -> Vec<String> {
    let mut rows: Vec<(u16, u16, &str)> = Vec::new();
    for word in 0..=u16::MAX {
        let meaning = StatusWord(word).meaning();
        match rows.last_mut() {
            Some((_, last, same)) if *same == meaning => *last = word,
            _ => rows.push((word, word, meaning)),
        }
    }
    rows.iter().map(|(from, to, meaning)| format!("{{ {from}, {to}, {} }}", text(meaning))).collect()
}

#[cfg(test)]
mod tests;
