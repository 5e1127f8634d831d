//! The auditor's ledger: every sale that was heard of at the centre's door, what the centre answered, what its holder was
//! shown, and how it ended. It follows from what was said, and from nothing that the centre keeps.

use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::money::Fen;

use super::books::{Entry, Phase};
use super::door::{Crossing, Named, Said, Told};
use super::invariant::{Broken, Invariant};

/// After so long the centre undoes what nobody has confirmed, in seconds: 72 hours (docs/centre.md §21).
pub const PENDING: u32 = 72 * 3_600;

/// What a visit is about.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The step.
    pub step: u32,
    /// The card, by its place in the plan.
    pub card: usize,
    /// At a bank.
    pub at_bank: bool,
    /// What the account is to pay.
    pub price: Fen,
    /// Whether it gives a cause to put the card into use: something is paid, or the holder's own document is shown.
    pub is_cause: bool,
}

/// How a sale ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The centre has acknowledged its confirmation.
    Posted,
    /// The centre has acknowledged its reversal.
    Voided,
    /// The centre has undone it.
    Expired,
}

/// A sale.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Its name.
    pub named: Named,
    /// What it was about.
    pub occasion: Occasion,
    /// What the centre has answered, if it was approved.
    pub approved: Option<Effects>,
    /// When, in seconds of the world.
    pub at: u32,
    /// Whether the holder was shown that it was done.
    pub shown: bool,
    /// The terminal knew the answer and was cut before it showed it: see [`Ledger::let_be`].
    pub is_let_be: bool,
    /// How it ended.
    pub end: Option<End>,
}

impl Sale {
    /// Whether it counts.
    pub fn is_in_force(&self) -> bool {
        self.approved.is_some() && !matches!(self.end, Some(End::Voided | End::Expired))
    }

    /// Whether it was approved, and has no end yet.
    const fn is_open(&self) -> bool {
        self.approved.is_some() && self.end.is_none()
    }
}

/// The sales, oldest first.
#[derive(Debug, Default)]
pub struct Ledger {
    sales: Vec<Sale>,
    /// How many sales a holder was shown as done, and the centre has undone, since their confirmation never came.
    pub unheard: u64,
    /// How many sales the centre has approved and the terminal has taken note of, and a cut came before anybody was shown that.
    /// The holder has no receipt and the terminal owes nothing; the centre undoes them after three days.
    pub unshown: u64,
}

impl Ledger {
    /// Every sale.
    pub fn sales(&self) -> &[Sale] {
        &self.sales
    }

    /// Takes what was said at the door during a visit.
    ///
    /// # Errors
    /// An answer breaks an invariant.
    pub fn hear(&mut self, crossing: Crossing, occasion: Occasion) -> Result<(), Broken> {
        let Crossing { named, said, told, at } = crossing;
        let place = match self.sales.iter().rposition(|sale| sale.named == named) {
            Some(place) => place,
            None => {
                self.sales.push(Sale {
                    named,
                    occasion,
                    approved: None,
                    at,
                    shown: false,
                    is_let_be: false,
                    end: None,
                });
                self.sales.len() - 1
            }
        };
        let Some(sale) = self.sales.get_mut(place) else { return Ok(()) };
        match (said, told) {
            (Said::Transact, Told::Approved(effects)) => sale.approve(effects, at),
            (Said::Reverse, Told::Done) if sale.end == Some(End::Posted) => {
                Broken::that(Invariant::AgreesInTheEnd, || format!("{}: undone after it was confirmed", sale.name()))
            }
            (Said::Reverse, Told::Done) => {
                sale.end.get_or_insert(End::Voided);
                Ok(())
            }
            (Said::Confirm, Told::Done) if matches!(sale.end, Some(End::Voided | End::Expired)) => {
                Broken::that(Invariant::AgreesInTheEnd, || format!("{}: confirmed after it was undone", sale.name()))
            }
            (Said::Confirm, Told::Done) => {
                sale.end = Some(End::Posted);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The holder was shown that the sale of this step is done.
    ///
    /// # Errors
    /// There is none, or what was shown differs from what the centre has answered.
    pub fn show(&mut self, step: u32, shown: Effects) -> Result<(), Broken> {
        let agrees = Invariant::AgreesInTheEnd;
        let of_step = |sale: &&mut Sale| sale.occasion.step == step && sale.approved.is_some();
        let Some(sale) = self.sales.iter_mut().rfind(of_step) else {
            return Broken::that(agrees, || format!("step {step}: a receipt for what no centre has approved"));
        };
        sale.shown = true;
        if sale.approved != Some(shown) {
            return Broken::that(agrees, || format!("{}: {shown:?} shown, {:?} answered", sale.name(), sale.approved));
        }
        if !sale.is_in_force() {
            return Broken::that(agrees, || format!("{}: shown as done, and {:?}", sale.name(), sale.end));
        }
        Ok(())
    }

    /// The visit of this step was cut when the terminal owed nothing any more: what was approved in it waits for its expiry.
    pub fn let_be(&mut self, step: u32) {
        let in_question = |sale: &&mut Sale| sale.occasion.step == step && sale.is_in_force() && !sale.shown;
        for sale in self.sales.iter_mut().filter(in_question) {
            self.unshown += u64::from(!sale.is_let_be);
            sale.is_let_be = true;
        }
    }

    /// Whether a sale was approved that has no end yet.
    pub fn has_open(&self) -> bool {
        self.sales.iter().any(Sale::is_open)
    }

    /// The centre has been told to undo what nobody has confirmed in time; these are its books then, at this second. Returns the
    /// cards of what it has undone.
    ///
    /// # Errors
    /// It has undone what it must not, or not what it must.
    pub fn expire(&mut self, entries: &[Entry], now: u32) -> Result<Vec<usize>, Broken> {
        let agrees = Invariant::AgreesInTheEnd;
        let mut undone = Vec::new();
        for sale in self.sales.iter_mut().filter(|sale| sale.is_open()) {
            let age = now.saturating_sub(sale.at);
            let phase = entries.iter().find(|entry| sale.is_entry(entry)).and_then(|entry| entry.phase);
            match (sale.end, phase) {
                (None, Some(Phase::Expired)) if age >= PENDING => {
                    sale.end = Some(End::Expired);
                    undone.push(sale.occasion.card);
                    self.unheard += u64::from(sale.shown);
                }
                (None, Some(Phase::Expired)) => {
                    return Broken::that(agrees, || format!("{}: expired after {age} s", sale.name()));
                }
                (None, _) if age > PENDING + 60 => {
                    return Broken::that(agrees, || format!("{}: {phase:?} still, after {age} s", sale.name()));
                }
                _ => {}
            }
        }
        Ok(undone)
    }
}

impl Sale {
    /// How reports name it.
    pub fn name(&self) -> String {
        let Named { institution, terminal, stan, .. } = &self.named;
        format!("step {}, {institution} {} {:06}", self.occasion.step, terminal.as_str(), stan.0)
    }

    /// Whether this entry of the centre's journal is about it.
    pub fn is_entry(&self, entry: &Entry) -> bool {
        let Named { institution, terminal, stan, time, card } = &self.named;
        (entry.institution, entry.stan, entry.time, entry.card) == (*institution, *stan, *time, Some(*card))
            && entry.terminal == terminal.as_str()
    }

    fn approve(&mut self, effects: Effects, at: u32) -> Result<(), Broken> {
        if matches!(self.end, Some(End::Voided | End::Expired)) {
            return Broken::that(Invariant::ChargedAtMostOnce, || format!("{}: approved after its end", self.name()));
        }
        if effects.charge != self.occasion.price {
            let price = self.occasion.price;
            return Broken::that(Invariant::ChargedAtMostOnce, || {
                format!("{}: {} charged for {price}", self.name(), effects.charge)
            });
        }
        if !self.occasion.is_cause {
            return Broken::that(Invariant::ActivatedOnlyForCause, || format!("{}: no cause", self.name()));
        }
        if self.approved.is_none() {
            (self.approved, self.at) = (Some(effects), at);
        }
        Ok(())
    }
}
