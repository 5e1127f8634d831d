//! `qiyong card record`: what a recorded card answers, what of the real one is nowhere, and cards that cannot be recorded.

use std::collections::VecDeque;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use embassy_futures::block_on;
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_firmware::slot::{CardSlot, SlotError};
use qiyong_protocol::card::codes::{CardNumber, CodeError, IdNumber, Region};
use qiyong_protocol::card::files::{Df, EF05, EF06, Generation, tag};
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::iso7816::apdu::{Command as Apdu, Response};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::card::record::{RecordError, record};
use qiyong_sim::card::recorded::{Exchange, Place};
use qiyong_sim::gbk;
use qiyong_tests::pcsc::real_pcscd::RealPcscd;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::{qiyong, sample_card};

/// The "real" holder, whom nobody may find in a recording.
const NAME: &str = "欧阳修";
const ID_NUMBER: &[u8; 18] = b"11010519491231002X";
const CARD_NUMBER: &[u8; 9] = b"A12345670";
const SERIAL: u32 = 0x00C0_FFEE;

/// A card of a holder who is not the one of the samples.
fn real_holders(generation: Generation) -> NewCard {
    let mut number = *CARD_NUMBER;
    number[8] = CardNumber::check_character(number.first_chunk().unwrap());
    NewCard {
        number: CardNumber::new_checked(&number).unwrap(),
        id_number: IdNumber::new(ID_NUMBER).unwrap(),
        holder: gbk::holder(NAME, generation).unwrap(),
        serial: SERIAL,
        ..sample_card(generation)
    }
}

/// What is peculiar to a "real" card: another form of the answer to SELECT, a file less, and status words of its own.
fn peculiar(generation: Generation) -> VirtualCard {
    let mut card = make_card(&real_holders(generation), &Hsm::test_keys()).unwrap();
    let name = qiyong_protocol::card::files::SSSE_NAME;
    let within = |df: &[u8], ef: &str| Place { df: df.to_vec(), ef: hex::decode(ef).unwrap() };
    let fci =
        format!("6F19840F{}A5069F0C0386010{}", hex::encode(name), if generation == Generation::V3 { 3 } else { 1 });
    let select = format!("00A404000F{}", hex::encode(name));
    for (place, command, answer) in [
        (within(&[], ""), select.as_str(), format!("{fci}9000")),
        (within(&name, ""), "00A4000002EF07", "6A82".into()),
        (within(&name, "EF05"), "00B20204", "6985".into()),
        (within(&[], ""), "00A4000002DF04", "6283".into()),
    ] {
        let (command, answer) = (hex::decode(command).unwrap(), Some(hex::decode(answer).unwrap()));
        card.recorded.exchanges.push(Exchange { place, command, micros: 0, answer });
    }
    card
}

/// Everything that both cards are asked: by number, by tag, by SFI, with other Le, and what they do not have.
fn questions(generation: Generation) -> Vec<String> {
    let mut asked = vec!["00B2030406".into(), "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00".to_string()];
    for spec in generation.files().filter(|spec| spec.df == Df::Ssse) {
        asked.push(format!("00A4000002{:04X}00", spec.fid));
        for (number, record) in (1..=u8::MAX).zip(spec.records()) {
            asked.push(format!("00B2{number:02X}04{:02X}", record.len + 2));
        }
        asked.push(format!("00B2{:02X}0402", spec.records().len() + 1));
    }
    asked.extend(["DF01", "EF05", "DF04", "EF05", "DF09", "3F00"].map(|fid| format!("00A4000002{fid}00")));
    asked
}

fn run(command: &mut Command) -> Output {
    Watched::start(command).output()
}

/// The exchanges of `card send --reader`, as (command, response, status word); and the ATR.
fn ask(command: &mut Command, reader: &str, asked: &[String]) -> (String, Vec<[String; 3]>) {
    let output = run(command.args(["card", "send", "--json", "--reader", reader]).args(asked));
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(said["error"], Value::Null, "{said}");
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let exchanges = said["exchanges"].as_array().unwrap().iter();
    let exchanges = exchanges.map(|said| [text(&said["command"]), text(&said["response"]), text(&said["sw"])]);
    (text(&said["atr"]), exchanges.collect())
}

/// Whether two answers are the same, or differ in what is replaced alone: bytes of card and holder, of the same length.
fn same_but_for_what_is_replaced(real: &[String; 3], recorded: &[String; 3]) -> bool {
    let replaced = |tag: &str| {
        let tags = ["01", "07", "08", "09", "4E", "0A", "0B", "0C", "0D"];
        tags.contains(&tag)
    };
    let ([command, real, sw], [recorded_command, recorded, recorded_sw]) = (real, recorded);
    (command, sw, real.len()) == (recorded_command, recorded_sw, recorded.len())
        && (real == recorded
            || (command.starts_with("00B2") && real.len() > 4 && replaced(&real[..2]) && real[..4] == recorded[..4]))
}

/// Nothing of the real card or holder is in the text, neither as text nor in hex.
fn is_clean(text: &str) {
    let upper = text.to_uppercase();
    let (name, id, number) = (gbk::encode(NAME).unwrap(), ID_NUMBER, &CARD_NUMBER[..8]);
    assert!(!text.contains(NAME) && !text.contains("11010519491231002X") && !text.contains("A1234567"), "{text}");
    for secret in [hex::encode_upper(name), hex::encode_upper(id), hex::encode_upper(number), "C0FFEE".into()] {
        assert!(!upper.contains(&secret), "{secret} in {text}");
    }
}

fn record_to(command: &mut Command, reader: &str, file: &Path) -> Value {
    let output = run(command.args(["card", "record", "--json", "--reader", reader]).arg(file));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    is_clean(&out);
    is_clean(&std::fs::read_to_string(file).unwrap());
    serde_json::from_str(&out).unwrap()
}

/// Compares a card with its recording, exchange by exchange; `real` and `recorded` make a command that finds each.
fn compare(generation: Generation, real: (&mut Command, &str), recorded: (&mut Command, &str)) {
    let asked = questions(generation);
    let (real_atr, real) = ask(real.0, real.1, &asked);
    let (atr, recorded) = ask(recorded.0, recorded.1, &asked);
    assert_eq!(real_atr.len(), atr.len());
    assert_eq!(real_atr[..12], atr[..12], "the serial number and what follows may differ");
    assert_eq!((real.len(), recorded.len()), (asked.len(), asked.len()));
    for (real, recorded) in real.iter().zip(&recorded) {
        assert!(same_but_for_what_is_replaced(real, recorded), "{real:?}\n{recorded:?}");
    }
}

/// A server with this card in a reader, on an antenna if `air`.
fn server_with(card: &VirtualCard, air: bool) -> PrivateServer {
    let folder = TempDir::new().unwrap();
    let file = if air { "air.toml" } else { "0.toml" };
    card.save(&folder.path().join(file)).unwrap();
    PrivateServer::in_folder(folder, usize::from(!air), if air { &["--contactless", "air.toml"] } else { &[] })
}

fn program(server: &PrivateServer) -> Command {
    server.command(qiyong().to_str().unwrap())
}

#[test]
fn a_card_of_our_server_is_recorded_and_its_recording_answers_the_same() {
    for (generation, air) in
        [(Generation::V1, false), (Generation::V2, false), (Generation::V3, false), (Generation::V3, true)]
    {
        let server = server_with(&peculiar(generation), air);
        let file = server.folder.path().join("recorded.toml");
        let told = record_to(&mut program(&server), "any", &file);
        let peculiar = told["peculiar"].as_u64().unwrap();
        // The answer to SELECT, EF07, record 2 of EF05, DF04.
        assert_eq!(peculiar, 4, "{generation:?} {told}");
        let recorded = VirtualCard::load(&file).unwrap();
        assert!(recorded.recorded.exchanges.iter().all(|exchange| exchange.micros < 60_000_000));
        assert!(recorded.recorded.exchanges.iter().any(|exchange| exchange.micros > 0));
        let again = server_with(&recorded, air);
        compare(generation, (&mut program(&server), "any"), (&mut program(&again), "any"));
        if air {
            let reader = ["FFCA000000", "FFCA010000", "FFCA000001"].map(String::from);
            let (_, real) = ask(&mut program(&server), "any", &reader);
            let (_, recorded) = ask(&mut program(&again), "any", &reader);
            assert_eq!(real[0][1].len(), recorded[0][1].len());
            assert_ne!(real[0][1], recorded[0][1], "the UID is another one");
            assert_eq!((&real[1][1][..14], &real[2]), (&recorded[1][1][..14], &recorded[2]));
        }
        // A second recording, of the recording, says the same again.
        let second = server.folder.path().join("second.toml");
        record_to(&mut program(&again), "any", &second);
        let twice = VirtualCard::load(&second).unwrap();
        let answers = |card: &VirtualCard| -> Vec<_> {
            card.recorded.exchanges.iter().map(|e| (e.place.clone(), e.command.clone(), e.answer.clone())).collect()
        };
        assert_eq!(answers(&twice), answers(&recorded));
        assert_eq!((&twice.atr, &twice.antenna), (&recorded.atr, &recorded.antenna));
    }
}

#[test]
fn a_card_in_the_real_pcscd_is_recorded_and_its_recording_answers_the_same() {
    let folder = TempDir::new().unwrap();
    let put = |card: &VirtualCard, name: &str| -> PathBuf {
        let file = folder.path().join(name);
        card.save(&file).unwrap();
        file
    };
    let vicc = |file: &Path| {
        let pcscd = RealPcscd::start();
        let connect = format!("127.0.0.1:{}", pcscd.port);
        let card = Watched::start(Command::new(qiyong()).args(["vicc", "--connect", &connect, "--card"]).arg(file));
        pcscd.wait_for_card();
        (pcscd, card)
    };
    let (pcscd, _card) = vicc(&put(&peculiar(Generation::V2), "real.toml"));
    let program = |pcscd: &RealPcscd| pcscd.command(qiyong().to_str().unwrap());
    let file = folder.path().join("recorded.toml");
    record_to(&mut program(&pcscd), "Virtual PCD", &file);
    let (again, _again_card) = vicc(&file);
    compare(Generation::V2, (&mut program(&pcscd), "any"), (&mut program(&again), "any"));
}

/// It has test keys: a terminal and a centre with test keys take it for what it is.
#[test]
fn a_recorded_card_pays_at_a_terminal() {
    let mut real = peculiar(Generation::V3);
    // Its file and application are no obstacle, but the answer to SELECT and the record are read.
    real.recorded.exchanges.retain(|exchange| matches!(exchange.answer.as_deref(), Some([0x6A | 0x62, _])));
    let server = server_with(&real, false);
    let file = server.folder.path().join("recorded.toml");
    record_to(&mut program(&server), "any", &file);
    let again = server_with(&VirtualCard::load(&file).unwrap(), false);
    let centre = again.folder.path().join("centre.db");
    let centre = centre.to_str().unwrap();
    let add = ["centre", "add", "--test-keys", "--account", "50000", "--db", centre, "--card", "0.toml"];
    let added = run(program(&again).args(add).args(["--institution", "P32010000017"]));
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let mut terminal = program(&again);
    terminal.args(["terminal", "--json", "--institution", "P32010000017", "--centre", centre, "--reader", "any"]);
    let mut terminal = Watched::start(terminal.args(["purchase", "35.80"]));
    terminal.feed("123456\n271828\n271828\n");
    let output = terminal.output();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outcome"], "approved", "{report} {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_recorded_says_why_and_leaves_no_file() {
    let refuse = |server: &PrivateServer, status: i32, words: &str| {
        let file = server.folder.path().join("none.toml");
        let output = run(program(server).args(["card", "record", "--reader", "any"]).arg(&file));
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(status) && complaint.contains(words), "{words}: {complaint}");
        assert!(!file.exists());
    };
    // A bank's card, or one of a bus company: it has no such application.
    let mut other = make_card(&real_holders(Generation::V2), &Hsm::test_keys()).unwrap();
    let select = format!("00A404000F{}", hex::encode(qiyong_protocol::card::files::SSSE_NAME));
    let (command, answer) = (hex::decode(select).unwrap(), Some(vec![0x6A, 0x82]));
    other.recorded.exchanges.push(Exchange { place: Place::default(), command, micros: 0, answer });
    let server = server_with(&other, false);
    refuse(&server, 1, "this is no social security card, since it answers the selection of SSSE with 6A82");
    assert_eq!(server.ctl(&["mute"]).0, 0);
    refuse(&server, 1, "after 0 exchanges");
    assert_eq!(server.ctl(&["remove"]).0, 0);
    refuse(&server, 2, "no card is in the reader");
    drop(server);
    let server = server_with(&peculiar(Generation::V2), false);
    let mut holder = Watched::start(&mut server.python("hold_exclusive.py"));
    let mut lines = holder.lines().lines();
    lines.next().unwrap().unwrap();
    refuse(&server, 2, "another program has the card to itself");
    holder.signal("-9");
    // A file that is there stays as it is.
    let there = server.folder.path().join("there.toml");
    std::fs::write(&there, "mine").unwrap();
    let output = run(program(&server).args(["card", "record", "--reader", "any"]).arg(&there));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
}

// ---- cards that answer anything

/// A slot whose card answers what stands in a row, and the last of it for ever.
struct Scripted {
    atr: Vec<u8>,
    answers: VecDeque<Result<(Vec<u8>, u16), SlotError>>,
    /// What answers when nothing stands in the row any more.
    behind: Option<VirtualCard>,
}

impl CardSlot for Scripted {
    async fn wait_for_card(&mut self, _: u16) -> bool {
        true
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        Ok(&self.atr)
    }

    async fn transmit<'b>(&mut self, command: &Apdu<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        // The card behind hears everything, so that it is in step.
        let own = self.behind.as_mut().map(|card| card.process(command));
        let (data, sw) = match (self.answers.pop_front(), own) {
            (Some(Ok(answer)), _) => answer,
            (Some(Err(error)), _) => return Err(error),
            (None, Some((data, sw))) => (data, sw.0),
            (None, None) => (Vec::new(), 0x6A82),
        };
        let data = &data[..data.len().min(256)];
        buffer[..data.len()].copy_from_slice(data);
        Ok(Response { data: &buffer[..data.len()], sw: StatusWord(sw) })
    }

    async fn disconnect(&mut self) {}
}

fn make(generation: Generation, area: Region, historical: &[u8]) -> Result<VirtualCard, CodeError> {
    let new = NewCard { area, ..sample_card(generation) };
    let mut card = make_card(&new, &Hsm::test_keys()).unwrap();
    card.keys = Hsm::test_keys().card_keys(generation.algorithm(), historical, area);
    Ok(card)
}

fn record_scripted(slot: &mut Scripted) -> Result<VirtualCard, RecordError> {
    let mut time = 0;
    block_on(record(
        slot,
        &mut || {
            time += 7;
            time
        },
        &make,
    ))
}

#[test]
fn a_card_that_is_pulled_at_any_exchange_is_no_recording_and_the_error_counts() {
    let real = || make_card(&real_holders(Generation::V2), &Hsm::test_keys()).unwrap();
    let whole = record_scripted(&mut Scripted { atr: real().atr, answers: VecDeque::new(), behind: Some(real()) });
    let count = whole.unwrap().recorded.exchanges.len();
    assert!(count > 40, "{count}");
    for at in 0..count {
        let mut counting = make_card(&real_holders(Generation::V2), &Hsm::test_keys()).unwrap();
        counting.reset();
        let mut slot = Pulled { card: counting, left: at };
        let error = block_on(record(&mut slot, &mut || 0, &make)).unwrap_err();
        assert_eq!(error, RecordError::Slot { error: SlotError::Removed, after: at });
    }
}

/// A card that is pulled after so many answers.
struct Pulled {
    card: VirtualCard,
    left: usize,
}

impl CardSlot for Pulled {
    async fn wait_for_card(&mut self, _: u16) -> bool {
        true
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        Ok(&self.card.atr)
    }

    async fn transmit<'b>(&mut self, command: &Apdu<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        self.left = self.left.checked_sub(1).ok_or(SlotError::Removed)?;
        let (data, sw) = self.card.process(command);
        buffer[..data.len()].copy_from_slice(&data);
        Ok(Response { data: &buffer[..data.len()], sw })
    }

    async fn disconnect(&mut self) {}
}

/// Any answer: nothing, bytes, records with any tag and length, the holder's values where they do not belong.
fn answer() -> impl Strategy<Value = (Vec<u8>, u16)> {
    let secrets = [ID_NUMBER.to_vec(), CARD_NUMBER.to_vec(), gbk::encode(NAME).unwrap()];
    let of_holder = (0usize..3, any::<u8>(), any::<bool>()).prop_map(move |(which, tag, is_record)| {
        let secret = &secrets[which];
        let before = if is_record { vec![tag, secret.len() as u8] } else { vec![0x6F, tag] };
        [before.as_slice(), secret].concat()
    });
    let record =
        (prop::sample::select(vec![1u8, 2, 3, 4, 7, 8, 9, 0x4E, 0x0A]), prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(tag, value): (u8, Vec<u8>)| [[tag, value.len() as u8].as_slice(), value.as_slice()].concat());
    let data = prop_oneof![Just(Vec::new()), prop::collection::vec(any::<u8>(), 0..256), of_holder, record];
    let sw = prop_oneof![Just(0x9000u16), Just(0x6282), Just(0x6A82), Just(0x61FF), any::<u16>()];
    (data, sw)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a card says: no panic; and what comes of it is a card file that can be read, without the holder.
    #[test]
    fn hostile_cards_do_no_harm(
        head in prop::collection::vec(answer(), 0..6), tail in prop::collection::vec(answer(), 0..60),
        atr in prop_oneof![prop::collection::vec(any::<u8>(), 0..40), Just(hex::decode("3B8D800100905431008660000000C0FFEE00").unwrap())],
        sound_start in any::<bool>(), generation in 0usize..3,
    ) {
        let generation = Generation::ALL[generation];
        // A card that begins as a sound one gets further.
        let start = [(hex::decode("6F00").unwrap(), 0x9000), (vec![], 0x9000)];
        let version = [[3, 4].as_slice(), generation.version()].concat();
        let start = start.into_iter().chain([(version, 0x9000)]).filter(|_| sound_start);
        let answers = start.chain(head).chain(tail).map(Ok).collect();
        let mut slot = Scripted { atr, answers, behind: None };
        if let Ok(card) = record_scripted(&mut slot) {
            let text = card.to_toml();
            is_clean(&text);
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("card.toml");
            card.save(&file).unwrap();
            let back = VirtualCard::load(&file);
            prop_assert_eq!(back.map(|card| card.to_toml()).map_err(|error| error.to_string()), Ok(text));
        }
    }

    /// A sound card of a "real" holder whose answers to SELECT carry the holder's values: none of them is kept.
    #[test]
    fn answers_that_carry_the_holder_are_left_out(at in 0usize..40, which in 0usize..3) {
        let real = make_card(&real_holders(Generation::V2), &Hsm::test_keys()).unwrap();
        let secret = [ID_NUMBER.to_vec(), CARD_NUMBER[..8].to_vec(), gbk::encode(NAME).unwrap()][which].clone();
        let behind = Telling { card: real, at, secret };
        let mut slot = behind;
        if let Ok(card) = block_on(record(&mut slot, &mut || 0, &make)) {
            is_clean(&card.to_toml());
            for (fid, tag) in [(EF05, tag::CARD_NUMBER), (EF06, tag::ID_NUMBER), (EF06, tag::NAME)] {
                prop_assert!(card.ssse_value(fid, tag).is_some_and(|value| !value.is_empty()));
            }
        }
    }
}

/// A card that tells something of its holder in one answer where it does not belong.
struct Telling {
    card: VirtualCard,
    at: usize,
    secret: Vec<u8>,
}

impl CardSlot for Telling {
    async fn wait_for_card(&mut self, _: u16) -> bool {
        true
    }

    async fn connect(&mut self) -> Result<&[u8], SlotError> {
        Ok(&self.card.atr)
    }

    async fn transmit<'b>(&mut self, command: &Apdu<'_>, buffer: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
        let (mut data, sw) = self.card.process(command);
        if self.at == 0 && data.len() + self.secret.len() <= 256 {
            data.extend(&self.secret);
        }
        self.at = self.at.wrapping_sub(1);
        buffer[..data.len()].copy_from_slice(&data);
        Ok(Response { data: &buffer[..data.len()], sw })
    }

    async fn disconnect(&mut self) {}
}
