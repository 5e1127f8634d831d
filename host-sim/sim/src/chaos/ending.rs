//! The end of a world: all links heal, every terminal says what it owes, every holder is served once more, what nobody has
//! confirmed expires, the books are compared, and every terminal settles its batch.

use qiyong_firmware::terminal::Report;
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::audit::Seen;
use super::books::Books;
use super::invariant::{Broken, Invariant};
use super::ledger::{Occasion, PENDING};
use super::plan::{Asks, Step};
use super::player::{Player, failed, owes};
use crate::world::terminal_id;

/// How often a terminal is asked to settle what it owes, and a holder comes back.
const ROUNDS: u32 = 4;
/// Steps of the ending are counted from here.
const FIRST: u32 = 1_000_000;

/// Ends a world.
///
/// # Errors
/// An invariant is broken.
pub(super) fn end<C: Books>(player: &mut Player<'_, C>) -> Result<(), Broken> {
    player.wait(10)?;
    for place in 0..player.terminals.len() {
        heal(player, place)?;
    }
    let terminals = player.plan.terminals;
    for card in 0..player.plan.cards {
        let step = Step {
            id: FIRST + card * ROUNDS,
            wait: 0,
            terminal: card % terminals,
            card,
            asks: Asks::Use,
            fen: 100,
            trouble: Vec::new(),
        };
        serve(player, step)?;
    }
    player.wait(u64::from(PENDING) / 60 + 60)?;
    compare(player)?;
    // Last, since it would find what has a name of its own above.
    for place in 0..player.terminals.len() {
        settle(player, place)?;
    }
    Ok(())
}

/// Compares the books.
fn compare<C: Books>(player: &mut Player<'_, C>) -> Result<(), Broken> {
    player.film.begin();
    player.look_up_all()?;
    let door = player.world.centre.borrow();
    player.auditor.closed(&door.centre.entries().map_err(failed)?)?;
    match door.centre.first_wrong().map_err(failed)? {
        Some(wrong) => Broken::that(Invariant::AgreesInTheEnd, || format!("the centre's own check: {wrong}")),
        None => Ok(()),
    }
}

/// A terminal and the centre have the same totals of what was sold.
fn settle<C: Books>(player: &mut Player<'_, C>, place: usize) -> Result<(), Broken> {
    let Some(Some(terminal)) = player.terminals.get_mut(place) else { return Err(failed("no such terminal")) };
    let report = terminal.attend(Formality::SettleBatch).map_err(failed)?;
    player.world.centre.borrow_mut().take();
    match report.reason {
        None => Ok(()),
        Some(reason) => Broken::that(Invariant::AgreesInTheEnd, || format!("terminal {place} settles: {reason}")),
    }
}

/// A terminal says what it owes, over a whole line, until it owes nothing.
fn heal<C: Books>(player: &mut Player<'_, C>, place: usize) -> Result<(), Broken> {
    let mut last = None;
    for round in 0..ROUNDS {
        player.film.begin();
        let Some(Some(terminal)) = player.terminals.get_mut(place) else { return Err(failed("no such terminal")) };
        let report = terminal.attend(Formality::Echo).map_err(failed)?;
        let owes = owes(terminal);
        let seen = Seen {
            occasion: Occasion { step: FIRST * 2 + round, card: 0, at_bank: false, price: Fen(0), is_cause: false },
            terminal: terminal_id(place as u32 + 1),
            shown: None,
            report: Some(report.clone()),
            owed: owes,
            owes,
            tries: [0; 2],
            wrong: 0,
        };
        player.tell_of(Some(&report));
        player.judge(seen, None)?;
        if report.outcome == Outcome::Approved && !owes {
            return Ok(());
        }
        last = report.reason;
    }
    Broken::that(Invariant::AgreesInTheEnd, || format!("terminal {place}: after {ROUNDS} rounds {last:?}"))
}

/// A holder is served, at the latest when coming back.
fn serve<C: Books>(player: &mut Player<'_, C>, step: Step) -> Result<(), Broken> {
    let mut last = None;
    for round in 0..ROUNDS {
        let step = Step { id: step.id + round, ..step.clone() };
        match player.step(&step)? {
            Some(Report { outcome: Outcome::Approved, .. } | Report { reason: Some(Reason::PinBlocked), .. }) => {
                return Ok(());
            }
            Some(report) => last = report.reason,
            None => {}
        }
    }
    Broken::that(Invariant::AgreesInTheEnd, || format!("card {}: after {ROUNDS} rounds {last:?}", step.card))
}
