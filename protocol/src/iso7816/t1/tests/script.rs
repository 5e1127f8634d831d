//! Scripts of exchanges, in the words of annex A.
//!
//! A script is one thing a line: `C HEX` a command begins, `ifsd=N` S(IFS request) is asked for, `abort` the caller wants
//! to end the chain; `> BLOCK HEX` the terminal must send this block, `< BLOCK HEX` the card sends this one, with `bad` at
//! the end with a wrong error detection code; `<raw HEX` and `<edc HEX`: these characters, as they are or with their
//! code; `!timeout`, `!parity`; `R HEX` the response, `E NAME` the error that comes of it. `R(0)/1` complains of an error.

use std::format;
use std::iter::Peekable;
use std::str::Lines;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::super::*;
use crate::iso7816::atr::Edc;

/// The file in which `qiyong exchange replay` finds the same exchanges.
const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/annex_a.exchanges"));

pub(super) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn unhex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// `bytes` and their epilogue.
pub(super) fn with_edc(mut bytes: Vec<u8>, edc: Edc) -> Vec<u8> {
    let mut check = Check::new(edc);
    check.update(&bytes);
    bytes.extend_from_slice(&check.epilogue()[..Check::len(edc)]);
    bytes
}

pub(super) fn block(pcb: Pcb, inf: &[u8], edc: Edc) -> Vec<u8> {
    with_edc([&[0, pcb.encode(), inf.len() as u8], inf].concat(), edc)
}

/// Reads `I(0,1) A1A2`, `R(0)/1`, `S(IFS request) 20 bad`.
fn parse_block(text: &str, edc: Edc) -> Vec<u8> {
    let (name, rest) = text.split_at(text.find(')').unwrap() + 1);
    let (complaint, rest) = match rest.strip_prefix('/') {
        Some(rest) => rest.split_at(1),
        None => ("0", rest),
    };
    let known = (0..=255).filter(|&pcb| format!("{}", BlockName(pcb)) == name);
    let pcb = known.filter_map(Pcb::decode).nth(complaint.parse().unwrap()).unwrap();
    let inf = rest.trim().trim_end_matches("bad").trim();
    let mut bytes = block(pcb, &hex(inf), edc);
    if rest.ends_with("bad") {
        *bytes.last_mut().unwrap() ^= 0xFF;
    }
    bytes
}

/// Plays a script and checks that the file has the same under the name of the test.
pub(super) fn play(name: &str, settings: &str, script: &str) {
    let mut parameters = Parameters::default();
    for setting in settings.split_whitespace() {
        match setting.split_once('=').unwrap() {
            ("ifsc", value) => parameters.ifsc = value.parse().unwrap(),
            ("edc", _) => parameters.edc = Edc::Crc,
            other => panic!("{other:?}"),
        }
    }
    let mut player =
        Player { lines: script.trim().lines().peekable(), edc: parameters.edc, tokens: vec!["t=1".into()] };
    player.tokens.extend(settings.split_whitespace().map(String::from));
    let mut link = Link::new(parameters);
    while player.lines.peek().is_some() {
        player.exchange(&mut link);
    }
    let line = format!("{}: {}", name.replace('_', "-"), player.tokens.join(" "));
    assert!(FILE.lines().any(|in_file| in_file == line), "tests/annex_a.exchanges lacks this line:\n{line}");
}

struct Player<'s> {
    lines: Peekable<Lines<'s>>,
    edc: Edc,
    tokens: Vec<String>,
}

impl<'s> Player<'s> {
    /// The next line, in its two parts.
    fn line(&mut self) -> (&'s str, &'s str) {
        let line = self.lines.next().expect("the script goes on").trim();
        line.split_once(' ').unwrap_or((line, ""))
    }

    fn exchange(&mut self, link: &mut Link) {
        let mut buffer = [0; 300];
        let (verb, rest) = self.line();
        let (command, ifsd) = (hex(rest), verb.strip_prefix("ifsd=").map(|ifsd| ifsd.parse().unwrap()));
        let token = if ifsd.is_some() { verb.into() } else { format!("C:{rest}") };
        self.tokens.push(token);
        let limits = Limits::new(link, command.len(), buffer.len());
        let mut exchange = match ifsd {
            Some(ifsd) => link.negotiate_ifsd(ifsd, limits),
            None => link.exchange(&command, &mut buffer, limits),
        };
        let result = loop {
            if self.lines.next_if(|line| line.trim() == "abort").is_some() {
                self.tokens.push("abort".into());
                exchange.abort();
            }
            match exchange.step() {
                Step::Done(result) => break result,
                Step::Send(_) => self.expect(&mut exchange),
                Step::Receive(_) => self.supply(&mut exchange),
            }
        };
        match result {
            Ok(_) if ifsd.is_some() => {}
            Ok(len) => {
                let (verb, response) = self.line();
                assert_eq!((verb, response), ("R", &*unhex(&buffer[..len])));
                let token = format!("R:{response}");
                self.tokens.push(token);
            }
            Err(error) => {
                assert_eq!(self.line(), ("E", error.name()), "{error}");
                self.tokens.push(format!("E:{}", error.name()));
            }
        }
    }

    fn expect(&mut self, exchange: &mut Exchange<'_>) {
        let mut sent = Vec::new();
        while let Step::Send(bytes) = exchange.step() {
            sent.extend_from_slice(bytes);
            exchange.sent();
        }
        let edc = self.edc;
        let (verb, rest) = self.line();
        assert_eq!((verb, unhex(&parse_block(rest, edc))), (">", unhex(&sent)), "{} is due", BlockName(sent[1]));
        self.tokens.push(format!(">{}", unhex(&sent)));
    }

    fn supply(&mut self, exchange: &mut Exchange<'_>) {
        let edc = self.edc;
        let (verb, rest) = self.line();
        let bytes = match verb {
            "<" => parse_block(rest, edc),
            "<raw" => hex(rest),
            "<edc" => with_edc(hex(rest), edc),
            "!timeout" => {
                exchange.timed_out();
                return self.tokens.push(verb.into());
            }
            "!parity" => {
                exchange.parity_error(12);
                self.tokens.push(verb.into());
                let (_, rest) = self.line();
                let bytes = parse_block(rest, edc);
                exchange.received_slice(&bytes[1..], 12);
                bytes
            }
            _ => panic!("the engine awaits the card, the script has {verb} {rest}"),
        };
        if self.tokens.last().unwrap() != "!parity" {
            for byte in &bytes {
                exchange.received(*byte, 12);
            }
        }
        self.tokens.push(format!("<{}", unhex(&bytes)));
        // After its characters the card leaves the block guard time, in which the terminal sees that the block is over.
        if matches!(exchange.step(), Step::Receive(..=BLOCK_GUARD_TIME)) {
            exchange.timed_out();
        }
    }
}
