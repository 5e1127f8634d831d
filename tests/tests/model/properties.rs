//! What must hold in every state, by the judge's book; and what must be possible, or the model would prove little.
//!
//! What must hold in the end is no `eventually` property, since the checker sees these on paths without a circle alone.
//! Instead each state is healed: from now on every message arrives and is answered, the terminals finish what they are
//! at and pay what they owe. A bounded number of steps must do.

use qiyong_centre::Phase;
use qiyong_firmware::terminal::Closed;
use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::Totals;
use qiyong_protocol::rules::institution::Channel;
use stateright::Property;

use super::centre::Centre;
use super::ledger::{Ledger, SALES, Sale};
use super::people::TRIES;
use super::settings::{PRICE, Setting};
use super::terminal::Noted;
use super::words::{Input, Wait};
use super::world::{Healed, Played, Town, World};

pub(crate) const ONCE: &str = "a sale is charged once or not at all";
pub(crate) const ACCOUNT: &str = "the account says what was paid";
pub(crate) const ACTIVE: &str = "in use only by a payment or a person";
pub(crate) const IN_USE: &str = "what was put into use stays so";
pub(crate) const ACKNOWLEDGED: &str = "what was acknowledged is not forgotten";
pub(crate) const ONE_END: &str = "nothing is both confirmed and reversed";
pub(crate) const NOTED: &str = "what has left is noted";
pub(crate) const CLOSED: &str = "closed by the centre's word alone";
pub(crate) const NUMBERS: &str = "a number is one sale's";
pub(crate) const TRIES_KEPT: &str = "a fault costs the card no try";
pub(crate) const AGREE: &str = "in the end both agree";
pub(crate) const TOLD: &str = "what was shown is so in the end";

pub(crate) const FOUND: &str = "the next visit finds out which PIN holds";

/// The most steps in which a healed terminal must have done.
const STEPS: usize = 60;
/// The most echoes after which nothing may be owed.
const ECHOES: usize = 4;

/// The properties of a setting.
pub(crate) fn all(setting: &Setting) -> Vec<Property<Town>> {
    let mut properties = vec![
        Property::always(ONCE, |_, world: &World| {
            world.ledger.all().all(|sale| sale.returned <= sale.charged && sale.charged <= sale.returned + 1)
        }),
        Property::always(ACCOUNT, account_is_right),
        Property::always(ACTIVE, |town: &Town, world: &World| {
            let is_active = with_centre(town, world, |centre| centre.card.status == CardStatus::Active);
            !is_active || world.ledger.all().any(Sale::stands)
        }),
        Property::always(IN_USE, stays_in_use),
        Property::always(ACKNOWLEDGED, |_, world: &World| {
            world.ledger.all().all(|sale| !(sale.confirmed && !sale.stands() || sale.reversed && sale.stands()))
        }),
        Property::always(ONE_END, |_, world: &World| {
            world.ledger.all().all(|sale| !(sale.says_confirm && sale.says_reverse || sale.confirmed && sale.reversed))
        }),
        Property::always(NOTED, what_left_is_noted),
        Property::always(CLOSED, closed_by_word),
        Property::always(NUMBERS, |_, world: &World| world.ledger.all().all(|sale| !sale.number_met)),
        Property::always(AGREE, |town: &Town, world: &World| heal(town, world).agree),
        Property::always(TOLD, |town: &Town, world: &World| heal(town, world).told),
        Property::sometimes("possible: posted", |_, world: &World| world.ledger.all().any(|sale| sale.confirmed)),
        Property::sometimes("possible: approved, and reversed", |_, world: &World| {
            world.ledger.all().any(|sale| sale.reversed && sale.returned > 0)
        }),
        Property::sometimes("possible: reversed before it came", |_, world: &World| {
            world.ledger.all().any(|sale| sale.reversed && sale.refused && !sale.approved)
        }),
        Property::sometimes("possible: shown as done, and not known to the centre", |_, world: &World| {
            world.ledger.all().any(|sale| sale.told_done && !sale.confirmed)
        }),
    ];
    if setting.expiry {
        properties.push(Property::sometimes("possible: expired, though it was shown as done", |_, world: &World| {
            world.ledger.all().any(|sale| sale.expired && sale.told_done)
        }));
    }
    if setting.tills.len() > 1 && setting.account.0 >= 2 * PRICE.0 {
        properties.push(Property::sometimes("possible: both terminals have posted", |_, world: &World| {
            world.ledger.sales.iter().all(|sales| sales.iter().any(|sale| sale.confirmed))
        }));
    }
    if setting.account.0 < 2 * PRICE.0 {
        properties.push(Property::sometimes("possible: refused for want of money", |_, world: &World| {
            world.ledger.all().any(|sale| sale.refused && !sale.reversed)
        }));
    }
    if setting.pin {
        properties.push(Property::always(TRIES_KEPT, |_, world: &World| {
            world.card.left == TRIES.saturating_sub(world.ledger.wrong_pins)
        }));
        properties.push(Property::always(FOUND, |town: &Town, world: &World| heal(town, world).found));
        properties.push(Property::sometimes(
            "possible: the card has taken the new PIN, and nobody knows",
            |town: &Town, world: &World| {
                world.card.own
                    && world.within.is_none()
                    && with_centre(town, world, |centre| centre.card.pin_is_initial)
            },
        ));
    }
    properties
}

fn with_centre<T>(town: &Town, world: &World, ask: impl FnOnce(&Centre) -> T) -> T {
    ask(&town.played().centres[usize::from(world.centre)])
}

fn account_is_right(town: &Town, world: &World) -> bool {
    let paid: u64 = (town.setting.tills.iter().zip(&world.ledger.sales))
        .filter(|(till, _)| till.operation.bill().is_some())
        .flat_map(|(_, sales)| sales)
        .map(|sale| (u64::from(sale.charged).saturating_sub(sale.returned.into())) * PRICE.0)
        .sum();
    with_centre(town, world, |centre| centre.card.account.0 + paid == town.setting.account.0)
}

fn stays_in_use(town: &Town, world: &World) -> bool {
    let stands = |financial: bool| {
        (town.setting.tills.iter().zip(&world.ledger.sales))
            .filter(|(till, _)| !financial || till.institution.channel() == Channel::Bank)
            .any(|(_, sales)| sales.iter().any(Sale::stands))
    };
    with_centre(town, world, |centre| {
        (!stands(false) || centre.card.social) && (!stands(true) || centre.card.financial)
    })
}

/// What is owed for what has left is known to the terminal, if its power fails now.
fn what_left_is_noted(town: &Town, world: &World) -> bool {
    let played = town.played();
    let mut terminals = world.terminals.iter().zip(&world.ledger.sales);
    terminals.all(|(place, sales)| {
        let noted = &played.node(*place).noted;
        let has = |number: usize| noted.iter().any(|(sale, _)| usize::from(*sale) == number);
        sales.iter().enumerate().all(|(at, sale)| sale.number == 0 || has(at + 1))
    })
}

fn closed_by_word(town: &Town, world: &World) -> bool {
    let played = town.played();
    let mut terminals = world.terminals.iter().zip(&world.ledger.sales);
    terminals.all(|(place, sales)| {
        played.node(*place).noted.iter().all(|(sale, noted)| {
            let seen = &sales[usize::from(*sale) - 1];
            match noted {
                Noted::Open => true,
                Noted::Closed(Closed::Unsent) => seen.number == 0,
                Noted::Closed(Closed::Refused) => seen.refused,
                Noted::Closed(Closed::Reversed) => seen.reversed || seen.expired,
                Noted::Closed(Closed::Confirmed) => seen.confirmed,
            }
        })
    })
}

/// Lets every message arrive and be answered from now on.
fn heal(town: &Town, world: &World) -> Healed {
    let mut played = town.played();
    let known = world.without_network();
    if let Some(healed) = played.healed.get(&known) {
        return *healed;
    }
    let mut end = world.clone();
    for terminal in 0..town.count() {
        for _ in 0..=ECHOES {
            finish(town, &mut played, &mut end, terminal);
            let node = played.node(end.terminals[usize::from(terminal)]);
            if node.noted.iter().all(|(_, noted)| *noted != Noted::Open) {
                break;
            }
            end.happens(town, &mut played, terminal, Input::Attend);
        }
    }
    let mut healed = Healed { agree: agree(town, &played, &end), told: told(&end.ledger), found: true };
    if town.setting.pin {
        healed.found = is_found(town, &mut played, &mut end);
    }
    played.healed.insert(known, healed);
    healed
}

/// Whether a holder who knows the PIN is served at the next visit, and not asked to change the own one; unless the card
/// is blocked.
fn is_found(town: &Town, played: &mut Played, world: &mut World) -> bool {
    let next = world.sale[0] + 1;
    if usize::from(next) > SALES || world.card.left == 0 {
        return true;
    }
    let had_own = world.card.own;
    world.happens(town, played, 0, Input::Begin(next, world.card));
    let mut changes = 0;
    for _ in 0..STEPS {
        changes += u8::from(played.node(world.terminals[0]).wait == Wait::Change);
        if step(town, played, world, 0).is_none() {
            break;
        }
    }
    let is_initial = played.centres[usize::from(world.centre)].card.pin_is_initial;
    world.ledger.sale(0, next).told_done && world.card.own && !is_initial && changes == u8::from(!had_own)
}

/// A terminal comes to the end of what it is at.
fn finish(town: &Town, played: &mut Played, world: &mut World, terminal: u8) {
    for _ in 0..STEPS {
        if step(town, played, world, terminal).is_none() {
            return;
        }
    }
}

/// What a terminal waits for happens as it should; `None`: it waits for its till.
fn step(town: &Town, played: &mut Played, world: &mut World, terminal: u8) -> Option<()> {
    let input = match played.node(world.terminals[usize::from(terminal)]).wait {
        Wait::Off | Wait::Idle => return None,
        Wait::Answer(message) => Input::Answer(world.arrives(town, played, message)),
        Wait::Pin => Input::Keyed(world.card.own),
        Wait::Change => Input::Works,
    };
    world.happens(town, played, terminal, input);
    Some(())
}

fn agree(town: &Town, played: &Played, world: &World) -> bool {
    let centre = &played.centres[usize::from(world.centre)];
    let is_pending = centre.rows.iter().any(|row| row.decided.phase == Some(Phase::Pending));
    let mut terminals = (0..town.count()).zip(&world.ledger.sales);
    !is_pending
        && terminals.all(|(terminal, sales)| {
            let node = played.node(world.terminals[usize::from(terminal)]);
            let closed = node.noted.iter().all(|(sale, noted)| match noted {
                Noted::Open => false,
                Noted::Closed(how) => (*how == Closed::Confirmed) == sales[usize::from(*sale) - 1].stands(),
            });
            let posted =
                centre.rows.iter().filter(|row| row.id.0 == terminal && row.decided.phase == Some(Phase::Posted));
            let charges: Vec<u64> =
                posted.filter_map(|row| row.decided.result.ok()).map(|receipt| receipt.effects.charge.0).collect();
            let own = sums(&node.totals);
            closed && matches!(node.wait, Wait::Off | Wait::Idle) && own == (charges.len() as u32, charges.iter().sum())
        })
}

/// How many a terminal has booked, and what accounts have paid for them.
fn sums(totals: &Totals) -> (u32, u64) {
    let Totals { apply, settle, purchase } = totals;
    let all = [apply, settle, purchase];
    (all.iter().map(|sum| sum.count).sum(), all.iter().map(|sum| sum.charge.0).sum())
}

fn told(ledger: &Ledger) -> bool {
    ledger.all().all(|sale| match (sale.told_done, sale.told_not) {
        (true, false) => sale.stands() || sale.expired,
        (false, true) => !sale.stands(),
        _ => true,
    })
}
