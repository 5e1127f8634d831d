//! What the terminal's own types write into the log of a board, with the feature `defmt`.

use std::vec::Vec;

use defmt::Format;
use defmt::export::fetch_bytes;

use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{LinkError, Stan, TerminalId};
use qiyong_protocol::ecr::Setup;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::link::Job;
use crate::slot::{Clock, LineConfig, LineError, SlotError, VoltageClass};
use crate::storage::Crash;
use crate::terminal::{Cause, CauseCode, MemoryError, NoPin, Report, Settings, Stop, Unanswered, WhichPin};
use crate::ui::panel::Transfer;
use crate::ui::{Screen, Signal};

fn logged(value: &impl Format) -> Vec<u8> {
    let _ = fetch_bytes();
    value._format_data();
    fetch_bytes()
}

#[test]
fn a_set_up_does_not_give_its_key_away() {
    let key = *b"TEST key, logged";
    let institution = InstitutionCode::new("P32010000017").unwrap();
    let setup = Setup { institution, terminal: TerminalId(*b"00000001"), key: X919::new(key), next_stan: Stan(1) };
    let bytes = logged(&setup);
    let contains = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(contains(b"P32010000017") && contains(b"***") && !contains(&key[..2]));
}

#[test]
fn a_cause_is_logged_with_what_it_says() {
    let cause = Cause::Link(LinkError::Rejected(*b"A0"));
    assert!(logged(&cause).ends_with(b"A0"));
}

#[test]
fn all_that_may_be_worth_a_line_can_be_logged() {
    fn each<T: Format>() {}
    macro_rules! all {
        ($($type:ty)*) => { $(each::<$type>();)* };
    }
    all! {
        LineError SlotError VoltageClass LineConfig Clock Crash
        MemoryError NoPin WhichPin Unanswered Cause CauseCode Stop Report Settings Job
        Screen Signal Transfer
    }
}
