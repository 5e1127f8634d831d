//! A till that is killed (SIGKILL) in the middle of a sale, and started again with the same words.

use std::sync::mpsc::{Receiver, Sender};

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;

use super::cuts::{Between, CONFIRMATION, Cut, TRANSACTION};
use super::desk::{Desk, LIFE, PINS, PLACE, ended};
use super::{BOARDS, TCP};

/// Kills a till when this has happened, before the line goes on.
fn kill_when(desk: &Desk, (happened, goes_on): (Receiver<()>, Sender<()>)) {
    let process = desk.start(&["purchase", "35.80"]);
    happened.recv_timeout(LIFE).expect("it comes so far");
    process.signal("-KILL");
    let (status, report, _) = ended(process);
    drop(goes_on);
    assert_eq!((status, report.is_null()), (-1, true), "it was killed before it told anything: {report}");
}

/// docs/design.md §1, invariant 1: whoever starts the same words again learns what became of the first sale, and pays once or not
/// at all.
#[test]
fn a_till_killed_in_the_middle_of_a_sale_tells_at_its_next_start_what_became_of_it() {
    let kills = [(TRANSACTION, false), (TRANSACTION, true), (CONFIRMATION, false), (CONFIRMATION, true)];
    let cases: Vec<_> = BOARDS.iter().flat_map(|(board, _)| kills.map(|kill| (*board, kill))).collect();
    in_parallel(&cases, |(board, ((mti, number), arrives))| {
        let cut = Cut { mti: *mti, number: *number, arrives: *arrives };
        let mut desk = Desk::new(board, TCP);
        let between = Between::new(&desk.centre);
        desk.centre.clone_from(&between.address);
        desk.board.key(PINS);
        kill_when(&desk, between.cut(cut));
        let (status, report, seen) = desk.till(&["purchase", "35.80"]);
        let is_sold = *mti == CONFIRMATION.0;
        assert_eq!((status, &report["former"]), (i32::from(!is_sold), &true.into()), "{cut:?}: {report} {seen}");
        assert_eq!((&report["became"], &report["stan"]), (&"ended".into(), &1.into()), "{cut:?}: {report} {seen}");
        assert_eq!(report["outcome"] == "approved", is_sold, "{cut:?}: {report} {seen}");
        assert!(seen.contains("nothing else was begun"), "{seen}");
        assert_eq!(desk.books(), if is_sold { 3580 } else { 0 }, "{cut:?}");
        // From then on it sells again.
        desk.board.key("271828\n");
        let (status, report, seen) = desk.till(&["purchase", "1.00"]);
        assert_eq!((status, &report["former"]), (0, &serde_json::Value::Null), "{report} {seen}");
    });
    let all = kills.len();
    closing_line(&format!(
        "qiyong till: two boards, killed at {all} moments of a sale; charged once or not at all, and told"
    ));
}

/// The holder goes on keying while the till is dead; the next one carries the rest.
#[test]
fn a_till_killed_while_the_holder_keys_is_followed_by_one_that_carries_the_rest() {
    in_parallel(&BOARDS, |(board, line)| {
        let mut desk = Desk::new(board, line);
        let process = desk.start(&["purchase", "35.80"]);
        desk.board.until("Enter PIN");
        process.signal("-KILL");
        drop(process);
        desk.board.until("{\"till\":false}");
        let next = desk.start(&["purchase", "35.80"]);
        desk.board.until("{\"till\":true}");
        desk.board.key(PINS);
        let (status, report, seen) = ended(next);
        assert_eq!(
            (status, &report["former"], &report["outcome"]),
            (0, &true.into(), &"approved".into()),
            "{report} {seen}"
        );
        assert_eq!((&report["charge"], &report["activated"]), (&3580.into(), &true.into()), "{report}");
        assert!(seen.contains("still serves a holder") && seen.contains("nothing else was begun"), "{seen}");
        assert_eq!(desk.books(), 3580);
    });
}

/// The till and the terminal are both gone, and the terminal's memory with it, as an emulated board's is when it ends: nobody claims
/// to know, and nothing is sold a second time.
#[test]
fn what_nobody_remembers_is_said_to_be_unknown_or_looked_up_at_the_centre() {
    let cases: Vec<_> = BOARDS.iter().flat_map(|(board, _)| [(*board, false), (*board, true)]).collect();
    in_parallel(&cases, |(board, knows)| {
        let mut desk = Desk::new(board, TCP);
        let between = Between::new(&desk.centre);
        desk.centre.clone_from(&between.address);
        desk.board.key(PINS);
        let (mti, number) = CONFIRMATION;
        kill_when(&desk, between.cut(Cut { mti, number, arrives: true }));
        desk.restart(board, TCP);
        let note = format!("{PLACE}-00000001.till");
        let database = desk.terminals.file("centre.db").display().to_string();
        if *knows {
            desk.centre = database;
        }
        let (status, report, seen) = desk.till(&["--memory", &note, "purchase", "35.80"]);
        let became = if *knows { "confirmed" } else { "unknown" };
        assert_eq!((&report["former"], &report["became"]), (&true.into(), &became.into()), "{report} {seen}");
        assert_eq!((status, &report["stan"]), (i32::from(!knows), &1.into()), "{report} {seen}");
        assert!(seen.contains("nothing else was begun") && !desk.terminals.file(&note).exists(), "{seen}");
        // The board in its place is another terminal, which the centre does not take under this name: its books are the centre's.
        assert_eq!(desk.sold(), 3580);
    });
}
