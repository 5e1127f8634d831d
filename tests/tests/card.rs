//! The virtual card compared with the file map: what it allows to read and write with which rights, its PIN and keys;
//! and the card as a file, whole and damaged.

use proptest::prelude::*;

use qiyong::in_process::make_card;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::commands::{self, ins};
use qiyong_protocol::card::files::{Access, Content, Df, EF05, EF06, FileSpec, Generation, tag};
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::keys::Key;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::Command;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_protocol::iso7816::t1::IfsAnswer;
use qiyong_sim::card::contact::{Habits, PpsHabit, WtxHabit};
use qiyong_sim::card::file::CardFileError;
use qiyong_sim::card::os::{Blocked, Bytes, VirtualCard, external_auth_for};
use qiyong_tests::sample_card;

fn card(generation: Generation) -> VirtualCard {
    let new = NewCard { convention: Convention::Direct, ..sample_card(generation) };
    make_card(&new, &Hsm::test_keys()).unwrap()
}

fn status(card: &mut VirtualCard, command: Command<'_>) -> StatusWord {
    card.process(&command).1
}

fn challenge(card: &mut VirtualCard) -> [u8; 8] {
    let (bytes, sw) = card.process(&commands::get_challenge());
    assert_eq!(sw, StatusWord::OK);
    bytes.try_into().unwrap()
}

fn authenticate(card: &mut VirtualCard, key_id: u8) -> StatusWord {
    let challenge = challenge(card);
    let data = external_auth_for(card, key_id, challenge, [7; 8]).unwrap();
    status(card, commands::external_authenticate(key_id, &data))
}

fn select(card: &mut VirtualCard, file: &FileSpec) {
    match file.df.fid() {
        None => assert_eq!(status(card, commands::select_environment()), StatusWord::OK),
        Some(df) => assert_eq!(status(card, commands::select_file(&df.to_be_bytes())), StatusWord::OK),
    }
    assert_eq!(status(card, commands::select_file(&file.fid.to_be_bytes())), StatusWord::OK);
}

const PIN: [u8; 3] = [0x12, 0x34, 0x56];

/// Every set of rights that a terminal can have for one access condition.
const RIGHTS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

/// What the centre's security module gives to a window's terminal sets the PIN of a card that has blocked it, if the card
/// gave the challenge just before; for another card, another challenge or another PIN it is refused.
#[test]
fn the_security_modules_reload_pin_unblocks_its_own_card_only() {
    let hsm = Hsm::test_keys();
    for generation in Generation::ALL {
        let mut card = card(generation);
        let atr = card.atr.clone();
        let historical = qiyong_protocol::iso7816::atr::Atr::new(&atr).historical().to_vec();
        let region = sample_card(generation).area;
        for _ in 0..card.pin.tries {
            status(&mut card, commands::verify(&[0x99; 3]));
        }
        assert_eq!(status(&mut card, commands::verify(&PIN)), StatusWord::BLOCKED);
        let pin = Pin::new(b"271828").unwrap();
        let reload = |historical: &[u8], challenge| {
            hsm.reload_pin(generation.algorithm(), historical, region, challenge, &pin).to_vec()
        };
        let send = |card: &mut VirtualCard, bytes: &[u8]| {
            status(card, Command::new(bytes[0], bytes[1], bytes[2], bytes[3]).with_data(&bytes[5..]))
        };
        let good = challenge(&mut card);
        let mut changed = reload(&historical, good);
        assert_eq!(changed[..8], [0x80, 0x5E, 0, 0, 7, 0x27, 0x18, 0x28]);
        changed[5] = 0x11;
        assert_eq!(send(&mut card, &changed), StatusWord::MAC_WRONG);
        let late = reload(&historical, good);
        assert_eq!(send(&mut card, &late), StatusWord::NO_CHALLENGE);
        let another = reload(&[1; 13], challenge(&mut card));
        assert_eq!(send(&mut card, &another), StatusWord::MAC_WRONG);
        assert_eq!(card.pin.left, 0);
        let right = reload(&historical, challenge(&mut card));
        assert_eq!(send(&mut card, &right), StatusWord::OK);
        assert_eq!(status(&mut card, commands::verify(&[0x27, 0x18, 0x28])), StatusWord::OK);
        assert_eq!(card.pin.left, card.pin.tries);
    }
}

fn key_of(access: Access) -> Option<u8> {
    match access {
        Access::Key(id) | Access::PinOrKey(id) | Access::PinAndKey(id) => Some(id),
        Access::Free | Access::Never => None,
    }
}

/// The rule of docs/card.md §1.5, written again and independently of the card's own code.
fn allowed(access: Access, pin: bool, key: bool) -> bool {
    match access {
        Access::Free => true,
        Access::PinOrKey(_) => pin || key,
        Access::PinAndKey(_) => pin && key,
        Access::Key(_) => key,
        Access::Never => false,
    }
}

fn with_rights(generation: Generation, file: &FileSpec, access: Access, pin: bool, key: bool) -> VirtualCard {
    let mut card = card(generation);
    select(&mut card, file);
    if pin {
        assert_eq!(status(&mut card, commands::verify(&PIN)), StatusWord::OK);
    }
    if let (true, Some(id)) = (key, key_of(access)) {
        assert_eq!(authenticate(&mut card, id), StatusWord::OK);
    }
    card
}

/// docs/card.md §1.3, §1.4, §1.5.
#[test]
fn every_record_of_every_generation_opens_to_its_access_condition_only() {
    let mut checked = 0;
    for generation in Generation::ALL {
        for file in generation.files() {
            for (number, record) in (1..).zip(file.records()) {
                let access = file.read_access(record.tag);
                for (pin, key) in RIGHTS {
                    let mut card = with_rights(generation, file, access, pin, key);
                    let (data, sw) = card.process(&commands::read_record(number, record.len));
                    // No terminal can have a key that no condition requires, so "key" then means nothing.
                    if allowed(access, pin, key && key_of(access).is_some()) {
                        assert_eq!(sw, StatusWord::OK, "{generation:?} {:04X} {:02X}", file.fid, record.tag);
                        assert_eq!(data[..2], [record.tag, record.len]);
                        assert_eq!(data.len(), usize::from(record.len) + 2);
                    } else {
                        assert_eq!(sw, StatusWord::SECURITY_NOT_SATISFIED, "{generation:?} {:04X}", file.fid);
                    }
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 500, "{checked}");
}

#[test]
fn records_are_updated_with_the_right_key_and_read_back() {
    for generation in Generation::ALL {
        for file in generation.files() {
            let Some((record, number)) = file.records().first().zip(Some(1)) else { continue };
            let mut data = vec![record.tag, record.len];
            data.extend(vec![0x31; usize::from(record.len)]);
            let update = Command::new(0, ins::UPDATE_RECORD, number, 4).with_data(&data);
            for (pin, key) in RIGHTS {
                let mut card = with_rights(generation, file, file.update, pin, key);
                let sw = status(&mut card, update);
                let may = allowed(file.update, pin, key && key_of(file.update).is_some());
                assert_eq!(sw.is_ok(), may, "{generation:?} {:04X}: {sw:?}", file.fid);
                let Some(Bytes::Records(values)) = card.file(file) else { panic!("a record file") };
                assert_eq!(values[0] == data[2..], may);
            }
            // A tag or length that is not the table's is refused, whatever the rights.
            let mut card = with_rights(generation, file, file.update, true, true);
            data[0] ^= 1;
            assert_eq!(status(&mut card, update_with(&data)), StatusWord::WRONG_DATA);
            data[0] ^= 1;
            data.push(0);
            assert_eq!(status(&mut card, update_with(&data)), StatusWord::WRONG_DATA);
        }
    }
}

fn update_with(data: &[u8]) -> Command<'_> {
    Command::new(0, ins::UPDATE_RECORD, 1, 4).with_data(data)
}

#[test]
fn transparent_and_cyclic_files_follow_their_conditions_too() {
    for generation in Generation::ALL {
        for file in generation.files().filter(|file| file.records().is_empty()) {
            for (pin, key) in RIGHTS {
                let mut card = with_rights(generation, file, file.read, pin, key);
                let read = match file.content {
                    Content::Transparent { .. } => Command::new(0, ins::READ_BINARY, 0, 0).expecting(16),
                    _ => Command::new(0, ins::READ_RECORD, 1, 4).expecting(256),
                };
                let may = allowed(file.read, pin, key && key_of(file.read).is_some());
                assert_eq!(status(&mut card, read).is_ok(), may, "{generation:?} {:04X}", file.fid);
            }
        }
    }
}

/// docs/card.md §1.1, §1.6.
#[test]
fn the_sample_session_of_section_1_6_reads_as_recorded() {
    let mut card = card(Generation::V2);
    assert_eq!(status(&mut card, commands::select_environment()), StatusWord::OK);
    let mut read = |fid: [u8; 2], p1, p2, le| {
        assert_eq!(status(&mut card, commands::select_file(&fid)), StatusWord::OK);
        let (data, sw) = card.process(&Command::new(0, ins::READ_RECORD, p1, p2).expecting(le));
        assert_eq!(sw, StatusWord::OK);
        hex::encode_upper(data)
    };
    let (ef05, ef06) = ([0xEF, 0x05], [0xEF, 0x06]);
    assert_eq!(read(ef05, 3, 4, 6), "0304322E3030");
    assert_eq!(read(ef05, 5, 4, 6), "050420260101");
    assert_eq!(read(ef05, 7, 4, 11), "0709583030303030303139");
    assert_eq!(read(ef06, 1, 4, 20), "0812313131313131313938313031303131313130");
    assert_eq!(read(ef06, 2, 4, 32), format!("091ED5C5C8FD{}", "00".repeat(26)));
    assert_eq!(read(ef06, 4, 4, 3), "0A0131");
    assert_eq!(read(ef06, 7, 4, 6), "0D0419810101");
    // By identifier, and by SFI 5 without selecting.
    assert_eq!(read(ef06, 0x0A, 0, 3), "0A0131");
    assert_eq!(read(ef06, 3, 0x2C, 6), "0304322E3030");
}

/// docs/card.md §1.8; ISO/IEC 7816-4 clause 5.6.
#[test]
fn three_wrong_pins_block_and_a_right_one_resets_the_counter() {
    let mut card = card(Generation::V3);
    let wrong = commands::verify(&[0, 0, 0]);
    assert_eq!(status(&mut card, wrong), StatusWord::tries_left(2));
    assert_eq!(status(&mut card, commands::verify(&PIN)), StatusWord::OK);
    for left in [2, 1, 0] {
        assert_eq!(status(&mut card, wrong), StatusWord::tries_left(left));
    }
    card.reset();
    assert_eq!(status(&mut card, wrong), StatusWord::BLOCKED);
    assert_eq!(status(&mut card, commands::verify(&PIN)), StatusWord::BLOCKED);
    // CHANGE PIN does not lift the block; RELOAD PIN with the key does.
    let change = [0x12, 0x34, 0x56, 0xFF, 0x27, 0x18, 0x28];
    assert_eq!(status(&mut card, commands::change_pin(&change)), StatusWord::BLOCKED);
    let new = [0x27, 0x18, 0x28];
    let reload = Command::new(0x80, ins::CHANGE_PIN, 0, 0);
    let puk = card.keys.puk.clone();
    assert_eq!(with_mac(&mut card, &puk, reload, &new), StatusWord::OK);
    assert_eq!(status(&mut card, commands::verify(&new)), StatusWord::OK);
}

/// Sends `command` with `data` and the MAC of a fresh challenge.
fn with_mac(card: &mut VirtualCard, key: &Key, command: Command<'_>, data: &[u8]) -> StatusWord {
    let challenge = challenge(card);
    let mac = commands::secure_messaging_mac(key, challenge, &command.with_data(data));
    let mut data = data.to_vec();
    data.extend(mac);
    status(card, command.with_data(&data))
}

/// docs/card.md §1.7, §1.8.
#[test]
fn a_challenge_serves_the_next_command_only_and_a_wrong_cryptogram_opens_nothing() {
    let mut card = card(Generation::V3);
    status(&mut card, commands::select_environment());
    let given = challenge(&mut card);
    let data = external_auth_for(&card, 0x0A, given, [7; 8]).unwrap();
    let auth = commands::external_authenticate(0x0A, &data);
    status(&mut card, commands::select_file(&[0xEF, 0x05]));
    assert_eq!(status(&mut card, auth), StatusWord::NO_CHALLENGE);
    challenge(&mut card);
    assert_eq!(status(&mut card, auth), StatusWord::tries_left(14), "the old cryptogram does not fit a new challenge");
    assert_eq!(status(&mut card, commands::external_authenticate(0x77, &data)), StatusWord::KEY_NOT_FOUND);
    let read = commands::read_record(7, 9);
    assert_eq!(status(&mut card, read), StatusWord::SECURITY_NOT_SATISFIED);
    assert_eq!(authenticate(&mut card, 0x0A), StatusWord::OK);
    assert_eq!(status(&mut card, read), StatusWord::OK);
    card.reset();
    status(&mut card, commands::select_environment());
    status(&mut card, commands::select_file(&[0xEF, 0x05]));
    assert_eq!(status(&mut card, read), StatusWord::SECURITY_NOT_SATISFIED, "a reset forgets rights");
}

#[test]
fn macs_guard_maintenance_and_secure_updates() {
    for generation in [Generation::V2, Generation::V3] {
        let mut card = card(generation);
        let (stk, other) = (card.keys.stk.clone(), card.keys.puk.clone());
        let block = Command::new(0x84, ins::APPLICATION_BLOCK, 0, 0);
        assert_eq!(status(&mut card, block.with_data(&[0; 4])), StatusWord::NO_CHALLENGE);
        assert_eq!(with_mac(&mut card, &other, block, &[]), StatusWord::MAC_WRONG);
        assert_eq!(with_mac(&mut card, &stk, block, &[]), StatusWord::OK);
        assert_eq!(card.blocked, Blocked::Application);
        assert_eq!(status(&mut card, commands::select_environment()), StatusWord::SELECTED_INVALIDATED);
        assert_eq!(with_mac(&mut card, &stk, Command::new(0x84, ins::APPLICATION_UNBLOCK, 0, 0), &[]), StatusWord::OK);

        status(&mut card, commands::select_environment());
        status(&mut card, commands::select_file(&[0xEF, 0x05]));
        assert_eq!(authenticate(&mut card, 0x04), StatusWord::OK);
        let update = Command::new(0x04, ins::UPDATE_RECORD, 6, 4);
        let expiry = [0x06, 0x04, 0x20, 0x46, 0x01, 0x01];
        let key = card.keys.external.iter().find(|(id, _)| *id == 0x04).unwrap().1.clone();
        assert_eq!(with_mac(&mut card, &other, update, &expiry), StatusWord::MAC_WRONG);
        assert_eq!(with_mac(&mut card, &key, update, &expiry), StatusWord::OK);
        assert_eq!(card.ssse_value(0xEF05, 6).unwrap(), &expiry[2..]);

        assert_eq!(with_mac(&mut card, &stk, Command::new(0x84, ins::CARD_BLOCK, 0, 0), &[]), StatusWord::OK);
        assert_eq!(status(&mut card, commands::select_environment()), StatusWord::NOT_SUPPORTED);
    }
}

proptest! {
    /// Any APDU gets an answer: a card never panics, and its data always fits into a short response.
    #[test]
    fn any_command_gets_an_answer(sequence in prop::collection::vec(any_command(), 1..20), v in 0..3usize) {
        let mut card = card(Generation::ALL[v]);
        for (header, data, ne) in sequence {
            let [cla, ins, p1, p2] = header;
            let (reply, _) = card.process(&Command { cla, ins, p1, p2, data: &data, ne });
            prop_assert!(reply.len() <= 256);
        }
    }
}

/// Headers similar to valid ones, so that sequences get deep into the card.
fn any_command() -> impl Strategy<Value = ([u8; 4], Vec<u8>, usize)> {
    let ins = prop_oneof![
        prop::sample::select(vec![
            0x16u8, 0x18, 0x1E, 0x20, 0x24, 0x5E, 0x82, 0x84, 0x88, 0xA4, 0xB0, 0xB2, 0xD6, 0xDC
        ]),
        any::<u8>(),
    ];
    let cla = prop_oneof![prop::sample::select(vec![0x00u8, 0x04, 0x80, 0x84]), any::<u8>()];
    let data = prop_oneof![
        Just(commands::select_environment().data.to_vec()),
        prop::sample::select(vec![
            vec![0xEF, 0x05],
            vec![0xEF, 0x06],
            vec![0xEF, 0x07],
            vec![0xDF, 0x01],
            vec![0x3F, 0x00]
        ]),
        prop::collection::vec(any::<u8>(), 0..=255),
    ];
    let small = prop_oneof![Just(0u8), Just(4), Just(0x2C), any::<u8>()];
    ((cla, ins, small.clone(), small).prop_map(|(cla, ins, p1, p2)| [cla, ins, p1, p2]), data, 0usize..=256)
}

// ---- the card as a file

#[test]
fn a_card_survives_its_file_with_all_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    for generation in Generation::ALL {
        let mut card = card(generation);
        status(&mut card, commands::verify(&[0, 0, 0]));
        let photo = generation.file(Df::Ssse, 0xEF07).unwrap();
        let Some(Bytes::Transparent(bytes)) = card.file_mut(photo) else { panic!("transparent") };
        bytes[..4].copy_from_slice(&[1, 2, 3, 0xFF]);
        card.save(&path).unwrap();
        let back = VirtualCard::load(&path).unwrap();
        assert_eq!(back.to_toml(), card.to_toml());
        assert_eq!((back.pin.left, back.pin.tries), (2, 3));
        for file in generation.files() {
            assert_eq!(back.file(file), card.file(file), "{:04X}", file.fid);
        }
        assert_eq!(back.keys.irk.expose(), card.keys.irk.expose());
    }
}

/// A card file may hold any card: bytes that are no ATR, habits, a foreign number, dates that are unset.
#[test]
fn a_card_file_keeps_a_card_of_any_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    let mut text = card(Generation::V3).to_toml();
    for (from, to) in [
        ("3B7D96000000905431008660260101000001", "00FF"),
        ("blocked =", "pps = \"pps1:95\"\nprocedure = \"mixed\"\nifs = \"silent\"\nresponse_delay = 7\nblocked ="),
        ("blocked =", "wtx = { times = 2, multiplier = 3, uses = true }\nimplicit_rate = \"13\"\nblocked ="),
        ("111111198101011110", "USA000000123456789"),
        ("\"06\" = \"20360101\"", "\"06\" = \"\""),
        ("\"0D\" = \"19810101\"", "\"0D\" = \"\""),
        ("\"07\" = \"X00000019\"", "\"07\" = \"hex:583030303030303138\""),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    std::fs::write(&path, &text).unwrap();
    let card = VirtualCard::load(&path).unwrap();
    assert_eq!(card.atr, [0x00, 0xFF]);
    let habits = Habits {
        pps: PpsHabit::Pps1(0x95),
        procedure: AckStyle::Mixed,
        ifs: IfsAnswer::Nothing,
        wtx: Some(WtxHabit { times: 2, multiplier: 3, uses: true }),
        response_delay: 7,
        implicit: Some(0x13),
    };
    assert_eq!(card.habits, habits);
    assert_eq!(card.ssse_value(EF05, tag::EXPIRES), Some(&[0xFF; 4][..]));
    assert_eq!(card.ssse_value(EF06, tag::ID_NUMBER), Some(&b"USA000000123456789"[..]));
    assert_eq!(card.ssse_value(EF05, tag::CARD_NUMBER), Some(&b"X00000018"[..]));
    // Written and read again, it is the same card.
    card.save(&path).unwrap();
    let again = VirtualCard::load(&path).unwrap();
    assert_eq!((again.atr.as_slice(), again.habits, again.to_toml()), (card.atr.as_slice(), habits, card.to_toml()));
}

#[cfg(unix)]
#[test]
fn a_card_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    card(Generation::V3).save(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn mutilated_card_files_are_refused_by_name_and_key_and_never_quote_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.toml");
    let good = card(Generation::V3).to_toml();
    let refuse = |text: &str| -> String {
        std::fs::write(&path, text).unwrap();
        let error = VirtualCard::load(&path).expect_err(text).to_string();
        assert!(error.contains("card.toml"), "{error}");
        assert!(!error.contains("123456") && !error.contains("111111198101011110"), "{error}");
        error
    };
    let cases = [
        ("format = 1", "format = 2", "`format`"),
        ("generation = \"v3\"", "generation = \"v4\"", "v1, v2 or v3"),
        ("atr = \"3B7D96000000905431008660260101000001\"", "atr = \"\"", "`atr` must be 1 to 64 bytes"),
        ("atr = \"3B", "atr = \"ZZ", "`atr` must be hex"),
        ("blocked =", "pps = \"later\"\nblocked =", "`pps` must be one of as-asked, no-pps1, pps1:XX"),
        ("blocked =", "procedure = \"x\"\nblocked =", "`procedure` must be one of all, single"),
        ("blocked =", "ifs = \"other:300\"\nblocked =", "`ifs` must be one of ok, silent, other:N"),
        ("blocked =", "wtx = { times = 0, multiplier = 1 }\nblocked =", "`wtx.times` must be 1 to 255"),
        ("blocked =", "response_delay = 99999999\nblocked =", "`response_delay` must be 0 to 10000000 etu"),
        ("blocked =", "implicit_rate = \"70\"\nblocked =", "`implicit_rate` must be Fi and Di"),
        ("\"08\" = \"111111198101011110\"", "\"08\" = \"USA00000012345678-\"", "position 18"),
        ("blocked = \"no\"", "blocked = \"maybe\"", "application-for-good"),
        ("value = \"123456\"", "value = \"123456x\"", "`pin.value` must be 4 to 16 digits"),
        ("value = \"123456\"", "value = 123456", "expected a string"),
        ("tries = 3", "tries = 16", "`pin.tries`"),
        ("left = 3", "left = 4", "`pin.left`"),
        ("irk = \"", "irk = \"0", "`keys.irk` must be 32 hex digits"),
        ("\"07\" = \"X00000019\"", "\"07\" = \"X000000190\"", "at most 9 bytes"),
        ("\"05\" = \"20260101\"", "\"05\" = \"2026-01-01\"", "must be digits"),
        ("\"07\" =", "\"77\" =", "`files.SSSE/EF05.07` is missing"),
        ("\"07\" =", "\"77\" = \"1\"\n\"07\" =", "is no record of this file"),
        ("[files.\"SSSE/EF06\"]", "[files.\"SSSE/EF55\"]\n[files.\"SSSE/EF06\"]", "is no file of a v3 card"),
        ("\"07\" = \"X00000019\"", "\"07\" = \"X00000018\"", "it should be 9"),
        ("\"06\" = \"20360101\"", "\"06\" = \"20361301\"", "a day that exists"),
        ("\"03\" = \"3.00\"", "\"03\" = \"4.00\"", "1.00, 2.00 or 3.00"),
        ("0A = ", "+A = ", "line"),
        ("88 = ", "89 = ", "`keys.external.88` is missing"),
        ("[pin]", "[pins]", "unknown field `pins`"),
    ];
    for (from, to, message) in cases {
        assert!(good.contains(from), "{from}");
        let error = refuse(&good.replacen(from, to, 1));
        assert!(error.contains(message), "{from} -> {to}: {error}");
    }
    assert!(matches!(VirtualCard::load(&folder.path().join("none")), Err(CardFileError::Io { .. })));
    assert!(matches!(VirtualCard::load(folder.path()), Err(CardFileError::Io { .. })));
    // Cut off anywhere before its last value, the file is refused with the name of what is missing, since every key and
    // every record of the environment is required.
    let last = good.rfind("19810101").unwrap() + "19810101\"".len();
    for end in (0..last).filter(|end| good.is_char_boundary(*end)) {
        refuse(&good[..end]);
    }
    std::fs::write(&path, &good[..last]).unwrap();
    assert!(VirtualCard::load(&path).is_ok(), "only a comment is missing");
}

#[test]
fn debug_output_shows_no_secret() {
    let card = card(Generation::V3);
    assert_eq!(format!("{card:?}"), "VirtualCard { generation: V3, .. }");
    assert_eq!(format!("{:?} {:?}", card.keys.irk, card.pin.value), "Sm4 *** ***");
}
