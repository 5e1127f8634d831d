//! An act without its type: how the faces see it.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::Act;
use super::desk::Desk;
use super::general::General;
use super::refusal::Refusal;
use super::role::Role;

/// The schemas that others refer to, by name.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// An act, its type forgotten.
#[derive(Clone, Copy)]
pub struct Entry {
    /// `room.verb`.
    pub name: &'static str,
    /// Who may.
    pub roles: &'static [Role],
    /// It changes nothing.
    pub reads: bool,
    /// The numbers of the national transactions that it carries out.
    pub numbers: &'static [&'static str],
    /// The schema of its body.
    pub request: fn() -> RefOr<Schema>,
    /// The schema of its answer.
    pub answer: fn() -> RefOr<Schema>,
    /// The schemas to which these refer.
    pub schemas: fn(&mut Schemas),
    pub(crate) carry_out: fn(&mut Desk<'_>, Value) -> Result<Value, Refusal>,
}

/// The entry of an act.
pub const fn entry<A: Act>() -> Entry {
    Entry {
        name: A::NAME,
        roles: A::ROLES,
        reads: A::READS,
        numbers: A::NUMBERS,
        request: <A as utoipa::PartialSchema>::schema,
        answer: <A::Answer as utoipa::PartialSchema>::schema,
        schemas: |schemas| {
            <A as utoipa::ToSchema>::schemas(schemas);
            schemas
                .push((<A::Answer as utoipa::ToSchema>::name().into(), <A::Answer as utoipa::PartialSchema>::schema()));
            <A::Answer as utoipa::ToSchema>::schemas(schemas);
        },
        carry_out: carry_out::<A>,
    }
}

fn carry_out<A: Act>(desk: &mut Desk<'_>, body: Value) -> Result<Value, Refusal> {
    let act: A = serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        General::Field { path, problem: without_values(&error.into_inner().to_string()) }
    })?;
    let answer = act.carry_out(desk)?;
    serde_json::to_value(&answer)
        .map_err(|error| General::Field { path: "answer".into(), problem: without_values(&error.to_string()) }.into())
}

/// Serde repeats in its messages what stood in the body; that may be an ID number or a PIN. What it expected stays.
fn without_values(message: &str) -> String {
    let says = |start: &str| message.starts_with(start);
    let expected = message.split_once(", expected ").map(|(_, expected)| expected);
    match expected {
        Some(expected) if says("invalid ") || says("unknown variant") => format!("must be {expected}"),
        Some(expected) if says("unknown field") => format!("is no field here; there are {expected}"),
        None if says("invalid ") || says("unknown ") => "is not allowed here".into(),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acts::role::Role;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        _role: Option<Role>,
        _count: Option<u8>,
        _day: Option<crate::acts::fields::Day>,
    }

    #[test]
    fn a_message_about_a_body_shows_nothing_of_it() {
        let secret = "110101199001011234";
        for body in [
            format!(r#"{{"_role": "{secret}"}}"#),
            format!(r#"{{"_role": {{"{secret}": 1}}}}"#),
            format!(r#"{{"_count": {secret}}}"#),
            format!(r#"{{"_count": "{secret}"}}"#),
            format!(r#"{{"_count": -{secret}}}"#),
            format!(r#"{{"_day": "{secret}"}}"#),
            format!(r#"{{"{secret}": 1}}"#),
            format!(r#""{secret}""#),
        ] {
            let value: Value = serde_json::from_str(&body).unwrap();
            let error = serde_json::from_value::<Body>(value).unwrap_err().to_string();
            let shown = without_values(&error);
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
