//! A file of version 2, written with the statements of the program that was version 2: its schema stands unchanged in
//! `migrations/2.sql`, its statements in the history of the repository.

use rusqlite::{Connection, named_params, params};

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::rules::document::DocumentKind;

use super::*;
use crate::terminal::columns;

/// Marks a card centre's file: "QYCC".
const APPLICATION_ID: i64 = 0x5159_4343;
/// Its tables, as they were.
const SCHEMA: &str = include_str!("../store/migrations/2.sql");
/// How many cards there are besides the named ones, so that holders fill several pages.
const CROWD: u32 = 60;
/// A pharmacy whose designation had ended.
pub(super) const ENDED: &str = "P32010000099";

/// The cards of the file: used, with a passport, lost and without insurance, and a second one of the first holder.
pub(super) fn cards() -> [CardRecord; 4] {
    let passport = (DocumentKind::Passport, DocumentNumber::new(b"E12345678").unwrap());
    let used = CardRecord { status: CardStatus::Active, social: true, account: Fen(46_420), ..inactive(b"X00000019") };
    let ident = |serial| IdentCode::from_parts(used.area, [1, 2, 3, 4], [5, 6, 7, serial]);
    [
        CardRecord { document: Some(passport), ident: ident(1), ..inactive(b"A12345674") },
        CardRecord {
            status: CardStatus::TemporarilyLost,
            ident: ident(2),
            social: true,
            financial: true,
            pin_is_initial: false,
            account: Fen(0),
            insured: false,
            ..inactive(&numbered("B0000001"))
        },
        CardRecord { ident: ident(3), id_number: used.id_number, account: Fen(100), ..inactive(&numbered("C0000002")) },
        used,
    ]
}

/// What stood there in the clear and must be nowhere in the file any more.
pub(super) fn secrets() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = vec![b"E12345678".into(), NAME.into(), crowd_name()];
    all.extend(cards().iter().map(|card| card.id_number.as_bytes().to_vec()));
    all.extend((0..CROWD).map(|of| crowd_number(of).into_bytes()));
    all.extend(Hsm::test_keys().master_keys().map(|(_, _, key)| key.expose().to_vec()));
    all
}

fn crowd_number(of: u32) -> String {
    let mut number = format!("32010219700101{:03}", of).into_bytes();
    number.push(IdNumber::check_character(&number));
    String::from_utf8(number).unwrap()
}

/// 李四, many times: a name that fills a page is found by its bytes.
fn crowd_name() -> Vec<u8> {
    b"\xC0\xEE\xCB\xC4".repeat(7)
}

/// Writes the file, for its owner alone.
pub(super) fn write(path: &Path) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    file.execute_batch("BEGIN").unwrap();
    file.execute_batch(SCHEMA).unwrap();
    let hsm = Hsm::test_keys();
    for (name, value) in [
        ("schema_version", "2"),
        ("serial_factor", columns::choice_word(&columns::SERIAL_FACTORS, hsm.scheme().serial_factor)),
        ("region_suffix", &hex::encode_upper(hsm.scheme().region_suffix)),
        ("external_auth", columns::choice_word(&columns::EXTERNAL_AUTH_RULES, hsm.scheme().external_auth)),
        ("internal_auth", columns::choice_word(&columns::INTERNAL_AUTH_ORDERS, hsm.scheme().internal_auth)),
    ] {
        file.execute("INSERT INTO meta (name, value) VALUES (?, ?)", params![name, value]).unwrap();
    }
    for (algorithm, name, key) in hsm.master_keys() {
        let row = params![columns::algorithm_word(algorithm), name.to_string(), key.expose()];
        file.execute("INSERT INTO hsm_keys (algorithm, name, key) VALUES (?, ?, ?)", row).unwrap();
    }
    for (code, designated) in [(BANK, true), (HOSPITAL, true), (PHARMACY, true), (SUZHOU, true), (ENDED, false)] {
        let insert = "INSERT INTO institutions (code, designated, issues_cards) VALUES (?, ?, 1)";
        file.execute(insert, params![code, designated]).unwrap();
    }
    let crowd = (0..CROWD).map(|of| CardRecord {
        number: CardNumber::new(&numbered(&format!("D{of:07}"))).unwrap(),
        id_number: IdNumber::new(crowd_number(of).as_bytes()).unwrap(),
        name: Name::new(&crowd_name()).unwrap(),
        ..inactive(b"X00000019")
    });
    cards().into_iter().chain(crowd).for_each(|card| add_card(&file, &card));
    lines(&file);
    // Pages that were let go keep what stood on them.
    file.execute_batch("COMMIT; DELETE FROM cards WHERE number LIKE 'D%'").unwrap();
    drop(file);
    private(path);
}

/// A card number with its check character.
fn numbered(begin: &str) -> [u8; 9] {
    let with = |check: u8| <[u8; 9]>::try_from([begin.as_bytes(), &[check]].concat()).unwrap();
    (b'0'..=b'9').chain([b'X']).map(with).find(|number| CardNumber::new(number).is_ok()).unwrap()
}

fn add_card(file: &Connection, card: &CardRecord) {
    let ascii = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let document = card.document.as_ref();
    file.execute(
        "INSERT INTO cards (number, ident, id_number, name, document_kind, document_number, area, expires, status,
                            social, financial, pin_is_initial, account, insured)
         VALUES (:number, :ident, :id_number, :name, :document_kind, :document_number, :area, :expires, :status,
                 :social, :financial, :pin_is_initial, :account, :insured)",
        named_params! {
            ":number": card.number.as_str(),
            ":ident": card.ident.as_bytes(),
            ":id_number": ascii(card.id_number.as_bytes()),
            ":name": card.name.as_bytes(),
            ":document_kind": document.map(|(kind, _)| kind.as_str()),
            ":document_number": document.map(|(_, number)| ascii(number.as_bytes())),
            ":area": card.area.as_str(),
            ":expires": card.expires.to_string(),
            ":status": card.status.as_str(),
            ":social": card.social,
            ":financial": card.financial,
            ":pin_is_initial": card.pin_is_initial,
            ":account": columns::fen_number(card.account).unwrap(),
            ":insured": card.insured,
        },
    )
    .unwrap();
}

/// The used card's past: a purchase of 35.80 that stands, one of 9.00 that was undone, one that was refused, and a report.
fn lines(file: &Connection) {
    let insert =
        "INSERT INTO journal (kind, time, institution, terminal, batch, stan, card, operation, total, fund, reason,
                                       charge, activates, activates_financial, balance)
                  VALUES (?, ?, ?, ?, ?, ?, 'X00000019', 'purchase', ?, 0, ?, ?, ?, ?, ?)";
    let (time, till) = (noon().to_string(), columns::terminal_text(TILL));
    let approved = |stan: u32, total: i64, balance: i64, activates: bool| {
        let row = params![
            "transaction",
            time,
            PHARMACY,
            till,
            1,
            stan,
            total,
            None::<&str>,
            total,
            activates,
            false,
            balance
        ];
        file.execute(insert, row).unwrap();
    };
    approved(1, 3_580, 46_420, true);
    approved(2, 900, 45_520, false);
    for (kind, stan, reason) in
        [("transaction", Some(3), Reason::InsufficientFunds), ("report", None, Reason::PinWrong)]
    {
        let none = None::<i64>;
        let row = params![kind, time, PHARMACY, till, 1, stan, 999_999, reason.as_str(), none, none, none, none];
        file.execute(insert, row).unwrap();
    }
    file.execute(
        "INSERT INTO reversals (institution, terminal, batch, stan, reversed_at,
                                original_card, original_total, original_time)
         VALUES (?1, ?2, 1, 2, ?3, 'X00000019', 900, ?3)",
        params![PHARMACY, till, time],
    )
    .unwrap();
    file.execute("INSERT INTO activations (journal_id, what, card) VALUES (1, 'social', 'X00000019')", []).unwrap();
    let lease = "INSERT INTO leases (institution, terminal, batch, token, time) VALUES (?, ?, 1, ?, ?)";
    file.execute(lease, params![PHARMACY, till, TOKEN.0, time]).unwrap();
}
