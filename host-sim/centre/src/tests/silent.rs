//! A server that takes connections and says nothing, wherever in a transaction it begins to: what the centre says of it, and that
//! it takes nobody who is only busy for one.

use std::path::Path;
use std::thread;

use super::proxy::{Proxy, Stance};
use super::server::{Bed, code, furnished, purchases};
use super::*;
use crate::store::database::Engine;
use crate::store::failure::DatabaseError;

/// How the end of a transaction is said, alone in its message.
const END: &[u8] = b"COMMIT\0";

/// A proxy before the server of this bed, and the centre's place behind it, of which a second of silence is borne.
fn behind(bed: &Bed) -> (Proxy, Place) {
    let shown = bed.place().to_string();
    let (user, rest) = shown.trim_start_matches("postgres://").split_once('@').unwrap();
    let (folder, name) = rest.rsplit_once('/').unwrap();
    let proxy = Proxy::new(Path::new(folder).join(".s.PGSQL.5432"));
    let address = format!("postgres://{user}@127.0.0.1:{}/{name}?connect_timeout=1", proxy.port);
    (proxy, Place::new(&address, Some(&bed.place().keys())).unwrap())
}

#[test]
fn a_server_that_falls_silent_is_given_up_wherever_it_does_and_nothing_is_done_twice() {
    let card = inactive(b"X00000019");
    let (bed, centre, keys) = furnished(&card);
    drop(centre);
    let (proxy, place) = behind(&bed);
    let silent = |error: &CentreError| matches!(error, CentreError::Unreachable { source: DatabaseError::Silent, .. });

    // Before it is reached.
    proxy.set(Stance::Silent);
    let error = Centre::open_at(&place).map(drop).unwrap_err();
    assert!(silent(&error) && error.to_string().contains("does not answer"), "{error:?}");
    proxy.set(Stance::Open);
    let mut centre = at_noon(Centre::open_at(&place).unwrap());

    // At the beginning of a transaction, and within one, at the card's number: nothing was done. At its end: nobody knows.
    let mut left = 50_000;
    for (at, stance) in [Stance::Silent, Stance::SilentAt(b"X00000019"), Stance::SilentAt(END)].iter().enumerate() {
        let number = u32::try_from(at).unwrap() + 1;
        let messages = purchases(&keys, &card, number..=number);
        proxy.set(*stance);
        let said = centre.handle_batch(&messages).unwrap_err();
        let fits = match stance {
            Stance::SilentAt(word) if *word == END => matches!(said, CentreError::Uncertain(DatabaseError::Silent)),
            _ => silent(&said),
        };
        assert!(fits, "{stance:?}: {said:?}");
        proxy.set(Stance::Open);
        for _ in 0..2 {
            assert_eq!(centre.handle_batch(&messages).unwrap().iter().map(code).collect::<Vec<_>>(), ["00"]);
        }
        left -= 100;
        assert_eq!(now(&centre, &card).account, Fen(left), "{stance:?}");
    }
    assert_eq!(centre.verify().unwrap(), [(card.area, Chain::Whole(0), None)]);
}

#[test]
fn a_server_that_is_busy_for_longer_is_waited_for() {
    let card = inactive(b"X00000019");
    let (bed, centre, keys) = furnished(&card);
    drop(centre);
    let (proxy, place) = behind(&bed);
    let mut centre = at_noon(Centre::open_at(&place).unwrap());
    let holder = bed.beside();
    holder.begin().unwrap();
    let messages = purchases(&keys, &card, 1..=2);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| centre.handle_batch(&messages));
        // The first connection is the centre's; the others ask whether the server is there.
        proxy.wait_for(3);
        holder.roll_back();
        let answers = waiting.join().unwrap().unwrap();
        assert_eq!(answers.iter().map(code).collect::<Vec<_>>(), ["00", "00"]);
    });
}
