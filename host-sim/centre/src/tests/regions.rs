//! Cards of other regions (docs/centre.md §19), with three centres and somebody who carries messages between them. What must
//! hold is a list of claims; each fault that could be in the note of what was passed on, in what the card's home is told, or in
//! who carries it, breaks the claims that are named for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::{read_answer, sender, write_request};
use qiyong_protocol::centre::{BatchState, Deal, Ended, Entry, Sum, Totals};

use super::*;
use crate::regions::{Own, RegionTable};
use crate::store::database::Database;
use crate::store::value::values;

const TABLE: &str = r#"
version = 1
[[region]]
name = "nanjing"
areas = ["320100"]
db = "n"
[[region]]
name = "suzhou"
areas = ["320500"]
db = "s"
[[region]]
name = "wuxi"
areas = ["320200"]
db = "w"
"#;
/// A pharmacy in the first region that is not designated.
const CLOSED: &str = "P32010000025";
const HOME: usize = 0;
const AWAY: usize = 1;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// What was passed on is not noted.
    NotNoted,
    /// It is noted with another region.
    NotedElsewhere,
    /// A repetition is not marked as one.
    NotMarked,
    /// What the terminal's home refuses for the lease or the clock is passed on all the same.
    PassedAnyway,
    /// The card's home is told that each institution is designated.
    TakenForDesignated,
    /// The card's home is told that the institution is in its own area.
    TakenForLocal,
    /// A region that is down is a verdict.
    DownIsRefused,
    /// Nobody says that a region is down.
    DownIsSilence,
    /// The terminal's home decides about every card.
    NothingIsPassed,
    /// What was passed on comes twice.
    Twice,
}

/// Three regions. The terminal of the first one has signed in.
struct Province {
    centres: [Centre; 3],
    table: Arc<RegionTable>,
    down: [bool; 3],
    fault: Fault,
    /// Active, of the first region.
    own: CardRecord,
    /// Active, of the second.
    other: CardRecord,
    /// Of the second, and never used.
    new: CardRecord,
    /// The terminal's keys, by place.
    keys: BTreeMap<String, Keys>,
}

fn of_suzhou(number: &[u8; 9], serial: u8) -> CardRecord {
    let area = Region::new("320500").unwrap();
    CardRecord { area, ident: IdentCode::from_parts(area, [1, 2, 3, serial], [5, 6, 7, 8]), ..inactive(number) }
}

fn active(card: CardRecord) -> CardRecord {
    CardRecord { status: CardStatus::Active, social: true, ..card }
}

impl Province {
    fn new(fault: Fault) -> Self {
        // The other regions have keys of their own, which no terminal of the first one knows.
        let centres = [Hsm::test_keys(), Hsm::random().unwrap(), Hsm::random().unwrap()]
            .map(|hsm| at_noon(Centre::in_memory_with(&hsm).unwrap()));
        let table = Arc::new(RegionTable::read(TABLE, Path::new("")).unwrap());
        let own = active(inactive(b"X00000019"));
        let (other, new) = (active(of_suzhou(b"N00000016", 4)), of_suzhou(b"N00000024", 5));
        let (down, keys) = ([false; 3], BTreeMap::new());
        let mut province = Self { centres, table, down, fault, own, other, new, keys };
        province.centres[HOME].add_institution(&institution(PHARMACY)).unwrap();
        let closed = Institution { designated: false, ..institution(CLOSED) };
        province.centres[HOME].add_institution(&closed).unwrap();
        province.centres[HOME].add_card(&province.own).unwrap();
        province.centres[AWAY].add_card(&province.other).unwrap();
        province.centres[AWAY].add_card(&province.new).unwrap();
        for place in [PHARMACY, CLOSED] {
            assert_eq!(province.sign_in(place), Some(signed_in(1, 1)));
        }
        province
    }

    fn ask(&mut self, region: usize, asked: Asked) -> Heard {
        let own = Own::new(self.table.clone(), region);
        self.centres[region].handle_asked(&own, &[asked]).unwrap().remove(0).unwrap()
    }

    /// Carries a message of a terminal of the first region to where it goes.
    fn carry(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let down = match self.fault {
            Fault::DownIsRefused => Reason::CardUnknown,
            _ => Reason::RegionDown,
        };
        if self.down[HOME] {
            // Whoever stands before the regions knows the terminals that have spoken.
            let (place, _) = sender(&Message::read(bytes).unwrap()).unwrap();
            let keys = &self.keys[place.as_str()];
            let proved = Proved { master: Some(keys.master().clone()), working: keys.working().cloned() };
            return refusal(bytes, &proved, down);
        }
        if self.fault == Fault::NothingIsPassed {
            return self.centres[HOME].handle_bytes(bytes).unwrap();
        }
        let mut passed = match self.ask(HOME, Asked::Message(bytes.to_vec())) {
            Heard::Answer { bytes: answer, .. } => match self.passed_anyway(bytes, answer.as_deref()) {
                Some(passed) => passed,
                None => return answer,
            },
            Heard::Pass(passed) => passed,
            Heard::NotHere => panic!("it is known"),
        };
        match self.fault {
            Fault::NotNoted => self.note("DELETE FROM forwarded"),
            Fault::NotedElsewhere => self.note("UPDATE forwarded SET region = '320200'"),
            Fault::NotMarked => passed.told.again = false,
            Fault::TakenForDesignated => passed.told.institution.designated = true,
            Fault::TakenForLocal => passed.told.institution.area = passed.area,
            _ => {}
        }
        let to = self.table.of_area(passed.area()).unwrap();
        if self.down[to] {
            return if self.fault == Fault::DownIsSilence { None } else { passed.refusal(down) };
        }
        if self.fault == Fault::Twice {
            self.ask(to, Asked::Passed(passed.clone()));
        }
        self.ask(to, Asked::Passed(passed)).answer()
    }

    fn note(&self, sql: &str) {
        self.centres[HOME].store.execute(sql, values![]).unwrap();
    }

    /// What a careless home would pass on that it has refused for lease or clock.
    fn passed_anyway(&self, bytes: &[u8], answer: Option<&[u8]>) -> Option<Passed> {
        let answer = qiyong_protocol::centre::iso8583::Message::read(answer?).ok()?;
        let word = answer.field(44)?.bytes;
        let careless = self.fault == Fault::PassedAnyway && [&b"not-signed-in"[..], b"clock-wrong"].contains(&word);
        careless.then(|| Passed {
            bytes: bytes.to_vec(),
            key: self.keys[PHARMACY].working().unwrap().clone(),
            area: self.other.area,
            told: crate::terminal::origin::Told { institution: institution(PHARMACY), again: false },
        })
    }

    fn say(&mut self, place: &str, (batch, time): (Batch, Timestamp), body: Body<'_>) -> Option<Answer> {
        let institution = InstitutionCode::new(place).unwrap();
        let request = Request { institution, terminal: TILL, batch, time, body };
        let mut buffer = [0; MESSAGE_MAX];
        let mut keys = self.keys.get(place).cloned().unwrap_or_else(|| Keys::new(test_mac_key()));
        let (sent, bytes) = keys.write(&request, Stan(77), &mut buffer).unwrap();
        let answer = self.carry(bytes)?;
        let said = keys.read(&answer, &sent).unwrap();
        self.keys.insert(place.to_owned(), keys);
        Some(without_session(said))
    }

    fn sign_in(&mut self, place: &str) -> Option<Answer> {
        self.say(place, (Batch::NONE, noon()), Body::SignIn { token: TOKEN })
    }

    fn buy(&mut self, stan: u32, card: &CardRecord) -> Option<Answer> {
        self.buy_at(PHARMACY, (Batch(1), noon()), stan, card)
    }

    fn buy_at(&mut self, place: &str, when: (Batch, Timestamp), stan: u32, card: &CardRecord) -> Option<Answer> {
        let (card, operation) = (presented(card), purchase(100));
        self.say(place, when, Body::Transact { stan: Stan(stan), card: &card, operation: &operation })
    }

    fn undo(&mut self, stan: u32, card: &CardRecord) -> Option<Answer> {
        let original = Original { card: card.number, total: Fen(100), time: noon() };
        self.say(PHARMACY, (Batch(1), noon()), Body::Reverse { stan: Stan(stan), original })
    }

    fn confirm(&mut self, stan: u32, card: &CardRecord) -> Option<Answer> {
        let original = Original { card: card.number, total: Fen(100), time: noon() };
        self.say(PHARMACY, (Batch(1), noon()), Body::Confirm { stan: Stan(stan), original, result: None })
    }

    fn account(&self, card: &CardRecord) -> u64 {
        self.centres.iter().find_map(|centre| centre.card(&card.number).unwrap()).unwrap().account.0
    }

    /// How many lines of this kind of entry a region's journal has.
    fn transactions(&self, region: usize) -> usize {
        let journal = self.centres[region].journal().unwrap();
        journal.iter().filter(|entry| entry.operation.as_deref() == Some("purchase")).count()
    }

    fn forwarded(&self) -> i64 {
        let row = self.centres[HOME].store.find("SELECT count(*) AS n FROM forwarded", values![]).unwrap();
        row.unwrap().get("n").unwrap()
    }
}

fn refused(reason: Reason) -> Option<Answer> {
    Some(Answer::Refused(reason))
}

fn sold(balance: u64) -> Option<Answer> {
    Some(approved(false, false, 100, balance))
}

/// A claim: its words, and whether it holds.
type Claim = (&'static str, fn(&mut Province) -> bool);

const CLAIMS: &[Claim] = &[
    ("an active card of another region pays, and its home keeps the transaction", |province| {
        let other = province.other.clone();
        province.buy(1, &other) == sold(49_900)
            && province.account(&other) == 49_900
            && [HOME, AWAY].map(|region| province.transactions(region)) == [0, 1]
    }),
    ("a repetition changes nothing and gets the same answer", |province| {
        let other = province.other.clone();
        let first = province.buy(1, &other);
        (0..3).all(|_| province.buy(1, &other) == first) && province.account(&other) == 49_900
    }),
    ("a reversal goes where the transaction went, and undoes it once", |province| {
        let other = province.other.clone();
        province.buy(1, &other);
        (0..3).all(|_| province.undo(1, &other) == Some(Answer::Done))
            && province.account(&other) == 50_000
            && province.buy(1, &other) == refused(Reason::AlreadyReversed)
    }),
    ("a confirmation goes where the transaction went, and then nothing undoes it", |province| {
        let other = province.other.clone();
        province.buy(1, &other);
        (0..3).all(|_| province.confirm(1, &other) == Some(Answer::Done))
            && province.centres[AWAY].pending().unwrap() == 0
            && province.undo(1, &other) == refused(Reason::AlreadyConfirmed)
            && province.account(&other) == 49_900
    }),
    ("a reversal of what never came ends its number", |province| {
        let other = province.other.clone();
        province.undo(1, &other) == Some(Answer::Done)
            && province.buy(1, &other) == refused(Reason::AlreadyReversed)
            && province.account(&other) == 50_000
    }),
    ("a number that was passed on is never used at home", |province| {
        let (own, other, new) = (province.own.clone(), province.other.clone(), province.new.clone());
        province.buy(1, &other);
        province.buy(1, &own) == refused(Reason::NumberReused)
            && province.buy(1, &new) == refused(Reason::NumberReused)
            && province.account(&own) == 50_000
    }),
    ("a number that was used at home is never passed on", |province| {
        let (own, other) = (province.own.clone(), province.other.clone());
        province.buy(1, &own) == sold(49_900)
            && province.buy(1, &other) == refused(Reason::NumberReused)
            && province.forwarded() == 0
            && province.account(&other) == 50_000
            && province.undo(1, &own) == Some(Answer::Done)
    }),
    ("the next number is one that went nowhere", |province| {
        let (own, other) = (province.own.clone(), province.other.clone());
        province.buy(1, &own);
        province.buy(2, &other);
        let next = |stan| Some(signed_in(1, stan));
        let after = province.sign_in(PHARMACY) == next(3);
        province.buy(3, &own);
        after && province.sign_in(PHARMACY) == next(4)
    }),
    ("a card is not put into use in another region", |province| {
        let new = province.new.clone();
        province.buy(1, &new) == refused(Reason::OtherArea)
            && province.centres[AWAY].card(&new.number).unwrap() == Some(new)
    }),
    ("without the lease nothing is passed on", |province| {
        let other = province.other.clone();
        province.centres[HOME].release(InstitutionCode::new(PHARMACY).unwrap(), TILL).unwrap();
        province.buy(1, &other) == refused(Reason::NotSignedIn)
            && province.forwarded() == 0
            && province.transactions(AWAY) == 0
            && province.account(&other) == 50_000
    }),
    ("with a wrong clock nothing is passed on, then or later", |province| {
        let other = province.other.clone();
        let early = Timestamp { hour: 11, ..noon() };
        province.buy_at(PHARMACY, (Batch(1), early), 1, &other) == refused(Reason::ClockWrong)
            && province.buy_at(PHARMACY, (Batch(1), early), 1, &other) == refused(Reason::ClockWrong)
            && province.forwarded() == 0
            && province.account(&other) == 50_000
    }),
    ("what the home says of the institution counts", |province| {
        let other = province.other.clone();
        province.buy_at(CLOSED, (Batch(1), noon()), 1, &other) == refused(Reason::InstitutionNotDesignated)
            && province.account(&other) == 50_000
    }),
    ("a region that is down is no verdict: nothing was done, now or later, and the next number goes", |province| {
        let other = province.other.clone();
        province.down[AWAY] = true;
        let told =
            province.buy(1, &other) == refused(Reason::RegionDown) && Reason::RegionDown.outcome() == Outcome::Failed;
        province.down[AWAY] = false;
        // Somebody has kept the message, and sends it when the terminal has long given it up.
        told && province.buy(1, &other) == refused(Reason::RegionDown)
            && province.account(&other) == 50_000
            && province.buy(2, &other) == sold(49_900)
    }),
    ("of what may have been done nobody says that it was not", |province| {
        let other = province.other.clone();
        province.buy(1, &other);
        province.down[AWAY] = true;
        let silence = province.buy(1, &other).is_none();
        let due = province.undo(1, &other) == refused(Reason::RegionDown);
        province.down[AWAY] = false;
        silence && due && province.undo(1, &other) == Some(Answer::Done) && province.account(&other) == 50_000
    }),
    ("whose home is down is told so, and others are not", |province| {
        let own = province.own.clone();
        province.down = [false, true, true];
        let served = province.buy(1, &own) == sold(49_900);
        province.down = [true, false, false];
        let told = province.buy(2, &own) == refused(Reason::RegionDown);
        province.down = [false; 3];
        served && told && province.buy(3, &own) == sold(49_800)
    }),
    ("an initial PIN is changed at the card's home", |province| {
        let new = province.new.clone();
        let (shown, operation) = (presented(&new), Operation::Query);
        let here = (Batch(1), noon());
        let asked = province.say(PHARMACY, here, Body::Inquire { card: &shown, operation: &operation });
        let standing = matches!(asked, Some(Answer::Standing(Standing { pin_is_initial: true, .. })));
        let body = Body::PinChanged { card: new.number, ident: new.ident };
        standing
            && province.say(PHARMACY, here, body) == Some(Answer::Done)
            && !province.centres[AWAY].card(&new.number).unwrap().unwrap().pin_is_initial
    }),
    ("a card is authenticated with the keys of its region", |province| {
        let question = Authenticate {
            ident: province.other.ident,
            historical: &[0; 13],
            algorithm: Algorithm::Sm4,
            internal: [0; 16],
            external: None,
        };
        let (internal, external) = province.centres[AWAY].hsm().authenticate(&question);
        let answer = province.say(PHARMACY, (Batch(1), noon()), Body::Authenticate(question));
        answer == Some(Answer::Authenticated { internal, external })
    }),
    ("a card that nobody knows is unknown, in a region and in none", |province| {
        let nobody = of_suzhou(b"N00000032", 9);
        let area = Region::new("110100").unwrap();
        let stranger = CardRecord { area, ident: IdentCode::from_parts(area, [1; 4], [5; 4]), ..nobody.clone() };
        province.buy(1, &nobody) == refused(Reason::CardUnknown)
            && province.buy(2, &stranger) == refused(Reason::CardUnknown)
    }),
    ("at the settlement what was passed on is named, and nothing else", |province| {
        let (own, other) = (province.own.clone(), province.other.clone());
        for (stan, card) in [(1, &own), (2, &other)] {
            province.buy(stan, card);
            province.confirm(stan, card);
        }
        let entry = |stan, card: &CardRecord| Entry {
            stan: Stan(stan),
            deal: Deal::Purchase,
            original: Original { card: card.number, total: Fen(100), time: noon() },
            charge: Fen(100),
            ended: Ended::Confirmed,
        };
        let entries = [entry(1, &own), entry(2, &other)];
        let sum = Sum { count: 2, total: Fen(200), charge: Fen(200) };
        let totals = Totals { purchase: sum, ..Totals::default() };
        let here = (Batch(1), noon());
        let state = |state| Some(Answer::Batch(state));
        let settled = province.say(PHARMACY, here, Body::SettleBatch { totals: &totals }) == state(BatchState::Differs)
            && province.say(PHARMACY, here, Body::Upload { from: 1, entries: &entries }) == state(BatchState::Differs)
            && province.say(PHARMACY, here, Body::UploadDone { count: 2 }) == state(BatchState::Closed);
        let rows = province.centres[HOME].store.rows("SELECT stan, verdict, what FROM batch_findings", values![]);
        let named: Vec<(u32, String, String)> = rows
            .unwrap()
            .iter()
            .map(|row| (row.get("stan").unwrap(), row.get("verdict").unwrap(), row.get("what").unwrap()))
            .collect();
        let expected = (2, "elsewhere".to_owned(), "passed on to area 320500; at the terminal confirmed".to_owned());
        // Nothing new is passed on in it.
        settled
            && named == [expected]
            && province.buy(3, &other) == refused(Reason::BatchSettled)
            && province.transactions(AWAY) == 1
            && province.sign_in(PHARMACY) == Some(signed_in(2, 1))
    }),
    ("the books of every region are whole", |province| {
        let (own, other) = (province.own.clone(), province.other.clone());
        for stan in 1..4 {
            province.buy(stan, if stan == 2 { &own } else { &other });
        }
        province.undo(3, &other);
        let whole = |centre: &Centre| {
            let areas = centre.verify().unwrap();
            areas.iter().all(|(_, chain, wrong)| matches!(chain, Chain::Whole(_)) && wrong.is_none())
        };
        province.centres.iter().all(whole) && [&own, &other].map(|card| province.account(card)) == [49_900, 49_900]
    }),
];

/// The claims that do not hold.
fn broken(fault: Fault) -> Vec<&'static str> {
    CLAIMS.iter().filter(|(_, holds)| !holds(&mut Province::new(fault))).map(|(words, _)| *words).collect()
}

#[test]
pub(super) fn every_claim_holds() {
    assert_eq!(broken(Fault::None), Vec::<&str>::new());
}

#[test]
fn what_comes_twice_is_done_once() {
    assert_eq!(broken(Fault::Twice), Vec::<&str>::new());
}

#[test]
fn each_fault_breaks_the_claim_that_is_made_for_it() {
    let faults = [
        (Fault::NotNoted, "a number that was passed on is never used at home"),
        (Fault::NotNoted, "the next number is one that went nowhere"),
        (Fault::NotedElsewhere, "a reversal goes where the transaction went, and undoes it once"),
        (
            Fault::NotMarked,
            "a region that is down is no verdict: nothing was done, now or later, and the next number goes",
        ),
        (Fault::NotMarked, "of what may have been done nobody says that it was not"),
        (Fault::PassedAnyway, "without the lease nothing is passed on"),
        (Fault::PassedAnyway, "with a wrong clock nothing is passed on, then or later"),
        (Fault::TakenForDesignated, "what the home says of the institution counts"),
        (Fault::TakenForLocal, "a card is not put into use in another region"),
        (
            Fault::DownIsRefused,
            "a region that is down is no verdict: nothing was done, now or later, and the next number goes",
        ),
        (Fault::DownIsRefused, "whose home is down is told so, and others are not"),
        (
            Fault::DownIsSilence,
            "a region that is down is no verdict: nothing was done, now or later, and the next number goes",
        ),
        (Fault::NothingIsPassed, "an active card of another region pays, and its home keeps the transaction"),
    ];
    for (fault, words) in faults {
        let (_, holds) = CLAIMS.iter().find(|(claim, _)| *claim == words).unwrap();
        assert!(!holds(&mut Province::new(fault)), "{fault:?} is not noticed: {words}");
    }
}

#[test]
fn what_a_region_does_not_know_is_asked_elsewhere_and_answered_by_the_last() {
    let mut province = Province::new(Fault::None);
    let request = Request {
        institution: InstitutionCode::new(SUZHOU).unwrap(),
        terminal: TILL,
        batch: Batch::NONE,
        time: noon(),
        body: Body::SignIn { token: TOKEN },
    };
    let mut buffer = [0; MESSAGE_MAX];
    let (sent, bytes) = write_request(&request, Stan(77), &test_mac_key(), &mut buffer).unwrap();
    let lines = |province: &Province| province.centres[HOME].journal().unwrap().len();
    let before = lines(&province);
    assert!(matches!(province.ask(HOME, Asked::Message(bytes.to_vec())), Heard::NotHere));
    assert_eq!(lines(&province), before, "nothing was done");
    let answer = province.ask(HOME, Asked::Stranger(bytes.to_vec())).answer().unwrap();
    assert_eq!(read_answer(&answer, &sent, &test_mac_key()), Ok(Answer::Refused(Reason::InstitutionUnknown)));
    // Who has its key of the home is known by it from now on.
    province.centres[AWAY].add_institution(&institution(SUZHOU)).unwrap();
    let Heard::Answer { proved, .. } = province.ask(AWAY, Asked::Message(bytes.to_vec())) else {
        panic!("it is known there")
    };
    assert!(proved.is_none(), "without a key of its own it proves nothing at a centre with keys of its own");
    let shown = format!(
        "{:?}",
        Passed {
            bytes: bytes.to_vec(),
            key: test_mac_key(),
            area: province.other.area,
            told: crate::terminal::origin::Told { institution: institution(PHARMACY), again: false },
        }
    );
    assert_eq!(shown, "Passed { area: 320500, .. }");
}
