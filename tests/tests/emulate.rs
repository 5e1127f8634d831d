//! `qiyong emulate`: the flashable image, unmodified, in QEMU, with a virtual card behind its USART.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong::in_process::{InProcess, make_card, record_of};
use qiyong_centre::hsm::Hsm;
use qiyong_centre::test_mac_key;
use qiyong_firmware::ui::framebuffer::Framebuffer;
use qiyong_firmware::ui::{Screen, draw};
use qiyong_lab::emulator::CardUsart;
use qiyong_lab::emulator::holder::{Asked, Does, Moment};
use qiyong_lab::emulator::machine::Machine;
use qiyong_lab::probe::{Lights, SlotPins, picture};
use qiyong_protocol::card::codes::Name;
use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::ecr::{Command as TillCommand, Ended};
use qiyong_protocol::frame::{Peer, encode};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::decision::{CardRecord, Effects, Institution, Operation};
use qiyong_protocol::rules::document::{Document, DocumentKind, DocumentNumber, Validity};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::Reason;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::serial::setup::Setup;
use qiyong_tests::programs::{Watched, eventually};
use qiyong_tests::{image, qiyong, sample_card};
use serde_json::Value;
use tempfile::TempDir;

const PHARMACY: &str = "P32010000017";
const BANK: &str = "B32010000001";
const HOSPITAL: &str = "H32010000021";
const PIN: &str = "123456";
const NEW_PIN: &str = "271828";

/// A file with a card that speaks this protocol.
fn card_file(folder: &Path, new: &NewCard) -> PathBuf {
    let path = folder.join(format!("{:?}-{}.toml", new.generation, new.protocol));
    make_card(new, &Hsm::test_keys()).unwrap().save(&path).unwrap();
    path
}

fn card(generation: Generation, protocol: u8) -> NewCard {
    NewCard { protocol, convention: Convention::Direct, ..sample_card(generation) }
}

/// Runs the program with these rows keyed at the PIN pad; returns exit status, report, and standard error.
fn emulate(card: &Path, options: &[&str], keyed: &str) -> (i32, Value, String) {
    let mut command = Command::new(qiyong());
    command.args(["emulate", "--json", "--elf"]).arg(image()).arg("--card").arg(card).args(options);
    let mut process = Watched::start(&mut command);
    process.feed(keyed);
    let output = process.output();
    let (told, seen) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    for secret in [PIN, NEW_PIN, "111111198101011110"] {
        assert!(!told.contains(secret) && !seen.contains(secret), "{secret} in {told}{seen}");
    }
    (output.status.code().expect("an exit status"), serde_json::from_str(&told).unwrap_or(Value::Null), seen)
}

/// The first visit puts the card into use; the second finds it in use.
fn activates_once(generation: Generation, protocol: u8, place: &str, what: &[&str], charge: u64) {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(generation, protocol));
    let database = folder.path().join("centre.db");
    let mut add = Command::new(qiyong());
    add.args(["centre", "add", "--test-keys", "--account", "50000", "--institution", place, "--card"]).arg(&file);
    let output = Watched::start(add.arg("--db").arg(&database)).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let options = [&["--institution", place, "--centre", database.to_str().unwrap()], what].concat();

    let (status, report, seen) = emulate(&file, &options, &format!("{PIN}\n{NEW_PIN}\n{NEW_PIN}\n"));
    assert_eq!(status, 0, "{report} {seen}");
    assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report}");
    assert_eq!((&report["charge"], &report["balance"]), (&charge.into(), &(50_000 - charge).into()), "{report}");
    assert_eq!((&report["stan"], &report["pin_changed"]), (&1.into(), &true.into()), "{report}");
    let last = report["screens"].as_array().and_then(|screens| screens.last()).unwrap();
    assert!(last["chinese"] == "支付成功，卡已启用" && last["english"] == "Paid, card activated", "{report}");
    let log = report["log"].as_array().unwrap();
    let logged = |words: &str| log.iter().any(|line| line.as_str().unwrap().contains(words));
    for words in ["emulated: true", place, "screen: Reading card", "approved, activated: true"] {
        assert!(logged(words), "{words}: {report}");
    }
    assert!(!logged("damaged") && !logged("panic"), "{report}");

    // The file has the new PIN. The board has a blank flash again, so that it is another terminal, with a batch of its own.
    let (status, report, seen) = emulate(&file, &options, &format!("{NEW_PIN}\n"));
    assert_eq!(status, 0, "{report} {seen}");
    assert_eq!((&report["activated"], &report["stan"]), (&false.into(), &1.into()), "{report}");
    assert_eq!(report["balance"], 50_000 - 2 * charge, "{report}");
}

#[test]
fn the_image_puts_a_card_into_use_at_a_pharmacy_over_t0() {
    activates_once(Generation::V3, 0, PHARMACY, &["purchase", "35.80"], 3580);
}

#[test]
fn the_image_puts_a_card_into_use_at_a_pharmacy_over_t1() {
    activates_once(Generation::V3, 1, PHARMACY, &["purchase", "35.80"], 3580);
}

#[test]
fn the_image_puts_cards_of_older_generations_into_use_at_a_hospital() {
    for (generation, protocol) in [(Generation::V1, 0), (Generation::V2, 1)] {
        activates_once(generation, protocol, HOSPITAL, &["settle", "152.00", "--fund", "100.00"], 5200);
    }
}

/// A running image, a centre that knows its institution and one card, and the file of this card.
struct Desk {
    machine: Machine,
    centre: InProcess,
    file: PathBuf,
    folder: TempDir,
}

impl Desk {
    fn new(new: &NewCard, place: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = card_file(folder.path(), new);
        let code = InstitutionCode::new(place).unwrap();
        let mut centre = InProcess::new().unwrap();
        centre.add_institution(&Institution::of_region(code)).unwrap();
        let record = record_of(new, &Hsm::test_keys()).unwrap();
        centre.add_card(&CardRecord { account: Fen(10_000), ..record }).unwrap();
        let setup =
            Setup { institution: code, terminal: TerminalId(*b"00000001"), key: test_mac_key(), next_stan: Stan(7) };
        let machine = Machine::boot(&image(), setup).unwrap();
        Self { machine, centre, file, folder }
    }

    /// One visit; returns its end and the PINs that the terminal asked for.
    fn visit(&mut self, operation: &Operation, mut does: Vec<Does>) -> (Ended, Vec<Asked>) {
        self.machine.insert(DeskCard::open(&self.file, |problem| panic!("{problem}")).unwrap()).unwrap();
        does.reverse();
        let mut asked = Vec::new();
        let mut holder = |moment: Moment| match moment {
            Moment::Pin(which) => {
                asked.push(which);
                does.pop().expect("nobody asks more often")
            }
            Moment::Card | Moment::Transaction => Does::Nothing,
        };
        let time = Timestamp { date: Date::new(2026, 11, 1).unwrap(), hour: 9, minute: 30, second: 0 };
        let ending = self.machine.serve(&mut self.centre, operation, time, &mut holder).unwrap();
        self.machine.remove().unwrap();
        // Shown only if the test fails.
        println!("{ending:?} {asked:?} {:?} {:?}", self.machine.screens(), self.machine.log());
        (ending, asked)
    }

    /// Checks that nothing went wrong within the image.
    fn check_log(&self) {
        let wrong = |line: &&String| ["panic", "fault", "overflow", "damaged"].iter().any(|word| line.contains(word));
        assert_eq!(self.machine.log().iter().find(wrong), None, "{:?}", self.machine.log());
        assert_eq!(self.machine.log().iter().filter(|line| line.contains("qiyong on")).count(), 1, "one start");
    }
}

fn keys(digits: &str) -> Does {
    Does::Keys(digits.to_string().into())
}

fn purchase(fen: u64) -> Operation {
    Operation::Purchase(Bill::new(Fen(fen), Fen(0)).unwrap())
}

#[test]
fn one_image_serves_one_holder_after_the_other_whatever_they_do() {
    let mut desk = Desk::new(&card(Generation::V2, 0), PHARMACY);
    let purchase = purchase(1250);
    let all = [Asked::Present, Asked::New, Asked::NewAgain];

    let (ending, asked) = desk.visit(&purchase, vec![Does::PullsCard]);
    assert_eq!((ending.reason, asked), (Some(Reason::CardRemoved), vec![Asked::Present]));
    let (ending, _) = desk.visit(&purchase, vec![keys("999999"), Does::Cancels]);
    assert_eq!(ending.reason, Some(Reason::PinWrong));
    let (ending, asked) = desk.visit(&purchase, vec![keys(PIN), keys(NEW_PIN), Does::PullsCard]);
    assert_eq!((ending.reason, asked), (Some(Reason::CardRemoved), all.to_vec()));
    // Garbage that is longer than any frame, frames that are cut off, and one with a wrong bit, all before the till's
    // command.
    let mut buffer = [0; 64];
    let frame = encode(Peer::Till, &TillCommand::Cancel.encode(), &mut buffer).unwrap();
    desk.machine.disturb_till(&[0xFF; 2000]);
    (1..frame.len()).for_each(|cut| desk.machine.disturb_till(&frame[..cut]));
    let mut bent = frame.to_vec();
    bent[3] ^= 4;
    desk.machine.disturb_till(&bent);
    let (ending, asked) = desk.visit(&purchase, vec![keys(PIN), keys(NEW_PIN), keys(NEW_PIN)]);
    assert_eq!((ending.reason, ending.effects.activates, ending.stan), (None, true, Some(Stan(7))));
    assert_eq!((ending.balance, asked), (Some(Fen(8750)), all.to_vec()));
    let (ending, _) = desk.visit(&purchase, vec![keys(NEW_PIN)]);
    assert_eq!((ending.reason, ending.effects.activates, ending.stan), (None, false, Some(Stan(8))));

    let (used, reserved) = desk.machine.stack().unwrap();
    assert!(used > 0 && used < reserved, "{used} of {reserved} bytes");
    desk.check_log();
}

/// The pixels of a PNG, as red, green and blue, and the PNG's width.
fn pixels(png: impl std::io::BufRead + std::io::Seek) -> (u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(png);
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    (info.width, bytes)
}

fn pixels_of_file(path: &Path) -> (u32, Vec<u8>) {
    pixels(BufReader::new(fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))))
}

#[test]
fn the_last_screen_of_an_activation_is_a_picture_of_its_words() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(Generation::V3, 0));
    let shot = folder.path().join("screen.png");
    let options = ["--screen", shot.to_str().unwrap(), "purchase", "35.80"];
    let (status, report, seen) = emulate(&file, &options, &format!("{PIN}\n{NEW_PIN}\n{NEW_PIN}\n"));
    assert_eq!(status, 0, "{report} {seen}");

    let effects = Effects { activates: true, activates_financial: false, charge: Fen(3580) };
    let screen = Screen::Approved { effects, paid: true, balance: Fen(50_000 - 3580) };
    let mut drawn = Framebuffer::new();
    let Ok(()) = draw::draw(&screen.text(), &mut drawn);
    let (width, shown) = pixels_of_file(&shot);
    for y in 0..64 {
        for x in 0..128 {
            let colour = picture::COLOURS[usize::from(drawn.is_lit(x, y))];
            for (right, down) in
                (0..picture::SCALE).flat_map(|right| (0..picture::SCALE).map(move |down| (right, down)))
            {
                let at = 3 * ((y * picture::SCALE + down) * width as usize + x * picture::SCALE + right);
                assert_eq!(shown[at..at + 3], colour, "pixel {x}, {y}");
            }
        }
    }
    // The same picture as the stored one, which a person has checked.
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/pharmacy-activated.png");
    let same = (width, shown) == pixels_of_file(&golden);
    assert!(
        same,
        "{} shows something else; if that is intended, look at the new picture and replace it",
        golden.display()
    );

    // Although the picture cannot be written, the report shows what was done.
    let nowhere = folder.path().join("none").join("screen.png");
    let options = ["--screen", nowhere.to_str().unwrap(), "purchase", "1.00"];
    let (status, report, seen) = emulate(&file, &options, &format!("{NEW_PIN}\n314159\n314159\n"));
    assert_eq!((status, &report["charge"]), (2, &100.into()), "{report} {seen}");
    assert!(seen.contains("cannot write"), "{seen}");
}

#[test]
fn the_lights_say_what_the_screen_does_from_afar() {
    let mut desk = Desk::new(&card(Generation::V2, 1), PHARMACY);
    let dark = Lights { runs: true, ready: false, busy: false, wrong: false };
    assert_eq!(desk.machine.lights().unwrap(), dark);
    let (ending, _) = desk.visit(&purchase(100), vec![Does::Cancels]);
    assert_eq!(ending.reason, Some(Reason::CancelledByOperator));
    assert_eq!(desk.machine.lights().unwrap(), Lights { wrong: true, ..dark });
    let (ending, _) = desk.visit(&Operation::Query, Vec::new());
    assert_eq!(ending.reason, None);
    assert_eq!(desk.machine.lights().unwrap(), Lights { ready: true, ..dark });
    desk.check_log();
}

#[test]
fn the_cancel_key_counts_when_it_goes_down_and_not_while_it_is_held() {
    let mut desk = Desk::new(&card(Generation::V2, 0), PHARMACY);
    // Pressed before the holder was asked, and kept down.
    desk.machine.cancel_key(true).unwrap();
    let (ending, asked) = desk.visit(&Operation::Query, Vec::new());
    assert_eq!((ending.reason, asked.len()), (None, 0));
    desk.machine.cancel_key(false).unwrap();
    // Pressed at the PIN, and kept down during the whole next visit.
    let (ending, _) = desk.visit(&purchase(100), vec![Does::HoldsCancelKey]);
    assert_eq!(ending.reason, Some(Reason::CancelledByOperator));
    let (ending, _) = desk.visit(&purchase(100), vec![keys(PIN), keys(NEW_PIN), keys(NEW_PIN)]);
    assert_eq!((ending.reason, ending.effects.activates), (None, true));
    desk.machine.cancel_key(false).unwrap();
    let (ending, _) = desk.visit(&Operation::Query, Vec::new());
    assert_eq!(ending.reason, None);
    let pressed = |machine: &Machine| machine.log().iter().filter(|line| line.contains("cancel key")).count();
    assert_eq!(pressed(&desk.machine), 0);
    // Pressed while the terminal waits for a card that does not come.
    let time = Timestamp { date: Date::new(2026, 11, 1).unwrap(), hour: 9, minute: 30, second: 0 };
    let mut cancels = |moment: Moment| match moment {
        Moment::Card => Does::HoldsCancelKey,
        Moment::Pin(_) | Moment::Transaction => panic!("{moment:?}"),
    };
    let ending = desk.machine.serve(&mut desk.centre, &Operation::Query, time, &mut cancels).unwrap();
    assert_eq!(ending.reason, Some(Reason::CancelledByOperator));
    // The visit did not end because nobody came.
    assert_eq!(pressed(&desk.machine), 1);
    desk.check_log();
}

#[test]
fn a_card_that_is_pulled_at_any_character_harms_neither_the_image_nor_the_next_visit() {
    for protocol in [0, 1] {
        let mut desk = Desk::new(&card(Generation::V3, protocol), PHARMACY);
        // In the ATR, in PPS, while the card is read, and at the last characters before the terminal asks for the PIN.
        for characters in [1, 2, 17, 21, 24, 26, 45, 80, 133, 200, 280, 301] {
            desk.machine.pull_after(characters);
            let (ending, asked) = desk.visit(&purchase(100), Vec::new());
            assert_eq!((ending.reason, ending.stan, asked.len()), (Some(Reason::CardRemoved), None, 0), "{characters}");
        }
        let (ending, _) = desk.visit(&purchase(100), vec![keys(PIN), keys(NEW_PIN), keys(NEW_PIN)]);
        assert_eq!((ending.reason, ending.stan, ending.balance), (None, Some(Stan(7)), Some(Fen(9900))));
        desk.check_log();
    }
}

#[test]
fn the_image_puts_a_card_into_use_at_a_bank_with_a_document() {
    let new = card(Generation::V3, 1);
    let mut desk = Desk::new(&new, BANK);
    let document = |holder: &[u8]| Document {
        kind: DocumentKind::IdCard,
        number: DocumentNumber::new(new.id_number.as_bytes()).unwrap(),
        name: Name::new(holder).unwrap(),
        valid_until: Validity::LongTerm,
    };
    let apply = |document| Operation::Apply { document };
    let zhang_san = [0xD5, 0xC5, 0xC8, 0xFD];
    let (ending, _) = desk.visit(&apply(None), Vec::new());
    assert_eq!(ending.reason, Some(Reason::DocumentMissing));
    let (ending, _) = desk.visit(&apply(Some(document(b"Li Si"))), Vec::new());
    assert_eq!(ending.reason, Some(Reason::DocumentMismatch));
    // The holder declines the offer to replace the initial PIN.
    let (ending, asked) = desk.visit(&apply(Some(document(&zhang_san))), vec![Does::Cancels]);
    assert_eq!((ending.reason, asked), (None, vec![Asked::Present]));
    assert_eq!((ending.effects.activates, ending.effects.activates_financial), (true, true));
    desk.check_log();
    drop(desk.folder);
}

#[test]
fn the_usart_is_set_up_for_smartcard_mode_at_the_agreed_rate() {
    // RM0351 §40.8: UE, RE, TE, RXNEIE, PCE, M0, so 8 bits and even parity; 1.5 stop bits and CLKEN; SCEN.
    let (cr1, cr2, scen) = (1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 10 | 1 << 12, 0b11 << 12 | 1 << 11, 1 << 5);
    // Only T=0 has the error signal (clause 11.2), and three repetitions.
    let nack = 1 << 4 | 3 << 17;
    // 16 MHz by 2 · 2: CLK is 4 MHz. The echo is over an etu before TC; no extra guard time.
    let gtpr = 0x102;
    for (generation, protocol, cr3, cycles_per_etu) in
        [(Generation::V2, 0, scen | nack, 372), (Generation::V3, 0, scen | nack, 16), (Generation::V3, 1, scen, 16)]
    {
        let mut desk = Desk::new(&card(generation, protocol), PHARMACY);
        let (ending, _) = desk.visit(&Operation::Query, Vec::new());
        assert_eq!(ending.reason, None);
        let expected = CardUsart { cr1, cr2, cr3, brr: 4 * cycles_per_etu, gtpr };
        assert_eq!(desk.machine.card_usart().unwrap(), expected, "{generation:?} T={protocol}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_said_with_the_way_out() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(Generation::V2, 0));
    let run = |elf: &Path, path: Option<&Path>| {
        let mut command = Command::new(qiyong());
        command.args(["emulate", "--elf"]).arg(elf).arg("--card").arg(&file).arg("query");
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = Watched::start(&mut command).output();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let elf = image();
    let none = run(&elf, Some(folder.path()));
    assert!(none.contains("no qemu-system-arm") && none.contains("bookworm-backports"), "{none}");
    let old = folder.path().join("qemu-system-arm");
    fs::write(&old, "#!/bin/sh\necho 'QEMU emulator version 7.2.22'\n").unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let old = run(&elf, Some(folder.path()));
    assert!(old.contains("7.2.22") && old.contains("9.1 or later"), "{old}");
    for (elf, words) in
        [(folder.path().join("none"), "No such file"), (file.clone(), "no ELF"), (qiyong(), "not for ARM")]
    {
        let said = run(&elf, None);
        assert!(said.contains(words) && said.contains("cargo xtask firmware"), "{said}");
    }

    let inverse = card_file(folder.path(), &sample_card(Generation::V1));
    let (status, _, said) = emulate(&inverse, &["query"], "");
    assert_eq!(status, 2);
    assert!(said.contains("inverse") && said.contains("direct convention"), "{said}");
}

#[test]
fn what_was_wrong_with_a_card_is_told() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(Generation::V3, 0));
    // The eight digits that a card has before it is personalised.
    let text = fs::read_to_string(&file).unwrap();
    let ident = text.lines().find(|line| line.contains("# card ident code")).unwrap();
    let digits = ident.split('"').nth(3).unwrap();
    fs::write(&file, text.replace(digits, &format!("{}FFFFFFFF", &digits[..24]))).unwrap();

    let (status, told, seen) = emulate(&file, &["purchase", "1.00"], "");
    assert_eq!((status, &told["reason"]), (1, &"card-unreadable".into()), "{told} {seen}");
    let cause = "the card was never personalised: its ident code ends in FFFFFFFF";
    assert_eq!(told["cause"], cause, "{told}");
    // The log has the reason as its word, and the cause as the number of `CauseCode`.
    let log = told["log"].as_array().unwrap();
    assert!(log.contains(&"warn  card-unreadable, cause 00000005".into()), "{told}");
    let mut command = Command::new(qiyong());
    command.args(["emulate", "--elf"]).arg(image()).arg("--card").arg(&file).args(["purchase", "1.00"]);
    let output = Watched::start(&mut command).output();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(lines.lines().any(|line| line == format!("cause   {cause}")), "{lines}");
}

#[test]
fn the_probe_sees_the_slots_pins_and_resets_the_chip() {
    let mut desk = Desk::new(&card(Generation::V2, 0), PHARMACY);
    let pins = |vcc, rst, present| SlotPins { vcc, rst, present };
    assert_eq!(desk.machine.slot_pins().unwrap(), pins(false, false, false));
    desk.machine.insert(DeskCard::open(&desk.file, |problem| panic!("{problem}")).unwrap()).unwrap();
    assert_eq!(desk.machine.slot_pins().unwrap(), pins(false, false, true));
    desk.machine.reset().unwrap();
    let starts = desk.machine.log().iter().filter(|line| line.contains("qiyong on")).count();
    assert_eq!(starts, 2, "{:?}", desk.machine.log());
}

#[test]
fn qemu_ends_with_the_program_even_if_that_is_killed() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(Generation::V3, 0));
    // A copy, whose path identifies this QEMU among others.
    let elf = folder.path().join("image-of-this-test");
    fs::copy(image(), &elf).unwrap();
    let runs = || {
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let words: Vec<_> = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok()).collect();
        let ours = |words: &&Vec<u8>| {
            let words = String::from_utf8_lossy(words);
            words.starts_with("qemu-system-arm") && words.contains("image-of-this-test")
        };
        words.iter().any(|words| ours(&words))
    };
    let mut command = Command::new(qiyong());
    command.args(["emulate", "--elf"]).arg(&elf).arg("--card").arg(&file).args(["purchase", "1.00"]);
    // Nobody keys the PIN for which it waits.
    let process = Watched::start(&mut command);
    eventually("QEMU runs", runs);
    process.signal("-KILL");
    process.output();
    eventually("QEMU is gone", || !runs());
}

#[test]
fn a_banks_application_is_made_with_a_document_keyed_at_the_till() {
    let folder = TempDir::new().unwrap();
    let file = card_file(folder.path(), &card(Generation::V2, 0));
    let options = "apply --document id-card --holder 张三 --valid-until long-term".split(' ');
    let options: Vec<_> = ["--institution", BANK].into_iter().chain(options).collect();
    let keyed = format!("111111198101011110\n{PIN}\n{NEW_PIN}\n{NEW_PIN}\n");
    let (status, told, seen) = emulate(&file, &options, &keyed);
    assert_eq!((status, &told["activated"], &told["pin_changed"]), (0, &true.into(), &true.into()), "{told} {seen}");
    // Another person's document.
    let options: Vec<_> = options.iter().map(|option| if *option == "张三" { "李四" } else { option }).collect();
    let (status, told, _) = emulate(&file, &options, "111111198101011110\n");
    assert_eq!((status, &told["reason"]), (1, &"document-mismatch".into()), "{told}");
}
