//! A load that audits itself: terminals that activate cards and sell, note everything that they asked and heard, and a judge
//! that compares their notes with the centre's books afterwards.
//!
//! `setting` has the places, terminals and cards, `dice` what is left to chance, `terminal` what a terminal does, `carrier` and
//! `tcp` its line, `crew` many of them at a time, `watch` who looks on, `diary` what they noted. `deals` makes transactions of notes, `books` reads
//! the centre's side, `judge` compares entry by entry and `sums` what they add up to; `finding` says what they found. The judge
//! takes nothing from the centre's rules: what a transaction did is what the terminal was told. `site` is where a centre keeps
//! its books, `script` and `captured` tell what a centre asks of a server there.
//!
//! Not here: which centre is asked, and what happens to it meanwhile.

pub mod books;
pub mod captured;
pub mod carrier;
pub mod crew;
pub mod deals;
pub mod diary;
pub mod dice;
pub mod finding;
pub mod judge;
mod pair;
pub mod script;
pub mod setting;
pub mod site;
mod sums;
pub mod tcp;
pub mod terminal;
pub mod watch;
