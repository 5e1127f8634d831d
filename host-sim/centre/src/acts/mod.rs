//! What an act is: everything that anybody does at the centre, or asks of it.
//!
//! An act is a struct. Its fields are at once the body of `POST /v1/<room>/<verb>`, the flags of `qiyong centre <room>
//! <verb>`, and a form of the operators' page; its comments describe them there. To add one:
//!
//! 1. In your room, write the struct with `Serialize, Deserialize, ToSchema` and `#[serde(deny_unknown_fields)]`, every
//!    field with a comment that says its shape and unit, and an answer that derives the same.
//! 2. `impl Act for` it. `carry_out` gets a [`Desk`]: the area's files, the time, who acts. It reads and writes through
//!    the desk's store, which is one transaction: if it returns a [`Refusal`], nothing of it stays, and the refusal is in
//!    the audit record.
//! 3. Put `entry::<YourAct>()` into your room's `ACTS`, and your room's `ACTS` into `registry.rs`.
//!
//! A room has one enum of refusals, which implements `Explain`, and its tables in one file of `store/migrations/`.
//! Fields that are common to many acts are in [`fields`]. Files of a room import `acts`, `persons`, `ledger` and so on;
//! nothing here imports a room.

pub(crate) mod bounds;
pub mod desk;
pub mod entry;
pub mod fields;
pub mod general;
pub mod office;
pub mod refusal;
pub mod role;
pub mod waiting;
pub mod words;

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use desk::Desk;
use refusal::Refusal;
use role::Role;

/// Something that somebody does at the centre, or asks of it.
pub trait Act: Serialize + DeserializeOwned + ToSchema + 'static {
    /// `room.verb`; unique.
    const NAME: &'static str;
    /// Who may.
    const ROLES: &'static [Role];
    /// It changes nothing.
    const READS: bool = false;
    /// The national transactions (docs/card.md §2.8) that it carries out.
    const NUMBERS: &'static [&'static str] = &[];
    /// What it answers.
    type Answer: Serialize + ToSchema;

    /// Does it.
    ///
    /// # Errors
    /// A rule forbids it, or the database failed; then nothing was done.
    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Self::Answer, Refusal>;
}
