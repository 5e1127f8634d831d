//! The deliberate faults of worlds, and the invariant of docs/design.md §1 that each breaks.

use qiyong_sim::chaos::invariant::Invariant;
use qiyong_sim::chaos::plan::Plan;
use qiyong_sim::chaos::play::{Played, play};

use super::bent::{Bent, Wrong};
use super::meddlers::{Fiddler, Meddles};

/// A deliberate fault.
#[derive(Debug)]
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) breaks: Invariant,
    centre: Option<Wrong>,
    beside: Option<Meddles>,
    /// The world in which it shows; `None`: one of those that are drawn.
    pub(crate) plan: Option<&'static str>,
}

/// A sale by a clock that is nearly an hour ahead, of which nobody hears the confirmation; the centre looks ten minutes after its
/// time.
const LATE: &str = r#"
seed = 5
terminals = 2
cards = 1
[[step]]
id = 1
terminal = 0
card = 0
asks = "use"
fen = 500
trouble = [
    { what = "clock", ahead = 3000 },
    { what = "message", number = 4, fate = "lost" },
    { what = "message", number = 5, fate = "lost" },
    { what = "message", number = 6, fate = "lost" },
]
[[step]]
id = 2
wait = 4330
terminal = 1
card = 0
asks = "query"
fen = 1
"#;

impl Mutant {
    const fn centre(name: &'static str, wrong: Wrong, breaks: Invariant) -> Self {
        Self { name, breaks, centre: Some(wrong), beside: None, plan: None }
    }

    const fn beside(name: &'static str, meddles: Meddles, breaks: Invariant) -> Self {
        Self { name, breaks, centre: None, beside: Some(meddles), plan: None }
    }

    /// Plays a plan with this fault.
    pub(crate) fn play(&self, plan: &Plan, keeps_film: bool) -> Played {
        play(plan, Bent::new(self.centre), &mut Fiddler::new(self.beside), keeps_film)
    }
}

use Invariant::{
    ActivatedOnlyForCause as Cause, AgreesInTheEnd as Agrees, ChargedAtMostOnce as Once, LineCostsNoTry as Line,
    NoPanicNoHang as Sound, NoSecretLeaks as Secret,
};

/// All of them.
pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant::centre("charges twice", Wrong::ChargesTwice, Once),
    Mutant::centre("charges the bill, not the share", Wrong::ChargesTheBill, Once),
    Mutant::centre("charges what it refuses", Wrong::ChargesWhatItRefuses, Once),
    Mutant::centre("charges another holder, too", Wrong::ChargesAnother, Once),
    Mutant::centre("charges again when confirmed", Wrong::ChargesAgainWhenConfirmed, Once),
    Mutant::centre("says that it has reversed", Wrong::SaysReversed, Once),
    Mutant::centre("charges for a confirmation that is repeated", Wrong::ChargesForTheSecondConfirmation, Once),
    Mutant::centre("killed halfway, keeps the half", Wrong::KilledHalfway, Once),
    Mutant::beside("numbers begin anew after a power cut", Meddles::ForgetsTheDay, Agrees),
    Mutant::beside("the flash forgets all", Meddles::ForgetsAll, Agrees),
    Mutant::beside("the flash was a cache", Meddles::ForgetsTheVisit, Once),
    Mutant::centre("activates before payment", Wrong::ActivatesAtInquiry, Cause),
    Mutant::centre("activates another card, too", Wrong::ActivatesAnother, Cause),
    Mutant::centre("activates what it refuses", Wrong::ActivatesWhatItRefuses, Cause),
    Mutant::centre("a purchase opens the account", Wrong::ActivatesTheAccount, Cause),
    Mutant::centre("takes another's document", Wrong::ApprovesAnotherDocument, Cause),
    Mutant::centre("stays active when undone", Wrong::StaysActive, Cause),
    Mutant::centre("says that it has confirmed", Wrong::SaysConfirmed, Agrees),
    Mutant::centre("approves without doing", Wrong::ApprovesWithoutDoing, Agrees),
    Mutant::centre("answers another's answer", Wrong::AnswersAnothers, Once),
    Mutant::centre("refunds on query", Wrong::RefundsOnQuery, Agrees),
    Mutant::centre("refunds what was confirmed", Wrong::RefundsTheConfirmed, Agrees),
    Mutant::centre("forgets the last entry", Wrong::ForgetsTheLast, Agrees),
    Mutant::centre("keeps another charge", Wrong::KeepsAnotherCharge, Agrees),
    Mutant::centre("posts what was voided", Wrong::PostsTheVoided, Agrees),
    Mutant::centre("expires too early", Wrong::ExpiresTooEarly, Agrees),
    Mutant::centre("never expires", Wrong::NeverExpires, Agrees),
    Mutant::centre("refunds for a reversal that is repeated", Wrong::RefundsForTheSecondReversal, Agrees),
    Mutant::centre("hears no reversal", Wrong::HearsNoReversal, Agrees),
    Mutant::centre("expires what was confirmed", Wrong::ExpiresThePosted, Agrees),
    Mutant::centre("totals without reversals", Wrong::TotalsWithoutReversals, Agrees),
    Mutant::centre("killed, forgets what it has answered", Wrong::KilledForgetsTheAnswered, Agrees),
    Mutant::centre("of two terminals at once, loses one's charge", Wrong::LosesTheOther, Agrees),
    Mutant {
        plan: Some(LATE),
        ..Mutant::centre("believes the terminal's clock", Wrong::BelievesTheTerminalsClock, Agrees)
    },
    Mutant::centre("its chain is broken", Wrong::FindsItsChainBroken, Agrees),
    Mutant::centre("its error tells the ID number", Wrong::TellsTheIdNumber, Secret),
    Mutant::beside("the log has the PIN", Meddles::LogsThePin, Secret),
    Mutant::beside("the log has the key", Meddles::LogsTheKey, Secret),
    Mutant::beside("the log has the ID number", Meddles::LogsTheIdNumber, Secret),
    Mutant::beside("the log has the ID number in hex", Meddles::LogsTheIdNumberInHex, Secret),
    Mutant::centre("panics", Wrong::Panics, Sound),
    Mutant::centre("its database is gone", Wrong::Fails, Sound),
    Mutant::beside("a damaged character costs a try", Meddles::TryForACharacter, Line),
    Mutant::beside("a wrong PIN costs two tries", Meddles::TwoTriesForOne, Line),
    Mutant::beside("a pull blocks the PIN", Meddles::BlockedByAPull, Line),
    Mutant::beside("every visit costs a try", Meddles::TryForAVisit, Line),
];
