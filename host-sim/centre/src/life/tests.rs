//! The tables status × act × place, cell by cell, against grids that were written down from docs/centre.md §6.9; and that
//! no status is a dead end.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::rules::institution::Channel;
use strum::VariantArray;

use super::bank::{BankAct, BankStatus, BankStep};
use super::card_act::FormalRelease;
use super::*;
use crate::acts::refusal::Explain;

/// One line an act and set of places, one column a status. A cell is the status after the act, `resumes`, `stays`,
/// `before` (done before), or `!` and the code of the refusal without `life-`. At every other place it is `!not-here`.
const CARD: &str = include_str!("tests/card.txt");
const BANK: &str = include_str!("tests/bank.txt");

/// The grid: for an act, a place and a variant (`-`, or `formal`: losses in writing are released), the cells by status.
struct Grid {
    statuses: Vec<String>,
    cells: BTreeMap<(String, String, String), Vec<String>>,
}

impl Grid {
    fn read(text: &str) -> Self {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let statuses = lines.next().unwrap().split_whitespace().skip(3).map(String::from).collect();
        let mut cells = BTreeMap::new();
        for line in lines {
            let mut words = line.split_whitespace().map(String::from);
            let (act, places, variant) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let row: Vec<String> = words.collect();
            for place in places.split('+') {
                let key = (act.clone(), place.to_owned(), variant.clone());
                assert_eq!(cells.insert(key, row.clone()), None, "{line}");
            }
        }
        Self { statuses, cells }
    }

    fn cell(&self, act: &str, place: Place, variant: &str, status: &str) -> &str {
        let key = |variant: &str| (act.to_owned(), place.word().to_owned(), variant.to_owned());
        let row = self.cells.get(&key(variant)).or_else(|| self.cells.get(&key("-")));
        let at = self.statuses.iter().position(|word| word == status).unwrap();
        row.map_or("!not-here", |row| &row[at])
    }
}

fn shown(result: Result<String, LifeRefusal>) -> String {
    result.unwrap_or_else(|refusal| {
        format!("!{}", refusal.code().trim_start_matches("life-").replace("bank-not-here", "not-here"))
    })
}

fn card_step(step: Step) -> String {
    match step {
        Step::To(status) => status.as_str().into(),
        Step::Resume => "resumes".into(),
        Step::Stays => "stays".into(),
        Step::DoneBefore => "before".into(),
    }
}

#[test]
fn every_cell_of_the_cards_table_is_as_written_down() {
    let grid = Grid::read(CARD);
    let mut seen = BTreeSet::new();
    for act in CardAct::VARIANTS {
        for place in Place::VARIANTS {
            for status in CardStatus::ALL {
                for (variant, allowed) in [("-", false), ("formal", true)] {
                    let found = shown(act.judge(*place, status, FormalRelease { allowed }).map(card_step));
                    let expected = grid.cell(act.word(), *place, variant, status.as_str());
                    assert_eq!(found, expected, "{} at {} of {}, {variant}", act.word(), place.word(), status.as_str());
                    seen.insert(found);
                }
            }
        }
    }
    // Six statuses (an act leads to each), three kinds of "no change", ten codes.
    assert_eq!(seen.len(), 7 + 3 + 10, "every kind of answer stands somewhere: {seen:?}");
    // Nothing stands in the grid that no act or place is.
    for (act, place, _) in grid.cells.keys() {
        assert!(CardAct::from_str(act).is_ok() && Place::from_str(place).is_ok(), "{act} {place}");
    }
}

#[test]
fn every_cell_of_the_banks_table_is_as_written_down() {
    let grid = Grid::read(BANK);
    for act in BankAct::VARIANTS {
        for place in Place::VARIANTS {
            for status in BankStatus::VARIANTS {
                for (variant, ended) in [("-", false), ("ended", true)] {
                    let step = act.judge(*place, *status, ended).map(|step| match step {
                        BankStep::To(status) => status.word().to_owned(),
                        BankStep::Resume => "resumes".into(),
                        BankStep::Stays => "stays".into(),
                    });
                    let (act, status) = (<&str>::from(act), status.word());
                    let expected = grid.cell(act, *place, variant, status);
                    assert_eq!(shown(step), expected, "{act} at {} of {status}, {variant}", place.word());
                }
            }
        }
    }
    for (act, place, _) in grid.cells.keys() {
        assert!(BankAct::from_str(act).is_ok() && Place::from_str(place).is_ok(), "{act} {place}");
    }
}

/// The statuses from which a cancelled card, or a closed account, can be reached.
fn reaching<S: Copy + PartialEq>(all: &[S], end: S, leads: impl Fn(S) -> Vec<S>) -> Vec<S> {
    let mut reach = vec![end];
    loop {
        let more: Vec<S> =
            all.iter().copied().filter(|s| !reach.contains(s) && leads(*s).iter().any(|n| reach.contains(n))).collect();
        if more.is_empty() {
            return reach;
        }
        reach.extend(more);
    }
}

/// Under either rule of the area every status but the last has an act that leaves it and leads on to the end, and nothing
/// leaves the end.
#[test]
fn no_status_is_a_dead_end() {
    for formal in [FormalRelease { allowed: false }, FormalRelease { allowed: true }] {
        for social in [false, true] {
            let leads = |status: CardStatus| -> Vec<CardStatus> {
                let pairs = CardAct::VARIANTS.iter().flat_map(|act| Place::VARIANTS.iter().map(move |p| (act, *p)));
                let steps = pairs.filter_map(|(act, place)| act.judge(place, status, formal).ok());
                steps.map(|step| step.after(status, social)).filter(|next| *next != status).collect()
            };
            assert_eq!(reaching(&CardStatus::ALL, CardStatus::Cancelled, leads).len(), CardStatus::ALL.len());
            assert!(leads(CardStatus::Cancelled).is_empty());
        }
    }
    for used in [false, true] {
        let leads = |status: BankStatus| -> Vec<BankStatus> {
            let pairs = BankAct::VARIANTS.iter().flat_map(|act| Place::VARIANTS.iter().map(move |p| (act, *p)));
            let steps = pairs.filter_map(|(act, place)| act.judge(place, status, true).ok());
            steps.map(|step| step.after(status, used)).filter(|next| *next != status).collect()
        };
        let live: Vec<_> = BankStatus::VARIANTS.iter().copied().filter(|status| *status != BankStatus::None).collect();
        assert_eq!(reaching(&live, BankStatus::Closed, leads).len(), live.len());
        assert!(leads(BankStatus::Closed).is_empty() && leads(BankStatus::None).is_empty());
    }
}

/// Whether a card is active is whether its social function is in use, whatever happens to it in between.
#[test]
fn a_card_resumes_as_it_was() {
    for social in [false, true] {
        let start = if social { CardStatus::Active } else { CardStatus::Inactive };
        let ways = [
            (CardAct::ReportLoss, Place::Hotline, CardAct::Release, Place::Hotline),
            (CardAct::ReportLoss, Place::Window, CardAct::Lapse, Place::Run),
            (CardAct::ConfirmLoss, Place::Window, CardAct::Release, Place::Window),
            (CardAct::Seal, Place::Window, CardAct::Unseal, Place::Window),
            (CardAct::Lock, Place::Window, CardAct::Unlock, Place::Window),
        ];
        for (away, there, back, here) in ways {
            let formal = FormalRelease { allowed: true };
            let between = away.judge(there, start, formal).unwrap().after(start, social);
            assert_ne!(between, start);
            assert_eq!(back.judge(here, between, formal).unwrap().after(between, social), start, "{away:?}");
        }
    }
}

/// The terminal's decision and this table agree about which cards are put into use (docs/card.md §2.2).
#[test]
fn the_three_channels_activate_what_the_terminals_decision_admits() {
    for channel in Channel::ALL {
        for status in CardStatus::ALL {
            let usable = matches!(status, CardStatus::Inactive | CardStatus::Active);
            let judged = CardAct::Activate.judge(channel.into(), status, FormalRelease::default());
            assert_eq!(judged.is_ok(), usable, "{channel:?} {status:?}");
        }
    }
}

#[test]
fn every_refusal_says_what_is_wrong_and_what_to_do_in_both_languages() {
    let day = "2026-03-02".parse().unwrap();
    use LifeRefusal as R;
    let all = [
        R::NotHere { act: CardAct::Seal, place: Place::Hotline },
        R::BankActNotHere { act: BankAct::Close, place: Place::Window },
        R::Unknown,
        R::OtherArea,
        R::NotHandedOver,
        R::Lost,
        R::TemporarilyLost,
        R::Locked,
        R::Sealed,
        R::Cancelled,
        R::Expired,
        R::NotLost,
        R::NotLocked,
        R::NotSealed,
        R::ReportedElsewhere(Place::Hotline),
        R::FormalReleaseForbidden,
        R::DocumentMismatch,
        R::DocumentExpired,
        R::NotGenuine,
        R::Field { field: "reason", en: "reason: one of these", zh: "原因：请选择" },
        R::OtherBank,
        R::NoBankFunction,
        R::BankLost,
        R::BankBlocked,
        R::BankClosed,
        R::SocialFirst,
        R::ReplaceNeedsFormal,
        R::ReplaceNeedsReport,
        R::ReplaceIsNew,
        R::RenewTooEarly(day),
        R::HasCard,
        R::HasTemporary,
        R::NotTemporary,
        R::Temporary,
        R::TemporaryTooLong(180),
        R::SameArea,
        R::Retired,
        R::TransferOpen,
        R::TransferUnknown,
        R::TransferStep,
        R::TransferElsewhere,
        R::Code(codes::Interface::Soap.read("x").unwrap_err()),
    ];
    let codes: Vec<_> = all.iter().map(LifeRefusal::code).collect();
    assert_eq!(codes, LifeRefusal::ALL);
    let mut texts = BTreeSet::new();
    for refusal in &all {
        let (en, zh) = (refusal.en(), refusal.zh());
        assert!(en.is_ascii() && refusal.next_en().is_ascii(), "{en}");
        for chinese in [zh.clone(), refusal.next_zh()] {
            assert!(chinese.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c)), "{chinese}");
        }
        assert!(texts.insert(en.clone()) && texts.insert(zh), "said twice: {en}");
    }
    assert_eq!(
        R::NotHere { act: CardAct::Seal, place: Place::Hotline }.en(),
        "this act is not offered at the telephone 12333, but at the agency's window"
    );
}
