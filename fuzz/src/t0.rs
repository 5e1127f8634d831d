//! Targets for T=0: any card against the terminal's side, any terminal against the card's side, and both against each
//! other.

use std::collections::VecDeque;

use qiyong_protocol::iso7816::apdu::{Command, EXTENDED_NE_MAX, SHORT_NE_MAX};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::{AckStyle, CardSide, CardStep, ENVELOPE, Exchange, GET_RESPONSE, Limits, Step};

use crate::input::{Event, Input, came_in_order};

/// The least etu between two characters that this line carries.
const CHARACTER: u32 = 12;
/// How often something that takes no time may happen.
const IDLE: usize = 1000;
/// The longest APDU and response of the card: five times what T=0 carries in one TPDU.
const CARD: usize = 1300;

/// Input: WI, flags (bit 0: the card goes on for ever; bit 1: it takes ENVELOPEs), a quarter of the response buffer's
/// size, the counted command, the card's actions.
pub(crate) fn any_card(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let limits = Limits::new(input.byte(), 372, 1);
    let flags = input.byte();
    let (limits, endless) = (Limits { envelope: flags & 2 != 0, ..limits }, flags & 1 != 0);
    let mut buffer = vec![0; 4 * usize::from(input.byte())];
    let Ok(command) = Command::decode(input.counted()) else { return };
    let mut events = input.events(endless);

    let room = buffer.len();
    // With the seven bytes before the data of an extended APDU, and the two after it.
    let bytes = 9 + command.data.len() + command.ne;
    let budget = u64::from(limits.budget) + u64::from(Limits::PER_BYTE) * bytes as u64;
    let mut exchange = Exchange::new(&command, &mut buffer, limits);
    let mut characters = Vec::new();
    let (mut etu, mut idle) = (0, 0);
    let result = loop {
        // What the budget allows, plus the last wait or the last characters sent.
        let most = budget + u64::from(limits.waiting_time).max(12 * 255);
        assert!(etu <= most, "{etu} etu of {budget}");
        match exchange.step() {
            Step::Done(result) => break result,
            Step::Send(sent) => {
                assert!((1..=255).contains(&sent.len()));
                etu += 12 * sent.len() as u64;
                exchange.sent();
            }
            Step::Receive(wait) => match events.next() {
                Some(event @ (Event::Character(byte) | Event::Late(byte))) => {
                    let elapsed = if matches!(event, Event::Late(_)) { wait } else { CHARACTER };
                    characters.push(byte);
                    etu += u64::from(elapsed);
                    exchange.received(byte, elapsed);
                }
                // A card that does other things for ever without sending a character counts as silent.
                Some(_) if idle == IDLE => exchange.timed_out(),
                Some(Event::OutOfTurn) => {
                    exchange.sent();
                    idle += 1;
                }
                // No concern of this engine: after the error signal the card repeats the character.
                Some(Event::Parity | Event::Quiet | Event::Abort) => idle += 1,
                Some(Event::Timeout) | None => exchange.timed_out(),
            },
        }
    };
    // After the end, no call changes anything.
    exchange.received(0x90, CHARACTER);
    exchange.timed_out();
    exchange.sent();
    assert_eq!(exchange.step(), Step::Done(result));
    match result {
        Ok(response) => {
            assert!(response.len <= command.ne.min(room));
            assert!(came_in_order(&buffer[..response.len], &characters), "delivered what was not received");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// By INS, the commands of this card that carry data to it; reading commands do not.
fn takes_data(ins: u8) -> bool {
    !matches!(ins, 0x84 | 0xB0 | 0xB2 | 0xC0 | 0xCA)
}

/// Input: flags (bit 0: the card acknowledges each byte; bit 1: it has more response data than room), the counted
/// response data, what the terminal sends.
pub(crate) fn any_terminal(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let mut card = CardSide::<CARD>::new(ack_style(flags));
    let reply = input.counted();
    let reply = if flags & 2 == 0 { reply } else { &[0; CARD + 1] };
    for byte in input.rest() {
        let mut step = card.received(*byte, takes_data);
        if step == CardStep::Execute {
            let command = card.command();
            assert!(command.data.len() <= CARD && command.ne <= EXTENDED_NE_MAX);
            step = card.respond(reply, StatusWord::OK);
            assert_eq!(step, CardStep::Send, "a command without an answer");
        }
        if step == CardStep::Send {
            // An acknowledgement before each of 256 bytes, and a status word.
            assert!((1..=514).contains(&card.burst().len()));
        }
    }
}

const fn ack_style(flags: u8) -> AckStyle {
    if flags & 1 == 0 { AckStyle::All } else { AckStyle::EachByte }
}

/// Input: flags (bit 0: as above; bit 1: data and reply are longer, so that T=0 needs ENVELOPE and GET RESPONSE; bit 2:
/// the card warns), INS, Ne (two bytes), the counted command data, the response data.
pub(crate) fn both_sides(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let mut card = CardSide::<CARD>::new(ack_style(flags));
    let ins = input.byte();
    let ne = usize::from(u16::from_be_bytes([input.byte(), input.byte()])).min(CARD);
    let times = if flags & 2 == 0 { 1 } else { 5 };
    let data = &input.counted().repeat(times);
    let reply = &input.take(SHORT_NE_MAX).repeat(times);
    let sw = if flags & 4 == 0 { StatusWord::OK } else { StatusWord(0x6282) };
    if matches!(ins & 0xF0, 0x60 | 0x90) || matches!(ins, GET_RESPONSE | ENVELOPE) {
        return;
    }
    // P3 = 00 of case 1 is Le = 256 to a card with so much response data: clause 12.2 gives the card no means to tell.
    if data.is_empty() && ne == 0 && reply.len() >= SHORT_NE_MAX {
        return;
    }

    let command = Command::new(0, ins, 1, 2).with_data(data).expecting(ne);
    // Two times: the card must have forgotten the first command.
    for _ in 0..2 {
        let mut buffer = [0; CARD];
        let limits = Limits { envelope: true, ..Limits::new(10, 372, 1) };
        let mut exchange = Exchange::new(&command, &mut buffer, limits);
        let mut line = VecDeque::new();
        let mut executed = 0;
        let response = loop {
            match exchange.step() {
                Step::Done(result) => break result.expect("both sides follow the standard"),
                Step::Send(sent) => {
                    for byte in sent {
                        let mut step = card.received(*byte, |_| !data.is_empty());
                        if step == CardStep::Execute {
                            assert_eq!(card.command().data, data);
                            executed += 1;
                            step = card.respond(reply, sw);
                        }
                        if step == CardStep::Send {
                            line.extend(card.burst());
                        }
                    }
                    exchange.sent();
                }
                Step::Receive(_) => exchange.received(line.pop_front().expect("the card is silent"), CHARACTER),
            }
        };
        assert!(line.is_empty(), "the card says more than the terminal hears");
        // The command itself, and once more with the right Le.
        assert!((1..=2).contains(&executed) && (data.is_empty() || executed == 1));
        assert_eq!(&buffer[..response.len], &reply[..reply.len().min(ne)]);
    }
}
