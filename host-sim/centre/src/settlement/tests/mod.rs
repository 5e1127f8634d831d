//! The rules of settlement against an independent oracle, their mutants, and figures worked out by hand.

mod acts;
mod cases;
mod figures;
mod histories;
mod mutants;
mod oracle;
mod town;
