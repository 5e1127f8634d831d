//! What this face needs of a centre, and what it keeps of each act. [`Centre`] is one such [`Acts`]; the tests of this crate
//! have another, whose acts are slow or fail when they are told to.

use serde_json::Value;

use qiyong_centre::acts::desk::Operator;
use qiyong_centre::acts::entry::Entry;
use qiyong_centre::acts::refusal::Refusal;
use qiyong_centre::{ActRequest, Centre, registry};
use qiyong_protocol::card::codes::Region;

use crate::query::{self, Field};
use crate::shapes::Shapes;

/// Where the acts that are national transactions stand under their numbers (docs/card.md §2.8).
pub(crate) const NATIONAL: &str = "national";

/// A centre, as this face sees it.
pub trait Acts: Send + 'static {
    /// Whom the centre has recognised by a token.
    type Holder: Send + Sync + 'static;

    /// Every act. Asked once, at the beginning.
    fn acts(&self) -> Vec<Entry>;

    /// Who holds this token; `None` if nobody does, or its time is over.
    ///
    /// # Errors
    /// The centre cannot look it up.
    fn holder(&mut self, token: &str) -> Result<Option<Self::Holder>, Refusal>;

    /// The operator's name, for the log.
    fn name(holder: &Self::Holder) -> &str;

    /// Carries out an act, whole or not at all. The same key with the same request gets the same answer and changes
    /// nothing more.
    ///
    /// # Errors
    /// It was refused; nothing has changed.
    fn carry_out(&mut self, holder: &Self::Holder, act: &str, body: Value, key: Option<&str>)
    -> Result<Value, Refusal>;
}

impl Acts for Centre {
    type Holder = (Region, Operator);

    fn acts(&self) -> Vec<Entry> {
        registry::acts().copied().collect()
    }

    fn holder(&mut self, token: &str) -> Result<Option<(Region, Operator)>, Refusal> {
        Ok(self.sign_in(token)?)
    }

    fn name((_, operator): &(Region, Operator)) -> &str {
        &operator.id
    }

    fn carry_out(
        &mut self,
        (area, operator): &(Region, Operator),
        act: &str,
        body: Value,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        Self::carry_out(self, ActRequest { area: *area, operator, act, body, key })
    }
}

/// An act, as programs and browsers see it.
pub(crate) struct Act {
    /// `room.verb`.
    pub(crate) name: &'static str,
    /// The roles that may, in their written form.
    pub(crate) roles: Vec<&'static str>,
    /// Whether it changes nothing.
    pub(crate) reads: bool,
    /// The national transactions that it carries out.
    pub(crate) numbers: &'static [&'static str],
    /// The shapes of its request and its answer.
    pub(crate) shapes: Shapes,
    /// The fields of its request.
    pub(crate) fields: Vec<Field>,
}

impl Act {
    pub(crate) fn of(entry: &Entry) -> Self {
        let shapes = Shapes::of(entry);
        let fields = query::fields(&shapes);
        Self {
            name: entry.name,
            roles: entry.roles.iter().map(Into::into).collect(),
            reads: entry.reads,
            numbers: entry.numbers,
            shapes,
            fields,
        }
    }

    /// `application` of `application.file`.
    pub(crate) fn room(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(room, _)| room)
    }

    /// What it does.
    pub(crate) fn description(&self) -> &str {
        let shape = self.shapes.resolve(&self.shapes.request);
        shape.get("description").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it may be asked for with a query: it only reads, and no field has parts.
    pub(crate) fn by_query(&self) -> bool {
        self.reads && self.fields.iter().all(|field| field.form.is_some())
    }
}
