//! Both sides against each other, and the terminal's side against scripted and hostile cards.

use core::mem;
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;

use super::*;
use crate::iso7816::Turn;
use crate::iso7816::apdu::{Command, Response};
use crate::iso7816::atr::Atr;
use crate::iso7816::chance;
use crate::iso7816::sw::StatusWord;

/// Runs an exchange against `card`, which maps the characters sent to those it answers; silence is a timeout.
fn run(command: Command<'_>, card: impl FnMut(&[u8]) -> Vec<u8>) -> Result<(Vec<u8>, StatusWord), T0Error> {
    run_within(Limits::new(10, 372, 1), command, card)
}

/// Beside the exchange that hears each character by itself, another one hears them in one go and began by the way for any
/// command, and a third is told the whole answer to what it sends: all must say the same.
fn run_within(
    limits: Limits,
    command: Command<'_>,
    mut card: impl FnMut(&[u8]) -> Vec<u8>,
) -> Result<(Vec<u8>, StatusWord), T0Error> {
    let (mut buffer, mut other_buffer) = (vec![0; command.ne.max(256)], vec![0; command.ne.max(256)]);
    let mut whole_buffer = buffer.clone();
    let mut exchange = Exchange::new(&command, &mut buffer, limits);
    let mut whole = Exchange::new(&command, &mut whole_buffer, limits);
    let mut other = Exchange::any(&command, &mut other_buffer, limits);
    let mut waiting: std::collections::VecDeque<u8> = Default::default();
    let mut heard = vec![];
    let mut asked = false;
    let hear = |other: &mut Exchange<'_>, whole: &mut Exchange<'_>, asked: &mut bool, heard: &mut Vec<u8>| {
        let elapsed = 12 * heard.len() as u32;
        other.received_slice(heard, elapsed);
        if mem::take(asked) {
            whole.answered(heard, elapsed);
        } else {
            whole.received_slice(heard, elapsed);
        }
        heard.clear();
    };
    for _ in 0..100_000 {
        match exchange.step() {
            Step::Send(bytes) => {
                hear(&mut other, &mut whole, &mut asked, &mut heard);
                assert_eq!(other.step(), Step::Send(bytes));
                other.sent();
                match whole.turn() {
                    Turn::Part(part) => {
                        assert_eq!(part, bytes);
                        whole.sent();
                    }
                    turn => {
                        assert_eq!(turn, Turn::Send(bytes, limits.waiting_time));
                        asked = true;
                    }
                }
                waiting.extend(card(bytes));
                exchange.sent();
            }
            Step::Receive(timeout) => match waiting.pop_front() {
                Some(byte) => {
                    heard.push(byte);
                    exchange.received(byte, 12);
                }
                None => {
                    assert_eq!(timeout, 9600);
                    // A card that sends NULLs may send without having received anything.
                    match card(&[]) {
                        more if more.is_empty() => {
                            hear(&mut other, &mut whole, &mut asked, &mut heard);
                            assert_eq!(other.step(), Step::Receive(timeout));
                            assert_eq!(whole.turn(), Turn::Receive(timeout));
                            other.timed_out();
                            whole.timed_out();
                            exchange.timed_out();
                        }
                        more => waiting.extend(more),
                    }
                }
            },
            Step::Done(result) => {
                hear(&mut other, &mut whole, &mut asked, &mut heard);
                assert_eq!(other.step(), Step::Done(result));
                assert_eq!(whole.turn(), Turn::Done(result));
                assert_eq!((&buffer, &buffer), (&other_buffer, &whole_buffer));
                return result.map(|done| (buffer[..done.len].to_vec(), done.sw));
            }
        }
    }
    panic!("the exchange did not end");
}

/// Clause 10.2.
#[test]
fn the_waiting_time_follows_fi_of_ta1_at_any_rate() {
    let wt = |atr: &[u8], fi, di| Limits::from_atr(&Atr::new(atr).parameters(), fi, di).waiting_time;
    assert_eq!(
        (wt(&hex!("3B00"), 372, 1), wt(&hex!("3B1096"), 372, 1), wt(&hex!("3B1096"), 512, 32)),
        (9_600, 13_213, 307_200)
    );
    assert_eq!((wt(&hex!("3B10D1"), 372, 1), wt(&hex!("3B10D1"), 2048, 1)), (52_852, 9_600));
    assert_eq!(wt(&hex!("3B909640FF"), 372, 1), 336_930);
    // A reserved Fi, and no cycles at all, which nobody should ask for.
    assert_eq!((wt(&hex!("3B1070"), 372, 1), wt(&hex!("3B1096"), 0, 1)), (9_600, 13_213));
    // More than 32 bits hold: longer, never shorter, than 960 x 255 x 64 x 2048 / 1536.
    assert!(wt(&hex!("3B90DF40FF"), 1536, 64) >= 960 * 255 * 64 / 3 * 4);
}

/// A card that must receive exactly the first of each pair, and answers with the second.
fn script(pairs: &'static [(&'static [u8], &'static [u8])]) -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut pairs = pairs.iter();
    move |sent| match pairs.next() {
        Some((expected, answer)) => {
            assert_eq!(sent, *expected);
            answer.to_vec()
        }
        None => {
            assert_eq!(sent, [], "nothing more was due");
            vec![]
        }
    }
}

#[test]
fn case_1_sends_p3_00() {
    let card = script(&[(&hex!("8416000000"), &hex!("9000"))]);
    assert_eq!(run(Command::new(0x84, 0x16, 0, 0), card), Ok((vec![], StatusWord::OK)));
}

/// Clause 10.3.3.
#[test]
fn case_2_takes_null_and_single_byte_acknowledgements() {
    let card = script(&[(&hex!("00B2030406"), &hex!("60 4D 03 60 4D 04 B2 332E3030 9000"))]);
    let command = Command::new(0, 0xB2, 3, 4).expecting(6);
    assert_eq!(run(command, card), Ok((hex!("0304332E3030").to_vec(), StatusWord::OK)));
}

/// Clause 12.2.2.
#[test]
fn case_2_with_wrong_le_is_repeated_with_the_right_one() {
    let card = script(&[(&hex!("00B2030004"), &hex!("6C06")), (&hex!("00B2030006"), &hex!("B2 0304332E3030 9000"))]);
    // Clause 12.2.3: only the four expected bytes are delivered.
    let command = Command::new(0, 0xB2, 3, 0).expecting(4);
    assert_eq!(run(command, card), Ok((hex!("0304332E").to_vec(), StatusWord::OK)));
}

#[test]
fn case_3_sends_all_or_byte_by_byte() {
    let all = script(&[(&hex!("0020000003"), &hex!("20")), (&hex!("123456"), &hex!("9000"))]);
    let command = Command::new(0, 0x20, 0, 0).with_data(&hex!("123456"));
    assert_eq!(run(command, all), Ok((vec![], StatusWord::OK)));
    let each = script(&[
        (&hex!("0020000003"), &hex!("DF")),
        (&hex!("12"), &hex!("60DF")),
        (&hex!("34"), &hex!("20")),
        (&hex!("56"), &hex!("63C2")),
    ]);
    assert_eq!(run(command, each), Ok((vec![], StatusWord::tries_left(2))));
}

/// Clauses 10.3.1 and 12.2: the data of a TPDU goes one way, so GET RESPONSE fetches the response (ISO/IEC 7816-4
/// clause 7.6.1).
#[test]
fn case_4_fetches_its_response_in_parts() {
    let card = script(&[
        (&hex!("00A4000002"), &hex!("A4")),
        (&hex!("EF05"), &hex!("6103")),
        (&hex!("00C0000003"), &hex!("C0 010203 6102")),
        (&hex!("00C0000002"), &hex!("6C01")),
        (&hex!("00C0000001"), &hex!("C0 04 9000")),
    ]);
    let command = Command::new(0, 0xA4, 0, 0).with_data(&hex!("EF05")).expecting(256);
    assert_eq!(run(command, card), Ok((vec![1, 2, 3, 4], StatusWord::OK)));
}

/// Clause 12.2.5.
#[test]
fn a_warning_to_case_4_has_its_response_fetched() {
    let command = Command::new(0, 0xA4, 0, 0).with_data(&hex!("EF05")).expecting(256);
    let card = script(&[
        (&hex!("00A4000002"), &hex!("A4")),
        (&hex!("EF05"), &hex!("6283")),
        (&hex!("00C0000000"), &hex!("6C02")),
        (&hex!("00C0000002"), &hex!("C0 0102 9000")),
    ]);
    assert_eq!(run(command, card), Ok((vec![1, 2], StatusWord(0x6283))));
    // A card that has no response data.
    let card = script(&[
        (&hex!("00A4000002"), &hex!("A4")),
        (&hex!("EF05"), &hex!("6283")),
        (&hex!("00C0000000"), &hex!("6985")),
    ]);
    assert_eq!(run(command, card), Ok((vec![], StatusWord(0x6283))));
    // The header is refused, the status word is a count of tries, or no response is expected: nothing is fetched.
    let card = script(&[(&hex!("00A4000002"), &hex!("6283"))]);
    assert_eq!(run(command, card), Ok((vec![], StatusWord(0x6283))));
    let card = script(&[(&hex!("00A4000002"), &hex!("A4")), (&hex!("EF05"), &hex!("63C2"))]);
    assert_eq!(run(command, card), Ok((vec![], StatusWord(0x63C2))));
    let card = script(&[(&hex!("00A4000002"), &hex!("A4")), (&hex!("EF05"), &hex!("6200"))]);
    assert_eq!(run(command.expecting(0), card), Ok((vec![], StatusWord(0x6200))));
    // Case 2: the warning comes with the data.
    let card = script(&[(&hex!("00B0000002"), &hex!("B0 0102 6281"))]);
    assert_eq!(run(Command::new(0, 0xB0, 0, 0).expecting(2), card), Ok((vec![1, 2], StatusWord(0x6281))));
}

/// Clause 12.2.4; the logical channel of ISO/IEC 7816-4 clause 5.4.1 is kept.
#[test]
fn more_than_255_bytes_go_in_envelopes_if_the_card_takes_them() {
    let limits = Limits { envelope: true, ..Limits::new(10, 372, 1) };
    let data = [0x55; 256];
    let command = Command::new(0x02, 0xD6, 0, 0).with_data(&data);
    let mut tpdus = vec![];
    let mut header = true;
    let card = |sent: &[u8]| {
        if header {
            tpdus.push(sent.to_vec());
            header = false;
            return vec![0xC2];
        }
        let tpdu = tpdus.last_mut().unwrap();
        tpdu.extend(sent);
        header = tpdu.len() == 5 + usize::from(tpdu[4]);
        if header { vec![0x90, 0x00] } else { vec![] }
    };
    assert_eq!(run_within(limits, command, card), Ok((vec![], StatusWord::OK)));
    let [first, second] = &tpdus[..] else { panic!("{} TPDUs", tpdus.len()) };
    assert_eq!(first[..12], hex!("02C20000FF 02D60000000100"));
    assert_eq!(second[..], hex!("02C2000008 5555555555555555"));
    // The card refuses the second ENVELOPE, or the first: its status word is the answer.
    let refuse = |at: usize| {
        let mut count = 0;
        move |_: &[u8]| {
            count += 1;
            if count < at { vec![0xC2, 0x90, 0x00] } else { vec![0x6D, 0x00] }
        }
    };
    assert_eq!(run_within(limits, command, refuse(1)), Ok((vec![], StatusWord::UNKNOWN_INS)));
    assert_eq!(run(command, |_| vec![]), Err(T0Error::ExtendedLength));
    // A card that answers 9000 to every header gets no second ENVELOPE, because it never took the first.
    assert_eq!(run_within(limits, command, |_| vec![0x90, 0x00]), Ok((vec![], StatusWord::OK)));
}

#[test]
fn an_early_status_word_ends_a_data_transfer() {
    let card = script(&[(&hex!("0020000003"), &hex!("6983"))]);
    let command = Command::new(0, 0x20, 0, 0).with_data(&hex!("123456"));
    assert_eq!(run(command, card), Ok((vec![], StatusWord::BLOCKED)));
}

/// Clause 10.3.2 allows no INS 6x or 9x; clause 10.2 says how long a card may be silent.
#[test]
fn hostile_cards_end_with_a_reason() {
    let read = Command::new(0, 0xB2, 1, 4).expecting(18);
    let select = Command::new(0, 0xA4, 0, 0).with_data(&hex!("EF05")).expecting(256);
    assert_eq!(run(read, |_| vec![]), Err(T0Error::Timeout));
    assert_eq!(run(read, |_| vec![0x60]), Err(T0Error::BudgetExceeded));
    assert_eq!(run(read, |_| vec![0x6C, 0x12]), Err(T0Error::TooManyFollowUps));
    assert_eq!(run(read, |_| vec![0x55]), Err(T0Error::ProcedureByte(0x55)));
    assert_eq!(run(select, |_| vec![0x61, 0x00]), Err(T0Error::TooManyFollowUps));
    assert_eq!(run(read.with_data(&[0; 256]), |_| vec![]), Err(T0Error::ExtendedLength));
    assert_eq!(run(Command::new(0, 0x90, 0, 0), |_| vec![]), Err(T0Error::InsNotAllowed(0x90)));
    // A card with more response data than expected: the expected bytes are delivered, with the 61xx that says so.
    let endless = |sent: &[u8]| match sent {
        [_, 0xC0, _, _, le] => {
            let mut answer = vec![0xC0];
            answer.resize(1 + if *le == 0 { 256 } else { usize::from(*le) }, 7);
            answer.extend([0x61, 0x00]);
            answer
        }
        [_, ins, ..] if sent.len() == 5 => vec![*ins],
        _ => vec![0x61, 0x00],
    };
    assert_eq!(run(select, endless), Ok((vec![7; 256], StatusWord(0x6100))));
}

/// A card that answers every command with `reply` and `sw`, and keeps the data that came with the command.
fn carry_out<const N: usize>(
    card: &mut CardSide<N>,
    takes_data: bool,
    reply: &[u8],
    sw: StatusWord,
    executed: &mut Vec<Vec<u8>>,
) -> impl FnMut(&[u8]) -> Vec<u8> {
    move |sent| {
        let mut out = vec![];
        for &byte in sent {
            let mut step = card.received(byte, |_| takes_data);
            if step == CardStep::Execute {
                executed.push(card.command().data.to_vec());
                step = card.respond(reply, sw);
            }
            if step == CardStep::Send {
                out.extend(card.burst());
            }
        }
        out
    }
}

/// Runs a command as a PC/SC reader does: in whole TPDUs. The reader itself handles the acknowledgements.
fn run_by_tpdus(
    command: Command<'_>,
    mut reader: impl FnMut(&[u8; 5], &[u8]) -> (Vec<u8>, StatusWord),
) -> Result<(Vec<u8>, StatusWord), T0Error> {
    let mut tpdus = Tpdus::new(command, true, Tpdus::FOLLOW_UPS)?;
    let mut got = vec![];
    loop {
        let mut data = vec![];
        while tpdus.to_send() > 0 {
            let piece = tpdus.data(tpdus.to_send()).to_vec();
            tpdus.sent(piece.len());
            data.extend(piece);
        }
        let (response, sw) = reader(tpdus.header(), &data);
        got.extend_from_slice(&response[..tpdus.received(response.len())]);
        if let Some(sw) = tpdus.status(sw)? {
            assert_eq!(tpdus.response_len(), got.len());
            return Ok((got, sw));
        }
    }
}

/// A reader with a card that acknowledges all at once.
fn reader_with(mut card: impl FnMut(&[u8]) -> Vec<u8>) -> impl FnMut(&[u8; 5], &[u8]) -> (Vec<u8>, StatusWord) {
    move |header, data| {
        let mut answer = card(header);
        if answer.len() == 1 {
            answer = card(data);
        } else if answer.len() > 2 {
            assert_eq!(answer.remove(0), header[1], "the card acknowledges");
        }
        let sw = answer.split_off(answer.len() - 2);
        (answer, StatusWord::new(sw[0], sw[1]))
    }
}

#[test]
fn a_reader_that_moves_whole_tpdus_is_told_the_same() {
    let warning = reader_with(script(&[
        (&hex!("00A4000002"), &hex!("A4")),
        (&hex!("EF05"), &hex!("6283")),
        (&hex!("00C0000000"), &hex!("6C02")),
        (&hex!("00C0000002"), &hex!("C0 0102 9000")),
    ]));
    let command = Command::new(0, 0xA4, 0, 0).with_data(&hex!("EF05")).expecting(256);
    assert_eq!(run_by_tpdus(command, warning), Ok((vec![1, 2], StatusWord(0x6283))));
    // Some readers send GET RESPONSE themselves: nothing is left to be fetched.
    assert_eq!(run_by_tpdus(command, |_, _| (vec![1, 2], StatusWord(0x6283))), Ok((vec![1, 2], StatusWord(0x6283))));
    let without_end = |_: &[u8; 5], _: &[u8]| (vec![], StatusWord(0x6100));
    assert_eq!(run_by_tpdus(command, without_end), Err(T0Error::TooManyFollowUps));
    let refused = |ins| run_by_tpdus(Command::new(0, ins, 0, 0), |_, _| unreachable!());
    assert_eq!(refused(0x61), Err(T0Error::InsNotAllowed(0x61)));
}

/// INS values that a T=0 command may have, except GET RESPONSE.
fn any_ins() -> impl Strategy<Value = u8> {
    any::<u8>()
        .prop_filter("INS of T=0", |ins| !matches!(ins & 0xF0, 0x60 | 0x90) && !matches!(*ins, GET_RESPONSE | ENVELOPE))
}

fn any_style() -> impl Strategy<Value = AckStyle> {
    prop::sample::select(vec![AckStyle::All, AckStyle::EachByte, AckStyle::Mixed, AckStyle::WhenEmpty])
}

proptest! {
    /// The terminal delivers what the card answers, whatever the case, lengths and acknowledgement style.
    #[test]
    fn both_sides_agree(
        ins in any_ins(),
        data in prop::collection::vec(any::<u8>(), 0..=255),
        reply in prop::collection::vec(any::<u8>(), 0..=256),
        ne in 0usize..=256,
        style in any_style(),
    ) {
        let takes_data = !data.is_empty();
        prop_assume!(takes_data || ne > 0 || reply.len() < 256);
        let command = Command::new(0, ins, 1, 2).with_data(&data).expecting(ne);
        let mut card = CardSide::<256>::new(style);
        let mut executed = vec![];
        let result = run(command, carry_out(&mut card, takes_data, &reply, StatusWord::OK, &mut executed));
        prop_assert!(executed.iter().all(|seen| *seen == data));
        let (got, sw) = result.unwrap();
        // Case 1 and 3 commands expect nothing; the card's status word then says that there is more.
        let expected = &reply[..reply.len().min(ne)];
        prop_assert_eq!(got.as_slice(), expected);
        // The result is the same character by character and TPDU by TPDU.
        let mut card = CardSide::<256>::new(AckStyle::All);
        let mut again = vec![];
        let card = carry_out(&mut card, takes_data, &reply, StatusWord::OK, &mut again);
        prop_assert_eq!(run_by_tpdus(command, reader_with(card)), Ok((got, sw)));
        if ne > 0 && (reply.len() <= ne || !takes_data) {
            prop_assert_eq!(sw, StatusWord::OK);
        }
    }

    /// The same with extended lengths on either side, and with warnings.
    #[test]
    fn both_sides_agree_on_extended_lengths_and_warnings(
        ins in any_ins(),
        data in prop_oneof![Just(vec![]), prop::collection::vec(any::<u8>(), 1..=255), prop::collection::vec(any::<u8>(), 256..1100)],
        reply in prop_oneof![prop::collection::vec(any::<u8>(), 0..20), prop::collection::vec(any::<u8>(), 0..1100)],
        ne in prop_oneof![Just(0usize), 1usize..=256, 257usize..1200, Just(65_536)],
        warns: bool,
        style in any_style(),
    ) {
        let takes_data = !data.is_empty();
        // P3 = 00 is case 1 for the terminal, but Le = 256 for a card with so much response data: T=0 cannot
        // distinguish the two.
        prop_assume!(takes_data || ne > 0 || reply.len() < 256);
        let sw = if warns { StatusWord(0x6282) } else { StatusWord::OK };
        let command = Command::new(0, ins, 1, 2).with_data(&data).expecting(ne);
        let mut card = CardSide::<1200>::new(style);
        let mut executed = vec![];
        let limits = Limits { envelope: true, ..Limits::new(10, 372, 1) };
        let result = run_within(limits, command, carry_out(&mut card, takes_data, &reply, sw, &mut executed));
        let (got, got_sw) = result.unwrap();
        prop_assert!(executed.iter().all(|seen| *seen == data), "{}", executed.len());
        prop_assert!(takes_data <= (executed.len() == 1), "carried out once, {} times", executed.len());
        prop_assert_eq!(got.as_slice(), &reply[..reply.len().min(ne)]);
        // All bytes were expected and delivered, so the status word is the card's.
        if ne >= reply.len() && ne > 0 {
            prop_assert_eq!(got_sw, sw);
        }
    }

    /// Whatever a card sends, the exchange ends within the limits, and the terminal's side does not panic.
    #[test]
    fn rubbish_ends(ins in any_ins(), data in prop::collection::vec(any::<u8>(), 0..=8), ne in 0usize..=256, seed: u64) {
        let command = Command::new(0, ins, 1, 2).with_data(&data).expecting(ne);
        let mut state = seed;
        let _ = run(command, |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bytes = state.to_be_bytes();
            // Bytes that a card may sensibly send at this point are mixed in, so that the exchange continues.
            vec![[ins, !ins, 0x60, 0x61, 0x6C, bytes[1]][usize::from(bytes[0] % 6)], bytes[2]]
        });
    }

    #[test]
    fn a_card_side_never_panics(bytes: Vec<u8>, reply in prop::collection::vec(any::<u8>(), 0..=300), takes: bool) {
        let mut card = CardSide::<256>::new(AckStyle::EachByte);
        for byte in bytes {
            if card.received(byte, |_| takes) == CardStep::Execute {
                let _ = Response { data: &reply, sw: StatusWord::OK };
                let _ = card.respond(&reply, StatusWord::OK);
            }
        }
    }
}

/// Many sessions from one seed. In some of them a card or line garbles, drops or repeats what the card sends. For more
/// sessions, use for instance `QIYONG_SESSIONS=10000000 cargo test --release -p qiyong-protocol many_sessions --
/// --nocapture`.
#[test]
fn many_sessions_end_and_deliver_nothing_wrong() {
    let mut next = chance::numbers(0x2545_F491_4F6C_DD1D);
    let (mut delivered, mut given_up) = (0u64, 0u64);
    for _ in 0..chance::sessions() {
        let takes_data = next() & 1 == 0;
        let longest = if next().is_multiple_of(64) { 600 } else { 40 };
        let data: Vec<u8> = (0..if takes_data { 1 + next() % longest } else { 0 }).map(|i| i as u8).collect();
        let mut reply: Vec<u8> = (0..next() % longest).map(|i| !i as u8).collect();
        let ne = if next().is_multiple_of(4) { (next() % 700) as usize } else { reply.len().max(1) };
        if !takes_data && ne == 0 {
            // P3 = 00 means Le = 256 to a card that has so much response data.
            reply.truncate(255);
        }
        let sw = if next().is_multiple_of(4) { StatusWord(0x6282) } else { StatusWord::OK };
        let fault_in = if next() & 1 == 0 { 0 } else { 1 + next() % 40 };
        let mut card = CardSide::<700>::new(if next() & 1 == 0 { AckStyle::EachByte } else { AckStyle::All });
        let mut executed = vec![];
        let mut disturbed = false;
        let command = Command::new(0, 0xB2, 1, 2).with_data(&data).expecting(ne);
        let limits = Limits { envelope: true, ..Limits::new(10, 372, 1) };
        let mut answer = carry_out(&mut card, takes_data, &reply, sw, &mut executed);
        let result = run_within(limits, command, |sent| {
            let mut out = answer(sent);
            if fault_in > 0 && !out.is_empty() && next().is_multiple_of(fault_in) {
                disturbed = true;
                let at = (next() as usize) % out.len();
                match next() % 4 {
                    0 => out[at] ^= 1 << (next() % 8),
                    1 => _ = out.remove(at),
                    2 => out.insert(at, out[at]),
                    _ => out.insert(at, NULL),
                }
            }
            out
        });
        drop(answer);
        assert!(disturbed || executed.iter().all(|seen| *seen == data));
        match result {
            Ok((got, got_sw)) if !disturbed => {
                assert_eq!(got, reply[..reply.len().min(ne)]);
                assert!(ne < reply.len() || got_sw == sw, "{got_sw:?}");
                delivered += 1;
            }
            Ok((got, _)) => {
                assert!(got.len() <= ne);
                delivered += 1;
            }
            Err(error) => {
                assert!(disturbed, "{error}");
                given_up += 1;
            }
        }
    }
    std::println!("{delivered} delivered, {given_up} given up with a reason");
}
