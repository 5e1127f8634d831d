//! A reader as a hand is told of it.

use std::sync::Arc;

use super::Reader;
use super::inner::Inner;
use crate::codes::{protocol, state};
use crate::ctl::{Listed, ListedUse};
use crate::server::keypad::Keypad;

impl Reader {
    /// What a hand is told of it.
    pub(in crate::server) fn listed(&self) -> Listed {
        let inner = self.lock();
        let mut listed = self.without_programs(&inner);
        let users: Vec<_> = inner
            .cards
            .iter()
            .map(|card| {
                // An exclusive connection has the turn without a transaction.
                let has_turn = |turn: super::Turn| turn.card == card.id && turn.depth > u32::from(inner.exclusive);
                (Arc::clone(&card.client), card.share, inner.turn.is_some_and(has_turn))
            })
            .collect();
        drop(inner);
        // The names of programs come from files, which nobody should wait for under the lock.
        let told = users.into_iter().map(|(client, share, transaction)| ListedUse {
            program: client.program().to_string(),
            process: client.process,
            share: share.word().into(),
            transaction,
        });
        listed.programs = told.collect();
        listed.keypad = self.keypad.as_ref().map(Keypad::listed);
        listed
    }

    fn without_programs(&self, inner: &Inner) -> Listed {
        let state = match inner.state {
            bits if bits & state::PRESENT == 0 => "empty",
            bits if bits & state::SWALLOWED != 0 => "mute",
            _ => "card",
        };
        let used = match (inner.exclusive, inner.cards.as_slice()) {
            (_, []) => "nobody",
            (true, _) => "one program alone",
            (false, _) => "somebody",
        };
        let file = inner.card_file.as_ref().filter(|_| inner.is_present());
        Listed {
            name: self.name.clone(),
            unit: self.number,
            contactless: self.contactless,
            state: state.into(),
            used: used.into(),
            file: file.map(|file| file.display().to_string()),
            atr: Some(&inner.atr).filter(|atr| !atr.is_empty()).map(hex::encode_upper),
            protocol: match inner.protocol {
                protocol::T0 => Some(0),
                protocol::T1 => Some(1),
                _ => None,
            },
            programs: Vec::new(),
            keypad: None,
        }
    }
}
