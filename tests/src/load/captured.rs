//! Scripts of pgbench for the sales of a setting: a centre carries out a first payment and a later one at each terminal, while
//! its server writes down everything that it is asked.

use qiyong_centre::test_mac_key;
use qiyong_protocol::centre::message::{Keys, MESSAGE_MAX};
use qiyong_protocol::centre::{Answer, Batch, Body, Request, Stan};
use qiyong_protocol::rules::decision::Operation;
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::{Bill, Fen};

use super::script::{said, script};
use super::setting::{Setting, Stand, moment, presented};
use super::site::Site;

/// The numbers of the two sales: others than any number that a statement has besides.
const NUMBERS: [u32; 2] = [777_701, 777_702];

/// The scripts of a terminal's sales with its first card.
pub struct Scripts {
    /// The payment that puts the card into use.
    pub first: String,
    /// One after it.
    pub later: String,
}

/// The scripts of each terminal, from a copy of the site's database named `name`, which is of no further use.
///
/// # Panics
/// If the site has no server, or the centre refuses a sale.
#[must_use]
pub fn scripts(site: &Site, setting: &Setting, name: &str) -> Vec<Scripts> {
    let server = site.server.as_ref().expect("a server");
    let db = site.copy(name);
    server.sql("postgres", &format!("ALTER DATABASE {name} SET log_statement = 'all'"));
    let mut centre = db.centre();
    let mut ask = |keys: &mut Keys, stand: &Stand, batch, body: Body<'_>| {
        let Stand { institution, terminal, .. } = *stand;
        let request = Request { institution, terminal, batch, time: moment(), body };
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = keys.write(&request, Stan(1), &mut buffer).expect("it fits");
        let answer = centre.handle_bytes(bytes).expect("the centre").expect("an answer");
        keys.read(&answer, &sent).expect("an answer")
    };
    let mut of = |stand: &Stand| {
        let mut keys = Keys::new(test_mac_key());
        let signed = ask(&mut keys, stand, Batch::NONE, Body::SignIn { token: stand.token });
        let Answer::SignedIn { lease, .. } = signed else { panic!("{signed:?}") };
        let card = &stand.cards[0];
        let bill = Bill::new(Fen(1_234), Fen(0)).expect("a bill");
        let pharmacy = stand.institution.channel() == Channel::Pharmacy;
        let operation = if pharmacy { Operation::Purchase(bill) } else { Operation::Settle(bill) };
        let [first, later] = NUMBERS.map(|stan| {
            let before = server.said().len();
            let body = Body::Transact { stan: Stan(stan), card: &presented(card), operation: &operation };
            let answer = ask(&mut keys, stand, lease.batch, body);
            assert!(matches!(answer, Answer::Approved(_)), "{answer:?}");
            let statements = said(&server.said()[before..]);
            let number = |sql: &str| server.sql(name, sql).parse().expect("a number");
            let row = number(&format!("SELECT max(id) FROM journal WHERE stan = {stan}"));
            let posting =
                number(&format!("SELECT last FROM numbers WHERE kind = 'posting' AND area = '{}'", card.area));
            script(&statements, stan, row, posting)
        });
        Scripts { first, later }
    };
    setting.stands.iter().map(&mut of).collect()
}
