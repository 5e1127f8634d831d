//! A board by all of probe-rs except the USB driver: chips, probes, memory, flash, and the errors when something is
//! missing.

use probe_rs::probe::list::Accessibility;

use super::simulated::{FLASH, Simulated};
use super::*;
use crate::probe::Counters;
use crate::probe::fake::{RAM, Ring, frame, table};
use crate::probe::image::Image;
use crate::probe::pins::SlotPins;
use crate::probe::watch::{self, Seen};

const CHIP: &str = "STM32L475VGTx";

fn simulated() -> (Simulated, Target) {
    let target = target(CHIP).unwrap();
    (Simulated::new(&target), target)
}

fn connected() -> (Simulated, Board) {
    let (simulated, target) = simulated();
    let board = Board::connect(&simulated.listed_as("ONE"), target, simulated.lister()).unwrap();
    (simulated, board)
}

fn said<T>(result: Result<T, BoardError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn the_chip_is_known_with_its_flash_and_ram_and_no_memory_beside_it() {
    let Chip { name, flash, ram } = chip(&target(CHIP).unwrap());
    // Both banks are one.
    assert_eq!((name.as_str(), flash.len(), &flash[0]), (CHIP, 1, &(0x0800_0000..0x0810_0000)));
    assert_eq!(ram, [0x1000_0000..0x1000_8000, 0x2000_0000..0x2001_8000]);
    assert!(said(target("STM32L475")).contains("--chip takes one of STM32L475RC, STM32L475RE"));
    assert!(said(target("Z80")).contains("knows no chip \"Z80\""));
}

#[test]
fn a_probe_is_chosen_by_its_numbers_or_its_serial_number_if_there_is_more_than_one() {
    let (simulated, _) = simulated();
    let all = ["A1", "B2"].map(|serial| simulated.listed_as(serial));
    let serial = |wanted| choose(&all, wanted).map(|item| item.info.serial_number.clone().unwrap());
    for wanted in ["B2", "b2", "0483:374b:B2", "0483:374B:B2"] {
        assert_eq!(serial(Some(wanted)).unwrap(), "B2", "{wanted}");
    }
    for (wanted, words) in [
        (
            None,
            "several debug probes would do, say which with --probe: 0483:374b:A1 (simulated), 0483:374b:B2 (simulated)",
        ),
        (Some("0483:374b"), "several debug probes"),
        (Some("C3"), "no debug probe is \"C3\"; there are: 0483:374b:A1"),
        (Some("0483:3748"), "no debug probe is"),
        (Some("0483:374b-1:A1"), "no debug probe is"),
        (Some(""), "no debug probe is"),
        (Some("rubbish:here"), "no debug probe is"),
    ] {
        assert!(said(serial(wanted)).contains(words), "{wanted:?}: {}", said(serial(wanted)));
    }
    assert_eq!(choose(&all[..1], None).unwrap(), &all[0]);
    for wanted in [None, Some("A1")] {
        assert!(said(choose(&[], wanted)).contains("there is no debug probe"));
    }
    let denied = ProbeListItem { accessibility: Accessibility::PermissionDenied, ..all[0].clone() };
    assert!(said(choose(&[denied], None)).contains("udev rules"));
}

#[test]
fn memory_is_read_and_written_while_the_core_runs_and_the_core_is_reset() {
    let (simulated, mut board) = connected();
    let bytes: Vec<u8> = (0..3000).map(|at| (at % 253) as u8).collect();
    simulated.chip().load(0x2000_0000, &bytes);
    for (at, len) in [(0, 1), (1, 1), (3, 2), (2, 7), (5, 2990), (0, 3000), (1020, 8), (7, 0)] {
        assert_eq!(board.read(0x2000_0000 + at as u64, len).unwrap(), bytes[at..at + len], "{len} at {at}");
    }
    board.write_word(0x2000_0004, 0x1234_5678).unwrap();
    assert_eq!(board.read_word(0x2000_0004).unwrap(), 0x1234_5678);
    assert_eq!(simulated.chip().bytes(0x2000_0003..0x2000_0009), [3, 0x78, 0x56, 0x34, 0x12, 8]);
    assert_eq!(simulated.core(), (false, 0));
    board.reset().unwrap();
    assert_eq!(simulated.core(), (false, 1));
    let said = said(board.read_word(0x6000_0000));
    assert!(said.contains("does not answer") && said.contains("FAULT"), "{said}");
}

#[test]
fn a_core_that_was_left_halted_runs_on() {
    let (simulated, target) = simulated();
    simulated.chip().halted = true;
    let _board = Board::connect(&simulated.listed_as("ONE"), target, simulated.lister()).unwrap();
    assert!(!simulated.chip().halted);
}

#[test]
fn log_screen_stack_and_pins_are_seen_as_in_the_emulator() {
    let (simulated, mut board) = connected();
    let mut memory = vec![0; 0x2000];
    Ring::new(&mut memory, 64).write(&mut memory, &frame(7));
    memory[0x1000..0x1004].copy_from_slice(&[2, b'P', b'I', b'N']);
    memory[0x1400..0x1440].fill(0xCC);
    memory[0x1430] = 0;
    simulated.chip().load(RAM as u32, &memory);
    // GPIOA_IDR and GPIOB_IDR: RST and VCC are high, and there is a card.
    simulated.chip().load(0x4800_0010, &[0xC0]);
    simulated.chip().load(0x4800_0410, &[0x04]);
    let image = Image {
        vectors: 0,
        table: table(),
        rtt: RAM,
        screen: RAM + 0x1000,
        frame: RAM + 0x1100,
        stack: (RAM + 0x1400, RAM + 0x1440),
        live: Default::default(),
        storage: None,
        flash_storage: Some((0x080F_0000, 0x1_0000)),
    };
    let mut seen = Vec::new();
    let mut tell = |what| {
        seen.push(what);
        true
    };
    watch::watch(&mut board, image, true, &false.into(), &mut tell).unwrap();
    let [Seen::Log(line), Seen::Screen(screen), Seen::End { stack, pins, counters }] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!((line.as_str(), screen.english.as_str(), *stack), ("info  number 7", "PIN", (16, 64)));
    assert_eq!(*pins, SlotPins { vcc: true, rst: true, present: true });
    // Erased flash is the memory of a terminal that has never started.
    let nothing =
        Counters { next_stan: 1, reversal_due: false, confirmation_due: false, parked: 0, starts: 0, crashes: 0 };
    assert_eq!(*counters, Some(nothing));
}

/// An image in two segments, which share no page.
fn segments() -> [Segment; 2] {
    let segment = |number, load, len: u32| Segment {
        number,
        load,
        data: (0..len).map(|at| (at * 7 % 251) as u8).collect(),
        run: load..load + u64::from(len),
    };
    [segment(0, 0x0800_0000, 5001), segment(1, 0x0807_FF00, 0x300)]
}

#[test]
fn an_image_is_flashed_over_another_and_no_page_more_is_erased() {
    let (simulated, mut board) = connected();
    simulated.chip().load(FLASH.start, &[0x11; 9000]);
    simulated.chip().load(0x0808_0000 + 4096, &[0x22; 16]);
    let segments = segments();
    assert_eq!(watch::difference(&mut board, &segments).unwrap(), Some(0x0800_0000));
    let mut steps = Vec::new();
    let (mut expected, mut done) = (0, 0);
    let mut tell = |what| match what {
        Flashing::Begins(step) => steps.push(step.to_string()),
        Flashing::Expects(bytes) => expected += bytes,
        Flashing::Advances(bytes) => {
            done += bytes;
            assert!(done <= expected, "{done} of {expected}");
        }
    };
    board.flash(&segments, &mut tell).unwrap();
    // What a bar shows ends full.
    assert!(done == expected && done > 5001 + 0x300, "{done} of {expected}");
    assert_eq!(watch::difference(&mut board, &segments).unwrap(), None);
    assert!(["erasing", "writing", "verifying"].iter().all(|step| steps.iter().any(|said| said == step)), "{steps:?}");
    // Pages of 2 KiB: the third ends at 6144.
    let chip = simulated.chip();
    let [behind, next] =
        [5001..6144, 6144..9000].map(|range| chip.bytes(FLASH.start + range.start..FLASH.start + range.end));
    assert!(behind.iter().all(|byte| *byte == 0xFF) && next.iter().all(|byte| *byte == 0x11));
    assert_eq!(chip.bytes(0x0808_1000..0x0808_1010), [0x22; 16]);
    drop(chip);
    board.reset().unwrap();
    assert!(!simulated.chip().halted);
}

#[test]
fn flash_that_does_not_keep_what_is_written_is_found_by_verifying() {
    let (simulated, mut board) = connected();
    simulated.chip().worn = 1 << 10;
    let said = said(board.flash(&segments(), &mut |_| {}));
    assert!(said.contains("flashing failed") && said.contains("flash it again"), "{said}");
}

#[test]
fn a_probe_that_is_pulled_out_and_a_board_that_is_switched_off_are_told_apart() {
    let (simulated, target) = simulated();
    simulated.chip().plugged_for = Some(0);
    let item = simulated.listed_as("ONE");
    let said_at_once = said(Board::connect(&item, target.clone(), simulated.lister()));
    assert!(said_at_once.contains("0483:374b:ONE cannot be opened"), "{said_at_once}");
    simulated.chip().plugged_for = None;
    simulated.chip().powered_for = Some(0);
    let unpowered = said(Board::connect(&item, target, simulated.lister()));
    assert!(unpowered.contains("does not reach a STM32L475VGTx") && unpowered.contains("powered"), "{unpowered}");

    for transfers in [1, 7, 300] {
        let (simulated, mut board) = connected();
        simulated.chip().plugged_for = Some(transfers);
        let while_reading = said(board.read(0x2000_0000, 0x1000));
        assert!(while_reading.contains("0483:374b:ONE is gone: was it unplugged?"), "{transfers}: {while_reading}");
        let (simulated, mut board) = connected();
        simulated.chip().powered_for = Some(transfers);
        let while_reading = said(board.read(0x2000_0000, 0x1000));
        assert!(while_reading.contains("is it still powered?"), "{transfers}: {while_reading}");
        let (simulated, mut board) = connected();
        simulated.chip().plugged_for = Some(10 * transfers);
        let while_flashing = said(board.flash(&segments(), &mut |_| {}));
        assert!(while_flashing.contains("is gone: was it unplugged?"), "{transfers}: {while_flashing}");
    }
}
