//! What the end-to-end tests share, and the measurements of `cargo xtask bench`.

pub mod bench;

pub mod centre;
pub mod closing;
pub mod load;
pub mod manual;
pub mod memory;
pub mod parallel;
pub mod pcsc;
pub mod postgres;
pub mod programs;
pub mod scenarios;
pub mod schemas;
pub mod secrets;
pub mod usb_board;
pub mod vcd;

use std::env;
use std::path::PathBuf;

use qiyong_protocol::card::codes::{CardNumber, IdNumber, Region};
use qiyong_protocol::card::commands;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::gbk;

/// The program `qiyong` of this build: `target/<profile>/qiyong`, beside the folder `deps/` of the test.
///
/// `cargo test` does not build the program of another package, so it must already be there: `cargo xtask test` builds
/// it, and so does `cargo build -p qiyong --features pcsc,probe`.
///
/// # Panics
/// If the program is missing; the message says what to do.
#[must_use]
pub fn qiyong() -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("the test lies in target/<profile>/deps");
    let program = profile.join(format!("qiyong{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: run `cargo build -p qiyong --features pcsc,probe` first",
        program.display()
    );
    program
}

/// The flashable image of the board B-L475E-IOT01A, as `cargo xtask firmware` built it.
///
/// # Panics
/// If it is missing; the message says what to do.
#[must_use]
pub fn image() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let image = root.join("target/arm/thumbv7em-none-eabihf/firmware/qiyong-b-l475e-iot01a");
    assert!(image.exists(), "{} is missing: run `cargo xtask firmware` first", image.display());
    image
}

/// The image of the board that was made from the template, `tests/lm3s6965evb`.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn third_image() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/arm/thumbv7m-none-eabi/firmware");
    let image = folder.join("qiyong-lm3s6965evb");
    assert!(image.exists(), "{} is missing: run `cargo xtask firmware` first", image.display());
    image
}

/// The image for the Pico, or, if `mutants`, the one with deliberate faults.
///
/// # Panics
/// It was not built.
#[must_use]
pub fn pico_image(mutants: bool) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/arm/thumbv6m-none-eabi/firmware");
    let image = folder.join(if mutants { "qiyong-pico-mutants" } else { "qiyong-pico" });
    assert!(image.exists(), "{} is missing: run `cargo xtask firmware` first", image.display());
    image
}

/// The card of the demo: number X00000019, Zhang San, PIN 123456, T=0. First-generation cards are in inverse
/// convention, so that both conventions occur.
///
/// # Panics
/// Never, since all its values are valid.
#[must_use]
pub fn sample_card(generation: Generation) -> NewCard {
    NewCard {
        generation,
        number: CardNumber::new(b"X00000019").unwrap(),
        id_number: IdNumber::new(b"111111198101011110").unwrap(),
        holder: gbk::name("张三").unwrap(),
        area: Region::new("320100").unwrap(),
        issued: Date::new(2026, 1, 1).unwrap(),
        expires: Date::new(2036, 1, 1).unwrap(),
        pin: Pin::new(b"123456").unwrap(),
        pin_tries: 3,
        convention: if generation == Generation::V1 { Convention::Inverse } else { Convention::Direct },
        protocol: 0,
        serial: 1,
        genuine: true,
    }
}

/// Commands of all four cases that the sample cards of generation 2 answer in T=0 with 61xx and a wrong length, too.
#[must_use]
pub fn commands_of_all_cases() -> Vec<Command<'static>> {
    vec![
        commands::select_environment(),
        commands::select_file(&[0xEF, 0x05]),
        commands::read_record(1, 16),
        commands::read_record(7, 8),
        commands::get_challenge(),
        commands::verify(&[0x12, 0x34, 0x56]),
        Command::new(0, 0x16, 0, 0),
    ]
}
