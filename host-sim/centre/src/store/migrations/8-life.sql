-- 8-life: a card hangs on its person, and so does the account; what the card shows is sealed. Every key begins with the
-- area. What SQL cannot do is in life.rs.

ALTER TABLE cards RENAME TO cards_of_version_2;

CREATE TABLE cards (
    area            TEXT NOT NULL,
    number          TEXT NOT NULL,
    person          TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('regular', 'temporary')),
    ident           BLOB NOT NULL CHECK (length(ident) = 16),
    shown           BLOB NOT NULL,    -- sealed: the ID number and the name that stand on the card
    holder          BLOB NOT NULL,    -- keyed hash of that ID number
    produced        TEXT,             -- the day; NULL: not said
    expires         TEXT NOT NULL,    -- the last day
    bank            TEXT,             -- the bank that issued it
    handed_over     TEXT,             -- date and time; NULL: not yet
    status          TEXT NOT NULL,    -- of the social function
    social          INTEGER NOT NULL CHECK (social IN (0, 1)),       -- it was put into use
    bank_status     TEXT NOT NULL,
    financial       INTEGER NOT NULL CHECK (financial IN (0, 1)),    -- so was the bank function
    pin_is_initial  INTEGER NOT NULL CHECK (pin_is_initial IN (0, 1)),
    loss_place      TEXT,             -- where an oral loss was reported
    loss_until      TEXT,             -- when it lapses; NULL: never by itself
    bank_loss_until TEXT,
    ended_because   TEXT,             -- why it was cancelled
    PRIMARY KEY (area, number),
    FOREIGN KEY (area, person) REFERENCES persons (area, number)
) STRICT;
-- A terminal names a card by its number alone.
CREATE UNIQUE INDEX cards_number ON cards (number);
CREATE INDEX cards_person ON cards (area, person);
-- One person, one card, in all areas of a province.
CREATE INDEX cards_holder ON cards (holder);
CREATE INDEX cards_status ON cards (area, status, number);
CREATE INDEX cards_loss ON cards (area, loss_until) WHERE loss_until IS NOT NULL;
CREATE INDEX cards_bank_loss ON cards (area, bank_loss_until) WHERE bank_loss_until IS NOT NULL;

-- What was done to a card at the centre, by whom. Rows are added and never changed.
CREATE TABLE card_acts (
    area     TEXT NOT NULL,
    card     TEXT NOT NULL,
    number   INTEGER NOT NULL,    -- 1, 2, 3 of this card
    time     TEXT NOT NULL,       -- by the centre's clock
    act      TEXT NOT NULL,
    function TEXT NOT NULL CHECK (function IN ('social', 'financial')),
    place    TEXT NOT NULL,
    operator TEXT NOT NULL,       -- `-`: the centre itself
    outlet   TEXT NOT NULL,
    before   TEXT NOT NULL,
    after    TEXT NOT NULL,
    note     TEXT,                -- why, in one word
    PRIMARY KEY (area, card, number),
    FOREIGN KEY (area, card) REFERENCES cards (area, number)
) STRICT;

-- What is in use through which transaction. An activation that was undone is marked, never deleted.
ALTER TABLE activations RENAME TO activations_of_version_2;
DROP INDEX activations_in_force;
CREATE TABLE activations (
    area       TEXT NOT NULL,
    journal_id INTEGER NOT NULL REFERENCES journal (id),
    what       TEXT NOT NULL CHECK (what IN ('social', 'financial')),
    card       TEXT NOT NULL,
    reversed   INTEGER NOT NULL DEFAULT 0 CHECK (reversed IN (0, 1)),
    PRIMARY KEY (area, journal_id, what),
    FOREIGN KEY (area, card) REFERENCES cards (area, number)
) STRICT;
-- A function of a card is in use through one transaction at a time.
CREATE UNIQUE INDEX activations_in_force ON activations (area, card, what) WHERE reversed = 0;
CREATE INDEX activations_card ON activations (area, card, journal_id);

-- The centre's own time beside the terminal's; unknown of entries of earlier versions.
ALTER TABLE journal ADD COLUMN received TEXT;

-- Which card a terminal is serving: a change of its PIN is believed for a while.
CREATE TABLE terminal_visits (
    area        TEXT NOT NULL,    -- the card's
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    ident       BLOB NOT NULL CHECK (length(ident) = 16),
    since       TEXT NOT NULL,    -- by the centre's clock
    PRIMARY KEY (area, institution, terminal)
) STRICT;

-- A person's change of area. The row is the old area's; the new area finds it by the number on the certificate.
CREATE TABLE transfers (
    area     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    person   TEXT NOT NULL,       -- in the old area
    new_area TEXT NOT NULL,
    balance  INTEGER NOT NULL,    -- what was sent, fen
    state    TEXT NOT NULL,
    begun    TEXT NOT NULL,       -- the day
    since    TEXT NOT NULL,       -- the day on which the state began
    PRIMARY KEY (area, number),
    FOREIGN KEY (area, person) REFERENCES persons (area, number)
) STRICT;
CREATE UNIQUE INDEX transfers_open ON transfers (area, person) WHERE state IN ('requested', 'sent');
CREATE INDEX transfers_new_area ON transfers (new_area, state);
