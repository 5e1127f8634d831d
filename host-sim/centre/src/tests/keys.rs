//! Under which key which message is believed (docs/centre.md §18), in bytes. What must hold is a list of claims; each fault
//! that could be in the table of keys, or in how it is used, breaks one of them.

use serde_json::json;

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::iso8583::{HEADER, Message, TPDU, Writer};
use qiyong_protocol::centre::message::write_request;

use super::acts::Bench;
use super::*;
use crate::store::value::{Value, values};
use crate::tests::closing::closing_line;

const OFFICER: &str = "settlement-officer";
const ONE: TerminalId = TerminalId(*b"00000001");
const TWO: TerminalId = TerminalId(*b"00000002");
/// Retired, and owes a reversal.
const OLD: TerminalId = TerminalId(*b"0000OLD1");
/// Has a new key, and owes a reversal from before.
const NEW: TerminalId = TerminalId(*b"0000NEW1");
/// Was never registered.
const NOBODY: TerminalId = TerminalId(*b"00000009");

/// A pharmacy with these terminals at a quarter past nine: a minute after nine one was retired, and one got another key.
struct World {
    bench: Bench,
    card: CardRecord,
    one: Keys,
    two: Keys,
    old: Keys,
    /// Before and after.
    new: [Keys; 2],
}

/// What came back: F39, and whether its MAC is right under one of the keys; `None` if it has none.
type Heard = ([u8; 2], Option<bool>);

/// An answer that whoever has the key believes.
const YES: Heard = (*b"00", Some(true));
/// A rejection that whoever has the key believes.
const REJECTED: Heard = (*b"A0", Some(true));
/// A rejection that nobody with this key believes.
const NOT_FOR_IT: Heard = (*b"A0", Some(false));
/// Nothing was asked.
const UNSAID: Heard = (*b"--", None);
/// A rejection without a MAC.
const OPEN: Heard = (*b"A0", None);

impl World {
    fn new(hsm: &Hsm) -> Self {
        let mut bench = Bench::over(Centre::in_memory_with(hsm).unwrap());
        bench.centre.add_institution(&institution(PHARMACY)).unwrap();
        let card = inactive(b"X00000019");
        bench.centre.add_card(&card).unwrap();
        let [one, two, old, first] =
            [ONE, TWO, OLD, NEW].map(|name| Keys::new(act(&mut bench, "terminal.register", name)));
        let new = [first.clone(), first];
        let mut world = Self { bench, card, one, two, old, new };
        let [mut old, mut before] = [&world.old, &world.new[0]].map(Clone::clone);
        for (name, keys) in [(OLD, &mut old), (NEW, &mut before)] {
            assert_eq!(world.sign_in(name, keys), YES);
            assert_eq!(world.sale(name, keys, 1), YES);
        }
        (world.old, world.new[0]) = (old, before);
        world.at("09:01:00");
        let retired = json!({"institution": PHARMACY, "terminal": OLD.as_str()});
        world.bench.done(OFFICER, "terminal.retire", retired);
        world.new[1] = Keys::new(act(&mut world.bench, "terminal.rekey", NEW));
        world.at("09:15:00");
        world
    }

    fn at(&mut self, time: &str) {
        self.bench.clock.set(format!("2026-03-02T{time}").parse().unwrap());
    }

    /// The terminals' clocks are right.
    fn time(&self) -> Timestamp {
        told(self.bench.centre.now())
    }

    fn request<'a>(&self, terminal: TerminalId, body: Body<'a>) -> Request<'a> {
        let institution = InstitutionCode::new(PHARMACY).unwrap();
        let batch = if matches!(body, Body::SignIn { .. }) { Batch::NONE } else { Batch(1) };
        Request { institution, terminal, batch, time: self.time(), body }
    }

    /// Says something under the key that it belongs under. The session that it begins goes on in `keys`.
    fn say(&mut self, terminal: TerminalId, keys: &mut Keys, body: Body<'_>) -> Heard {
        let request = self.request(terminal, body);
        let mut buffer = [0; MESSAGE_MAX];
        // Whoever has not got a session says nothing.
        let Ok((sent, bytes)) = keys.write(&request, Stan(77), &mut buffer) else { return UNSAID };
        let (answer, heard) = self.hear(bytes, keys);
        let mut after = keys.clone();
        if after.read(&answer, &sent).is_ok() {
            *keys = after;
        }
        heard
    }

    fn hear(&mut self, bytes: &[u8], keys: &Keys) -> (Vec<u8>, Heard) {
        let answer = self.bench.centre.handle_bytes(bytes).unwrap().unwrap();
        let message = Message::read(&answer).unwrap();
        let code = message.field(39).unwrap().bytes.try_into().unwrap();
        // What a message shows of itself are the numbers of its fields.
        let has_mac = format!("{message:?}").ends_with(" F64");
        let asked = Message::read(bytes).unwrap().mac().unwrap();
        let right = |key: &X919| message.is_authentic_after(key, &asked.0);
        let heard = (code, has_mac.then(|| right(keys.master()) || keys.working().is_some_and(right)));
        (answer, heard)
    }

    fn sign_in(&mut self, terminal: TerminalId, keys: &mut Keys) -> Heard {
        self.say(terminal, keys, Body::SignIn { token: TOKEN })
    }

    fn sale(&mut self, terminal: TerminalId, keys: &mut Keys, stan: u32) -> Heard {
        let (card, operation) = (presented(&self.card), purchase(100));
        self.say(terminal, keys, Body::Transact { stan: Stan(stan), card: &card, operation: &operation })
    }

    /// A sale under a key that is not the one it belongs under.
    fn sale_under(&mut self, terminal: TerminalId, key: &X919, keys: &Keys) -> Heard {
        let (card, operation) = (presented(&self.card), purchase(100));
        let body = Body::Transact { stan: Stan(9), card: &card, operation: &operation };
        let request = self.request(terminal, body);
        let mut buffer = [0; MESSAGE_MAX];
        let (_, bytes) = write_request(&request, Stan(77), key, &mut buffer).unwrap();
        self.hear(bytes, keys).1
    }

    /// Of a sale at this time of the day.
    fn reversal(&mut self, terminal: TerminalId, keys: &mut Keys, stan: u32, (hour, minute): (u8, u8)) -> Heard {
        let time = Timestamp { hour, minute, second: 0, ..self.time() };
        let original = Original { card: self.card.number, total: Fen(100), time };
        self.say(terminal, keys, Body::Reverse { stan: Stan(stan), original })
    }

    fn account(&self) -> u64 {
        now(&self.bench.centre, &self.card).account.0
    }

    /// Puts something into the table that no act does.
    fn forge(&mut self, sql: &str, values: &[Value]) {
        let changed = self.bench.within(|office| office.store().execute(sql, values).unwrap());
        assert!(changed > 0, "{sql}");
    }
}

fn act(bench: &mut Bench, act: &str, terminal: TerminalId) -> X919 {
    let shown = bench.done(OFFICER, act, json!({"institution": PHARMACY, "terminal": terminal.as_str()}));
    let mut key = [0; 16];
    hex::decode_to_slice(shown["key"].as_str().unwrap(), &mut key).unwrap();
    X919::new(key)
}

/// What the centre does, as far as its keys go: each claim with what was heard, and what must be.
fn claims(world: &mut World) -> Vec<(&'static str, Heard, Heard)> {
    let [mut one, mut two, mut old] = [&world.one, &world.two, &world.old].map(Clone::clone);
    let [mut before, mut after] = world.new.clone();
    let mut published = Keys::new(test_mac_key());
    let mut claims = vec![
        ("its own key opens a name", world.sign_in(ONE, &mut one), YES),
        ("its own key opens the other name", world.sign_in(TWO, &mut two), YES),
        ("the second terminal's key does not open the first one's name", world.sign_in(ONE, &mut two), NOT_FOR_IT),
        ("the first terminal's key does not open the second one's name", world.sign_in(TWO, &mut one), NOT_FOR_IT),
        ("whoever has a key is not served under the published one", world.sign_in(ONE, &mut published), NOT_FOR_IT),
        ("whoever had a key is not served under the published one", world.sign_in(OLD, &mut published), NOT_FOR_IT),
        (
            "at a centre with keys of its own the published key opens nothing",
            world.sign_in(NOBODY, &mut published),
            OPEN,
        ),
        ("nobody's key opens nothing", world.sign_in(NOBODY, &mut one), OPEN),
        ("a retired terminal does not sign in", world.sign_in(OLD, &mut old), REJECTED),
        ("a retired terminal sells nothing", world.sale(OLD, &mut old, 2), REJECTED),
        ("under a master key nothing is sold", world.sale_under(ONE, one.master(), &one), REJECTED),
        ("under a working key something is", world.sale(ONE, &mut one, 1), YES),
        ("under the key before it nothing is sold", world.sale(NEW, &mut before, 2), REJECTED),
        ("a new key opens its name", world.sign_in(NEW, &mut after), YES),
        ("the key before it does not", world.sign_in(NEW, &mut before), REJECTED),
        ("under the session before nothing is sold either", world.sale(NEW, &mut before, 2), NOT_FOR_IT),
        ("under the new key something is", world.sale(NEW, &mut after, 3), YES),
        (
            "what was sold since is not undone with the key before",
            world.reversal(NEW, &mut before, 3, (9, 15)),
            REJECTED,
        ),
        ("nor is what would be sold", world.reversal(NEW, &mut before, 4, (9, 15)), REJECTED),
    ];
    // A second sign-in, which is not the first one said again, brings another key; that of the session before opens nothing.
    world.at("09:16:00");
    let session = one.working().unwrap_or(one.master()).clone();
    claims.push(("a terminal signs in again", world.sign_in(ONE, &mut one), YES));
    claims.push(("under the working key before nothing is sold", world.sale_under(ONE, &session, &one), REJECTED));
    claims.push(("under the one after it something is", world.sale(ONE, &mut one, 2), YES));
    let account = world.account();
    claims.push(("what a retired terminal owes it reverses", world.reversal(OLD, &mut old, 1, (9, 0)), YES));
    claims.push(("what was owed under the key before is reversed", world.reversal(NEW, &mut before, 1, (9, 0)), YES));
    // Two sales of 100 fen were given back, and the others were kept.
    let given_back = if (account, world.account()) == (49_500, 49_700) { YES } else { NOT_FOR_IT };
    claims.push(("and the money is back", given_back, YES));
    claims
}

/// The claims that do not hold.
fn broken(world: &mut World) -> Vec<&'static str> {
    claims(world).into_iter().filter(|(_, heard, must)| heard != must).map(|(claim, ..)| claim).collect()
}

#[test]
fn a_message_is_believed_under_its_terminals_own_key_alone() {
    let mut world = World::new(&Hsm::random().unwrap());
    for (claim, heard, must) in claims(&mut world) {
        assert_eq!(heard, must, "{claim}");
    }
}

/// Each fault, and a claim that it breaks.
const MUTANTS: [(&str, &str); 7] = [
    (
        "UPDATE terminal_keys SET sealed = (SELECT sealed FROM terminal_keys AS k WHERE k.terminal = '00000002')
         WHERE terminal = '00000001'",
        "the second terminal's key does not open the first one's name",
    ),
    (
        "UPDATE terminal_keys SET terminal = CASE terminal WHEN '00000001' THEN '00000003' ELSE '00000001' END
         WHERE terminal IN ('00000001', '00000002')",
        "its own key opens a name",
    ),
    ("UPDATE terminal_keys SET ended = NULL WHERE terminal = '0000OLD1'", "a retired terminal does not sign in"),
    ("UPDATE leases SET working_ended = NULL WHERE terminal = '0000OLD1'", "a retired terminal sells nothing"),
    ("UPDATE leases SET working_ended = NULL WHERE terminal = '0000NEW1'", "under the key before it nothing is sold"),
    (
        "UPDATE terminal_keys SET ended = '2026-03-02T09:14:00' WHERE terminal = '0000NEW1' AND number = 1",
        "what was sold since is not undone with the key before",
    ),
    ("DELETE FROM terminal_keys WHERE ended IS NOT NULL", "what a retired terminal owes it reverses"),
];

#[test]
fn each_fault_of_the_keys_breaks_a_claim() {
    for (fault, claim) in MUTANTS {
        let mut world = World::new(&Hsm::random().unwrap());
        world.forge(fault, &[]);
        let broken = broken(&mut world);
        assert!(broken.contains(&claim), "{fault}: {broken:?}");
    }
    // A centre that says of itself that it has test keys serves whoever has none under the published one, and nobody else.
    let of_test_keys = broken(&mut World::new(&Hsm::test_keys()));
    assert_eq!(
        of_test_keys,
        ["at a centre with keys of its own the published key opens nothing", "nobody's key opens nothing"]
    );
    closing_line(&format!("faults of terminals' keys convicted: {0} of {0}", MUTANTS.len() + 1));
}

/// A message without a name is judged under the published key where there is one.
#[test]
fn who_names_nobody_is_rejected() {
    for (hsm, code) in [(Hsm::test_keys(), *b"30"), (Hsm::random().unwrap(), *b"A0")] {
        let mut world = World::new(&hsm);
        let request = Request {
            institution: InstitutionCode::new(PHARMACY).unwrap(),
            terminal: ONE,
            batch: Batch::NONE,
            time: world.time(),
            body: Body::SignIn { token: TOKEN },
        };
        let mut buffer = [0; MESSAGE_MAX];
        let (_, bytes) = write_request(&request, Stan(1), &test_mac_key(), &mut buffer).unwrap();
        let message = Message::read(bytes).unwrap();
        let mut again = [0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut again, TPDU, HEADER, message.mti());
        message.fields().filter(|value| value.field.number != 42).for_each(|value| writer.copy(value));
        let bytes = writer.finish_with_mac(&test_mac_key()).unwrap();
        let answer = world.bench.centre.handle_bytes(bytes).unwrap().unwrap();
        assert_eq!(Message::read(&answer).unwrap().field(39).unwrap().bytes, code);
    }
}

/// A key that cannot be opened is damage: nothing is answered, and nothing is done.
#[test]
fn a_damaged_key_is_no_key() {
    let mut world = World::new(&Hsm::random().unwrap());
    let damage = "UPDATE terminal_keys SET sealed = $1 WHERE institution = $2 AND terminal = '00000001'";
    world.forge(damage, values![vec![0_u8], PHARMACY]);
    let request = Request {
        institution: InstitutionCode::new(PHARMACY).unwrap(),
        terminal: ONE,
        batch: Batch::NONE,
        time: world.time(),
        body: Body::SignIn { token: TOKEN },
    };
    let mut buffer = [0; MESSAGE_MAX];
    let (_, bytes) = write_request(&request, Stan(1), world.one.master(), &mut buffer).unwrap();
    let error = world.bench.centre.handle_bytes(bytes).unwrap_err();
    assert!(matches!(error, CentreError::Damaged(_)), "{error}");
}

/// docs/centre.md §21: what the office sees of a terminal's transactions.
#[test]
fn the_journal_of_a_terminal_shows_what_became_of_each() {
    let mut world = World::new(&Hsm::test_keys());
    let mut one = world.one.clone();
    assert_eq!(world.sign_in(ONE, &mut one), YES);
    for stan in 1..=4 {
        assert_eq!(world.sale(ONE, &mut one, stan), YES);
    }
    assert_eq!(world.reversal(ONE, &mut one, 2, (9, 15)), YES);
    let original = Original { card: world.card.number, total: Fen(100), time: world.time() };
    for (stan, result) in [(3, None), (4, Some(Reason::CardLocked))] {
        assert_eq!(world.say(ONE, &mut one, Body::Confirm { stan: Stan(stan), original, result }), YES);
    }
    let mut lines = |after: serde_json::Value| {
        let body = json!({"institution": PHARMACY, "terminal": "00000001", "batch": 1, "after": after});
        let lines = world.bench.done("auditor", "terminal.journal", body)["transactions"].clone();
        let lines = lines.as_array().unwrap().clone();
        lines.into_iter().map(|line| json!([line["stan"], line["phase"], line["resolved"], line["result"]])).collect()
    };
    let at = "2026-03-02T09:15:00";
    let all: Vec<_> = lines(json!(null));
    assert_eq!(
        all,
        [
            json!([1, "pending", null, null]),
            json!([2, "voided", at, null]),
            json!([3, "posted", at, null]),
            json!([4, "posted", at, "card-locked"])
        ]
    );
    assert_eq!(lines(json!(3)), all[3..]);
}

#[test]
fn who_gets_a_key_of_its_own_has_no_session_under_the_published_one_any_more() {
    let mut world = World::new(&Hsm::test_keys());
    let mut keys = Keys::new(test_mac_key());
    assert_eq!(world.sign_in(NOBODY, &mut keys), YES);
    assert_eq!(world.sale(NOBODY, &mut keys, 1), YES);
    act(&mut world.bench, "terminal.register", NOBODY);
    assert_eq!(world.sale(NOBODY, &mut keys, 2), REJECTED);
}

/// Whoever stands before several regions is told each terminal's key in force, and those alone.
#[test]
fn the_terminals_of_a_centre_are_known_by_their_keys_in_force() {
    let mut world = World::new(&Hsm::test_keys());
    let known = |world: &World| {
        let mut all = world.bench.centre.known_terminals().unwrap();
        all.sort_by_key(|known| known.terminal.0);
        all.into_iter()
            .map(|known| {
                let bytes = |key: Option<X919>| key.map(|key| *key.expose());
                let Proved { master, working } = known.keys;
                (known.institution.to_string(), known.terminal, bytes(master), bytes(working))
            })
            .collect::<Vec<_>>()
    };
    // The one that got another key has no session under that yet.
    let mut one = world.one.clone();
    assert_eq!(world.sign_in(ONE, &mut one), YES);
    let must = [(ONE, &one), (TWO, &world.two), (NEW, &world.new[1])];
    let mut must = must.map(|(name, keys)| {
        let working = keys.working().map(|key| *key.expose());
        (PHARMACY.to_owned(), name, Some(*keys.master().expose()), working)
    });
    must.sort_by_key(|(_, name, ..)| name.0);
    assert_eq!(known(&world), must);
    // One that cannot be opened is left out.
    let damage = "UPDATE terminal_keys SET sealed = $1 WHERE institution = $2 AND terminal = '00000001'";
    world.forge(damage, values![vec![0_u8], PHARMACY]);
    assert_eq!(known(&world), must.iter().filter(|(_, name, ..)| *name != ONE).cloned().collect::<Vec<_>>());
}
