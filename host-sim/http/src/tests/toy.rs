//! A centre of five acts: enough to see every kind of answer.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::{ActInfo, Acts, Refusal, RefusalKind, Who};

/// Puts an amount into the box.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Put {
    /// What to put in, in fen.
    amount: Amount,
    /// For whom.
    note: String,
    /// Everybody may know.
    #[serde(default)]
    open: Option<bool>,
}

/// Lists what is in the box.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// Only entries of this note.
    #[serde(default)]
    note: Option<String>,
    /// At most so many.
    #[serde(default)]
    most: Option<u32>,
}

/// Puts several amounts in.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Many {
    /// All of them.
    puts: Vec<Put>,
}

/// Nothing is needed.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Amount(i64);

/// What is in the box.
#[derive(Serialize, ToSchema)]
struct Contents {
    entries: Vec<Put>,
    total: Amount,
}

/// A centre whose acts are done in memory.
#[derive(Default)]
pub(super) struct Toy {
    entries: Vec<(i64, String)>,
    keys: HashMap<String, (Value, Value)>,
    /// `box.wait` says here that it began, and waits there until it may go on.
    gate: Option<(Sender<()>, Receiver<()>)>,
}

fn info<Request: ToSchema, Answer: ToSchema>(name: &'static str, reads: bool) -> ActInfo {
    let nothing: RefOr<Schema> = Nothing::schema();
    let plain = ActInfo {
        name,
        description: format!("The act {name}."),
        roles: vec!["clerk"],
        reads,
        request: nothing.clone(),
        answer: nothing,
        schemas: Vec::new(),
    };
    plain.with::<Request, Answer>()
}

fn refusal(kind: RefusalKind, code: &'static str, field: Option<&str>) -> Refusal {
    let [en, zh, next_en, next_zh] = ["No.", "否。", "Do another thing.", "请改办。"].map(str::to_string);
    Refusal { code, kind, field: field.map(str::to_string), en, zh, next_en, next_zh }
}

impl Acts for Toy {
    type Holder = &'static str;

    fn acts(&self) -> Vec<ActInfo> {
        vec![
            info::<Put, Contents>("box.put", false),
            info::<Many, Contents>("box.many", false),
            info::<List, Contents>("box.list", true),
            info::<Nothing, Contents>("box.wait", false),
            info::<Nothing, Contents>("box.break", false),
            info::<Nothing, Contents>("box.fail", false),
        ]
    }

    fn holder(&mut self, token: &str) -> Result<Option<&'static str>, Refusal> {
        let known = [("clerk-token", "clerk"), ("auditor-token", "auditor")];
        Ok(known.iter().find(|(known, _)| *known == token).map(|(_, role)| *role))
    }

    fn who(holder: &&'static str) -> Who {
        Who { operator: format!("{holder}-1"), role: (*holder).into(), place: "32010001".into() }
    }

    fn carry_out(
        &mut self,
        holder: &&'static str,
        act: &str,
        request: Value,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        if *holder != "clerk" {
            return Err(refusal(RefusalKind::Forbidden, "role-not-allowed", None));
        }
        if let Some((before, answer)) = key.and_then(|key| self.keys.get(key)) {
            let again = *before == request;
            return if again { Ok(answer.clone()) } else { Err(refusal(RefusalKind::Rule, "key-reused", None)) };
        }
        let answer = self.act(act, &request)?;
        if let Some(key) = key {
            self.keys.insert(key.into(), (request, answer.clone()));
        }
        Ok(answer)
    }
}

impl Toy {
    /// One whose `box.wait` reports that it began, and waits until it may go on.
    pub(super) fn gated() -> (Self, Receiver<()>, Sender<()>) {
        let ((began, has_begun), (go_on, may_go_on)) = (channel(), channel());
        (Self { gate: Some((began, may_go_on)), ..Self::default() }, has_begun, go_on)
    }

    fn act(&mut self, act: &str, request: &Value) -> Result<Value, Refusal> {
        let broken = |_| refusal(RefusalKind::Input, "field-invalid", Some("amount"));
        match act {
            "box.put" => {
                let put: Put = serde_json::from_value(request.clone()).map_err(broken)?;
                if put.amount.0 <= 0 {
                    return Err(refusal(RefusalKind::Rule, "amount-not-positive", Some("amount")));
                }
                self.entries.push((put.amount.0, put.note));
            }
            "box.many" => {
                let many: Many = serde_json::from_value(request.clone()).map_err(broken)?;
                self.entries.extend(many.puts.into_iter().map(|put| (put.amount.0, put.note)));
            }
            "box.list" => {
                let list: List = serde_json::from_value(request.clone()).map_err(broken)?;
                let all = self.entries.iter().filter(|(_, note)| list.note.as_ref().is_none_or(|only| only == note));
                let some: Vec<_> = all.take(list.most.unwrap_or(u32::MAX) as usize).cloned().collect();
                return Ok(contents(&some));
            }
            "box.wait" => {
                if let Some((began, go_on)) = &self.gate {
                    let _ = began.send(());
                    let _ = go_on.recv();
                }
            }
            "box.break" => panic!("as it was asked to"),
            _ => return Err(refusal(RefusalKind::Failure, "centre-failed", None)),
        }
        Ok(contents(&self.entries))
    }
}

fn contents(entries: &[(i64, String)]) -> Value {
    let list = entries.iter().map(|(amount, note)| json!({"amount": amount, "note": note}));
    json!({"entries": list.collect::<Vec<_>>(), "total": entries.iter().map(|entry| entry.0).sum::<i64>()})
}
