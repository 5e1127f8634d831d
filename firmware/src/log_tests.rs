//! What the terminal's own types write into the log of a board, with the feature `defmt`.

use std::vec::Vec;

use defmt::Format;
use defmt::export::fetch_bytes;

use qiyong_protocol::centre::LinkError;

use crate::link::Job;
use crate::slot::{Clock, LineConfig, LineError, SlotError, VoltageClass};
use crate::storage::Crash;
use crate::terminal::{Cause, CauseCode, Closed, Duties, MemoryError, NoPin, Owed, Report, Settings, Stop, WhichPin};
use crate::ui::panel::Transfer;
use crate::ui::{Screen, Signal};

fn logged(value: &impl Format) -> Vec<u8> {
    let _ = fetch_bytes();
    value._format_data();
    fetch_bytes()
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
        MemoryError NoPin WhichPin Owed Closed Duties Cause CauseCode Stop Report Settings Job
        Screen Signal Transfer
    }
}
