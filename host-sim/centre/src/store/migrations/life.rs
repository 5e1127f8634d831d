//! The step to version 8 that SQL cannot do: the cards of version 2, each with a holder in the clear and an account of its
//! own, become cards of persons, sealed, with opening balances in the ledger.
//!
//! The statements and the forms of what is sealed stand here as they were at version 8, whatever today's are.

use encoding_rs::GB18030;
use serde_json::json;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::IdNumber;

use crate::clock::{Clock, SystemClock};
use crate::error::CentreError;
use crate::store::Store;
use crate::store::database::Database;
use crate::store::value::{Row, values};

/// A holder as version 2 kept one.
struct Holder {
    id_number: Zeroizing<String>,
    name: Zeroizing<Vec<u8>>,
    document_kind: String,
    document_number: Zeroizing<String>,
}

pub(super) fn cards_of_version_2(store: &Store) -> Result<(), CentreError> {
    let mut last = String::new();
    // One is read at a time: there may be millions.
    let next = "SELECT * FROM cards_of_version_2 WHERE number > $1 ORDER BY number LIMIT 1";
    while let Some(row) = store.find(next, values![last])? {
        let row = &row;
        last = row.get("number")?;
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
    store.engine().script(
        "INSERT INTO activations (area, journal_id, what, card, reversed)
             SELECT cards.area, journal_id, what, card, reversed
             FROM activations_of_version_2 JOIN cards ON cards.number = card;
         DROP TABLE activations_of_version_2;
         DROP TABLE cards_of_version_2;",
    )
}

fn read_holder(row: &Row) -> Result<Holder, CentreError> {
    let id_number = Zeroizing::new(row.get::<String>("id_number")?);
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
    let known = "SELECT number FROM persons WHERE area = $1 AND document = $2";
    if let Some(row) = store.find(known, values![area, hash])? {
        return row.get("number");
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
    store.execute(
        "INSERT INTO persons (area, number, document, sealed, document_kind, category, since)
         VALUES ($1, $2, $3, $4, $5, 'employee', $6)",
        values![area, number, hash, sealed, holder.document_kind, today()],
    )?;
    Ok(number)
}

fn add_card(store: &Store, row: &Row, area: &str, holder: &Holder, person: &str) -> Result<(), CentreError> {
    let shown = Zeroizing::new([holder.id_number.as_bytes(), &holder.name].concat());
    let (status, financial): (String, bool) = (row.get("status")?, row.get("financial")?);
    let bank_status = if financial { "active" } else { "inactive" };
    store.execute(
"INSERT INTO cards (area, number, person, kind, ident, shown, holder, expires, handed_over, status, social, bank_status,
                            financial, pin_is_initial, loss_place)
         VALUES ($1, $2, $3, 'regular', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
values![
        area,
        row.get::<String>("number")?,
        person,
        row.get::<Vec<u8>>("ident")?,
        store.vault.seal(&shown)?,
        store.vault.hash("id-number", holder.id_number.as_bytes()),
        row.get::<String>("expires")?,
        SystemClock.now().to_string(),
        status,
        row.get::<bool>("social")?,
        bank_status,
        financial,
        row.get::<bool>("pin_is_initial")?,
        // An oral loss of version 2 had neither a place nor a term; the window can end it.
        (status == "temporarily-lost").then_some("window"),
    ],
)?;
    Ok(())
}

/// Puts the card's money into the person's account.
fn open_account(store: &Store, area: &str, person: &str, account: i64) -> Result<(), CentreError> {
    let number = next_number(store, area, "posting")?;
    store.execute(
        "INSERT INTO postings (area, number, day, reason, reference, operator) VALUES ($1, $2, $3, 'opening', $4, '-')",
        values![area, number, today(), person],
    )?;
    for (whose, amount) in [(format!("person:{person}"), account), ("outside:opening".into(), -account)] {
        store.execute(
            "INSERT INTO entries (area, posting, account, amount) VALUES ($1, $2, $3, $4)",
            values![area, number, whose, amount],
        )?;
        store.execute(
            "INSERT INTO balances (area, account, balance) VALUES ($1, $2, $3)
             ON CONFLICT (area, account) DO UPDATE SET balance = balances.balance + excluded.balance",
            values![area, whose, amount],
        )?;
    }
    Ok(())
}

/// Insures the person, without saying since when: version 2 did not.
fn insure(store: &Store, area: &str, person: &str) -> Result<(), CentreError> {
    let known = "SELECT number FROM relations WHERE area = $1 AND person = $2";
    if store.find(known, values![area, person])?.is_some() {
        return Ok(());
    }
    let number = next_number(store, area, "relation")?;
    store.execute(
        "INSERT INTO relations (area, number, person, kind, capacity, payer, state)
             VALUES ($1, $2, $3, 'resident', 'resident', $4, 'insured')",
        values![area, number, person, person],
    )?;
    store.execute(
        "INSERT INTO spans (area, relation, first, pool_first) VALUES ($1, $2, '2000-01-01', '2000-01-01')",
        values![area, number],
    )?;
    Ok(())
}

fn next_number(store: &Store, area: &str, kind: &str) -> Result<i64, CentreError> {
    let row = store.find(
        "INSERT INTO numbers (area, kind, last) VALUES ($1, $2, 1)
         ON CONFLICT (area, kind) DO UPDATE SET last = numbers.last + 1 RETURNING last",
        values![area, kind],
    )?;
    row.map_or(Ok(1), |row| row.get("last"))
}

/// The day of the change: version 2 did not say since when.
fn today() -> String {
    SystemClock.now().date().to_string()
}
