//! One terminal works under a name (docs/centre.md §12): sign-in, refusal, release, and batches that are used up.

use super::*;

const OTHER: Token = Token(*b"another!");

fn ask(centre: &mut Centre, batch: u32, body: Body<'_>) -> Answer {
    let institution = InstitutionCode::new(PHARMACY).unwrap();
    centre.handle(&Request { institution, terminal: TILL, batch: Batch(batch), time: noon(), body }).unwrap()
}

fn sell(centre: &mut Centre, batch: u32, stan: u32, card: &CardRecord) -> Answer {
    let (card, operation) = (presented(card), purchase(100));
    ask(centre, batch, Body::Transact { stan: Stan(stan), card: &card, operation: &operation })
}

fn release(centre: &mut Centre) -> bool {
    centre.release(InstitutionCode::new(PHARMACY).unwrap(), TILL).unwrap()
}

fn original(card: &CardRecord) -> Original {
    Original { card: card.number, total: Fen(100), time: noon() }
}

#[test]
fn a_second_terminal_of_a_name_is_refused_until_the_lease_is_released() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    sell(&mut centre, 1, 1, &card);
    for _ in 0..2 {
        assert_eq!(sign_in(&mut centre, PHARMACY, TILL, OTHER), Answer::Refused(Reason::NameTaken));
    }
    let journal = centre.journal().unwrap();
    assert_eq!(journal.iter().filter(|line| line.reason == Some(Reason::NameTaken)).count(), 2);
    // The first is not disturbed, and after a restart goes on where it was.
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(1, 2));
    assert_eq!(sell(&mut centre, 1, 2, &card), approved(false, false, 100, 49_800));
    // Another name, and the same name in another place, are other leases.
    assert_eq!(sign_in(&mut centre, PHARMACY, TerminalId(*b"TILL0002"), OTHER), signed_in(1, 1));

    assert_eq!([release(&mut centre), release(&mut centre)], [true, false]);
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, OTHER), signed_in(2, 1));
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), Answer::Refused(Reason::NameTaken));
    assert_eq!(sell(&mut centre, 2, 1, &card), approved(false, false, 100, 49_700));
    assert_eq!(sign_in(&mut centre, HOSPITAL, TILL, TOKEN), signed_in(1, 1));
}

#[test]
fn what_comes_without_the_lease_is_refused_without_effect() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    let first = sell(&mut centre, 1, 1, &card);
    sell(&mut centre, 1, 2, &card);
    assert!(release(&mut centre));
    let (shown, operation) = (presented(&card), purchase(100));
    let question = Authenticate {
        ident: card.ident,
        historical: &[0; 13],
        algorithm: Algorithm::Sm4,
        internal: [0; 16],
        external: None,
    };
    let before = now(&centre, &card);
    // While nobody has it; while another has it; of a batch that nobody has had.
    for batch in [1, 1, 7] {
        for body in [
            Body::Authenticate(question.clone()),
            Body::Inquire { card: &shown, operation: &operation },
            Body::Transact { stan: Stan(3), card: &shown, operation: &operation },
            Body::PinChanged { card: card.number, ident: card.ident },
            Body::Report { card: None, operation: &operation, reason: Reason::PinWrong },
        ] {
            let lines = centre.journal().unwrap().len();
            assert_eq!(ask(&mut centre, batch, body), Answer::Refused(Reason::NotSignedIn));
            assert_eq!(now(&centre, &card), before);
            assert_eq!(centre.journal().unwrap().len(), lines + 1);
        }
        sign_in(&mut centre, PHARMACY, TILL, OTHER);
    }
    // What was begun under the lease is answered again, and undone, after it: the holder gets the money back.
    assert_eq!(sell(&mut centre, 1, 1, &card), first);
    for stan in [1, 2] {
        let body = Body::Reverse { stan: Stan(stan), original: original(&card) };
        assert_eq!(ask(&mut centre, 1, body), Answer::Done);
    }
    assert_eq!(now(&centre, &card), card);
    // The new holder's number 1 is another transaction.
    assert_eq!(sell(&mut centre, 2, 1, &card), approved(true, false, 100, 49_900));
    let body = Body::Reverse { stan: Stan(1), original: original(&card) };
    assert_eq!(ask(&mut centre, 1, body), Answer::Done, "once more, in the old batch");
    assert_eq!(now(&centre, &card).account, Fen(49_900));
}

#[test]
fn a_batch_that_is_used_up_is_followed_by_another_and_the_last_one_by_a_clear_word() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    sell(&mut centre, 1, 999_998, &card);
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(1, 999_999));
    // A reversal of a number that never came uses it up as well.
    let body = Body::Reverse { stan: Stan(999_999), original: original(&card) };
    assert_eq!(ask(&mut centre, 1, body), Answer::Done);
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(2, 1));
    assert_eq!(sell(&mut centre, 1, 5, &card), Answer::Refused(Reason::NotSignedIn), "it is over");
    assert_eq!(sell(&mut centre, 2, 1, &card), approved(false, false, 100, 49_800));
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(2, 2));

    let institution = InstitutionCode::new(PHARMACY).unwrap();
    centre.store.set_lease(institution, TILL, (Batch::LAST, TOKEN), noon()).unwrap();
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(999_999, 1));
    sell(&mut centre, 999_999, 999_999, &card);
    for _ in 0..2 {
        assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), Answer::Refused(Reason::NumbersUsedUp));
    }
}

/// A terminal whose flash was erased has another token: it gets no numbers that it has used before.
#[test]
fn a_terminal_that_forgot_who_it_was_gets_a_new_batch() {
    let card = inactive(b"X00000019");
    let mut centre = centre_with(&card);
    sell(&mut centre, 1, 1, &card);
    assert!(release(&mut centre));
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, TOKEN), signed_in(2, 1), "the same terminal, after a release");
    assert!(release(&mut centre));
    assert_eq!(sign_in(&mut centre, PHARMACY, TILL, OTHER), signed_in(3, 1));
    assert_eq!(sell(&mut centre, 3, 1, &card), approved(false, false, 100, 49_800));
}
