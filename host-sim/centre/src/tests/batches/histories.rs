//! Whatever a terminal does, and whatever is lost: in the end both have the same, by an oracle of plain sums; and a batch of a thousand.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::tests::closing::closing_line;

/// What a terminal does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Sells for so much; 0 is more than anybody has.
    Buy(u64),
    /// Says one of those before again.
    Again(prop::sample::Index),
    Confirm(prop::sample::Index),
    Reverse(prop::sample::Index),
    /// Its journal says so, and the centre has not heard it.
    Unheard(prop::sample::Index, bool),
    /// Signs in again.
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..50u64).prop_map(Step::Buy),
        1 => any::<prop::sample::Index>().prop_map(Step::Again),
        4 => any::<prop::sample::Index>().prop_map(Step::Confirm),
        2 => any::<prop::sample::Index>().prop_map(Step::Reverse),
        1 => any::<(prop::sample::Index, bool)>().prop_map(|(which, confirmed)| Step::Unheard(which, confirmed)),
        1 => Just(Step::Restart),
    ]
}

/// A sale by the oracle: what it cost, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Refused,
    Open,
    Confirmed,
    Reversed,
}

/// Plays a batch, settles it, and says how many differed on the way.
fn play(till: &mut Till, steps: &[Step]) -> bool {
    let before = now(&till.centre, &till.card).account.0;
    let mut oracle: Vec<(u64, End)> = Vec::new();
    let (mut unheard, mut unsaid) = (false, Vec::new());
    till.entries.clear();
    till.open.clear();
    for step in steps {
        let open: Vec<u32> = till.open.keys().copied().collect();
        let pick = |which: &prop::sample::Index| (!open.is_empty()).then(|| open[which.index(open.len())]);
        match step {
            Step::Buy(fen) => {
                let (fen, end) = if *fen == 0 { (90_000_000, End::Refused) } else { (*fen, End::Open) };
                oracle.push((fen, end));
                let answer = till.buy(oracle.len() as u32, fen);
                assert_eq!(matches!(answer, Some(Answer::Approved(_))), end == End::Open);
            }
            Step::Again(which) if !oracle.is_empty() => {
                let at = which.index(oracle.len());
                let (fen, end) = oracle[at];
                let open = till.open.clone();
                let answer = till.buy(at as u32 + 1, fen);
                till.open = open;
                let stands = matches!(end, End::Open | End::Confirmed) || unsaid.contains(&at);
                assert_eq!(matches!(answer, Some(Answer::Approved(_))), stands);
            }
            Step::Confirm(which) | Step::Reverse(which) => {
                let Some(stan) = pick(which) else { continue };
                let is_confirmed = matches!(step, Step::Confirm(_));
                till.end(stan, if is_confirmed { Ended::Confirmed } else { Ended::Reversed });
                oracle[stan as usize - 1].1 = if is_confirmed { End::Confirmed } else { End::Reversed };
            }
            Step::Unheard(which, confirmed) => {
                let Some(stan) = pick(which) else { continue };
                let entry = till.open.remove(&stan).unwrap();
                let ended = if *confirmed { Ended::Confirmed } else { Ended::Reversed };
                till.entries.push(Entry { ended, ..entry });
                oracle[stan as usize - 1].1 = if *confirmed { End::Confirmed } else { End::Reversed };
                // The centre would still say that it is approved.
                if !confirmed {
                    unsaid.push(stan as usize - 1);
                }
                unheard = true;
            }
            Step::Restart => {
                let next = oracle.len() as u32 + 1;
                assert_eq!(till.sign_in(), Some(signed_in(till.batch, next)));
            }
            Step::Again(_) => {}
        }
    }
    // It owes nothing when it settles.
    for stan in till.open.keys().copied().collect::<Vec<_>>() {
        till.end(stan, Ended::Confirmed);
        oracle[stan as usize - 1].1 = End::Confirmed;
    }
    let sold: Vec<u64> = oracle.iter().filter(|(_, end)| *end == End::Confirmed).map(|(fen, _)| *fen).collect();
    let own = till.totals().purchase;
    assert_eq!((own.count as usize, own.total.0), (sold.len(), sold.iter().sum()));
    let first = till.settle();
    assert_eq!(first, if unheard { DIFFERS } else { BALANCED }, "{oracle:?}");
    if unheard {
        assert_eq!(till.upload(), BALANCED, "{:?}", till.findings(till.batch));
    }
    // The account has paid what was sold, and not a fen more.
    assert_eq!(before - now(&till.centre, &till.card).account.0, sold.iter().sum::<u64>());
    let next = till.batch + 1;
    assert_eq!(till.sign_in(), Some(signed_in(next, 1)));
    unheard
}

/// Each batch of several, one after the other.
#[test]
fn whatever_a_terminal_does_its_batch_balances() {
    let batches = prop::collection::vec(prop::collection::vec(any_step(), 0..30), 1..4);
    let config = ProptestConfig { max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(ProptestConfig { cases: config.cases.min(48), ..config });
    // A centre costs more than a history: one serves all, and one that failed is not used again.
    let kept: RefCell<Option<Till>> = RefCell::new(None);
    let played = runner.run(&batches, |batches| {
        let rich = |till: &Till| now(&till.centre, &till.card).account.0 > 500_000;
        let mut till = kept.take().filter(rich).unwrap_or_else(Till::new);
        for steps in &batches {
            play(&mut till, steps);
        }
        kept.replace(Some(till));
        Ok(())
    });
    played.unwrap();
}

/// A thousand sales over a line that loses one message in twenty, in both directions: it balances. Then the same with one tampered
/// total: every entry is uploaded, and the total is named.
#[test]
fn a_batch_of_a_thousand_balances_though_messages_are_lost() {
    let mut till = Till::new();
    till.loss = 50;
    let mut reversed = 0;
    for stan in 1..=1_000 {
        match till.buy(stan, 10 + u64::from(stan % 7)) {
            Some(Answer::Approved(_)) => {
                till.end(stan, Ended::Confirmed);
            }
            // Nobody knows: it is reversed.
            None => {
                assert_eq!(till.end(stan, Ended::Reversed), Answer::Done);
                reversed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(reversed > 50 && till.lost > 100, "{reversed} of {} lost", till.lost);
    let totals = till.totals();
    assert_eq!(totals.purchase.count + reversed, 1_000);
    let mut tampered = totals;
    tampered.purchase.total.0 += 1;
    assert_eq!(till.settle_with(tampered), DIFFERS);
    // The terminal corrects itself: nothing more is needed.
    assert_eq!(till.settle(), BALANCED);
    assert_eq!(till.findings(1), []);
    closing_line(&format!("a batch of 1000: {} messages lost, {reversed} reversed, balanced", till.lost));

    // By hand, as if the first had never been settled.
    for sql in ["DELETE FROM batch_totals", "DELETE FROM batch_settlements", "UPDATE leases SET settled = 0"] {
        till.centre.store.execute(sql, &[]).unwrap();
    }
    assert_eq!(till.settle_with(tampered), DIFFERS);
    assert_eq!(till.upload(), CLOSED);
    assert_eq!(till.findings(1), [(None, "totals".to_owned())]);
    let matched = till.centre.store.rows("SELECT matched FROM batch_settlements", values![]).unwrap();
    assert_eq!(matched[0].get::<u32>("matched").unwrap(), 1_000);
    till.loss = 0;
    assert_eq!(till.sign_in(), Some(signed_in(2, 1)));
}
