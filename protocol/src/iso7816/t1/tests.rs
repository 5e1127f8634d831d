//! Both sides against each other over a bad line, hostile cards, waiting times, and commands in pieces.
//!
//! The scenarios of ISO/IEC 7816-3 annex A are not here: they are in `tests/annex_a.exchanges`, and `qiyong exchange
//! replay` and its tests play them.

mod blocks;
mod both_sides;
mod hostile;
mod pieces;
mod timing;
