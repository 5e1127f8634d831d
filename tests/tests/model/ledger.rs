//! The judge's own book: what was seen on the way of each sale. It takes nothing from what it judges: a sale is known
//! by its terminal and the time at which it was asked for, and never by its number; money by what the account gave and
//! got back.

use qiyong_protocol::centre::{Answer, Stan};

use super::centre::Happened;
use super::words::{Message, Says, Told};

/// The most sales of one terminal.
pub(crate) const SALES: usize = 3;
/// The most terminals.
pub(crate) const TERMINALS: usize = 2;

/// What was seen of a sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sale {
    /// Its transaction left the terminal, under this number; 0: it did not.
    pub(crate) number: u8,
    /// The centre has approved it, and has refused it.
    pub(crate) approved: bool,
    pub(crate) refused: bool,
    /// How often the account paid it, and got it back.
    pub(crate) charged: u8,
    pub(crate) returned: u8,
    /// The centre has undone it by itself.
    pub(crate) expired: bool,
    /// The centre has said "done" to its confirmation, and to its reversal.
    pub(crate) confirmed: bool,
    pub(crate) reversed: bool,
    /// Its confirmation, and its reversal, have left the terminal.
    pub(crate) says_confirm: bool,
    pub(crate) says_reverse: bool,
    /// The till has shown that it is done, and that it is not.
    pub(crate) told_done: bool,
    pub(crate) told_not: bool,
    /// Another sale of the terminal left under the same number.
    pub(crate) number_met: bool,
}

impl Sale {
    /// What the holder has paid for it.
    pub(crate) const fn stands(&self) -> bool {
        self.charged > self.returned
    }
}

/// All sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    pub(crate) sales: [[Sale; SALES]; TERMINALS],
    /// Wrong PINs that the holder has keyed since the last right one.
    pub(crate) wrong_pins: u8,
}

impl Ledger {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Sale> {
        self.sales.iter().flatten()
    }

    pub(crate) fn sale(&mut self, terminal: u8, sale: u8) -> &mut Sale {
        &mut self.sales[usize::from(terminal)][usize::from(sale) - 1]
    }

    /// The till shows something about its present sale.
    pub(crate) fn told(&mut self, terminal: u8, sale: u8, told: &[Told]) {
        for told in told {
            match told {
                Told::Done => self.sale(terminal, sale).told_done = true,
                Told::NotDone => self.sale(terminal, sale).told_not = true,
            }
        }
    }

    /// A message leaves its terminal.
    pub(crate) fn sent(&mut self, message: &Message) {
        let terminal = message.terminal;
        match message.says {
            Says::Transact { stan: Stan(number), time } => {
                let number = u8::try_from(number).expect("a small number");
                let others = (1..).zip(&self.sales[usize::from(terminal)]);
                let met = others.filter(|(at, _)| *at != time.minute).any(|(_, sale)| sale.number == number);
                let sale = self.sale(terminal, time.minute);
                sale.number_met |= met || sale.number != 0 && sale.number != number;
                sale.number = number;
            }
            Says::Reverse { original, .. } => self.sale(terminal, original.time.minute).says_reverse = true,
            Says::Confirm { original, .. } => self.sale(terminal, original.time.minute).says_confirm = true,
            Says::SignIn { .. } | Says::Inquire | Says::PinChanged => {}
        }
    }

    /// The centre answers a message.
    pub(crate) fn answered(&mut self, message: &Message, answer: &Answer) {
        let (time, done) = match message.says {
            Says::Transact { time, .. } => (time, false),
            Says::Reverse { original, .. } | Says::Confirm { original, .. } => (original.time, *answer == Answer::Done),
            Says::SignIn { .. } | Says::Inquire | Says::PinChanged => return,
        };
        let sale = self.sale(message.terminal, time.minute);
        match message.says {
            Says::Transact { .. } => {
                sale.approved |= matches!(answer, Answer::Approved(_));
                sale.refused |= matches!(answer, Answer::Refused(_));
            }
            Says::Reverse { .. } => sale.reversed |= done,
            _ => sale.confirmed |= done,
        }
    }

    /// Money moves.
    pub(crate) fn happened(&mut self, happened: &[Happened]) {
        for happened in happened {
            match *happened {
                Happened::Charged(terminal, sale) => self.sale(terminal, sale).charged += 1,
                Happened::GaveBack(terminal, sale) => self.sale(terminal, sale).returned += 1,
                Happened::Expired(terminal, sale) => self.sale(terminal, sale).expired = true,
            }
        }
    }

    /// What moved since `before` has not: the centre has lost it. What was seen stays seen.
    pub(crate) fn forget(&mut self, before: &Self) {
        for (sale, then) in self.sales.iter_mut().flatten().zip(before.all()) {
            (sale.charged, sale.returned, sale.expired) = (then.charged, then.returned, then.expired);
        }
    }
}
