//! Figures worked out by hand, from the table of docs/centre.md §6.8.4.
