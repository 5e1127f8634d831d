//! What a message's fields must be, from what the codec has read of it: by no table of names or layouts. Values are written as tshark
//! writes them.

use qiyong_protocol::card::date::{Date, Timestamp};
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::response;
use qiyong_protocol::centre::{Answer, BatchState, Body, Deal, Ended, Original, Request, Stan};
use qiyong_protocol::rules::decision::{Effects, Operation};
use qiyong_protocol::rules::document::{Document, Validity};
use qiyong_sim::gbk::name_text;

/// Fields by name, and their values.
pub(super) type Fields = Vec<(String, String)>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn day(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn time(time: Timestamp) -> String {
    format!("{} {:02}:{:02}:{:02}", day(time.date), time.hour, time.minute, time.second)
}

/// The number of a document: its ends may be shown.
fn masked(number: &[u8]) -> String {
    let shown = |at: usize| number.len() >= 8 && (at < 3 || at >= number.len() - 2);
    number.iter().enumerate().map(|(at, byte)| if shown(at) { char::from(*byte) } else { '*' }).collect()
}

fn flags(set: &[bool], names: &[&str], key: &str, fields: &mut Fields) {
    let byte = set.iter().rev().fold(0_u8, |byte, flag| byte << 1 | u8::from(*flag));
    put(fields, key, format!("0x{byte:02x}"));
    for (flag, name) in set.iter().zip(names) {
        put(fields, &format!("{key}.{name}"), u8::from(*flag).to_string());
    }
}

fn put(fields: &mut Fields, key: &str, value: impl ToString) {
    fields.push((key.into(), value.to_string()));
}

/// A message's fields; `answer` is what it says if it is an answer that is no rejection.
pub(super) fn fields(bytes: &[u8], request: &Request<'_>, number: Stan, answer: Option<Option<&Answer>>) -> Fields {
    let message = Message::read(bytes).expect("a message");
    let mut all = Fields::new();
    put(&mut all, "length", bytes.len() - 2);
    put(&mut all, "tpdu", hex(&message.tpdu()));
    put(&mut all, "header", hex(&message.header()));
    put(&mut all, "mti", message.mti());
    put(&mut all, "bitmap", hex(&bytes[15..23]));
    for value in message.fields() {
        let (own, key) = (value.field.number, format!("f{}", value.field.number));
        let digits: String = value.digits().map(|digit| char::from(b'0' + digit)).collect();
        let text = || String::from_utf8(value.bytes.to_vec()).expect("ASCII");
        let all = &mut all;
        match own {
            4 => put(all, &key, total(request).expect("a bill")),
            11 => put(all, &key, format!("{:06}", number.0)),
            12 => {
                let Timestamp { hour, minute, second, .. } = request.time;
                put(all, &key, format!("{hour:02}{minute:02}{second:02}"));
            }
            13 => put(all, &key, format!("{:02}{:02}", request.time.date.month(), request.time.date.day())),
            39 => put(all, &key, code(request, answer).unwrap_or_else(text)),
            41 => put(all, &key, request.terminal.as_str()),
            42 => {
                put(all, &key, "");
                put(all, "f42.institution", request.institution.as_str());
                put(all, "f42.spaces", "   ");
            }
            48 => f48(all, request, answer.flatten()),
            54 => {
                let Some(Some(Answer::Approved(receipt))) = answer else { panic!("no approval has F54") };
                put(all, &key, "");
                for (part, value) in [("account", "00"), ("kind_of_balance", "02"), ("currency", "156"), ("sign", "C")]
                {
                    put(all, &format!("f54.{part}"), value);
                }
                put(all, "f54.balance", receipt.balance.0);
            }
            55 => f55(all, request, answer.flatten()),
            60 => {
                let batch = match answer {
                    Some(Some(Answer::SignedIn { lease, .. })) => lease.batch,
                    _ => request.batch,
                };
                put(all, &key, "");
                put(all, "f60.sort", &digits[..2]);
                put(all, "f60.batch", format!("{:06}", batch.0));
                put(all, "f60.network", &digits[8..]);
            }
            61 => {
                let (Body::Reverse { stan, original } | Body::Confirm { stan, original, .. }) = &request.body else {
                    panic!("no other message has F61")
                };
                put(all, &key, "");
                put(all, "f61.original_batch", format!("{:06}", request.batch.0));
                put(all, "f61.original_number", format!("{:06}", stan.0));
                let date = original.time.date;
                put(all, "f61.original_day", format!("{:02}{:02}", date.month(), date.day()));
            }
            62 => f62(all, request, answer.flatten()),
            44 | 49 => put(all, &key, text()),
            _ => put(all, &key, digits),
        }
    }
    put(&mut all, "f64", String::from_utf8(message.mac().expect("F64").0.to_vec()).expect("ASCII"));
    all
}

fn total(request: &Request<'_>) -> Option<u64> {
    match &request.body {
        Body::Reverse { original, .. } | Body::Confirm { original, .. } => Some(original.total.0),
        Body::Inquire { operation, .. } | Body::Transact { operation, .. } | Body::Report { operation, .. } => {
            operation.bill().map(|bill| bill.total().0)
        }
        _ => None,
    }
}

/// F39, unless it is that of a rejection.
fn code(request: &Request<'_>, answer: Option<Option<&Answer>>) -> Option<String> {
    let reason = match (answer, &request.body) {
        (Some(None), _) => return None,
        (Some(Some(Answer::Refused(reason))), _) => Some(*reason),
        (Some(Some(_)), _) => None,
        (None, Body::Report { reason, .. }) => Some(*reason),
        (None, Body::Confirm { result, .. }) => *result,
        (None, Body::Reverse { .. }) => return Some("98".into()),
        (None, _) => None,
    };
    let code = reason.map_or(*b"00", |reason| response::of_reason(reason).0);
    Some(String::from_utf8(code.to_vec()).expect("ASCII"))
}

fn f48(all: &mut Fields, request: &Request<'_>, answer: Option<&Answer>) {
    put(all, "f48", "");
    match (answer, &request.body) {
        (Some(Answer::Batch(state)), _) => put(
            all,
            "f48.state_of_the_batch",
            match state {
                BatchState::Open => 0,
                BatchState::Balanced => 1,
                BatchState::Differs => 2,
                BatchState::Closed => 3,
            },
        ),
        (_, Body::SettleBatch { totals }) => {
            for (deal, name) in Deal::ALL.into_iter().zip(["applications", "settlements", "purchases"]) {
                let sum = totals.of(deal);
                put(all, &format!("f48.{name}"), format!("{:06}", sum.count));
                put(all, &format!("f48.total_of_{name}"), sum.total.0);
                put(all, &format!("f48.paid_by_accounts_of_{name}"), sum.charge.0);
            }
        }
        (_, Body::Upload { from, .. }) => put(all, "f48.place_of_the_first_entry", format!("{from:06}")),
        (_, Body::UploadDone { count }) => put(all, "f48.number_of_entries", format!("{count:06}")),
        other => panic!("no F48: {other:?}"),
    }
}

fn f55(all: &mut Fields, request: &Request<'_>, answer: Option<&Answer>) {
    put(all, "f55", "");
    let is_request = all.iter().any(|(name, value)| name == "mti" && value.as_bytes()[2].is_multiple_of(2));
    match &request.body {
        Body::Authenticate(step) => {
            put(all, "f55.df02", hex(step.ident.as_bytes()));
            if is_request {
                put(all, "f55.df05", hex(step.historical));
                put(all, "f55.df06", step.algorithm.code());
                put(all, "f55.df07", "");
                put(all, "f55.df07.data", hex(&step.internal));
                let (challenge, ours) = step.external.expect("the frozen one has both");
                put(all, "f55.df08", "");
                put(all, "f55.df08.cards_challenge", hex(&challenge));
                put(all, "f55.df08.terminals_bytes", hex(&ours));
            }
            if let Some(Answer::Authenticated { internal, external }) = answer {
                put(all, "f55.df07", "");
                put(all, "f55.df07.cryptogram", hex(&internal.0));
                put(all, "f55.df08", "");
                put(all, "f55.df08.cryptogram", hex(&external.expect("both").0));
            }
        }
        Body::Inquire { card, .. } | Body::Transact { card, .. } => {
            put(all, "f55.df01", card.number);
            if is_request {
                put(all, "f55.df02", hex(card.ident.as_bytes()));
                put(all, "f55.df03", masked(card.id_number.as_bytes()));
                put(all, "f55.df04", name_text(&card.name));
            }
        }
        Body::PinChanged { card, ident } => {
            put(all, "f55.df01", card);
            if is_request {
                put(all, "f55.df02", hex(ident.as_bytes()));
            }
        }
        Body::Reverse { original: Original { card, .. }, .. }
        | Body::Confirm { original: Original { card, .. }, .. }
        | Body::Report { card: Some(card), .. } => put(all, "f55.df01", card),
        other => panic!("no F55: {other:?}"),
    }
}

fn f62(all: &mut Fields, request: &Request<'_>, answer: Option<&Answer>) {
    put(all, "f62", "");
    match answer {
        Some(Answer::SignedIn { lease, session }) => {
            put(all, "f62.df24", format!("{:06}", lease.next.0));
            put(all, "f62.df25", "");
            // A key is not shown.
            put(all, "f62.df25.enciphered_key", hex(&[b'*'; 16]));
            put(all, "f62.df25.check_value", hex(&session.key.check));
            put(all, "f62.df26", time(session.time));
            if let Some(policy) = session.policy {
                put(all, "f62.df28", "");
                let names = ["tries", "rounds", "wait_in_seconds", "pause_in_seconds"];
                for (name, value) in names.into_iter().zip(policy.to_bytes()) {
                    put(all, &format!("f62.df28.{name}"), value);
                }
            }
        }
        Some(Answer::Standing(standing)) => {
            put(all, "f62.df20", standing.status.code().map(char::from).map_or(String::new(), String::from));
            let set = [standing.social, standing.financial, standing.pin_is_initial, standing.initial_is_common];
            let names =
                ["social_function_in_use", "bank_account_in_use", "pin_is_the_initial_one", "that_pin_is_a_common_one"];
            flags(&set, &names, "f62.df21", all);
        }
        Some(Answer::Approved(receipt)) => {
            let Effects { activates, activates_financial, charge } = receipt.effects;
            flags(&[activates, activates_financial], &["card_active", "bank_account_active"], "f62.df22", all);
            put(all, "f62.df23", charge.0);
        }
        Some(other) => panic!("no F62: {other:?}"),
        None => f62_of_request(all, request),
    }
}

fn f62_of_request(all: &mut Fields, request: &Request<'_>) {
    put(all, "f62.df10", day(request.time.date));
    match &request.body {
        Body::SignIn { token } => put(all, "f62.df17", hex(&token.0)),
        Body::Inquire { operation, .. } | Body::Transact { operation, .. } | Body::Report { operation, .. } => {
            let code = match operation {
                Operation::Apply { .. } => 1,
                Operation::Settle(_) => 2,
                Operation::Purchase(_) => 3,
                Operation::Query => 4,
            };
            put(all, "f62.df11", code);
            if let Some(bill) = operation.bill() {
                put(all, "f62.df12", bill.fund().0);
            }
            if let Operation::Apply { document: Some(document) } = operation {
                let Document { number, name, valid_until, .. } = document;
                put(all, "f62.df13", "A");
                put(all, "f62.df14", masked(number.as_bytes()));
                put(all, "f62.df15", name_text(name));
                match valid_until {
                    Validity::Until(last) => put(all, "f62.df16", day(*last)),
                    Validity::LongTerm => put(all, "f62.df16", ""),
                }
            }
        }
        Body::Reverse { original, .. } | Body::Confirm { original, .. } => put(all, "f62.df18", time(original.time)),
        Body::Upload { entries, .. } => {
            put(all, "f62.df27", "");
            for entry in *entries {
                let key = "f62.df27.entry";
                put(all, key, "");
                put(all, &format!("{key}.number"), format!("{:06}", entry.stan.0));
                let deal = Deal::ALL.into_iter().zip(1..).find(|(deal, _)| *deal == entry.deal);
                put(all, &format!("{key}.kind"), deal.map_or(0, |(_, code)| code));
                put(all, &format!("{key}.card_number"), entry.original.card);
                put(all, &format!("{key}.total"), entry.original.total.0);
                put(all, &format!("{key}.paid_by_the_account"), entry.charge.0);
                put(all, &format!("{key}.time"), time(entry.original.time));
                put(all, &format!("{key}.end"), if entry.ended == Ended::Confirmed { 1 } else { 2 });
            }
        }
        _ => {}
    }
}
