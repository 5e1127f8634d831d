//! The step to version 8 that SQL cannot do: the cards of version 2, each with a holder in the clear and an account of its
//! own, become cards of persons, sealed, with opening balances in the ledger.
//!
//! The statements and the forms of what is sealed stand here as they were at version 8, whatever today's are.

use encoding_rs::GB18030;
use rusqlite::{Row, params};
use serde_json::json;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::IdNumber;

use crate::clock::{Clock, SystemClock};
use crate::error::CentreError;
use crate::store::Store;

/// A holder as version 2 kept one.
struct Holder {
    id_number: Zeroizing<String>,
    name: Zeroizing<Vec<u8>>,
    document_kind: String,
    document_number: Zeroizing<String>,
}

pub(super) fn cards_of_version_2(store: &Store) -> Result<(), CentreError> {
    let mut cards = store.connection.prepare("SELECT * FROM cards_of_version_2 ORDER BY number")?;
    let mut rows = cards.query([])?;
    while let Some(row) = rows.next()? {
        let area: String = row.get("area")?;
        let holder = read_holder(row)?;
        let person = person(store, &area, &holder)?;
        add_card(store, row, &area, &holder, &person)?;
        let (account, insured): (i64, bool) = (row.get("account")?, row.get("insured")?);
        if account != 0 {
            open_account(store, &area, &person, account)?;
        }
        if insured {
            insure(store, &area, &person)?;
        }
    }
    drop(rows);
    drop(cards);
    store.connection.execute_batch(
        "INSERT INTO activations (area, journal_id, what, card, reversed)
             SELECT cards.area, journal_id, what, card, reversed
             FROM activations_of_version_2 JOIN cards ON cards.number = card;
         DROP TABLE activations_of_version_2;
         DROP TABLE cards_of_version_2;",
    )?;
    Ok(())
}

fn read_holder(row: &Row<'_>) -> Result<Holder, CentreError> {
    let id_number = Zeroizing::new(row.get::<_, String>("id_number")?);
    let (kind, number): (Option<String>, Option<String>) = (row.get("document_kind")?, row.get("document_number")?);
    Ok(Holder {
        name: Zeroizing::new(row.get("name")?),
        document_kind: kind.unwrap_or_else(|| "id-card".into()),
        document_number: number.map_or_else(|| id_number.clone(), Zeroizing::new),
        id_number,
    })
}

/// The number of this person, who is made known if that was not so.
fn person(store: &Store, area: &str, holder: &Holder) -> Result<String, CentreError> {
    let plain = Zeroizing::new(format!("{} {}", holder.document_kind, holder.document_number.to_ascii_uppercase()));
    let hash = store.vault.hash("document", plain.as_bytes());
    let mut known = store.connection.prepare_cached("SELECT number FROM persons WHERE area = ? AND document = ?")?;
    if let Some(row) = known.query(params![area, hash])?.next()? {
        return Ok(row.get("number")?);
    }
    let number = format!("P{:09}", next_number(store, area, "person")?);
    let id_number = IdNumber::new(holder.id_number.as_bytes()).ok();
    let born = id_number.and_then(|number| number.birth_date()).map_or("1900-01-01".into(), |day| day.to_string());
    let sex = match id_number.map(|number| number.sex()) {
        Some(b'1') => 1,
        Some(b'2') => 2,
        _ => 9,
    };
    let (name, _) = GB18030.decode_without_bom_handling(&holder.name);
    let particulars = json!({
        "name": name, "document": *holder.document_number, "sex": sex, "born": born, "address": "", "telephone": "",
    });
    let sealed = store.vault.seal(Zeroizing::new(particulars.to_string()).as_bytes())?;
    store
        .connection
        .prepare_cached(
            "INSERT INTO persons (area, number, document, sealed, document_kind, category, since)
         VALUES (?, ?, ?, ?, ?, 'employee', ?)",
        )?
        .execute(params![area, number, hash, sealed, holder.document_kind, today()])?;
    Ok(number)
}

fn add_card(store: &Store, row: &Row<'_>, area: &str, holder: &Holder, person: &str) -> Result<(), CentreError> {
    let shown = Zeroizing::new([holder.id_number.as_bytes(), &holder.name].concat());
    let (status, financial): (String, bool) = (row.get("status")?, row.get("financial")?);
    let bank_status = if financial { "active" } else { "inactive" };
    store.connection.prepare_cached(
        "INSERT INTO cards (area, number, person, kind, ident, shown, holder, expires, handed_over, status, social, bank_status,
                            financial, pin_is_initial, loss_place)
         VALUES (?, ?, ?, 'regular', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?.execute(params![
        area,
        row.get::<_, String>("number")?,
        person,
        row.get::<_, Vec<u8>>("ident")?,
        store.vault.seal(&shown)?,
        store.vault.hash("id-number", holder.id_number.as_bytes()),
        row.get::<_, String>("expires")?,
        SystemClock.now().to_string(),
        status,
        row.get::<_, bool>("social")?,
        bank_status,
        financial,
        row.get::<_, bool>("pin_is_initial")?,
        // An oral loss of version 2 had neither a place nor a term; the window can end it.
        (status == "temporarily-lost").then_some("window"),
    ])?;
    Ok(())
}

/// Puts the card's money into the person's account.
fn open_account(store: &Store, area: &str, person: &str, account: i64) -> Result<(), CentreError> {
    let number = next_number(store, area, "posting")?;
    store
        .connection
        .prepare_cached(
            "INSERT INTO postings (area, number, day, reason, reference, operator) VALUES (?, ?, ?, 'opening', ?, '-')",
        )?
        .execute(params![area, number, today(), person])?;
    for (whose, amount) in [(format!("person:{person}"), account), ("outside:opening".into(), -account)] {
        store
            .connection
            .prepare_cached("INSERT INTO entries (area, posting, account, amount) VALUES (?, ?, ?, ?)")?
            .execute(params![area, number, whose, amount])?;
        store
            .connection
            .prepare_cached(
                "INSERT INTO balances (area, account, balance) VALUES (?, ?, ?)
             ON CONFLICT (area, account) DO UPDATE SET balance = balance + excluded.balance",
            )?
            .execute(params![area, whose, amount])?;
    }
    Ok(())
}

/// Insures the person, without saying since when: version 2 did not.
fn insure(store: &Store, area: &str, person: &str) -> Result<(), CentreError> {
    let mut known = store.connection.prepare_cached("SELECT number FROM relations WHERE area = ? AND person = ?")?;
    if known.exists(params![area, person])? {
        return Ok(());
    }
    let number = next_number(store, area, "relation")?;
    store
        .connection
        .prepare_cached(
            "INSERT INTO relations (area, number, person, kind, capacity, payer, state)
             VALUES (?, ?, ?, 'resident', 'resident', ?, 'insured')",
        )?
        .execute(params![area, number, person, person])?;
    store
        .connection
        .prepare_cached(
            "INSERT INTO spans (area, relation, first, pool_first) VALUES (?, ?, '2000-01-01', '2000-01-01')",
        )?
        .execute(params![area, number])?;
    Ok(())
}

fn next_number(store: &Store, area: &str, kind: &str) -> Result<i64, CentreError> {
    let mut next = store.connection.prepare_cached(
        "INSERT INTO numbers (area, kind, last) VALUES (?, ?, 1)
         ON CONFLICT (area, kind) DO UPDATE SET last = numbers.last + 1 RETURNING last",
    )?;
    Ok(next.query_row(params![area, kind], |row| row.get(0))?)
}

/// The day of the change: version 2 did not say since when.
fn today() -> String {
    SystemClock.now().date().to_string()
}
