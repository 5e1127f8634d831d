//! The rules of settlement against an independent oracle, their mutants, and figures worked out by hand.

mod cases;
mod figures;
mod mutants;
mod oracle;
