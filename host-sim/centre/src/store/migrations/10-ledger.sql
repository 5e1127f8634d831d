-- 10-ledger: the postings of an area become a chain. chain.rs has the form; migrations.rs chains those that are there.

ALTER TABLE postings ADD COLUMN chain BLOB NOT NULL DEFAULT x'';
