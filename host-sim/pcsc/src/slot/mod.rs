//! What is behind a reader of the server: a place for a card, power, and APDUs.
//!
//! Two ways lead to the virtual card's contacts: [`Straight`] asks it directly; [`OnLine`] goes through the firmware's own
//! contact slot and the virtual line, so that whatever a PC/SC program sends tests our ISO/IEC 7816-3 stack.
//! [`Contactless`] is a reader for the card's antenna.

mod contactless;
mod line;
mod observer;
mod straight;
mod watched;
mod way;

pub use contactless::Contactless;
pub use line::OnLine;
pub use observer::{Happening, Observer, Seen};
pub use straight::Straight;
pub use watched::Watched;
pub use way::Way;

use std::sync::Arc;

use thiserror::Error;

use qiyong_firmware::slot::SlotError;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::os::VirtualCard;

/// A reader's slot.
pub trait Slot: Send {
    /// Whether it is a reader without contacts.
    fn contactless(&self) -> bool {
        false
    }

    /// Whether the card has the interface of this slot. Another one can be put in, and nobody notices it.
    fn takes(&self, card: &VirtualCard) -> bool {
        !card.atr.is_empty()
    }

    /// Which program asks for what comes next, for whoever watches the slot; none if a hand does it.
    fn asked_by(&mut self, program: Option<&Arc<str>>) {
        let _ = program;
    }

    /// Puts a card in, instead of the one in it.
    fn insert(&mut self, card: DeskCard);

    /// Takes the card out, if there is one. The card's file stays as it is.
    fn remove(&mut self);

    /// Gives power, or resets a card that has it; returns its ATR, TS first.
    fn reset(&mut self) -> Result<Vec<u8>, SlotFailure>;

    /// Takes power away.
    fn power_down(&mut self);

    /// Exchanges one APDU: appends response data and status word to `response`. `command` is what a program sent, which
    /// may be no APDU at all.
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), SlotFailure>;
}

/// Why a slot got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SlotFailure {
    /// No card is in the slot.
    #[error("no card is in the slot: put one in")]
    Empty,
    /// The card does not answer to reset, or was not reset.
    #[error("the card does not answer: take it out, and put it in again")]
    Mute,
    /// The exchange went wrong, as the firmware's slot says.
    #[error("{0}")]
    Broken(SlotError),
    /// The thread that plays line and slot has ended.
    #[error("the simulated card line is gone: start the server anew")]
    LineGone,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use qiyong_protocol::card::codes::{CardNumber, IdNumber};
    use qiyong_protocol::card::commands::{ins, takes_data};
    use qiyong_protocol::card::date::Date;
    use qiyong_protocol::card::files::{Generation, SSSE_NAME};
    use qiyong_protocol::card::pin::Pin;
    use qiyong_protocol::iso7816::apdu::Command;
    use qiyong_protocol::iso7816::character::Convention;
    use qiyong_protocol::iso7816::t0::T0Error;
    use qiyong_protocol::rules::institution::InstitutionCode;

    use super::*;
    use qiyong_centre::hsm::Hsm;
    use qiyong_protocol::card::issue::NewCard;
    use qiyong_sim::gbk;

    fn card(folder: &TempDir, name: &str, generation: Generation, protocol: u8) -> DeskCard {
        let new = NewCard {
            generation,
            number: CardNumber::new(b"X00000019").unwrap(),
            id_number: IdNumber::new(b"111111198101011110").unwrap(),
            holder: gbk::name("张三").unwrap(),
            area: InstitutionCode::new("P32010000017").unwrap().region(),
            issued: Date::new(2026, 1, 1).unwrap(),
            expires: Date::new(2036, 1, 1).unwrap(),
            pin: Pin::new(b"123456").unwrap(),
            pin_tries: 3,
            convention: Convention::Direct,
            protocol,
            serial: 1,
            genuine: true,
        };
        let path = folder.path().join(name);
        let issued = Hsm::test_keys().issue(&new).unwrap();
        VirtualCard::personalised(&new, &issued).save(&path).unwrap();
        DeskCard::open(&path, |problem| panic!("{problem}")).unwrap()
    }

    /// Commands that the card knows, and some that it does not; Le is absent or 00.
    fn commands() -> impl Strategy<Value = Vec<u8>> {
        let select = prop_oneof![
            Just((0x04, SSSE_NAME.to_vec())),
            prop::sample::select(vec![0x3F00u16, 0xDF01, 0xDF04, 0xEF05, 0xEF06, 0xEF16, 0xEF99])
                .prop_map(|fid| (0x00, fid.to_be_bytes().to_vec())),
        ]
        .prop_map(|(p1, data)| (ins::SELECT, p1, 0, data));
        let record = (0u8..10, prop::sample::select(vec![0x04u8, 0x2C, 0x34]))
            .prop_map(|(number, p2)| (ins::READ_RECORD, number, p2, vec![]));
        let binary = (prop::sample::select(vec![0x00u8, 0x96, 0x97]), any::<u8>())
            .prop_map(|(p1, p2)| (ins::READ_BINARY, p1, p2, vec![]));
        let verify = prop::sample::select(vec![vec![0x12, 0x34, 0x56], vec![0x99, 0x99, 0x99]])
            .prop_map(|pin| (ins::VERIFY, 0, 0, pin));
        let update = prop::collection::vec(any::<u8>(), 1..20).prop_map(|data| (ins::UPDATE_BINARY, 0x96, 0, data));
        let challenge = Just((ins::GET_CHALLENGE, 0, 0, vec![]));
        let response = Just((0xC0, 0, 0, vec![]));
        let anything = (any::<u8>(), any::<u8>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..5));
        let command = prop_oneof![select, record, binary, verify, update, challenge, response, anything];
        (command, any::<bool>(), prop::sample::select(vec![0x00u8, 0x00, 0x00, 0x04, 0x80])).prop_map(
            |((ins, p1, p2, data), le, cla): ((u8, u8, u8, Vec<u8>), bool, u8)| {
                // T=0 cannot distinguish data from Le either: a card reads P3 as its own command of this INS requires.
                let data = if takes_data(ins) { data } else { vec![] };
                let command = Command::new(cla, ins, p1, p2).with_data(&data);
                // In T=0 a wrong Le makes the terminal ask the card two times, and the card would give two challenges.
                let ne = if ins == ins::GET_CHALLENGE { 8 } else { 256 };
                let command = if le || data.is_empty() { command.expecting(ne) } else { command };
                command.encode(&mut [0; 300]).unwrap().to_vec()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn both_ways_to_a_card_answer_alike_and_leave_the_same_card_behind(
            session in prop::collection::vec(commands(), 1..25), protocol in 0u8..2, generation in 1u8..3,
        ) {
            let generation = if generation == 1 { Generation::V1 } else { Generation::V2 };
            let folder = TempDir::new().unwrap();
            let (mut straight, mut line) = (Straight::default(), OnLine::new(0).unwrap());
            straight.insert(card(&folder, "straight", generation, protocol));
            line.insert(card(&folder, "line", generation, protocol));
            prop_assert_eq!(straight.reset(), line.reset());
            for command in session {
                let (mut a, mut b) = (Vec::new(), Vec::new());
                let (one, other) = (straight.transmit(&command, &mut a), line.transmit(&command, &mut b));
                prop_assert_eq!(&one, &other, "{:02X?}", command);
                prop_assert_eq!(&a, &b, "{:02X?}", command);
            }
            let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
            prop_assert_eq!(text("straight"), text("line"));
        }
    }

    /// ISO/IEC 7816-3 clause 10.3.2; more than 255 bytes need a card that says that it takes them (clause 12.2.4).
    #[test]
    fn a_command_that_t0_cannot_carry_is_refused_alike_and_the_card_goes_on() {
        let folder = TempDir::new().unwrap();
        let refused = |error| Err(SlotFailure::Broken(SlotError::T0(error)));
        let long = Command::new(0, 0xD6, 0x96, 0).with_data(&[0; 256]);
        let mut slots: [Box<dyn Slot>; 2] = [Box::new(Straight::default()), Box::new(OnLine::new(0).unwrap())];
        for slot in &mut slots {
            for protocol in 0..2 {
                slot.insert(card(&folder, "refused", Generation::V2, protocol));
                slot.reset().unwrap();
                let mut transmit = |command: &Command<'_>| {
                    let mut response = Vec::new();
                    slot.transmit(command.encode(&mut [0; 300]).unwrap(), &mut response).map(|()| response)
                };
                // The response of SELECT waits for GET RESPONSE while the other commands are refused.
                let select = transmit(&Command::new(0, ins::SELECT, 4, 0).with_data(&SSSE_NAME)).unwrap();
                for invalid in [0x60, 0x6F, 0x90, 0x9F] {
                    let result = transmit(&Command::new(0, invalid, 0, 0));
                    // In T=1 the card answers.
                    assert_eq!(
                        result,
                        if protocol == 0 { refused(T0Error::InsNotAllowed(invalid)) } else { Ok(vec![0x6D, 0]) }
                    );
                }
                assert_eq!(protocol == 0, transmit(&long) == refused(T0Error::ExtendedLength));
                if let [0x61, len] = *select {
                    let response = transmit(&Command::new(0, 0xC0, 0, 0).expecting(len.into())).unwrap();
                    assert_eq!(response.len(), usize::from(len) + 2);
                }
            }
        }
    }
}
