//! Orders: approved applications whose card is to be made. `application` places an order when it approves; `slip` collects
//! its fee; `production` makes its card. Neither needs to know the application.

use serde::{Deserialize, Serialize};
use strum::VariantArray;
use zeroize::Zeroizing;

use crate::acts::office::Office;
use crate::error::{CentreError, Damage};
use crate::store::value::Row;
use crate::store::value::{values, words};

words! {
    /// Why somebody does not pay, or pays less.
    pub enum Exemption {
        /// Receives the minimum living allowance (低保).
        LowIncome,
        /// Receives support as a person in extreme hardship (特困).
        ExtremeHardship,
        /// Has a disabled person's card.
        Disabled,
        /// Belongs to the family of one who died in service (烈属).
        MartyrFamily,
    }
}

words! {
    /// Where an approved application stands.
    pub enum OrderState {
        /// The fee is not settled.
        Approved,
        /// The fee is paid, or there is none.
        Ready,
        /// The card is being made, or waits for its holder.
        InProduction,
        /// It went back to be corrected, and comes again.
        Returned,
        /// The holder has the card.
        Completed,
        /// It was given up.
        Withdrawn,
    }
}

/// What the rooms after the application do to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray)]
pub enum OrderStep {
    /// The fee is paid, or there is none.
    Pay,
    /// The payment is undone.
    Unpay,
    /// Production has begun.
    Produce,
    /// Production sends it back, since the bank refuses what is in the form.
    SendBack,
    /// Production gives it up.
    GiveUp,
    /// The card was handed over.
    HandOver,
}

impl OrderState {
    /// Where a step leads; `None`: it is not allowed here.
    pub const fn after(self, step: OrderStep) -> Option<Self> {
        Some(match (self, step) {
            (Self::Approved, OrderStep::Pay) => Self::Ready,
            (Self::Ready, OrderStep::Unpay) => Self::Approved,
            (Self::Ready, OrderStep::Produce) => Self::InProduction,
            (Self::InProduction, OrderStep::SendBack) => Self::Returned,
            (Self::InProduction, OrderStep::GiveUp) => Self::Withdrawn,
            (Self::InProduction, OrderStep::HandOver) => Self::Completed,
            _ => return None,
        })
    }
}

/// What an application that is approved hands on.
#[derive(Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The application's number.
    pub application: String,
    /// The person's number.
    pub person: String,
    /// The kind of application, in its word.
    pub kind: String,
    /// Why an old card is replaced, in its word.
    pub reason: Option<String>,
    /// Why the fee is less, if that was proven.
    pub exemption: Option<Exemption>,
    /// The number of the card that is replaced.
    pub old_card: Option<String>,
    /// The code of the bank that the person chose.
    pub bank: String,
    /// The code of the outlet where the card is handed over.
    pub outlet: String,
    /// What the card and the hand-over need beside the persons' register.
    pub particulars: Particulars,
}

/// What the card and the hand-over need beside the persons' register. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The social security number, 18 characters.
    pub id_number: String,
    /// The ethnicity by GB/T 3304: 1 to 56, 97 other.
    pub ethnicity: u8,
    /// Kind and number of the guardian's document, if the application names a guardian.
    pub guardian: Option<(String, String)>,
    /// The code of the unit that applied.
    pub unit: Option<String>,
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// An order.
pub struct Order {
    /// What was handed on.
    pub of: NewOrder,
    /// Where it stands.
    pub state: OrderState,
}

/// Places an order, or places one anew that went back; `false`: this application's order is placed already.
///
/// # Errors
/// The database failed.
pub fn place(office: &Office<'_>, new: &NewOrder) -> Result<bool, CentreError> {
    let text = Zeroizing::new(serde_json::to_string(&new.particulars).map_err(|_| damaged())?);
    let placed = office.store().execute(
        "INSERT INTO orders (area, application, person, kind, reason, exemption, old_card, bank, outlet, sealed, accepted,
                             state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (area, application) DO UPDATE SET person = excluded.person, kind = excluded.kind,
             reason = excluded.reason, exemption = excluded.exemption, old_card = excluded.old_card,
             bank = excluded.bank, outlet = excluded.outlet, sealed = excluded.sealed, state = excluded.state
         WHERE orders.state = 'returned'",
        values![
            office.area(),
            new.application,
            new.person,
            new.kind,
            new.reason,
            new.exemption,
            new.old_card,
            new.bank,
            new.outlet,
            office.seal(&text)?,
            office.today(),
            OrderState::Approved
        ],
    )?;
    Ok(placed == 1)
}

/// The order of this application.
///
/// # Errors
/// The database failed or is damaged.
pub fn get(office: &Office<'_>, application: &str) -> Result<Option<Order>, CentreError> {
    let row = office.store().find(
        "SELECT orders.*, applications.state AS now FROM orders
         LEFT JOIN applications ON applications.area = orders.area AND applications.number = orders.application
         WHERE orders.area = $1 AND orders.application = $2",
        values![office.area(), application],
    )?;
    row.map(|row| read(office, &row)).transpose()
}

/// Takes a step; `false`: it is not allowed as the order stands, and nothing was done.
///
/// # Errors
/// The database failed or is damaged.
pub fn step(office: &Office<'_>, application: &str, step: OrderStep) -> Result<bool, CentreError> {
    let state = get(office, application)?.and_then(|order| order.state.after(step));
    let Some(state) = state else { return Ok(false) };
    office.store().execute(
        "UPDATE orders SET state = $1 WHERE area = $2 AND application = $3",
        values![state, office.area(), application],
    )?;
    // The application stands where its order does, in the same words.
    let open = !matches!(state, OrderState::Completed | OrderState::Withdrawn);
    office.store().execute(
        "UPDATE applications SET state = $1, open = $2, since = $3 WHERE area = $4 AND number = $5",
        values![state, open, office.today(), office.area(), application],
    )?;
    Ok(true)
}

fn read(office: &Office<'_>, row: &Row) -> Result<Order, CentreError> {
    let sealed = office.unseal(&row.get::<Vec<u8>>("sealed")?)?;
    Ok(Order {
        of: NewOrder {
            application: row.get("application")?,
            person: row.get("person")?,
            kind: row.get("kind")?,
            reason: row.get("reason")?,
            exemption: row.get("exemption")?,
            old_card: row.get("old_card")?,
            bank: row.get("bank")?,
            outlet: row.get("outlet")?,
            particulars: serde_json::from_str(&sealed).map_err(|_| damaged())?,
        },
        // The application may have gone on without the rooms after it: withdrawn, lapsed, or corrected after it went back.
        state: match row.get::<Option<String>>("now")?.as_deref() {
            None => row.get("state")?,
            Some("lapsed") => OrderState::Withdrawn,
            Some(now) => now.parse().unwrap_or(OrderState::Returned),
        },
    })
}

fn damaged() -> CentreError {
    CentreError::Damaged(Damage::Column("orders.sealed".into()))
}
