-- 14-regions: which transactions of this centre's terminals were given to the region of the card, and the table of regions by
-- which processes go that serve this database (docs/centre.md §19).

CREATE TABLE forwarded (
    area        TEXT NOT NULL,       -- the institution's
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    stan        INTEGER NOT NULL,
    region      TEXT NOT NULL,       -- the card's area: whichever region serves it keeps the transaction
    card        TEXT NOT NULL,
    PRIMARY KEY (area, institution, terminal, batch, stan),
    FOREIGN KEY (area, institution) REFERENCES institutions (area, code)
) STRICT;

-- Every version that a process here has gone by. It has no area: all regions have the same.
CREATE TABLE region_table (
    version INTEGER NOT NULL,
    text    TEXT NOT NULL,           -- names and areas; where the databases are is each process's own
    since   TEXT NOT NULL,           -- by the centre's clock
    PRIMARY KEY (version)
) STRICT;

-- An entry of the journal is what activations hang on.
CREATE INDEX activations_journal ON activations (journal_id);
