//! What this face needs of a centre: its acts, who holds a token, and somebody who carries out an act.
//!
//! The centre is one such [`Acts`]; the tests of this crate have another, with a few acts that are slow, or fail, on demand.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// What is known of an act before it is carried out.
#[derive(Clone)]
pub struct ActInfo {
    /// `room.verb`, such as `application.file`.
    pub name: &'static str,
    /// What it does.
    pub description: String,
    /// The roles that may, in their written form.
    pub roles: Vec<&'static str>,
    /// Whether it changes nothing.
    pub reads: bool,
    /// The shape of its request.
    pub request: RefOr<Schema>,
    /// The shape of its answer.
    pub answer: RefOr<Schema>,
    /// The shapes that these two refer to, by name.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl ActInfo {
    /// Adds the shapes of a request and an answer to the rest.
    #[must_use]
    pub fn with<Request: ToSchema, Answer: ToSchema>(mut self) -> Self {
        (self.request, self.answer) = (Request::schema(), Answer::schema());
        Request::schemas(&mut self.schemas);
        Answer::schemas(&mut self.schemas);
        self
    }

    /// `application` of `application.file`.
    #[must_use]
    pub fn room(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(room, _)| room)
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// The operator's number.
    pub operator: String,
    /// The operator's role, in its written form.
    pub role: String,
    /// Where the operator works: shown on the page.
    pub place: String,
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// A field is not what it may be.
    Input,
    /// Nobody signed in.
    Unknown,
    /// The operator may not.
    Forbidden,
    /// What is named does not exist.
    Missing,
    /// A rule forbids it as things stand.
    Rule,
    /// The centre failed; it may be repeated.
    Failure,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened, in one word that stays the same.
    pub code: &'static str,
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// The field that is wrong.
    pub field: Option<String>,
    /// The cause, and what is allowed, in English.
    pub en: String,
    /// The cause, and what is allowed, in Chinese.
    pub zh: String,
    /// What to do next, in English.
    pub next_en: String,
    /// What to do next, in Chinese.
    pub next_zh: String,
}

/// A centre, as this face sees it.
pub trait Acts: Send + 'static {
    /// Whom the centre has recognised by a token.
    type Holder: Send + Sync + 'static;

    /// Every act. Asked once, at the beginning.
    fn acts(&self) -> Vec<ActInfo>;

    /// Who holds this token; `None` if nobody does, or its time is over.
    ///
    /// # Errors
    /// The centre cannot look it up.
    fn holder(&mut self, token: &str) -> Result<Option<Self::Holder>, Refusal>;

    /// What may be shown and logged of a holder.
    fn who(holder: &Self::Holder) -> Who;

    /// Carries out an act, whole or not at all. The same key with the same request gets the same answer and changes
    /// nothing more.
    ///
    /// # Errors
    /// It was refused; nothing has changed.
    fn carry_out(
        &mut self,
        holder: &Self::Holder,
        act: &str,
        request: Value,
        key: Option<&str>,
    ) -> Result<Value, Refusal>;
}
