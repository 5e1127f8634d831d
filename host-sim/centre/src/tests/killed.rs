//! A centre that is killed before a statement of its database, and one that is made new.

use super::*;

fn renewable(card: &CardRecord) -> Centre {
    let mut centre = at_noon(Centre::renewable().unwrap());
    known_places(&mut centre);
    centre.add_card(card).unwrap();
    centre
}

/// Killed before any statement of a transaction it has done nothing; then the terminal says it again.
#[test]
fn what_was_not_committed_is_gone() {
    let card = inactive(b"X00000019");
    let mut centre = renewable(&card);
    let (before, presented) = (now(&centre, &card), presented(&card));
    let operation = Operation::Purchase(Bill::new(Fen(100), Fen(0)).unwrap());
    let mut statement = 0;
    loop {
        centre.die_after(statement);
        let body = Body::Transact { stan: Stan(1), card: &presented, operation: &operation };
        let answer = send(&mut centre, PHARMACY, body);
        centre.start_again().unwrap();
        if let Ok(answer) = answer {
            assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
            break;
        }
        assert_eq!((now(&centre, &card), centre.journal().unwrap().len()), (before.clone(), 0), "{statement}");
        statement += 1;
    }
    assert!(statement > 10, "{statement}");
    assert_eq!(now(&centre, &card).account, Fen(before.account.0 - 100));
    assert_eq!(centre.journal().unwrap().len(), 1);
    assert!(
        centre.verify().unwrap().iter().all(|(_, chain, wrong)| matches!(chain, Chain::Whole(_)) && wrong.is_none())
    );
}

#[test]
fn what_was_made_new_is_as_it_was_at_first() {
    let card = inactive(b"X00000019");
    let mut centre = renewable(&card);
    let operation = Operation::Purchase(Bill::new(Fen(100), Fen(0)).unwrap());
    let first = transact(&mut centre, PHARMACY, 1, &card, &operation);
    centre.renew().unwrap();
    assert_eq!((centre.card(&card.number).unwrap(), centre.journal().unwrap().len()), (None, 0));
    known_places(&mut centre);
    centre.add_card(&card).unwrap();
    assert_eq!(transact(&mut centre, PHARMACY, 1, &card, &operation), first);
}
