//! Each verdict by a deliberate change: of what the terminal has, or of what the centre has. Each is named in the report, and
//! nothing else is.

use super::*;
use crate::tests::closing::closing_line;

/// Somebody with the database changes it.
fn by_hand(till: &Till, sql: &str) {
    for statement in sql.split(';') {
        assert!(till.centre.store.execute(statement, &[]).unwrap() > 0, "{statement}");
    }
}

/// Changes one transaction of the three: 1 and 2 were sold, 3 was reversed, 4 refused.
type Fault = (&'static str, fn(&mut Till), &'static [(Option<u32>, &'static str)], &'static str);

fn other_card() -> CardNumber {
    CardNumber::new(b"A12345674").unwrap()
}

const FAULTS: &[Fault] = &[
    (
        "the terminal's total of one is another",
        |till| till.entries[0].original.total = Fen(3_581),
        &[(Some(1), "mismatch")],
        "total: terminal 3581, centre 3580",
    ),
    (
        "the terminal's charge of one is another",
        |till| till.entries[0].charge = Fen(3_579),
        &[(Some(1), "mismatch")],
        "charge: terminal 3579, centre 3580",
    ),
    (
        "the terminal has another card, and another sum",
        |till| {
            till.entries[1].original.card = other_card();
            till.entries[1].charge = Fen(0);
        },
        &[(Some(2), "mismatch")],
        "card: terminal A12345674, centre X00000019; charge: terminal 0, centre 500",
    ),
    (
        "the terminal has another kind",
        |till| till.entries[1].deal = Deal::Settle,
        &[(Some(2), "mismatch")],
        "kind: terminal settle, centre purchase",
    ),
    (
        "the terminal has another time, and another sum",
        |till| {
            till.entries[1].original.time = noon().after(1);
            till.entries[1].original.total = Fen(1);
        },
        &[(Some(2), "mismatch")],
        "total: terminal 1, centre 500; time:",
    ),
    (
        "the terminal takes one that was confirmed for reversed",
        |till| till.entries[1].ended = Ended::Reversed,
        &[(Some(2), "mismatch")],
        "state: terminal reversed, centre posted",
    ),
    (
        "the terminal takes one that was reversed for confirmed",
        |till| {
            till.entries[2].ended = Ended::Confirmed;
            till.entries[2].charge = Fen(700);
        },
        &[(Some(3), "mismatch")],
        "state: terminal confirmed, centre voided",
    ),
    (
        "the terminal takes one that was refused for confirmed",
        |till| {
            let total = Fen(90_000_000);
            let original = Original { total, ..till.entries[0].original };
            till.entries.push(Entry { stan: Stan(4), original, charge: Fen(0), ..till.entries[0] });
        },
        &[(Some(4), "mismatch")],
        "state: terminal confirmed, centre refused",
    ),
    (
        "the terminal has lost one",
        |till| {
            till.entries.remove(0);
        },
        &[(Some(1), "missing")],
        "missing at the terminal; at the centre posted",
    ),
    (
        "the terminal has one that never was",
        |till| till.entries.push(Entry { stan: Stan(77), ..till.entries[0] }),
        &[(Some(77), "missing")],
        "missing at the centre; at the terminal confirmed",
    ),
    (
        "the terminal has one twice",
        |till| till.entries.push(till.entries[0]),
        &[(Some(1), "duplicate"), (None, "totals")],
        "the terminal names it twice",
    ),
    (
        "the terminal has one number twice, with other contents",
        |till| till.entries.push(Entry { charge: Fen(1), ..till.entries[0] }),
        &[(Some(1), "conflicting-duplicate"), (None, "totals")],
        "the terminal names the number twice, with other contents",
    ),
    (
        "the centre has lost one",
        |till| by_hand(till, "DELETE FROM phases WHERE journal_id = 2; DELETE FROM journal WHERE id = 2"),
        &[(Some(2), "missing")],
        "missing at the centre; at the terminal confirmed",
    ),
    (
        "the centre's total of one is another",
        |till| by_hand(till, "UPDATE journal SET total = 3579 WHERE id = 1"),
        &[(Some(1), "mismatch")],
        "total: terminal 3580, centre 3579",
    ),
    (
        "the centre's charge of one is another",
        |till| by_hand(till, "UPDATE journal SET charge = 1 WHERE id = 1"),
        &[(Some(1), "mismatch")],
        "charge: terminal 3580, centre 1",
    ),
    (
        "the centre has undone one that was confirmed",
        |till| by_hand(till, "UPDATE phases SET state = 'expired' WHERE journal_id = 1"),
        &[(Some(1), "mismatch")],
        "state: terminal confirmed, centre expired",
    ),
    (
        "the centre has forgotten a reversal",
        |till| {
            by_hand(
                till,
                "DELETE FROM reversals WHERE stan = 3; UPDATE phases SET state = 'posted' WHERE journal_id = 3",
            )
        },
        &[(Some(3), "mismatch")],
        "state: terminal reversed, centre posted",
    ),
    (
        "the centre has another kind",
        |till| by_hand(till, "UPDATE journal SET operation = 'settle' WHERE id = 2"),
        &[(Some(2), "mismatch")],
        "kind: terminal purchase, centre settle",
    ),
    (
        "the centre has one that the terminal never sent",
        |till| {
            by_hand(
                till,
                "INSERT INTO journal (kind, time, received, institution, terminal, batch, stan, card, operation, total,
                                      fund, charge, activates, activates_financial, balance)
                 SELECT kind, time, received, institution, terminal, batch, 50, card, operation, total, fund, charge,
                        activates, activates_financial, balance FROM journal WHERE id = 1",
            );
        },
        &[(Some(50), "missing")],
        "missing at the terminal; at the centre posted",
    ),
];

/// The terminal's totals are counted before it is tampered with them: its entries agree.
const TOTALS: &[(&str, fn(&mut Totals), &str)] = &[
    (
        "a count of the totals is one higher",
        |totals| totals.purchase.count += 1,
        "purchase: the terminal's totals say 3 of 4080, charged 4080, its entries 2 of 4080, charged 4080",
    ),
    (
        "a sum of the totals is a fen higher",
        |totals| totals.purchase.total.0 += 1,
        "purchase: the terminal's totals say 2 of 4081, charged 4080, its entries 2 of 4080, charged 4080",
    ),
    (
        "the charges of the totals are a fen lower",
        |totals| totals.purchase.charge.0 -= 1,
        "purchase: the terminal's totals say 2 of 4080, charged 4079, its entries 2 of 4080, charged 4080",
    ),
    (
        "one kind's totals stand under another",
        |totals| totals.settle = std::mem::take(&mut totals.purchase),
        "settle: the terminal's totals say 2 of 4080, charged 4080, its entries 0 of 0, charged 0",
    ),
];

#[test]
pub(super) fn each_deliberate_difference_is_named_and_nothing_else() {
    let mut sound = worked();
    assert_eq!(sound.settle(), BALANCED);
    for (name, fault, expected, words) in FAULTS {
        let mut till = worked();
        fault(&mut till);
        assert_eq!((till.settle(), till.upload()), (DIFFERS, CLOSED), "{name}");
        let found = till.findings(1);
        let expected: Vec<_> = expected.iter().map(|(stan, verdict)| (*stan, (*verdict).to_owned())).collect();
        // A terminal that has one twice counts it twice.
        assert_eq!(found, expected, "{name}: {:?}", till.words());
        assert!(till.words()[0].starts_with(words), "{name}: {:?}", till.words());
        println!("{name}: {} {}", found[0].1, till.words()[0]);
    }
    for (name, fault, words) in TOTALS {
        let mut till = worked();
        let mut totals = till.totals();
        fault(&mut totals);
        assert_eq!((till.settle_with(totals), till.upload()), (DIFFERS, CLOSED), "{name}");
        assert!(till.findings(1).iter().all(|found| *found == (None, "totals".to_owned())), "{name}");
        assert!(till.words().contains(&(*words).to_owned()), "{name}: {:?}", till.words());
        println!("{name}: {words}");
    }
    closing_line(&format!("differences of a batch that are named: {}", FAULTS.len() + TOTALS.len()));
}

/// What totals cannot see is not uploaded: two mistakes that make up for each other, and whatever is in no sum.
#[test]
fn equal_totals_do_not_prove_equal_entries() {
    let mut till = worked();
    till.entries[0].original.total = Fen(3_581);
    till.entries[1].original.total = Fen(499);
    till.entries[0].original.card = other_card();
    assert_eq!(till.settle(), BALANCED);
}
