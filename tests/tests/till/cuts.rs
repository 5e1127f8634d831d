//! The line between till and centre, cut at a message of a sale: before it has arrived, or before its answer has. Afterwards the line is
//! whole again.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use super::desk::{Desk, PINS};
use super::{BOARDS, TCP};

/// Where it is cut: at the message of this type, of the kind that comes for so many times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Its type, as its two bytes say.
    pub(super) mti: u16,
    /// The first of its type is 1. The second 0200 of a sale is the transaction.
    pub(super) number: usize,
    /// It arrives, and its answer does not.
    pub(super) arrives: bool,
}

/// A cut that is to come, whom to tell when it has, and who says when the line ends.
type Armed = (Cut, Sender<()>, Receiver<()>);

/// What stands between tills and the centre.
pub(super) struct Between {
    /// Where tills connect.
    pub(super) address: String,
    cut: Arc<Mutex<Option<Armed>>>,
}

impl Between {
    pub(super) fn new(centre: &str) -> Self {
        let centre: SocketAddr = centre.trim_start_matches("tcp://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let cut = Arc::<Mutex<Option<Armed>>>::default();
        let own = cut.clone();
        // It ends with the tests' program.
        thread::spawn(move || {
            for till in listener.incoming().map_while(Result::ok) {
                let cut = own.clone();
                thread::spawn(move || pass(till, centre, &cut));
            }
        });
        Self { address, cut }
    }

    /// Cuts there next. The first of what is returned says when; the till's line ends when the second is dropped.
    pub(super) fn cut(&self, cut: Cut) -> (Receiver<()>, Sender<()>) {
        let ((to, cuts), (goes_on, go_on)) = (channel(), channel());
        *self.cut.lock().expect("whole") = Some((cut, to, go_on));
        (cuts, goes_on)
    }
}

/// Passes on messages and answers, one after the other, until the cut or the end.
fn pass(mut till: TcpStream, centre: SocketAddr, cut: &Mutex<Option<Armed>>) {
    let Ok(mut centre) = TcpStream::connect(centre) else { return };
    while let Some(message) = frame(&mut till) {
        let mti = u16::from_be_bytes([message[13], message[14]]);
        let mut next = cut.lock().expect("whole");
        let here = match next.as_mut() {
            Some((cut, ..)) if cut.mti == mti => {
                cut.number -= 1;
                if cut.number == 0 { next.take() } else { None }
            }
            _ => None,
        };
        drop(next);
        if here.as_ref().is_none_or(|(cut, ..)| cut.arrives) {
            let sent = centre.write_all(&message);
            let answer = sent.ok().and_then(|()| frame(&mut centre));
            let (Some(answer), true) = (answer, here.is_none()) else {
                here.inspect(tell);
                return;
            };
            if till.write_all(&answer).is_err() {
                return;
            }
        } else {
            here.inspect(tell);
            return;
        }
    }
}

fn tell((_, cuts, go_on): &Armed) {
    // Whoever does not wait for it need not be told.
    let _ = cuts.send(());
    let _ = go_on.recv();
}

/// The next message, with its length.
fn frame(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    from.read_exact(&mut length).ok()?;
    let mut rest = vec![0; usize::from(u16::from_be_bytes(length))];
    from.read_exact(&mut rest).ok()?;
    Some([&length[..], &rest].concat())
}

/// A transaction, a confirmation, and the question before them.
pub(super) const TRANSACTION: (u16, usize) = (0x0200, 2);
pub(super) const CONFIRMATION: (u16, usize) = (0x0220, 1);

/// docs/design.md §1, invariants 1 and 3: a sale without an answer is reversed, one without its confirmation is confirmed later, and
/// in the end both ends have the same books.
#[test]
fn a_sale_whose_line_to_the_centre_is_cut_is_reversed_or_confirmed() {
    let cuts =
        [(TRANSACTION, false), (CONFIRMATION, true), (TRANSACTION, true), (CONFIRMATION, false), ((0x0800, 1), true)];
    let sold = in_parallel(&BOARDS, |(board, _)| {
        let mut desk = Desk::new(board, TCP);
        let between = Between::new(&desk.centre);
        desk.board.key(PINS);
        let (status, first, seen) = desk.till(&["purchase", "1.00"]);
        assert_eq!(status, 0, "{first} {seen}");
        let mut sold = 1;
        for ((mti, number), arrives) in cuts {
            let cut = Cut { mti, number, arrives };
            desk.centre.clone_from(&between.address);
            let (cuts, goes_on) = between.cut(cut);
            drop(goes_on);
            desk.board.key("271828\n");
            let (status, report, seen) = desk.till(&["purchase", "1.00"]);
            cuts.try_recv().unwrap_or_else(|_| panic!("{cut:?} was not made: {report} {seen}"));
            let is_sold = mti == CONFIRMATION.0;
            assert_eq!(
                (status, report["outcome"] == "approved"),
                (i32::from(!is_sold), is_sold),
                "{cut:?}: {report} {seen}"
            );
            assert!(is_sold || report["reason"] == "no-answer", "{cut:?}: {report} {seen}");
            assert!(seen.contains("(no answer"), "{seen}");
            sold += u64::from(is_sold);
            assert_eq!(desk.books(), sold * 100, "{cut:?}");
        }
        sold
    });
    let all = cuts.len();
    closing_line(&format!(
        "qiyong till: two boards, the line to the centre cut at {all} messages, {sold:?} sales stand"
    ));
}
