-- 16-batches: terminals' batches at settlement, and what differed (docs/centre.md §22). Every key begins with the area, the
-- institution's.

-- 1: the batch of the lease is settled, and the next sign-in opens the next one.
ALTER TABLE leases ADD COLUMN settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1));

CREATE TABLE batch_settlements (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    -- differs: the terminal is to upload its entries. balanced, closed: settled, without and with a difference.
    state       TEXT NOT NULL CHECK (state IN ('differs', 'balanced', 'closed')),
    opened      TEXT NOT NULL,       -- when the first totals came, by the centre's clock
    closed      TEXT,                -- when it was settled
    matched     INTEGER NOT NULL,    -- how many entries agreed when they were compared
    PRIMARY KEY (area, institution, terminal, batch),
    FOREIGN KEY (area, institution) REFERENCES institutions (area, code),
    CHECK ((state = 'differs') = (closed IS NULL))
) STRICT;
-- A message names institution and terminal, and no area.
CREATE INDEX batch_settlements_name ON batch_settlements (institution, terminal, batch);

-- The last totals that the terminal has told, and the centre's at that moment; once it is settled, at the end.
CREATE TABLE batch_totals (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    deal        TEXT NOT NULL CHECK (deal IN ('apply', 'settle', 'purchase')),
    told_count  INTEGER NOT NULL,
    told_total  INTEGER NOT NULL,
    told_charge INTEGER NOT NULL,
    own_count   INTEGER NOT NULL,
    own_total   INTEGER NOT NULL,
    own_charge  INTEGER NOT NULL,
    PRIMARY KEY (area, institution, terminal, batch, deal),
    FOREIGN KEY (area, institution, terminal, batch) REFERENCES batch_settlements (area, institution, terminal, batch)
) STRICT;

-- What the terminal has uploaded.
CREATE TABLE batch_entries (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    place       INTEGER NOT NULL,    -- 1, 2, 3 in the upload
    stan        INTEGER NOT NULL,
    deal        TEXT NOT NULL CHECK (deal IN ('apply', 'settle', 'purchase')),
    card        TEXT NOT NULL,
    total       INTEGER NOT NULL,
    charge      INTEGER NOT NULL,
    time        TEXT NOT NULL,       -- by the terminal's clock
    ended       TEXT NOT NULL CHECK (ended IN ('confirmed', 'reversed')),
    PRIMARY KEY (area, institution, terminal, batch, place),
    FOREIGN KEY (area, institution, terminal, batch) REFERENCES batch_settlements (area, institution, terminal, batch)
) STRICT;

-- What differed, and what came after the settlement.
CREATE TABLE batch_findings (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    number      INTEGER NOT NULL,    -- 1, 2, 3 of this batch
    noted       TEXT NOT NULL,       -- by the centre's clock
    stan        INTEGER,             -- NULL: it is about the totals
    verdict     TEXT NOT NULL,
    what        TEXT NOT NULL,       -- in words
    PRIMARY KEY (area, institution, terminal, batch, number),
    FOREIGN KEY (area, institution, terminal, batch) REFERENCES batch_settlements (area, institution, terminal, batch)
) STRICT;

-- The bank's file of a day.
CREATE INDEX phases_posted ON phases (area, resolved) WHERE state = 'posted';
