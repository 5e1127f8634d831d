//! The ledger's chain: each posting's check value (HMAC-SHA-256 under the vault) covers its words, its lines and the check
//! value before it, as `audit` does it for acts. The form stands in files; a change of it needs a new version.

use qiyong_protocol::card::codes::Region;

use super::database::Database;
use super::value::values;
use super::vault::Vault;
use crate::error::{CentreError, Damage};

/// What the chain of an area begins with.
pub(crate) const BEGINNING: [u8; 32] = [0; 32];

/// What a posting's check value covers, as it stands in the database.
pub(crate) struct Link<'a> {
    pub(crate) area: &'a str,
    pub(crate) number: i64,
    pub(crate) day: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) operator: &'a str,
    /// Accounts and what they are given, in fen, in any order.
    pub(crate) lines: &'a [(String, i64)],
}

impl Link<'_> {
    /// The check value after `before`.
    pub(crate) fn seal(&self, vault: &Vault, before: &[u8; 32]) -> [u8; 32] {
        let Self { area, number, day, reason, reference, operator, lines } = self;
        let number = number.to_be_bytes();
        let mut sorted: Vec<(&[u8], [u8; 8])> =
            lines.iter().map(|(account, amount)| (account.as_bytes(), amount.to_be_bytes())).collect();
        sorted.sort_unstable();
        let mut parts: Vec<&[u8]> = vec![before, area.as_bytes(), &number];
        parts.extend([day, reason, reference, operator].map(|word| word.as_bytes()));
        for (account, amount) in &sorted {
            parts.extend([*account, amount]);
        }
        vault.posting(&parts)
    }
}

/// The check value of the posting before this one.
///
/// # Errors
/// It is missing, or the database failed.
pub(crate) fn before(database: &dyn Database, area: Region, number: i64) -> Result<[u8; 32], CentreError> {
    if number <= 1 {
        return Ok(BEGINNING);
    }
    let sql = "SELECT chain FROM postings WHERE area = $1 AND number = $2";
    let last = database.find(sql, values![area, number.saturating_sub(1)])?;
    last.ok_or_else(|| CentreError::Damaged(Damage::Column("postings.number".into())))?.get("chain")
}
