//! A host of our own: messages as bytes, and what no sound host does.

use qiyong_libusb::wire::{Request, Status};
use qiyong_protocol::card::files::Generation;
use qiyong_tests::usb_board::UsbBoard;

use super::{card, image};

const BULK_OUT: u8 = 0x01;
const BULK_IN: u8 = 0x81;
const INTERRUPT_IN: u8 = 0x82;
/// How long an answer may take, in ms of the chip's time.
const MS: u32 = 3000;

fn message(code: u8, seq: u8, specific: [u8; 3], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![code];
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend([0, seq]);
    bytes.extend(specific);
    bytes.extend(data);
    bytes
}

fn say(board: &UsbBoard, bytes: &[u8]) {
    let request = Request { address: BULK_OUT, within_ms: MS, data: bytes.to_vec(), ..Request::default() };
    assert_eq!(board.carry(request).0, Status::Done);
}

fn hear(board: &UsbBoard, address: u8) -> (Status, Vec<u8>) {
    board.carry(Request { address, within_ms: MS, most: 512, ..Request::default() })
}

fn ask(board: &UsbBoard, bytes: &[u8]) -> Vec<u8> {
    say(board, bytes);
    let (status, answer) = hear(board, BULK_IN);
    assert_eq!(status, Status::Done, "{bytes:02X?}");
    answer
}

fn control(board: &UsbBoard, setup: [u8; 8]) -> Status {
    board.carry(Request { is_control: true, within_ms: MS, setup, ..Request::default() }).0
}

fn get_slot_status(board: &UsbBoard, seq: u8) -> Vec<u8> {
    ask(board, &message(0x65, seq, [0; 3], &[]))
}

/// A card with power in the slot; returns its ATR.
fn power_on(board: &UsbBoard, seq: u8) -> Vec<u8> {
    let atr = ask(board, &message(0x62, seq, [0; 3], &[]));
    assert_eq!((&atr[5..9], atr[0]), (&[0, seq, 0, 0][..], 0x80), "{atr:02X?}");
    atr[10..].to_vec()
}

fn transfer(board: &UsbBoard, seq: u8, apdu: &[u8]) -> Vec<u8> {
    ask(board, &message(0x6F, seq, [0; 3], apdu))
}

#[test]
fn messages_pass_and_an_empty_packet_ends_a_full_one() {
    let board = UsbBoard::start(&image());
    assert_eq!(get_slot_status(&board, 0), [0x81, 0, 0, 0, 0, 0, 0, 2, 0, 1]);
    board.set_card(Some(card(Generation::V2, 1)));
    assert_eq!(hear(&board, INTERRUPT_IN), (Status::Done, vec![0x50, 3]));
    assert!(power_on(&board, 1).starts_with(&[0x3B]));
    assert!(transfer(&board, 2, &[0, 0xA4, 0, 0, 2, 0xDF, 0x01, 0]).ends_with(&[0x90, 0]));
    // 10 + 52 + 2 bytes are one full packet: the transfer ends with an empty one, or the host would wait for more.
    let full = transfer(&board, 3, &[0, 0xB0, 0x96, 0, 52]);
    assert_eq!((full.len(), &full[62..]), (64, &[0x90, 0][..]));
    // 298 bytes go in two messages (CCID 1.1 section 6.2.1).
    let first = transfer(&board, 4, &[0, 0xB0, 0x96, 0, 0, 0, 0]);
    assert_eq!((first.len(), first[9]), (271, 1));
    let rest = ask(&board, &message(0x6F, 5, [0, 0x10, 0], &[]));
    assert_eq!((rest.len(), rest[9], &rest[10 + 298 - 261 - 2..]), (10 + 298 - 261, 2, &[0x90, 0][..]));
    let parameters = ask(&board, &message(0x6C, 6, [0; 3], &[]));
    assert_eq!((parameters[0], parameters[9], parameters.len()), (0x82, 1, 17));
    let report = board.report();
    assert_eq!(report.findings, [], "{:#?}", report.log);
}

#[test]
fn a_host_that_vanishes_or_another_one_between_finds_the_reader_as_it_should_be() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 0)));
    power_on(&board, 7);
    // Half a message, and then another host with numbers of its own.
    say(&board, &message(0x6F, 8, [0; 3], &[0; 100])[..64]);
    assert_eq!(get_slot_status(&board, 200)[..7], [0x81, 0, 0, 0, 0, 0, 200]);
    // An answer that nobody fetches, a bus that is reset meanwhile: the card has lost its power.
    say(&board, &message(0x6F, 9, [0; 3], &[0, 0xA4, 0, 0, 2, 0xEF, 0x05]));
    board.configure();
    assert_eq!(get_slot_status(&board, 3)[5..9], [0, 3, 1, 0]);
    // ABORT without an interface of ours, and the two halves of one in both orders (section 5.3.1).
    assert_eq!(control(&board, [0x21, 1, 0, 9, 7, 0, 0, 0]), Status::Stall);
    assert_eq!(control(&board, [0x21, 1, 0, 9, 0, 0, 0, 0]), Status::Done);
    assert_eq!(get_slot_status(&board, 4)[6..9], [4, 0x41, 0xFF]);
    assert_eq!(ask(&board, &message(0x72, 9, [0; 3], &[]))[..9], [0x81, 0, 0, 0, 0, 0, 9, 1, 0]);
    say(&board, &message(0x72, 10, [0; 3], &[]));
    assert_eq!(control(&board, [0x21, 1, 0, 10, 0, 0, 0, 0]), Status::Done);
    assert_eq!(hear(&board, BULK_IN).1[..9], [0x81, 0, 0, 0, 0, 0, 10, 1, 0]);
    assert_eq!(get_slot_status(&board, 5)[5..9], [0, 5, 1, 0]);
    // Two hosts' numbers mixed: each answer has its question's.
    for seq in [0, 255, 7, 7, 1, 128] {
        assert_eq!(get_slot_status(&board, seq)[6], seq);
    }
}

#[test]
fn a_pin_entry_is_aborted_and_takes_more_time_until_then() {
    let board = UsbBoard::start(&image());
    board.set_card(Some(card(Generation::V2, 0)));
    power_on(&board, 0);
    // Packed digits from the left, as many as are keyed; nobody keys.
    let verify = [0, 60, 0x81, 0, 0, 12, 4, 2, 1, 4, 8, 0, 0, 0, 0, 0, 0x20, 0, 0, 0];
    say(&board, &message(0x69, 1, [0; 3], &verify));
    for _ in 0..3 {
        assert_eq!(hear(&board, BULK_IN).1, [0x80, 0, 0, 0, 0, 0, 1, 0x80, 1, 0]);
    }
    assert_eq!(get_slot_status(&board, 2)[6..9], [2, 0x40, 0xE0]);
    assert_eq!(control(&board, [0x21, 1, 0, 3, 0, 0, 0, 0]), Status::Done);
    assert_eq!(ask(&board, &message(0x72, 3, [0; 3], &[]))[6..9], [3, 0, 0]);
    // A card that may be anywhere in a command has no power any more.
    assert_eq!(get_slot_status(&board, 4)[6..9], [4, 1, 0]);
}
