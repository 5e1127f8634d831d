//! A centre of five acts: enough to see every kind of answer.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use qiyong_centre::acts::Act;
use qiyong_centre::acts::desk::Desk;
use qiyong_centre::acts::entry::{Entry, entry};
use qiyong_centre::acts::general::General;
use qiyong_centre::acts::refusal::{Explain, Refusal, RefusalKind};
use qiyong_centre::acts::role::Role;

use crate::Acts;

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

/// Waits at the gate.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {}

/// Panics.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Break {}

/// Fails as a database does.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {}

#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct Amount(i64);

/// What is in the box.
#[derive(Serialize, ToSchema)]
pub(super) struct Contents {
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

/// The face asks the toy, never these.
macro_rules! acts {
    ($($act:ident $name:literal $reads:literal;)*) => {
        $(impl Act for $act {
            const NAME: &'static str = $name;
            const ROLES: &'static [Role] = &[Role::Clerk];
            const READS: bool = $reads;
            type Answer = Contents;

            fn carry_out(&self, _: &mut Desk<'_>) -> Result<Contents, Refusal> {
                Err(General::Operator.into())
            }
        })*
        const ACTS: &[Entry] = &[$(entry::<$act>()),*];
    };
}
acts! {
    Put "box.put" false;
    Many "box.many" false;
    List "box.list" true;
    Wait "box.wait" false;
    Break "box.break" false;
    Fail "box.fail" false;
}

/// A refusal of this kind and code, about a field or none.
struct No(RefusalKind, &'static str, &'static str);

impl Explain for No {
    fn code(&self) -> &'static str {
        self.1
    }

    fn field(&self) -> Option<String> {
        (!self.2.is_empty()).then(|| self.2.into())
    }

    fn en(&self) -> String {
        "No.".into()
    }

    fn zh(&self) -> String {
        "否。".into()
    }

    fn next_en(&self) -> String {
        "Do another thing.".into()
    }

    fn next_zh(&self) -> String {
        "请改办。".into()
    }

    fn kind(&self) -> RefusalKind {
        self.0
    }
}

impl Acts for Toy {
    type Holder = &'static str;

    fn acts(&self) -> Vec<Entry> {
        ACTS.to_vec()
    }

    fn holder(&mut self, token: &str) -> Result<Option<&'static str>, Refusal> {
        let known = [("clerk-token", "clerk"), ("auditor-token", "auditor")];
        Ok(known.iter().find(|(known, _)| *known == token).map(|(_, role)| *role))
    }

    fn name<'a>(holder: &'a &'static str) -> &'a str {
        holder
    }

    fn carry_out(
        &mut self,
        holder: &&'static str,
        act: &str,
        request: Value,
        key: Option<&str>,
    ) -> Result<Value, Refusal> {
        if *holder != "clerk" {
            return Err(No(RefusalKind::Forbidden, "role-not-allowed", "").into());
        }
        if key.is_some_and(|key| key.is_empty() || key.len() > 64 || key.contains(' ')) {
            return Err(No(RefusalKind::Input, "key-invalid", "").into());
        }
        if let Some((before, answer)) = key.and_then(|key| self.keys.get(key)) {
            let again = *before == request;
            return if again { Ok(answer.clone()) } else { Err(No(RefusalKind::Rule, "key-reused", "").into()) };
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
        let broken = |_| Refusal::from(No(RefusalKind::Input, "field-invalid", "amount"));
        match act {
            "box.put" => {
                let put: Put = serde_json::from_value(request.clone()).map_err(broken)?;
                if put.amount.0 <= 0 {
                    return Err(Refusal::from(No(RefusalKind::Rule, "amount-not-positive", "amount")));
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
            _ => return Err(No(RefusalKind::Failure, "centre-failed", "").into()),
        }
        Ok(contents(&self.entries))
    }
}

fn contents(entries: &[(i64, String)]) -> Value {
    let list = entries.iter().map(|(amount, note)| json!({"amount": amount, "note": note}));
    json!({"entries": list.collect::<Vec<_>>(), "total": entries.iter().map(|entry| entry.0).sum::<i64>()})
}
