//! The scenarios of annex A, both sides against each other over a bad line, and hostile cards.

mod annex_a;
mod both_sides;
mod hostile;
mod script;
mod timing;
