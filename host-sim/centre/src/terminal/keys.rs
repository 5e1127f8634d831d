//! The keys of terminals (docs/centre.md §18): of each name one master key in force, those that have ended, and the working key
//! of its session. Not here: which message is believed under which key (`endpoint`).

use jiff::civil::DateTime;
use zeroize::Zeroizing;

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::store::database::Database;
use crate::store::value::{Row, values};
use crate::store::vault::Vault;
use crate::terminal::columns::terminal_text;
use crate::terminal::proved::{Proved, Sort};

/// How many keys of a name are known: the last one, and seven that ended before. What was still owed under an older one is
/// for people to settle.
const KNOWN: usize = 8;

/// How many terminals of a database are told at once: some ten megabytes, and more than a region has.
const MOST: i64 = 65_536;

/// A terminal with its keys in force.
#[derive(Clone, Debug)]
pub struct KnownTerminal {
    /// Where it stands.
    pub institution: InstitutionCode,
    /// Its number there.
    pub terminal: TerminalId,
    /// Its keys.
    pub keys: Proved,
}

/// A terminal's key.
#[derive(Debug)]
pub(crate) struct TerminalKey {
    pub(crate) key: X919,
    pub(crate) sort: Sort,
    /// When it ended; `None`: it is in force.
    pub(crate) ended: Option<DateTime>,
}

/// By what a message is proved.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) key: X919,
    /// Its F64; `None`: it never was bytes.
    pub(crate) asked: Option<String>,
}

/// The working key of a name's last session, if it has had one.
pub(crate) fn working(
    (store, vault): (&dyn Database, &Vault),
    institution: InstitutionCode,
    terminal: TerminalId,
) -> Result<Option<TerminalKey>, CentreError> {
    let row = store.find(
        "SELECT working, working_ended FROM leases WHERE institution = $1 AND terminal = $2 AND working IS NOT NULL",
        values![institution, terminal_text(terminal)],
    )?;
    let read = |row: &Row| {
        let key = unseal(vault, &row.get::<Vec<u8>>("working")?, "leases.working")?;
        Ok(TerminalKey { key, sort: Sort::Working, ended: row.get("working_ended")? })
    };
    row.as_ref().map(read).transpose()
}

/// The working key of the session that this sign-in begins, under a name that has a lease.
///
/// # Errors
/// The system has no random numbers, or the database failed.
pub(crate) fn begin_session(
    (store, vault): (&dyn Database, &Vault),
    (institution, terminal): (InstitutionCode, TerminalId),
    asked: Option<&str>,
) -> Result<X919, CentreError> {
    // The end of a key takes away what it was asked by.
    let last = store.find(
        "SELECT working FROM leases WHERE institution = $1 AND terminal = $2 AND working IS NOT NULL AND asked = $3",
        values![institution, terminal_text(terminal), asked],
    )?;
    if let Some(last) = last {
        return unseal(vault, &last.get::<Vec<u8>>("working")?, "leases.working");
    }
    let key = random(vault)?;
    store.execute(
        "UPDATE leases SET working = $1, asked = $2, working_ended = NULL WHERE institution = $3 AND terminal = $4",
        values![vault.seal(key.expose())?, asked, institution, terminal_text(terminal)],
    )?;
    Ok(key)
}

/// Ends the session of a name, if there is one: its working key opens nothing any more.
///
/// # Errors
/// The database failed.
pub(crate) fn end_session(
    store: &dyn Database,
    (institution, terminal): (InstitutionCode, TerminalId),
    now: DateTime,
) -> Result<(), CentreError> {
    store.execute(
        "UPDATE leases SET working_ended = $1, asked = NULL
         WHERE institution = $2 AND terminal = $3 AND working IS NOT NULL AND working_ended IS NULL",
        values![now, institution, terminal_text(terminal)],
    )?;
    Ok(())
}

fn random(vault: &Vault) -> Result<X919, CentreError> {
    let mut bytes = vault.random::<16>()?;
    // DES leaves the last bit of each byte out; devices that take a key want an odd number of ones in each.
    bytes.iter_mut().for_each(|byte| *byte ^= u8::from(byte.count_ones() % 2 == 0));
    Ok(X919::new(*bytes))
}

fn unseal(vault: &Vault, sealed: &[u8], column: &str) -> Result<X919, CentreError> {
    let plain = vault.unseal(sealed)?;
    let key = <[u8; 16]>::try_from(plain.as_slice()).map(Zeroizing::new);
    key.map(|key| X919::new(*key)).map_err(|_| CentreError::Damaged(Damage::Column(column.into())))
}

/// The keys of a name, the last one first. None: the terminal was never registered.
pub(crate) fn of(
    (store, vault): (&dyn Database, &Vault),
    institution: InstitutionCode,
    terminal: TerminalId,
) -> Result<Vec<TerminalKey>, CentreError> {
    let rows = store.rows(
        "SELECT sealed, ended FROM terminal_keys WHERE institution = $1 AND terminal = $2
         ORDER BY number DESC LIMIT 8",
        values![institution, terminal_text(terminal)],
    )?;
    let read = |row: &Row| Ok(TerminalKey { key: open(vault, row)?, sort: Sort::Master, ended: row.get("ended")? });
    rows.iter().take(KNOWN).map(read).collect()
}

/// The terminals that have a master key in force, with their keys; no more than `MOST`. One whose master key cannot be opened is left out: it is refused
/// when it speaks.
///
/// # Errors
/// The database failed.
pub(crate) fn in_force((store, vault): (&dyn Database, &Vault)) -> Result<Vec<KnownTerminal>, CentreError> {
    let rows = store.rows(
        "SELECT institution, terminal, sealed, CASE WHEN working_ended IS NULL THEN working END AS working
             FROM terminal_keys LEFT JOIN leases USING (institution, terminal) WHERE ended IS NULL LIMIT $1",
        values![MOST],
    )?;
    let known = |row: &Row| {
        let institution = row.get::<InstitutionCode>("institution").ok()?;
        let terminal = <[u8; 8]>::try_from(row.get::<String>("terminal").ok()?.as_bytes()).ok()?;
        let working = row.get::<Option<Vec<u8>>>("working").ok()?;
        let working = working.and_then(|sealed| unseal(vault, &sealed, "leases.working").ok());
        let keys = Proved { master: Some(open(vault, row).ok()?), working };
        Some(KnownTerminal { institution, terminal: TerminalId(terminal), keys })
    };
    Ok(rows.iter().filter_map(known).collect())
}

/// The key in this row.
pub(crate) fn open(vault: &Vault, row: &Row) -> Result<X919, CentreError> {
    unseal(vault, &row.get::<Vec<u8>>("sealed")?, "terminal_keys.sealed")
}

/// The number of a name's last key in this area, and when it ended if it has.
pub(crate) fn last(
    office: &Office<'_>,
    institution: InstitutionCode,
    terminal: TerminalId,
) -> Result<Option<(i64, Option<DateTime>)>, CentreError> {
    let row = office.store().find(
        "SELECT number, ended FROM terminal_keys WHERE area = $1 AND institution = $2 AND terminal = $3
         ORDER BY number DESC LIMIT 1",
        values![office.area(), institution, terminal_text(terminal)],
    )?;
    row.map(|row| Ok((row.get("number")?, row.get("ended")?))).transpose()
}

/// Makes a key for a name, of which none is in force, and keeps it under this number.
///
/// # Errors
/// The system has no random numbers, or the database failed.
pub(crate) fn add(
    office: &Office<'_>,
    (institution, terminal): (InstitutionCode, TerminalId),
    number: i64,
) -> Result<X919, CentreError> {
    let key = random(office.vault())?;
    // One under the published key may be under way.
    end_session(office.store(), (institution, terminal), office.now())?;
    let sealed = office.vault().seal(key.expose())?;
    office.store().execute(
        "INSERT INTO terminal_keys (area, institution, terminal, number, sealed, since) VALUES ($1, $2, $3, $4, $5, $6)",
        values![office.area(), institution, terminal_text(terminal), number, sealed, office.now()],
    )?;
    Ok(key)
}

/// Ends the key that is in force, and the session under it; `false`: none is.
///
/// # Errors
/// The database failed.
pub(crate) fn end(
    office: &Office<'_>,
    institution: InstitutionCode,
    terminal: TerminalId,
) -> Result<bool, CentreError> {
    let ended = office.store().execute(
        "UPDATE terminal_keys SET ended = $1
         WHERE area = $2 AND institution = $3 AND terminal = $4 AND ended IS NULL",
        values![office.now(), office.area(), institution, terminal_text(terminal)],
    )?;
    end_session(office.store(), (institution, terminal), office.now())?;
    Ok(ended == 1)
}

/// The check value of a key, by which it is told whether a device has taken it: the first three bytes of eight zeros,
/// enciphered with 3DES.
pub(crate) fn check_value(key: &X919) -> String {
    hex::encode_upper(key.check_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key is the one of docs/card.md §5.4; the value was computed with OpenSSL (des-ede-ecb over eight zeros).
    #[test]
    fn a_check_value_is_what_other_programs_compute() {
        let key =
            X919::new([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10]);
        assert_eq!(check_value(&key), "08D7B4");
        assert_eq!(format!("{key:?}"), "***");
    }
}
