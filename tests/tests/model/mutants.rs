//! The table of the mutants: what each fault leaves out, the property that names it, and the scene in which it is
//! convicted.

use super::faults::Fault;
use super::properties as property;
use super::settings::Scene;

/// A fault: what it leaves out, the property that convicts it, and the scene in which it does.
pub(crate) struct Mutant {
    pub(crate) fault: Fault,
    pub(crate) what: &'static str,
    pub(crate) property: &'static str,
    pub(crate) scene: Scene,
}

const fn mutant(fault: Fault, what: &'static str, property: &'static str, scene: Scene) -> Mutant {
    Mutant { fault, what, property, scene }
}

pub(crate) const MUTANTS: &[Mutant] = &[
    mutant(Fault::JournalAfterSend, "terminal: a sale is noted when it is answered", property::NOTED, Scene::Sale),
    mutant(Fault::NoReversal, "terminal: nothing is reversed", property::AGREE, Scene::Sale),
    mutant(Fault::ReversalOnce, "terminal: a reversal that is not heard counts as done", property::CLOSED, Scene::Sale),
    mutant(Fault::NumberReused, "terminal: every sale has the number 1", property::NUMBERS, Scene::Sale),
    mutant(Fault::CardResultInRam, "terminal: that it was shown is noted in RAM alone", property::TOLD, Scene::Sale),
    mutant(
        Fault::ConfirmationForgotten,
        "terminal: confirmed before the centre hears it",
        property::CLOSED,
        Scene::Sale,
    ),
    mutant(
        Fault::ConfirmationTurned,
        "terminal: a confirmation that is not heard is turned into a reversal",
        property::ONE_END,
        Scene::Sale,
    ),
    mutant(Fault::ClosedInRam, "terminal: the end is noted in RAM alone", property::AGREE, Scene::Sale),
    mutant(Fault::LateIsUnsent, "link: what is not answered counts as not sent", property::CLOSED, Scene::Sale),
    mutant(
        Fault::StaleAnswerTaken,
        "link: an older answer is taken for the next question",
        property::CLOSED,
        Scene::Sale,
    ),
    mutant(
        Fault::ConfirmationNotIdempotent,
        "centre: a confirmation said again is unknown",
        property::CLOSED,
        Scene::Sale,
    ),
    mutant(
        Fault::ExpiredIsConfirmed,
        "centre: a confirmation of what expired is done",
        property::ACKNOWLEDGED,
        Scene::Sale,
    ),
    mutant(Fault::PostedExpires, "centre: what is posted expires", property::ACKNOWLEDGED, Scene::Sale),
    mutant(
        Fault::ReversalForgotten,
        "centre: the reversal of what has not come is forgotten",
        property::ACKNOWLEDGED,
        Scene::Sale,
    ),
    mutant(Fault::ChargedMore, "centre: the account pays a fen more", property::ACCOUNT, Scene::Sale),
    mutant(Fault::RepetitionCharged, "centre: a repetition is charged again", property::ONCE, Scene::Sale),
    mutant(Fault::RefundedTwice, "centre: a reversal said again gives back again", property::ONCE, Scene::Sale),
    mutant(Fault::ReversedNotRefunded, "centre: a reversal gives nothing back", property::ACKNOWLEDGED, Scene::Sale),
    mutant(
        Fault::ActivationBeforePayment,
        "centre: activated before the payment is decided",
        property::ACTIVE,
        Scene::Poor,
    ),
    mutant(Fault::UndoneStaysActive, "centre: what is undone stays in use", property::ACTIVE, Scene::Sale),
    mutant(
        Fault::HeirForgotten,
        "centre: the card is taken back though another sale stands",
        property::IN_USE,
        Scene::Shared,
    ),
    mutant(Fault::AnsweredBeforeKept, "centre: answered before it is durable", property::ACKNOWLEDGED, Scene::Sale),
    mutant(Fault::VerifiedTwice, "slot: VERIFY is sent twice", property::TRIES_KEPT, Scene::Pin),
    mutant(Fault::TearCostsTry, "card: a tear in CHANGE PIN costs a try", property::TRIES_KEPT, Scene::Pin),
    mutant(Fault::InitialUnknown, "centre: does not say that initial PINs are known", property::FOUND, Scene::Pin),
];
