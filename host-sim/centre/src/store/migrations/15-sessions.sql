-- 15-sessions: the working key of a terminal's session stands with the lease of its name; and what became of approved
-- transactions, which are pending until the terminal has said so (docs/centre.md §21).

-- 16 bytes, sealed; NULL: nobody has signed in since there are such keys.
ALTER TABLE leases ADD COLUMN working BLOB;
-- F64 of the sign-in that brought it: the same message said again brings the same key.
ALTER TABLE leases ADD COLUMN asked TEXT;
-- Since when it opens nothing any more, because the terminal's key has ended; NULL: it is in force.
ALTER TABLE leases ADD COLUMN working_ended TEXT;

-- What became of each approved transaction since there are confirmations. It changes once, from pending to one of the others.
CREATE TABLE phases (
    area       TEXT NOT NULL,        -- the card's
    journal_id INTEGER NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'posted', 'voided', 'expired')),
    since      TEXT NOT NULL,        -- when it was approved, by the centre's clock
    resolved   TEXT,                 -- when it was resolved, by the centre's clock; NULL: it is pending
    result     TEXT,                 -- posted: what failed on the card after the approval; NULL: nothing
    PRIMARY KEY (area, journal_id),
    FOREIGN KEY (journal_id) REFERENCES journal (id),
    CHECK ((state = 'pending') = (resolved IS NULL)),
    CHECK (result IS NULL OR state = 'posted')
) STRICT;
-- An entry of the journal is what they hang on.
CREATE INDEX phases_journal ON phases (journal_id);
-- What is due is looked for by area.
CREATE INDEX phases_pending ON phases (area, since) WHERE state = 'pending';
