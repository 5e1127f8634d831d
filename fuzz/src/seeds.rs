//! The seeds of each target: real answers to reset, the exchanges of `qiyong exchange replay`, records of a card, a
//! session of libpcsclite.

use hex_literal::hex;

use qiyong_pcsc::wire::{self, Connect, ConnectRest, NAME_LEN, Name, Transmit, command};
use qiyong_sim::exchange::parse::{self, Exchange, What};

use crate::input::Event;

/// The exchanges, one in each row.
const EXCHANGES: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/annex_a.exchanges"));

/// Answers to reset of social security cards, and of others from the list of pcsc-tools: many groups, T=1 with all its
/// bytes, T=15, specific mode, inverse convention.
const ATRS: [&[u8]; 16] = [
    &hex!("3B7D960000009054310086602603023779BC"),
    &hex!("3B6D00000081 4E43238697159900BF7C7A"),
    &hex!("3B9F96801F438031E073362113574A330E09314100AA"),
    &hex!("3BDF18008131FE580031B964050E010073B401D300000022"),
    &hex!("3BFF1800FF8031FE45534653452D43583332322D561803087C"),
    &hex!("3BFE9100FF918171FE40004120001177C1000000000000000089"),
    &hex!("3BE900008121454 54D565F41545220066C"),
    &hex!("3B7F9600000031B8644070141073940180829000"),
    &hex!("3BDB9600801F030031C06477E30300829000C1"),
    &hex!("3F77180000C11400A2689000"),
    &hex!("3B2A008065A05804016272D643"),
    &hex!("3BEF0000813120 49005C50435410 27F8D276000038330 04D"),
    &hex!("3BB01100813190 73F2"),
    &hex!("3BF996000080 31FE454A546178436F726556 0F"),
    &hex!("3B00"),
    &hex!("3F80 71 91 FF 20 FF"),
];

pub(crate) fn atrs() -> Vec<Vec<u8>> {
    ATRS.map(Vec::from).into()
}

/// Each ATR with an answer that repeats the request, leaves PPS1 out, or says something else.
pub(crate) fn pps() -> Vec<Vec<u8>> {
    let answers = [&hex!("FF109679")[..], &hex!("FF00FF"), &hex!("FF11968E"), &hex!("FF7096010203")];
    let seed =
        |(at, atr): (usize, &&[u8])| [&hex!("00960010"), &counted(answers[at % answers.len()])[..], atr].concat();
    ATRS.iter().enumerate().map(seed).collect()
}

pub(crate) fn ber_tlv() -> Vec<Vec<u8>> {
    [
        &hex!("6F17 840F7378312E73682EC9E7BBE1B1A3D5CF A504 9F0C8603")[..],
        &hex!("6F24 840F7378312E73682EC9E7BBE1B1A3D5CF A511 880105 5F2D047A68656E 9F0C0401020304"),
        &hex!("00FF 6F8182 8402A1A2 A58203E8 7F8101820000 BF0C00 FF00"),
        &hex!("E105 E103 E101 E1"),
        &hex!("5380 5384 5F8181 53830000025053"),
    ]
    .map(Vec::from)
    .into()
}

pub(crate) fn records() -> Vec<Vec<u8>> {
    let longest = |len: u8| [&[0x4E, len][..], &vec![0; len.into()]].concat();
    let cards = [&hex!("0110320100D1560000059E3779BC43469398")[..], &hex!("0304332E3030"), &hex!("060420360302"), &[]];
    cards.map(Vec::from).into_iter().chain([longest(30), longest(254), longest(255)]).collect()
}

/// The exchanges of one protocol.
fn exchanges(t1: bool) -> impl Iterator<Item = Exchange> {
    let all = parse::file(EXCHANGES).expect("a file of exchanges");
    all.into_iter().filter(move |exchange| exchange.settings.t1 == t1)
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}

/// What `pick` returns for each token.
fn all<'e, T>(exchange: &'e Exchange, pick: impl Fn(&'e What) -> Option<T>) -> Vec<T> {
    exchange.tokens.iter().filter_map(|token| pick(&token.what)).collect()
}

fn command(what: &What) -> Option<&[u8]> {
    if let What::Command(apdu) = what { Some(apdu) } else { None }
}

fn from_terminal(what: &What) -> Option<&[u8]> {
    if let What::Sends(characters) = what { Some(characters) } else { None }
}

fn from_card(what: &What) -> Option<&[u8]> {
    if let What::Receives(characters) = what { Some(characters) } else { None }
}

/// The actions of the side whose characters `characters` picks.
fn events(exchange: &Exchange, characters: impl Fn(&What) -> Option<&[u8]>) -> Vec<u8> {
    let mut events = Vec::new();
    let mut parity = false;
    for token in &exchange.tokens {
        if let Some(characters) = characters(&token.what) {
            for byte in characters {
                let bad = std::mem::take(&mut parity);
                events.push(if bad { Event::Parity } else { Event::Character(*byte) });
            }
            events.push(Event::Quiet);
        }
        match token.what {
            What::Timeout => events.push(Event::Timeout),
            What::Parity => parity = true,
            What::Abort => events.push(Event::Abort),
            _ => {}
        }
    }
    events.into_iter().flat_map(Event::encode).collect()
}

pub(crate) fn t0_terminal() -> Vec<Vec<u8>> {
    let seed = |exchange: Exchange| {
        let command = all(&exchange, command).concat();
        [&[exchange.settings.wi, 0, 64][..], &counted(&command), &events(&exchange, from_card)].concat()
    };
    // And a card that sends NULL for ever, or says for ever that there is more.
    let endless = [&hex!("0101 40 05 00B0000000 60")[..], &hex!("0101 40 08 00A4000002EF0500 A46100")];
    exchanges(false).map(seed).chain(endless.map(Vec::from)).collect()
}

pub(crate) fn t0_card() -> Vec<Vec<u8>> {
    let seed = |(at, exchange): (usize, Exchange)| {
        [&[at as u8 & 3][..], &counted(&hex!("A1A2A3A4")), &all(&exchange, from_terminal).concat()].concat()
    };
    exchanges(false).enumerate().map(seed).collect()
}

pub(crate) fn t0_both_sides() -> Vec<Vec<u8>> {
    [
        &hex!("00 16 0000 00")[..],
        &hex!("01 B2 0006 00 0304332E3030"),
        &hex!("00 B2 0004 00 0304332E3030"),
        &hex!("01 20 0000 03 112233"),
        &hex!("00 A4 0100 02 EF05 6F0A8408A1A2A3A4A5A6A7A8"),
    ]
    .map(Vec::from)
    .into()
}

pub(crate) fn t1_terminal() -> Vec<Vec<u8>> {
    let seed = |exchange: Exchange| {
        let settings = exchange.settings;
        let commands = all(&exchange, command);
        let commands: Vec<_> = commands.iter().take(4).map(|command| counted(command)).collect();
        let ifsd = all(&exchange, |what| if let What::Ifsd(ifsd) = what { Some(*ifsd) } else { None });
        let ifsd = ifsd.first();
        let flags = u8::from(settings.crc) | u8::from(ifsd.is_some()) << 3 | (commands.len() as u8 - 1) << 4;
        let waits = settings.bwi << 4 | settings.cwi;
        let settings = [&[settings.ifsc, flags, waits, 64][..], ifsd.map_or(&[], std::slice::from_ref)].concat();
        [settings, commands.concat(), events(&exchange, from_card)].concat()
    };
    // And a card that sends characters, or asks for time, without end.
    let endless = [&hex!("20 02 4D 40 04 00840000 00")[..], &hex!("20 02 4D 40 04 00840000 00C30101C3 EE03")];
    exchanges(true).map(seed).chain(endless.map(Vec::from)).collect()
}

pub(crate) fn t1_card() -> Vec<Vec<u8>> {
    let seed = |(at, exchange): (usize, Exchange)| {
        let settings = [exchange.settings.ifsc, exchange.settings.crc.into(), at as u8];
        [&settings[..], &counted(&[0xA1; 40]), &events(&exchange, from_terminal)].concat()
    };
    exchanges(true).enumerate().map(seed).collect()
}

pub(crate) fn t1_both_sides() -> Vec<Vec<u8>> {
    let long = counted(&(0..200).collect::<Vec<_>>());
    let short = counted(&hex!("0084000008"));
    [
        [&hex!("20 00 00")[..], &short, &counted(&hex!("A1A29000"))].concat(),
        [&hex!("20 0F 40")[..], &short, &counted(&hex!("A1A29000"))].concat(),
        [&hex!("05 02 FE")[..], &long, &short].concat(),
        [&hex!("FE 04 00")[..], &short, &long].concat(),
        // Each kind of damage, with whole blocks between.
        [&hex!("10 01 00")[..], &long, &long, &hex!("C405 00 00 00 C101 00 00 00 C202 00 00 00 C300")].concat(),
        // More damage than the rules can repair.
        [&hex!("10 00 00")[..], &long, &long, &hex!("C300").repeat(40)].concat(),
    ]
    .into()
}

/// A session as libpcsclite sends it: version, context, connection, an APDU, and the end; each request alone, and all
/// together.
pub(crate) fn pcsc() -> Vec<Vec<u8>> {
    let message = |command: u32, body: &[u8]| {
        let mut bytes = Vec::new();
        wire::header(&mut bytes, body.len(), command);
        bytes.extend(body);
        bytes
    };
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_ne_bytes()).collect::<Vec<_>>();
    let mut connect = Vec::new();
    Connect {
        context: 1,
        reader: Name(&[b'q'; NAME_LEN]),
        rest: ConnectRest { share: 2, protocols: 3, ..ConnectRest::default() },
    }
    .write(&mut connect);
    let connect = message(command::CONNECT, &connect);
    let apdu = hex!("00A4000002EF05");
    let mut transmit = Vec::new();
    Transmit { card: 1, send_len: apdu.len() as u32, ..Transmit::default() }.write(&mut transmit);
    let messages = [
        message(command::VERSION, &numbers(&[4, 4, 0])),
        message(command::ESTABLISH_CONTEXT, &numbers(&[2, 0, 0])),
        message(command::GET_READERS_STATE, &[]),
        connect,
        [message(command::TRANSMIT, &transmit), apdu.to_vec()].concat(),
        message(command::WAIT_READER_STATE_CHANGE, &[]),
        message(command::CANCEL, &numbers(&[1, 0])),
        message(command::DISCONNECT, &numbers(&[1, 0, 0])),
    ];
    let all = messages.concat();
    messages.into_iter().chain([all]).collect()
}
