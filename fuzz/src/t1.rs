//! Targets for T=1: any card against the terminal's side, any terminal against the card's side, and both over a line
//! with faults.

use qiyong_protocol::iso7816::atr::Edc;
use qiyong_protocol::iso7816::t1::pair::{Arrived, Damage, Pair, Way};
use qiyong_protocol::iso7816::t1::{
    BLOCK_GUARD_TIME, CardSide, CardStep, Check, Connection, Exchange, IFS_MAX, Limits, MAX_BLOCK, Parameters, Pcb,
    Step, T1Error,
};

use crate::input::{Event, Events, Input, came_in_order};

/// The least etu between two characters that this line carries.
const CHARACTER: u32 = 12;
/// How often something that takes no time may happen.
const IDLE: usize = 1000;

/// Input: IFSC, flags (bit 0: CRC; bit 1: the card goes on for ever; bit 2: NAD 12; bit 3: IFSD is negotiated; bits 4
/// and 5: how many commands after the first), BWI and CWI, a quarter of the response buffer's size, IFSD if it is
/// negotiated, the counted commands, the card's actions.
pub(crate) fn any_card(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (ifsc, flags, waits) = (input.byte(), input.byte(), input.byte());
    let edc = edc(flags);
    let parameters = Parameters { ifsc, bwi: waits >> 4, cwi: waits & 0x0F, edc, ..Parameters::default() };
    let mut connection = Connection::new(parameters).with_nad(if flags & 4 == 0 { 0 } else { 0x12 });
    let mut buffer = vec![0; 4 * usize::from(input.byte())];
    let ifsd = (flags & 8 != 0).then(|| input.byte());
    let commands: Vec<_> = (0..=flags >> 4 & 3).map(|_| input.counted()).collect();
    let mut visit = Visit { events: input.events(flags & 2 != 0), edc, characters: Vec::new() };

    if let Some(ifsd) = ifsd {
        let limits = Limits::new(&connection, 0, 0);
        if let Ok(agreed) = visit.run(connection.negotiate_ifsd(ifsd, limits), limits) {
            assert_eq!(agreed, usize::from(connection.ifsd()));
        }
    }
    for command in commands {
        visit.characters.clear();
        let ready = connection.is_ready();
        let limits = Limits::new(&connection, command.len(), buffer.len());
        let result = visit.run(connection.exchange(command, &mut buffer, limits), limits);
        match result {
            Ok(length) => {
                assert!(length <= buffer.len() && connection.is_ready());
                assert!(came_in_order(&buffer[..length], &visit.characters), "delivered what was not received");
            }
            Err(error) => {
                assert_eq!(error == T1Error::NeedsReset, !ready);
                assert!(!error.to_string().is_empty() && !error.name().is_empty());
            }
        }
        assert!((1..=IFS_MAX).contains(&connection.ifsc()) && (1..=IFS_MAX).contains(&connection.ifsd()));
    }
}

const fn edc(flags: u8) -> Edc {
    if flags & 1 == 0 { Edc::Lrc } else { Edc::Crc }
}

/// The card's actions, and which of its characters were received.
struct Visit<'i> {
    events: Events<'i>,
    edc: Edc,
    characters: Vec<u8>,
}

impl Visit<'_> {
    fn run(&mut self, mut exchange: Exchange<'_>, limits: Limits) -> Result<usize, T1Error> {
        let (mut etu, mut idle) = (0, 0);
        let result = loop {
            // What the budget allows, plus the block that was on its way.
            assert!(etu <= u64::from(limits.budget) + 2 * 12 * MAX_BLOCK as u64, "{etu} etu of {}", limits.budget);
            match exchange.step() {
                Step::Done(result) => break result,
                Step::Send(_) => {
                    let mut block = Vec::new();
                    while let Step::Send(part) = exchange.step() {
                        block.extend_from_slice(part);
                        exchange.sent();
                    }
                    etu += 12 * block.len() as u64;
                    // The budget may end in the middle of a block.
                    if !matches!(exchange.step(), Step::Done(_)) {
                        check_block(&block, self.edc);
                    }
                }
                Step::Receive(wait) => {
                    assert!(wait > 0, "a wait for nothing");
                    match self.events.next() {
                        Some(event @ (Event::Character(byte) | Event::Late(byte))) => {
                            let elapsed = if matches!(event, Event::Late(_)) { wait } else { CHARACTER };
                            self.characters.push(byte);
                            etu += u64::from(elapsed);
                            exchange.received(byte, elapsed);
                        }
                        Some(Event::Parity) => {
                            etu += u64::from(CHARACTER);
                            exchange.parity_error(CHARACTER);
                        }
                        // A card that does other things for ever without sending a character counts as silent.
                        Some(Event::Quiet | Event::Abort | Event::OutOfTurn) if idle == IDLE => {
                            etu += u64::from(wait);
                            exchange.timed_out();
                        }
                        Some(Event::Quiet) if wait > BLOCK_GUARD_TIME => idle += 1,
                        Some(Event::Abort) => {
                            exchange.abort();
                            idle += 1;
                        }
                        Some(Event::OutOfTurn) => {
                            exchange.sent();
                            idle += 1;
                        }
                        Some(Event::Quiet | Event::Timeout) | None => {
                            etu += u64::from(wait);
                            exchange.timed_out();
                        }
                    }
                }
            }
        };
        // After the end, no call changes anything.
        exchange.received(0, CHARACTER);
        exchange.parity_error(CHARACTER);
        exchange.timed_out();
        exchange.sent();
        exchange.abort();
        assert_eq!(exchange.step(), Step::Done(result));
        result
    }
}

/// Every block sent is without transmission error.
fn check_block(block: &[u8], edc: Edc) {
    let [_, pcb, len, ..] = *block else { panic!("no block: {block:02X?}") };
    let pcb = Pcb::decode(pcb).expect("a reserved PCB");
    assert!(len <= IFS_MAX && pcb.allows(len), "{block:02X?}");
    assert_eq!(block.len(), 3 + usize::from(len) + Check::len(edc), "{block:02X?}");
    let mut check = Check::new(edc);
    check.update(block);
    assert!(check.holds(), "{block:02X?}");
}

/// Input: IFSC, flags (bit 0: CRC), the card's actions when it is to carry out a command, the counted response, the
/// terminal's actions.
pub(crate) fn any_terminal(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let ifsc = input.byte().clamp(1, IFS_MAX);
    let edc = edc(input.byte());
    let habit = input.byte();
    let reply = input.counted();
    let mut events = input.events(false);
    // The buffers are smaller than what a terminal may send, and sometimes smaller than the response.
    let mut card = CardSide::<200>::new(ifsc, edc);
    let mut executed = 0u8;
    while let Some(event) = events.next() {
        let mut step = match event {
            Event::Character(byte) | Event::Late(byte) => card.received(byte),
            Event::Parity => card.parity_error(),
            Event::Timeout | Event::Quiet => card.timed_out(),
            Event::Abort => {
                card.abort();
                continue;
            }
            Event::OutOfTurn => card.respond(reply),
        };
        if step == CardStep::Execute {
            assert!(card.command().len() <= 200);
            step = match habit.rotate_left(executed.into()) & 3 {
                0 => card.ask_for_time(1 + executed),
                1 => {
                    card.ask_for_ifsc(1 + executed);
                    card.respond(reply)
                }
                _ => card.respond(reply),
            };
            executed = executed.wrapping_add(1) & 0x7F;
            assert!(matches!(step, CardStep::Send(_)), "a command without an answer");
        }
        if let CardStep::Send(block) = step {
            check_block(&block, edc);
        }
    }
}

/// Input: IFSC, flags (bit 0: CRC; bit 1: IFSD is negotiated; bit 2: the card asks for time first; bit 3: the card asks
/// for another IFSC), IFSD, the counted command and response, and what the line does to the blocks, in the order sent.
/// A byte below C0 does nothing. A higher byte chooses by its low bits: a bit inverted, wrong parity, cut short, lost.
/// The next byte says at which character.
pub(crate) fn both_sides(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let ifsc = input.byte().clamp(1, IFS_MAX);
    let flags = input.byte();
    let edc = edc(flags);
    let ifsd = input.byte();
    let (command, reply) = (input.counted(), input.counted());
    // A response has a status word.
    let reply = if reply.len() < 2 { &[0x90, 0x00] } else { reply };
    let mut pair = Disturbed { card: CardSide::new(ifsc, edc), flags, reply, line: input, executed: Vec::new() };

    let mut connection = Connection::new(Parameters { ifsc, edc, ..Parameters::default() });
    if flags & 2 != 0 {
        let limits = Limits::new(&connection, 0, 0);
        if pair.run(connection.negotiate_ifsd(ifsd, limits), false).is_ok() {
            assert_eq!(connection.ifsd(), pair.card.ifsd());
        }
    }
    let undisturbed = pair.line.is_empty();
    let ready = connection.is_ready();
    let mut buffer = [0; 256];
    let limits = Limits::new(&connection, command.len(), buffer.len());
    let result = pair.run(connection.exchange(command, &mut buffer, limits), false);
    assert!(pair.executed.iter().all(|executed| executed == command), "carried out what was not sent");
    match result {
        Ok(length) => {
            assert_eq!(&buffer[..length], reply);
            assert!(!pair.executed.is_empty());
        }
        Err(error) => {
            assert_eq!(error == T1Error::NeedsReset, !ready);
            assert!(!undisturbed || !ready, "{error}");
        }
    }
}

struct Disturbed<'i> {
    card: CardSide<512>,
    flags: u8,
    reply: &'i [u8],
    line: Input<'i>,
    executed: Vec<Vec<u8>>,
}

impl Pair<512> for Disturbed<'_> {
    fn card(&mut self) -> &mut CardSide<512> {
        &mut self.card
    }

    fn carry(&mut self, _: Way, sent: &[u8]) -> Arrived {
        let damage = self.line.byte();
        if damage < 0xC0 {
            return Damage::arrived(None, sent);
        }
        let at = self.line.byte().into();
        let damage = match damage & 3 {
            0 => Damage::Flip(at, damage >> 2 & 7),
            1 => Damage::Parity(at),
            2 => Damage::Cut(at),
            _ => Damage::Lose,
        };
        Damage::arrived(Some(damage), sent)
    }

    fn execute(&mut self) -> CardStep {
        if self.flags & 4 != 0 {
            self.flags &= !4;
            return self.card.ask_for_time(3);
        }
        if self.flags & 8 != 0 {
            self.flags &= !8;
            self.card.ask_for_ifsc(7);
        }
        self.executed.push(self.card.command().to_vec());
        self.card.respond(self.reply)
    }
}
