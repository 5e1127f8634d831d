//! The tables that people come into, with the columns that are filled.

use crate::store::bulk::Table;

macro_rules! tables {
    ($($name:ident = $table:literal: $($column:ident),+;)+) => {
        $(pub(super) static $name: Table = Table { name: $table, columns: &[$(stringify!($column)),+] };)+
    };
}

tables! {
    PERSONS = "persons": number, document, sealed, document_kind, document_until, category, since, until;
    APPLICATIONS = "applications": number, state, open, since, filed, version, kind, reason, bank, old_card, outlet,
        list, document, person, form, signed_by, returned;
    APPLICATION_STEPS = "application_steps": application, serial, step, operator, time;
    LISTS = "application_lists": number, employer, sealed, contact, lines, accepted, filed;
    ORDERS = "orders": application, person, kind, reason, exemption, old_card, bank, outlet, sealed, accepted, state;
    SLIPS = "slips": number, payment_code, application, outlet, sealed, total, issued, due, state;
    PAYMENTS = "slip_payments": reference, slip, state, amount, paid, channel, outlet;
    PRODUCTIONS = "productions": application, stage, since, outlet, bank, bank_card, reason, batch, line, attempts;
    PRODUCTION_STEPS = "production_steps": application, number, time, step, stage, operator, note;
    BATCHES = "batches": number, instant, outlet, bank, maker, opened;
    BATCH_LINES = "batch_lines": batch, line, application, card, serial, issued, expires, pin, report, outcome,
        reason, position;
    CARDS = "cards": number, person, kind, ident, shown, holder, produced, expires, bank, handed_over, status, social,
        bank_status, financial, pin_is_initial, loss_place, loss_until, bank_loss_until, ended_because;
    CARD_ACTS = "card_acts": card, number, time, act, function, place, operator, outlet, before, after, note;
    RELATIONS = "relations": number, person, kind, capacity, payer, state;
    SPANS = "spans": relation, first, last, pool_first;
    BASES = "bases": payer, person, since, base;
    PAYERS = "payers": number, kind, sealed, injury_class, since;
    POOLINGS = "poolings": owner, relative, kin, since, until, number;
    POSTINGS = "postings": number, day, reason, reference, operator, chain;
    ENTRIES = "entries": posting, account, amount;
    BALANCES = "balances": account, balance;
}
