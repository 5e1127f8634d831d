//! The judge of loads is judged: a load in one process whose books agree with its terminals' notes, and then the same books with
//! one thing changed by hand. Each change is found, under its own name.

use std::sync::{Arc, Mutex};

use qiyong_tests::load::carrier::Within;
use qiyong_tests::load::crew::Load;
use qiyong_tests::load::dice::Dice;
use qiyong_tests::load::finding::Class::{self, ConflictingDuplicate, Duplicate, Mismatch, Missing};
use qiyong_tests::load::judge::Closed;
use qiyong_tests::load::setting::Setting;
use qiyong_tests::load::site::{Base, Site};
use qiyong_tests::postgres::Care;

use super::HABITS;

/// A sale that stands and put nothing into use.
const PLAIN: &str =
    "(SELECT id FROM journal j WHERE kind = 'transaction' AND balance IS NOT NULL AND activates = 0 AND charge > 0
    AND NOT EXISTS (SELECT 1 FROM reversals r WHERE r.institution = j.institution AND r.terminal = j.terminal
    AND r.batch = j.batch AND r.stan = j.stan) ORDER BY id LIMIT 1)";
/// One that was undone and had put a card into use.
const UNDONE: &str = "(SELECT j.id FROM journal j JOIN reversals r USING (institution, terminal, batch, stan)
    WHERE activates = 1 AND charge > 0 ORDER BY j.id LIMIT 1)";
const REFUSED: &str =
    "(SELECT id FROM journal WHERE kind = 'transaction' AND reason = 'insufficient-funds' ORDER BY id LIMIT 1)";
/// Its columns but the number of the row and the batch.
const COLUMNS: &str = "kind, time, received, institution, terminal, stan, card, operation, total, fund, reason, charge,
    activates, activates_financial, balance";

/// A change by hand: what it is, its statements, and how the judge must call it, with a word of what it must say.
type Mutant = (&'static str, String, Class, &'static str);

fn mutants() -> Vec<Mutant> {
    let copy = |columns: &str| {
        format!("INSERT INTO journal ({COLUMNS}, batch) SELECT {columns}, batch + 1 FROM journal WHERE id = {PLAIN}")
    };
    let doubled = COLUMNS.to_owned();
    let conflicting = COLUMNS.replace("charge,", "charge + 1,");
    let another = COLUMNS.replace("stan,", "999999,");
    let of_plain = |column: &str| format!("(SELECT {column} FROM journal WHERE id = {PLAIN})");
    let in_use = "(SELECT min(journal_id) FROM activations WHERE reversed = 0)";
    let card_in_use = format!("(SELECT card FROM activations WHERE journal_id = {in_use})");
    let posting = format!(
        "(SELECT min(number) FROM postings WHERE reference = 'journal ' || {PLAIN} AND reason IN ('purchase', 'settle'))"
    );
    let area = format!(
        "(SELECT min(area) FROM postings WHERE reference = 'journal ' || {PLAIN} AND reason IN ('purchase', 'settle'))"
    );
    let rows: Vec<(&'static str, String, Class, &'static str)> = vec![
        ("a transaction is removed", format!("DELETE FROM phases WHERE journal_id = {PLAIN}; DELETE FROM journal WHERE id = {PLAIN}"), Missing, "the centre has nothing"),
        ("a transaction is doubled", copy(&doubled), Duplicate, "2 times"),
        ("a transaction is doubled with another charge", copy(&conflicting), ConflictingDuplicate, "2 times"),
        ("a transaction that nobody asked for is added", copy(&another), Missing, "no terminal asked"),
        ("a bill's total is changed", format!("UPDATE journal SET total = total + 1 WHERE id = {PLAIN}"), Mismatch, "was asked"),
        ("a charge is changed", format!("UPDATE journal SET charge = charge + 1 WHERE id = {PLAIN}"), Mismatch, "its part was"),
        ("a card is changed", format!("UPDATE journal SET card = (SELECT min(number) FROM cards WHERE number <> card) WHERE id = {PLAIN}"), Mismatch, "was asked"),
        ("an operation is changed", format!("UPDATE journal SET operation = 'query' WHERE id = {PLAIN}"), Mismatch, "was asked"),
        ("a time is changed", format!("UPDATE journal SET time = '2026-03-02 09:00:01' WHERE id = {PLAIN}"), Mismatch, "was asked"),
        ("an approval becomes a refusal", format!("UPDATE journal SET reason = 'card-lost', balance = NULL, charge = NULL, activates = NULL, activates_financial = NULL WHERE id = {PLAIN}"), Mismatch, "told (true"),
        ("a refusal becomes another", format!("UPDATE journal SET reason = 'not-insured' WHERE id = {REFUSED}"), Mismatch, "it was refused with"),
        ("a refusal becomes an approval", format!("UPDATE journal SET reason = NULL, balance = 0, charge = total - fund, activates = 0, activates_financial = 0 WHERE id = {REFUSED}"), Mismatch, "it was refused with"),
        ("a reversal is removed", format!("DELETE FROM reversals WHERE EXISTS (SELECT 1 FROM journal j WHERE j.id = {UNDONE} AND j.institution = reversals.institution AND j.terminal = reversals.terminal AND j.stan = reversals.stan)"), Missing, "is undone, and it is not"),
        ("a reversal that nobody asked for is added", format!("INSERT INTO reversals SELECT institution, terminal, batch, stan, time, card, total, time FROM journal WHERE id = {PLAIN}"), Mismatch, "nobody asked for that"),
        ("an activation is removed", format!("DELETE FROM activations WHERE journal_id = {in_use}"), Missing, "no activation by it"),
        ("an activation is undone by hand", format!("UPDATE activations SET reversed = 1 WHERE journal_id = {in_use}"), Missing, "no activation by it"),
        ("an activation without a payment is added", format!("INSERT INTO activations (area, journal_id, what, card) SELECT area, {REFUSED}, 'social', number FROM cards WHERE status = 'inactive' ORDER BY number LIMIT 1"), Mismatch, "no payment stands that did it"),
        ("an activation names another payment", format!("UPDATE activations SET journal_id = {PLAIN} WHERE journal_id = {in_use}"), Mismatch, "no payment stands that did it"),
        ("a receipt forgets the activation", format!("UPDATE journal SET activates = 0 WHERE id = {in_use}"), Mismatch, "approved, charge, activates"),
        ("a card is put into use by hand", "UPDATE cards SET status = 'active', social = 1 WHERE number = (SELECT max(number) FROM cards WHERE status = 'inactive')".into(), Mismatch, "nothing put it into use"),
        ("a card in use is locked by hand", format!("UPDATE cards SET status = 'locked' WHERE number = {card_in_use}"), Mismatch, "a payment put it into use"),
        ("an account has a fen more", format!("UPDATE balances SET balance = balance + 1 WHERE account = (SELECT 'person:' || person FROM cards WHERE number = {})", of_plain("card")), Mismatch, "must have"),
        ("an institution has a fen less", format!("UPDATE balances SET balance = balance - 1 WHERE account = 'institution:' || {} AND balance > 0", of_plain("institution")), Mismatch, "were paid"),
        ("a payment is moved again", format!("INSERT INTO postings (area, number, day, reason, reference, operator, chain) SELECT area, number + 1000000, day, reason, reference, operator, chain FROM postings WHERE number = {posting} AND area = {area}; INSERT INTO entries SELECT area, posting + 1000000, account, amount FROM entries WHERE posting = {posting} AND area = {area}"), Mismatch, "the ledger has"),
        ("a payment's entry is changed", format!("UPDATE entries SET amount = amount + 1 WHERE posting = {posting} AND area = {area} AND amount > 0"), Mismatch, "the ledger has"),
    ];
    rows
}

fn judge_is_judged(base: Base) {
    let setting = Setting::new(8, 20);
    let site = Site::furnished(base, &setting);
    let centre = Arc::new(Mutex::new(site.db.centre()));
    // One request in six is lost, and one answer in six.
    let line = |at| Within { centre: centre.clone(), dice: Dice::new(5, 100 + at as u64), loses: 6 };
    let diaries = Load { seed: 5, visits: Some(40), habits: HABITS }.run_in_turn(&setting, line);
    drop(centre);
    let verdict = site.db.judged(&setting, &diaries, Closed::Afterwards);
    println!("{base:?}: {verdict}");
    assert!(verdict.holds(), "{verdict}");
    assert!(verdict.activations > 20 && verdict.undone > 20, "{verdict}");
    let mut lines = vec![format!("{:<46}{:<24}first finding", "changed by hand", "must be found as")];
    let mut missed = 0;
    for (at, (what, statements, class, words)) in mutants().into_iter().enumerate() {
        let name = format!("mutant_{at}");
        let db = site.copy(&name);
        site.edit(&name, &db, &statements);
        let verdict = db.judged(&setting, &diaries, Closed::Afterwards);
        let found = verdict.findings.iter().find(|finding| finding.class == class && finding.what.contains(words));
        missed += usize::from(found.is_none());
        let shown =
            found.map_or_else(|| format!("NOT FOUND: {verdict}"), |finding| finding.what.chars().take(110).collect());
        lines.push(format!("{what:<46}{:<24}{shown}", class.as_str()));
    }
    println!("{}", lines.join("\n"));
    assert_eq!(missed, 0, "changes that nobody saw:\n{}", lines.join("\n"));
}

#[test]
fn each_change_by_hand_is_named_on_sqlite() {
    judge_is_judged(Base::Sqlite);
}

#[test]
fn each_change_by_hand_is_named_on_postgresql() {
    judge_is_judged(Base::Postgres(Care::Hasty));
}
