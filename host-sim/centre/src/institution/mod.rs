//! Institutions (docs/centre.md §6.6.4): bank outlets, hospitals, pharmacies, and the agreements that designate them.
//! Not here: what a terminal may do there (that is the decision of `qiyong_protocol`).

pub mod agreement;
pub mod level;
