//! A number means one transaction. What says something else of the number is refused and recorded, and undoes nothing.

use super::*;

/// What another terminal may say under the same number: another card, amount or time.
fn others(original: Original) -> [Original; 3] {
    let other = CardNumber::new(b"A12345674").unwrap();
    [
        Original { card: other, ..original },
        Original { total: Fen(original.total.0 + 1), ..original },
        Original { time: original.time.after(1), ..original },
    ]
}

/// What the centre notes of the messages that it refuses for their number.
fn noted(centre: &Centre) -> usize {
    let journal = centre.journal().unwrap();
    journal.iter().filter(|line| line.reason == Some(Reason::NumberReused) && line.stan == Some(Stan(7))).count()
}

fn reverse_as(centre: &mut Centre, original: Original) -> Answer {
    send(centre, PHARMACY, Body::Reverse { stan: Stan(7), original }).unwrap()
}

#[test]
fn a_reversal_that_differs_from_the_original_undoes_nothing() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let receipt = transact(&mut centre, PHARMACY, 7, &card, &purchase(3_580));
    let after = now(&centre, &card);
    for (count, other) in others(unknown_original()).into_iter().enumerate() {
        assert_eq!(reverse_as(&mut centre, other), Answer::Refused(Reason::NumberReused), "{other:?}");
        assert_eq!((now(&centre, &card), noted(&centre)), (after.clone(), count + 1));
    }
    assert_eq!(transact(&mut centre, PHARMACY, 7, &card, &purchase(3_580)), receipt, "it still stands");
    assert_eq!(reverse_as(&mut centre, unknown_original()), Answer::Done);
    assert_eq!(now(&centre, &card), card);
    // And after that.
    assert_eq!(reverse_as(&mut centre, others(unknown_original())[0]), Answer::Refused(Reason::NumberReused));
    assert_eq!(reverse_as(&mut centre, unknown_original()), Answer::Done);
}

#[test]
fn a_reversal_of_an_unknown_number_is_kept_with_card_amount_and_time() {
    let card = inactive(b"X00000019");
    let other = inactive(b"A12345674");
    let mut centre = centre_with(&card);
    centre.add_card(&other).unwrap();
    assert_eq!(reverse_as(&mut centre, unknown_original()), Answer::Done);
    for other in others(unknown_original()) {
        assert_eq!(reverse_as(&mut centre, other), Answer::Refused(Reason::NumberReused), "{other:?}");
    }
    assert_eq!(noted(&centre), 3);
    // Another transaction with this number is not the one that was reversed, and is not carried out either.
    for (card, operation) in [(&other, purchase(3_580)), (&card, purchase(3_581))] {
        assert_eq!(transact(&mut centre, PHARMACY, 7, card, &operation), Answer::Refused(Reason::NumberReused));
    }
    assert_eq!(noted(&centre), 5);
    for _ in 0..2 {
        let late = transact(&mut centre, PHARMACY, 7, &card, &purchase(3_580));
        assert_eq!(late, Answer::Refused(Reason::AlreadyReversed));
        assert_eq!(reverse_as(&mut centre, unknown_original()), Answer::Done);
    }
    assert_eq!((now(&centre, &card), now(&centre, &other)), (card, other));
}

#[test]
fn a_number_used_for_something_else_is_refused_and_on_the_journal() {
    let card = inactive(b"X00000019");
    let other = inactive(b"A12345674");
    let mut centre = centre_with(&card);
    centre.add_card(&other).unwrap();
    let receipt = transact(&mut centre, PHARMACY, 7, &card, &purchase(100));
    let reused = Answer::Refused(Reason::NumberReused);
    for (card, operation) in [(&card, purchase(101)), (&other, purchase(100)), (&card, Operation::Query)] {
        assert_eq!(transact(&mut centre, PHARMACY, 7, card, &operation), reused);
    }
    // A second sale of the same to the same holder, a second later.
    let (institution, shown, operation) = (InstitutionCode::new(PHARMACY).unwrap(), presented(&card), purchase(100));
    let body = Body::Transact { stan: Stan(7), card: &shown, operation: &operation };
    let later = Request { institution, terminal: TILL, batch: Batch(1), time: noon().after(1), body };
    assert_eq!(centre.handle(&later).unwrap(), reused);
    assert_eq!((now(&centre, &other), now(&centre, &card).account), (other, Fen(49_900)));
    let journal = centre.journal().unwrap();
    let seen: Vec<_> = journal.iter().map(|line| (line.outcome, line.reason, line.total.0)).collect();
    let refused = |total| (Outcome::Refused, Some(Reason::NumberReused), total);
    assert_eq!(seen, [(Outcome::Approved, None, 100), refused(101), refused(100), refused(0), refused(100)]);
    // The number still means the first transaction.
    assert_eq!(transact(&mut centre, PHARMACY, 7, &card, &purchase(100)), receipt);
    assert_eq!(reverse(&mut centre, PHARMACY, 7), Answer::Done);
    assert_eq!(now(&centre, &card), card);
}
