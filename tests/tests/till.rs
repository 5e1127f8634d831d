//! `qiyong till` at emulated boards and at a running centre: a first purchase, a line that is cut in the middle, a till that is killed, and
//! what a new user does wrong.

#[path = "till/cuts.rs"]
mod cuts;
#[path = "till/desk.rs"]
mod desk;
#[path = "till/kills.rs"]
mod kills;
#[path = "till/moments.rs"]
mod moments;
#[path = "till/wire.rs"]
mod wire;
#[path = "till/wrong.rs"]
mod wrong;

use qiyong_tests::closing::closing_line;
use qiyong_tests::parallel::in_parallel;
use qiyong_tests::schemas::assert_valid;

use crate::dissector::counted;
use desk::{Desk, PINS};

/// A line at a free port.
const TCP: &str = "tcp://127.0.0.1:0";
/// Each board with each kind of line.
const BOARDS: [(&str, &str); 2] = [("b-l475e-iot01a", "pty"), ("pico", TCP)];
/// The same, and the Pico with its till at its USB port instead of UART 0.
const LINES: [(&str, &str); 3] = [BOARDS[0], BOARDS[1], (desk::PICO_OVER_USB, "pty")];

/// docs/design.md §1: the card is put into use by the first purchase, and by no other; and both ends have the same books.
#[test]
fn a_first_purchase_at_each_board_over_its_till_line() {
    in_parallel(&LINES, |(board, line)| {
        let mut desk = Desk::new(board, line);
        desk.board.key(PINS);
        let capture = desk.terminals.file("till.pcapng");
        let path = capture.to_str().expect("UTF-8");
        let (status, report, seen) = desk.till(&["--capture", path, "purchase", "35.80"]);
        assert_eq!(status, 0, "{report} {seen}");
        // Every frame and every message is there, and Wireshark can read it.
        let [frames, messages] = counted(&capture);
        assert!(messages >= 16 && frames >= 8 + messages / 2, "{frames} frames, {messages} messages");
        assert_eq!((&report["outcome"], &report["activated"]), (&"approved".into(), &true.into()), "{report}");
        assert_eq!((&report["charge"], &report["balance"]), (&3580.into(), &46_420.into()), "{report}");
        assert_eq!((&report["stan"], &report["pin_changed"], &report["owed"]), (&1.into(), &true.into(), &0.into()));
        for words in ["was given the published test key", "the card into the terminal", "→ transaction 000001 "] {
            assert!(seen.contains(words), "{words}: {seen}");
        }
        desk.board.key("271828\n");
        let (status, report, seen) = desk.till(&["purchase", "1.00"]);
        assert_eq!((status, &report["activated"], &report["stan"]), (0, &false.into(), &2.into()), "{report} {seen}");
        assert!(!seen.contains("was given"), "it has its key: {seen}");
        let (status, report, _) = desk.till(&["query"]);
        assert_eq!((status, &report["status_after"], &report["charge"]), (0, &"active".into(), &0.into()), "{report}");
        assert_valid("till", &report);
        let (status, state, _) = desk.till(&["status"]);
        assert_eq!((status, &state["set_up"], &state["next_stan"]), (0, &true.into(), &3.into()), "{state}");
        assert_valid("till", &state);
        assert_eq!(desk.books(), 3580 + 100);
    });
    closing_line("qiyong till: two boards, each by a line of its own, and the Pico over USB put a card into use");
}

/// Without an operation the till asks, and people get a receipt.
#[test]
fn the_till_asks_again_and_again_and_prints_receipts() {
    let mut desk = Desk::new(BOARDS[0].0, BOARDS[0].1);
    desk.board.key(PINS);
    let (status, told, seen) = desk.keyed("purchase 35.80\n\npurchase\nmuch\n271828\nquery\necho\nquit\nquery\n");
    assert_eq!(status, 1, "two rows were wrong: {told} {seen}");
    for words in
        ["approved Card activated 卡已启用", "¥35.80", "¥464.20", "done Active 已启用", "done The centre answers"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!((told.matches("approved").count(), told.matches("\ndone ").count()), (1, 2), "{told}");
    assert!(seen.contains("such as 35.80") && seen.contains("begin with its word"), "{seen}");
    assert!(!told.contains("271828") && !seen.contains("271828"), "{told}{seen}");
}
