//! A first purchase whose till line is cut, or whose till is killed, at a frame between till and terminal; then the same words again,
//! over a whole line. The line to the centre is cut elsewhere (`cuts`, `kills`).

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use super::desk::{Desk, LIFE, PINS, ended};
use super::wire::{Moment, Passing, Wire};
use super::{BOARDS, TCP};

/// What can have become of the sale in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sold {
    Yes,
    No,
    /// The next till may come in time to carry the message that was lost.
    Perhaps,
}

/// Where it happens, whether that frame still arrives, and what becomes of the sale.
type Case = (Passing, bool, Sold);

/// The line is cut there, or the till is killed; on both boards.
const BOTH: [(Case, bool); 5] = [
    // Before the command reaches the terminal.
    ((Passing::Start, false, Sold::No), false),
    // The card is served: the centre has said that it is genuine.
    ((Passing::Message(0x0810, 2), true, Sold::Perhaps), true),
    // Between the transaction's message and its answer.
    ((Passing::Message(0x0210, 2), false, Sold::No), false),
    // After the answer, before the confirmation.
    ((Passing::Message(0x0210, 2), true, Sold::Yes), true),
    // While the end is told.
    ((Passing::Ended, false, Sold::Yes), false),
];

/// The same at more moments, on the board whose emulator is quicker.
const QUICK: [(Case, bool); 5] = [
    ((Passing::Taken, false, Sold::Perhaps), true),
    ((Passing::Message(0x0800, 1), false, Sold::Perhaps), false),
    ((Passing::Message(0x0200, 2), false, Sold::No), true),
    ((Passing::Message(0x0220, 1), false, Sold::Yes), false),
    ((Passing::Ended, true, Sold::Yes), true),
];

/// docs/design.md §1, invariants 1 to 3: charged once or not at all; the card is put into use or not, as it was charged; both ends have the
/// same books; and whoever says the same words again learns what happened.
#[test]
fn a_first_purchase_whose_till_line_is_cut_at_any_moment_is_one_or_none() {
    let [(quick, _), _] = BOARDS;
    let both = BOARDS.iter().flat_map(|(board, _)| BOTH.map(|moment| (*board, moment)));
    let cases: Vec<_> = both.chain(QUICK.map(|moment| (quick, moment))).collect();
    let sold = in_parallel(&cases, |(board, ((at, arrives, sold), killed))| {
        let mut desk = Desk::new(board, TCP);
        let wire = Wire::new(&desk.port);
        desk.port.clone_from(&wire.address);
        desk.board.key(PINS);
        let (happens, cut) = wire.at(Moment { at: *at, arrives: *arrives });
        let process = desk.start(&["purchase", "35.80"]);
        happens.recv_timeout(LIFE).expect("it comes so far");
        if *killed {
            process.signal("-KILL");
        }
        drop(cut);
        let (status, report, seen) = ended(process);
        assert_eq!((status, report.is_null()), (if *killed { -1 } else { 2 }, true), "{report} {seen}");
        assert!(*killed || seen.contains("the line is gone") && seen.contains("start `qiyong till` again"), "{seen}");

        let (status, report, seen) = desk.till(&["purchase", "35.80"]);
        let is_sold = report["outcome"] == "approved";
        assert_eq!((status, &report["former"]), (i32::from(!is_sold), &true.into()), "{report} {seen}");
        assert!(seen.contains("nothing else was begun"), "{seen}");
        let became = if *at == Passing::Start { "not-sent" } else { "ended" };
        assert_eq!(report["became"], became, "{report} {seen}");
        assert!(*sold == Sold::Perhaps || (*sold == Sold::Yes) == is_sold, "{report} {seen}");
        assert_eq!(desk.books(), if is_sold { 3580 } else { 0 }, "{report} {seen}");
        // From then on it sells again; and this is the first purchase if that was none.
        desk.board.key(if report["pin_changed"] == true { "271828\n" } else { PINS });
        let (status, report, seen) = desk.till(&["purchase", "1.00"]);
        assert_eq!((status, &report["activated"]), (0, &(!is_sold).into()), "{report} {seen}");
        is_sold
    });
    let (all, sold) = (sold.len(), sold.iter().filter(|sold| **sold).count());
    closing_line(&format!(
        "qiyong till: {all} first purchases cut or killed at a frame of the till line, {sold} stand"
    ));
}
