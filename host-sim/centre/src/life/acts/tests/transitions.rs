//! Every act at every status of a card, at every place whose people may do it, against the tables of the social and the
//! bank function (docs/centre.md §6.9); the tables themselves are held against grids that were written by hand.

use serde_json::{Value, json};
use strum::VariantArray;

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::card::status::CardStatus;

use super::room::{CARD, Room, holder, record};
use crate::Founding;
use crate::acts::desk::Operator;
use crate::acts::refusal::Explain;
use crate::acts::role::Role;
use crate::life::bank::{BankAct, BankStatus};
use crate::life::card_act::{CardAct, FormalRelease};
use crate::life::place::Place;
use crate::life::transfer::{Side, TransferAct, TransferState};
use crate::registry;
use crate::tests::sweep::{Counted, Record, closing, every_step};

/// The acts with a name, and what they do to which function.
const ACTS: [(&str, CardAct); 10] = [
    ("life.activate", CardAct::Activate),
    ("life.report-loss", CardAct::ReportLoss),
    ("life.confirm-loss", CardAct::ConfirmLoss),
    ("life.release", CardAct::Release),
    ("life.seal", CardAct::Seal),
    ("life.unseal", CardAct::Unseal),
    ("life.lock", CardAct::Lock),
    ("life.unlock", CardAct::Unlock),
    ("life.cancel", CardAct::Cancel),
    ("life.reset-pin", CardAct::ResetPin),
];

fn body(act: &str, function: &str) -> Value {
    let mut body = json!({"card": CARD});
    match act {
        "life.report-loss" | "life.confirm-loss" | "life.release" => {
            body["holder"] = holder(None);
            body["function"] = json!(function);
        }
        "life.activate" => body["holder"] = holder(None),
        "life.cancel" => body["why"] = json!("death"),
        "life.close-account" => {}
        "life.reset-pin" => {
            let ident = hex::encode_upper(record(CARD, CardStatus::Active, true).ident.as_bytes());
            body = json!({
                "card": CARD, "holder": holder(None), "ident": ident, "historical": "00815431008660202601010000",
                "algorithm": "triple-des", "challenge": "0102030405060708"
            });
        }
        _ => body["why"] = json!("x"),
    }
    body
}

/// The operator of a role; a bank's is one of a bank that issues cards.
fn operator(role: Role) -> &'static str {
    if role == Role::BankCounter { "counter" } else { role.into() }
}

/// Brings a card to a status by the acts that lead there.
fn at(status: CardStatus, social: bool, by: &str) -> Room {
    let start = if social { CardStatus::Active } else { CardStatus::Inactive };
    let mut room = Room::with(&record(CARD, start, social));
    room.makes_cards();
    let (act, who) = match status {
        CardStatus::Inactive | CardStatus::Active => return room,
        CardStatus::TemporarilyLost => ("life.report-loss", by),
        CardStatus::Lost => ("life.confirm-loss", "clerk"),
        CardStatus::Locked => ("life.lock", "issuer"),
        CardStatus::Sealed => ("life.seal", "issuer"),
        CardStatus::Cancelled => ("life.cancel", "issuer"),
    };
    room.bench.done(who, act, body(act, "social"));
    room
}

#[test]
pub(crate) fn every_act_at_every_status_does_what_the_cards_table_says() {
    let formal = FormalRelease::default();
    let mut counted = Counted::default();
    // A loss is released by the channel that took it.
    let channels = [(Place::Window, "issuer"), (Place::Hotline, "hotline")];
    let statuses = CardStatus::ALL.into_iter().flat_map(|status| [(status, false), (status, true)]);
    let possible = |(status, social): &(CardStatus, bool)| {
        *status != if *social { CardStatus::Inactive } else { CardStatus::Active }
    };
    for ((status, social), (channel, by)) in statuses.filter(possible).flat_map(|of| channels.map(|by| (of, by))) {
        // What is refused changes nothing, so that the same card is asked again.
        let mut kept = None;
        for (act, of_card) in ACTS {
            for role in registry::act(act).unwrap().roles {
                let place = super::super::place_of(*role);
                if (place == Place::Hotline) != (channel == Place::Hotline) {
                    continue;
                }
                let mut room = kept.take().unwrap_or_else(|| at(status, social, by));
                let answer = room.bench.act(operator(*role), act, body(act, "social"));
                let judged = of_card.judge(place, status, formal);
                let used = social || of_card == CardAct::Activate;
                let after = judged.clone().map_or(status, |step| step.after(status, used));
                assert_eq!(room.status(), after.as_str(), "{act} of {status:?} by {role:?}");
                match (judged, answer) {
                    (Ok(_), Ok(answer)) if after == status => {
                        // At a bank the account is put into use, whatever the social function was.
                        let account = of_card == CardAct::Activate && place == Place::Bank;
                        assert_eq!(answer["changed"] == true, account, "{act} of {status:?} by {role:?}");
                        counted.unchanged += 1;
                    }
                    (Ok(_), Ok(_)) => counted.carried_out += 1,
                    (Err(expected), Err(refusal)) => {
                        assert_eq!(refusal.code, expected.code(), "{act} of {status:?} by {role:?}");
                        counted.refused += 1;
                        kept = Some(room);
                    }
                    (judged, answer) => panic!("{act} of {status:?} by {role:?}: {judged:?}, {answer:?}"),
                }
            }
        }
    }
    assert_eq!(counted, Counted { carried_out: 40, refused: 162, unchanged: 26 });
    closing("a card", counted);
}

/// The acts on the bank function.
const BANK_ACTS: [(&str, BankAct); 5] = [
    ("life.activate", BankAct::Activate),
    ("life.report-loss", BankAct::ReportLoss),
    ("life.confirm-loss", BankAct::ConfirmLoss),
    ("life.release", BankAct::Release),
    ("life.close-account", BankAct::Close),
];

/// Brings a card's bank function to a status; `used`: after it was put into use.
fn bank_at(status: BankStatus, used: bool) -> Room {
    let mut room = Room::active();
    let mut done = |who: &str, act: &str| room.bench.done(who, act, body(act, "financial"));
    if used {
        done("counter", "life.activate");
    }
    let ways: &[(&str, &str)] = match status {
        BankStatus::Inactive | BankStatus::Active | BankStatus::None => &[],
        BankStatus::TemporarilyLost => &[("counter", "life.report-loss")],
        BankStatus::Lost => &[("counter", "life.confirm-loss")],
        BankStatus::Blocked => &[("issuer", "life.cancel")],
        BankStatus::Closed => &[("issuer", "life.cancel"), ("counter", "life.close-account")],
    };
    for (who, act) in ways {
        done(who, act);
    }
    assert_eq!(room.show()["bank_status"], status.word());
    room
}

#[test]
pub(crate) fn every_act_at_every_status_of_an_account_does_what_the_banks_table_says() {
    let mut counted = Counted::default();
    for (status, used) in BankStatus::VARIANTS.iter().flat_map(|status| [(*status, false), (*status, true)]) {
        // A card without a bank function is a temporary one, which another test lends.
        let contradicts = status == if used { BankStatus::Inactive } else { BankStatus::Active };
        if status == BankStatus::None || contradicts {
            continue;
        }
        let ended = matches!(status, BankStatus::Blocked | BankStatus::Closed);
        for (act, of_bank) in BANK_ACTS {
            let mut room = bank_at(status, used);
            let answer = room.bench.act("counter", act, body(act, "financial"));
            let judged = of_bank.judge(Place::Bank, status, ended);
            let after = judged.clone().map_or(status, |step| step.after(status, used));
            assert_eq!(room.show()["bank_status"], after.word(), "{act} of {status:?}");
            match (judged, answer) {
                (Ok(_), Ok(answer)) => {
                    assert_eq!(answer["changed"] == true, after != status, "{act} of {status:?}");
                    *(if after == status { &mut counted.unchanged } else { &mut counted.carried_out }) += 1;
                }
                (Err(expected), Err(refusal)) => {
                    // Of a cancelled card its social function says so first.
                    let code = if ended && of_bank == BankAct::Activate { "life-cancelled" } else { expected.code() };
                    assert_eq!(refusal.code, code, "{act} of {status:?}");
                    counted.refused += 1;
                }
                (judged, answer) => panic!("{act} of {status:?}: {judged:?}, {answer:?}"),
            }
        }
    }
    assert_eq!(counted, Counted { carried_out: 13, refused: 28, unchanged: 9 });
    closing("a card's account", counted);
}

/// A change of area, seen from both sides.
struct Transfer {
    room: Room,
    number: Value,
}

impl Record for Transfer {
    type State = TransferState;
    type Step = (TransferAct, Side);

    fn at(state: TransferState, _: Self::Step) -> Option<Self> {
        let mut room = Room::active();
        room.bench.centre.found(&Founding { area: suzhou(), agency: "苏州".into() }).unwrap();
        let add = json!({"id": "officer", "role": "premium-officer", "outlet": "32050099", "name": "officer"});
        room.bench.act_in(suzhou(), &there("admin", Role::Administrator), "operator.add", add).unwrap();
        let person = room.show()["person"].clone();
        let begun = room.bench.done("premium-officer", "life.move", json!({"person": person, "to": "320500"}));
        let mut transfer = Self { room, number: begun["transfer"].clone() };
        let steps: &[TransferAct] = match state {
            TransferState::Requested => &[],
            TransferState::Sent => &[TransferAct::Send],
            TransferState::Done => &[TransferAct::Send, TransferAct::Receive],
            TransferState::Withdrawn => &[TransferAct::Withdraw],
        };
        for act in steps {
            transfer.take((*act, act.side())).unwrap();
        }
        Some(transfer)
    }

    fn take(&mut self, (act, side): Self::Step) -> Result<Value, String> {
        let body = json!({"transfer": self.number});
        let answer = match side {
            Side::Old => self.room.bench.act("premium-officer", act.act(), body),
            Side::New => self.room.bench.act_in(suzhou(), &there("officer", Role::PremiumOfficer), act.act(), body),
        };
        answer.map_err(|refusal| refusal.code.to_owned())
    }

    fn state(&mut self) -> TransferState {
        let shown = self.room.bench.done("premium-officer", "life.show-move", json!({"transfer": self.number}));
        shown["state"].as_str().unwrap().parse().unwrap()
    }
}

fn suzhou() -> Region {
    Region::new("320500").unwrap()
}

fn there(id: &str, role: Role) -> Operator {
    Operator { id: id.into(), role, outlet: "32050099".into() }
}

#[test]
pub(crate) fn every_act_of_either_area_at_every_state_of_a_change_does_what_the_table_says() {
    let acts = TransferAct::VARIANTS.iter().flat_map(|act| [(*act, Side::Old), (*act, Side::New)]);
    let acts: Vec<_> = acts.collect();
    let counted =
        every_step::<Transfer>(TransferState::VARIANTS, &acts, |state, (act, side)| state.after(act, side).ok());
    assert_eq!(counted, Counted { carried_out: 3, refused: 21, unchanged: 0 });
    closing("a change of area", counted);
}
