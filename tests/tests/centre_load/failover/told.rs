//! A sale in one process, without a load, while no standby is there. It is done at the primary and nowhere else: when somebody ends its
//! wait, and when the primary was started anew and the sale is said again. Nobody is told of it.

use qiyong_centre::{CentreError, test_mac_key};
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX};
use qiyong_protocol::centre::{Answer, Batch, Body, Request, Stan};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_tests::load::setting::{Stand, moment, presented};
use qiyong_tests::postgres::Postgres;
use qiyong_tests::programs::eventually;

use super::{Drill, of_waiting, step};

#[test]
fn what_no_standby_has_is_told_to_nobody_who_asks_again() {
    let mut drill = Drill::new(true);
    let Drill { setting, site, steps, first, second, .. } = &mut drill;
    let mut centre = site.db.centre();
    let stand = &setting.stands[0];
    let mut keys = Keys::new(test_mac_key());
    let mut ask = |batch, body: Body<'_>| {
        let Stand { institution, terminal, .. } = *stand;
        let request = Request { institution, terminal, batch, time: moment(), body };
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = keys.write(&request, Stan(1), &mut buffer).expect("it fits");
        let answers = centre.handle_batch(&[bytes])?;
        let [Ok(Some(answer))] = answers.as_slice() else { panic!("{answers:?}") };
        Ok::<_, CentreError>(keys.read(answer, &sent).expect("an answer"))
    };
    let signed = ask(Batch::NONE, Body::SignIn { token: stand.token }).expect("the database");
    let Answer::SignedIn { lease, .. } = signed else { panic!("{signed:?}") };
    let (card, operation) =
        (presented(&stand.cards[0]), Operation::Purchase(Bill::new(Fen(100), Fen(0)).expect("a bill")));
    second.kill();
    let mut sell = |primary: &mut Postgres, happens: &dyn Fn(&mut Postgres)| {
        std::thread::scope(|scope| {
            let sale = Body::Transact { stan: lease.next, card: &card, operation: &operation };
            let asked = scope.spawn(|| ask(lease.batch, sale));
            eventually("the sale waits", || asked.is_finished() || !of_waiting(primary, "pid").is_empty());
            assert!(!asked.is_finished(), "it was answered: {:?}", asked.join());
            happens(primary);
            asked.join().expect("an answer")
        })
    };
    let ended = sell(first, &|primary| drop(of_waiting(primary, "pg_cancel_backend(pid)")));
    assert!(matches!(&ended, Err(CentreError::Uncertain(_))), "{ended:?}");
    let lost = sell(first, &|primary| primary.kill());
    assert!(matches!(&lost, Err(CentreError::Uncertain(_))), "{lost:?}");
    first.again();
    let alone = |primary: &mut Postgres| step(&steps.alone, primary, second);
    let told = sell(first, &alone);
    let Ok(Answer::Approved(receipt)) = told else { panic!("{told:?}") };
    assert_eq!(receipt.balance, Fen(stand.cards[0].account.0 - 100), "it was done once");
}
