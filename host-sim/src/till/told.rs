//! What the till prints: how the terminal is, what is to be done, and receipts. Keys, names and numbers of cards do not come here.

use serde::Serialize;

use qiyong_firmware::terminal::Duties;
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::ecr::{Ended, State};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::serial::ended::report;

use crate::output::{Output, tell};
use crate::terminal::{Receipt, Task};

/// How a terminal is, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Status {
    /// Whether it knows its institution and name.
    set_up: bool,
    /// Whether it serves a holder.
    serving: bool,
    /// The serial number of its chip, in hex.
    serial: String,
    /// The check value of the key that the terminal has now, in hex; null if it has none.
    kcv: Option<String>,
    /// The number of its next transaction.
    next_stan: u32,
    /// Whether a transaction must be reversed before anything else is done.
    reversal_due: bool,
    /// Whether one must be confirmed before.
    confirmation_due: bool,
    /// How many transactions the centre did not take again and again.
    parked: u8,
    /// How often it has started.
    starts: u32,
    /// How many of these starts followed a panic or a fault.
    crashes: u32,
}

/// A receipt of before.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Former<'a> {
    /// True: this is a request of before.
    former: bool,
    /// What became of it.
    became: &'static str,
    /// Its receipt.
    #[serde(flatten)]
    receipt: &'a Receipt,
}

/// Where the terminal stands.
pub(super) fn place(institution: InstitutionCode, name: TerminalId, state: &State, json: bool) {
    let key = kcv(state).unwrap_or_else(|| "none".into());
    let stan = state.next_stan.0;
    tell(&format!("terminal {institution} {}: key {key}, next transaction {stan:06}", name.as_str()), json);
}

/// How the terminal is.
pub(super) fn state(state: &State, json: bool, output: &mut Output) {
    let serial = hex::encode_upper(state.serial);
    if json {
        output.json_line(&Status {
            set_up: state.set_up,
            serving: state.visit.is_some(),
            serial,
            kcv: kcv(state),
            next_stan: state.next_stan.0,
            reversal_due: state.reversal_due,
            confirmation_due: state.confirmation_due,
            parked: state.parked,
            starts: state.starts,
            crashes: state.crashes,
        });
        return;
    }
    let yes = |is: bool| if is { "yes" } else { "no" };
    output.line(&format!("set up      {}", yes(state.set_up)));
    output.line(&format!("serves      {}", yes(state.visit.is_some())));
    output.line(&format!("key         {}", kcv(state).unwrap_or_else(|| "none".into())));
    output.line(&format!("next        {:06}", state.next_stan.0));
    let owed = [(state.reversal_due, "a reversal"), (state.confirmation_due, "a confirmation")];
    let owed: Vec<&str> = owed.into_iter().filter_map(|(is, what)| is.then_some(what)).collect();
    output.line(&format!("owed        {}", if owed.is_empty() { "nothing".into() } else { owed.join(", ") }));
    output.line(&format!("parked      {}", state.parked));
    output.line(&format!("starts      {}, {} of them after a crash", state.starts, state.crashes));
    output.line(&format!("chip        {serial}"));
}

fn kcv(state: &State) -> Option<String> {
    state.key.map(hex::encode_upper)
}

/// How a request ended, as the terminal has told it.
pub(super) fn receipt(
    (institution, name): (InstitutionCode, TerminalId),
    task: &Task,
    ended: &Ended,
    state: &State,
) -> Receipt {
    let State { reversal_due: reversal, confirmation_due: confirmation, parked, .. } = *state;
    Receipt::new(institution, name, task, (&report(ended), Duties { reversal, confirmation, parked }), None)
}

/// Prints it.
pub(super) fn print(receipt: &Receipt, json: bool, output: &mut Output) {
    if json {
        output.json_line(receipt);
    } else {
        receipt.print(output);
    }
}

/// Prints that of a request of before.
pub(super) fn print_former(receipt: &Receipt, json: bool, output: &mut Output) {
    if json {
        output.json_line(&Former { former: true, became: "ended", receipt });
    } else {
        output.line("the request of before:");
        print(receipt, json, output);
    }
}
