//! Flashes, cards and films that are wrong on purpose.

use std::collections::BTreeMap;

use qiyong_centre::test_mac_key;
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::chaos::cast::Holder;
use qiyong_sim::chaos::plan::{Step, Trouble};
use qiyong_sim::chaos::player::Meddler;
use qiyong_sim::flash::memory::Flash;
use qiyong_sim::world::PAGE;

/// How something beside the centre is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meddles {
    /// The flash is as new after a power cut.
    ForgetsAll,
    /// After a power cut the flash is as it was before the visit: it was a cache.
    ForgetsTheVisit,
    /// After a power cut the flash is as it was in the morning: so are the numbers.
    ForgetsTheDay,
    /// A wrong PIN costs two tries.
    TwoTriesForOne,
    /// The key of the terminals stands in the log.
    LogsTheKey,
    /// A character that is damaged costs a try.
    TryForACharacter,
    /// A card that is pulled has no tries left.
    BlockedByAPull,
    /// Every visit costs a try.
    TryForAVisit,
    /// The PIN stands in the log.
    LogsThePin,
    /// The ID number stands in the log.
    LogsTheIdNumber,
    /// The ID number stands in the log, in hex.
    LogsTheIdNumberInHex,
}

/// What meddles.
pub(crate) struct Fiddler {
    meddles: Option<Meddles>,
    /// What each terminal's flash held before the visit.
    before: BTreeMap<usize, Vec<u8>>,
}

impl Fiddler {
    pub(crate) const fn new(meddles: Option<Meddles>) -> Self {
        Self { meddles, before: BTreeMap::new() }
    }
}

impl Meddler for Fiddler {
    fn leaves(&mut self, step: &Step, card: &mut VirtualCard, tries: u8) {
        let met = |kinds: &[&str]| step.trouble.iter().map(Trouble::as_str).any(|word| kinds.contains(&word));
        let left = tries.min(card.pin.left);
        match self.meddles {
            Some(Meddles::TryForACharacter) if met(&["character", "noise"]) => card.pin.left = left.saturating_sub(1),
            Some(Meddles::BlockedByAPull) if met(&["pull"]) => card.pin.left = 0,
            Some(Meddles::TwoTriesForOne) if met(&["wrong-pin"]) => card.pin.left = tries.saturating_sub(2),
            Some(Meddles::TryForAVisit) => card.pin.left = left.saturating_sub(1),
            _ => {}
        }
    }

    fn begins(&mut self, terminal: usize, flash: &Flash<PAGE>) {
        if self.meddles == Some(Meddles::ForgetsTheVisit) {
            self.before.insert(terminal, flash.bytes().to_vec());
        }
        if self.meddles == Some(Meddles::ForgetsTheDay) {
            // A terminal writes nothing before it is set up, and its numbers begin with its first visit.
            self.before.entry(terminal).or_insert_with(|| flash.bytes().to_vec());
        }
    }

    fn starts(&mut self, terminal: usize, flash: &Flash<PAGE>) {
        match (self.meddles, self.before.get(&terminal)) {
            (Some(Meddles::ForgetsAll), _) => flash.renew(),
            (Some(Meddles::ForgetsTheVisit | Meddles::ForgetsTheDay), Some(before)) => flash.fill(before),
            _ => {}
        }
    }

    fn writes(&mut self, holder: &Holder) -> Option<String> {
        let id = holder.new.id_number.as_bytes();
        Some(match self.meddles? {
            Meddles::LogsThePin => format!("trace: {}", hex::encode_upper(holder.new.pin.card_block().as_bytes())),
            Meddles::LogsTheKey => format!("trace: {}", hex::encode(test_mac_key().expose())),
            Meddles::LogsTheIdNumber => format!("trace: {}", String::from_utf8_lossy(id)),
            Meddles::LogsTheIdNumberInHex => format!("trace: {}", hex::encode_upper(id)),
            _ => return None,
        })
    }
}
