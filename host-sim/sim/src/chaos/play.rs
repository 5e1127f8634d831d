//! Plays a plan: makes the world, plays one step after the other, lets the auditor look after each, and ends the day.
//!
//! Deterministic: the same plan against the same kind of centre gives the same film.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::books::Books;
use super::ending;
use super::figures::Figures;
use super::film::Film;
use super::invariant::{Broken, Invariant};
use super::plan::Plan;
use super::player::{Meddler, Player};

/// A world that was played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The first broken invariant, if one is.
    pub broken: Option<Broken>,
    /// The hash of the film.
    pub hash: [u8; 32],
    /// The film, if it was wanted.
    pub film: Vec<String>,
    /// What was counted.
    pub figures: Figures,
}

/// Plays a plan against a centre without institutions and cards.
pub fn play<C: Books>(plan: &Plan, centre: C, meddler: &mut dyn Meddler, keeps_film: bool) -> Played {
    let (mut film, mut figures) = (Film::new(keeps_film), Figures::default());
    let day = || {
        let mut player = Player::new(plan, centre, meddler, &mut film, &mut figures)?;
        let played = plan.steps.iter().try_for_each(|step| player.step(step).map(drop));
        let played = played.and_then(|()| ending::end(&mut player));
        player.count();
        played
    };
    let broken = match catch_unwind(AssertUnwindSafe(day)) {
        Ok(played) => played.err(),
        Err(panic) => Some(Broken { invariant: Invariant::NoPanicNoHang, what: message(&*panic).to_string() }),
    };
    let (hash, film) = film.end();
    Played { broken, hash, film, figures }
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words")
}
