//! Every exact ATR of Debian's list that is valid, worn by a virtual card: reset, negotiate, SELECT, READ.

use std::fs;

use qiyong_protocol::iso7816::atr::Atr;
use qiyong_tests::closing::closing_line;

use super::rig::{STRAIGHT, Session, Setup, play};

const LIST: &str = "/usr/share/pcsc/smartcard_list.txt";

pub(crate) fn no_atr_of_the_list_leads_to_a_finding() {
    let list = fs::read_to_string(LIST).unwrap_or_else(|e| panic!("{LIST}: {e}; it comes with the package pcsc-tools"));
    let atrs = list
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_hexdigit()))
        .filter_map(|line| hex::decode(line.split_whitespace().collect::<String>()).ok())
        .filter(|atr| Atr::new(atr).check().is_ok());
    let (mut worn, mut served, mut wrong) = (0, 0, Vec::new());
    for atr in atrs {
        let setup = Setup { session: Session::Long, ..Setup::of(&atr) };
        let (found, worked) = play(&setup, STRAIGHT);
        worn += 1;
        served += usize::from(worked > 0);
        if !found.is_empty() {
            wrong.push(format!("{}: {found:?}", hex::encode_upper(&atr)));
        }
    }
    closing_line(&format!("ATRs worn: {worn} ({served} of them served)"));
    assert!(wrong.is_empty(), "{} with findings:\n{}", wrong.len(), wrong.join("\n"));
}
