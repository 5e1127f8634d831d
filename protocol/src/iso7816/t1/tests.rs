//! The scenarios of annex A, both sides against each other over a bad line, hostile cards, and commands in pieces.

mod annex_a;
mod both_sides;
mod hostile;
mod pieces;
mod script;
mod timing;
