-- 5-production: orders for cards, their payment slips, and the making of the cards. Every key begins with the area.

-- An approved application whose card is to be made. What was approved is copied: nothing that is changed later changes it.
CREATE TABLE orders (
    area        TEXT NOT NULL,
    application TEXT NOT NULL,
    person      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT,
    exemption   TEXT,
    old_card    TEXT,
    bank        TEXT NOT NULL,
    outlet      TEXT NOT NULL,    -- where the card is handed over
    sealed      BLOB NOT NULL,    -- what the card and the hand-over need of the person beside the persons' register
    accepted    TEXT NOT NULL,
    state       TEXT NOT NULL,
    PRIMARY KEY (area, application)
) STRICT;

CREATE TABLE slips (
    area         TEXT NOT NULL,
    number       TEXT NOT NULL,
    payment_code TEXT NOT NULL,
    application  TEXT NOT NULL,
    outlet       TEXT NOT NULL,
    sealed       BLOB NOT NULL,    -- the slip as it was issued
    total        INTEGER NOT NULL CHECK (total > 0),
    issued       TEXT NOT NULL,
    due          TEXT NOT NULL,
    state        TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE UNIQUE INDEX slips_code ON slips (area, payment_code);
CREATE INDEX slips_application ON slips (area, application, number);
CREATE INDEX slips_state ON slips (area, state, outlet, number);

-- Payments by the references of their banks. A payment pays one slip; one that was cancelled stays cancelled.
CREATE TABLE slip_payments (
    area      TEXT NOT NULL,
    reference TEXT NOT NULL,
    slip      TEXT NOT NULL,
    state     TEXT NOT NULL,
    amount    INTEGER,    -- NULL: it was cancelled before it was registered
    paid      TEXT,
    channel   TEXT,
    PRIMARY KEY (area, reference)
) STRICT;
CREATE INDEX slip_payments_slip ON slip_payments (area, slip);

-- A card in the making: where the order stands.
CREATE TABLE productions (
    area        TEXT NOT NULL,
    application TEXT NOT NULL,
    stage       TEXT NOT NULL,
    since       TEXT NOT NULL,    -- the day on which it came to this stage
    outlet      TEXT NOT NULL,
    bank        TEXT NOT NULL,
    bank_card   BLOB,             -- sealed
    reason      TEXT,             -- why the bank refused or making failed, in one word or the maker's own
    batch       TEXT,
    line        INTEGER,
    attempts    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (area, application)
) STRICT;
CREATE INDEX productions_stage ON productions (area, stage, since);

CREATE TABLE batches (
    area    TEXT NOT NULL,
    number  TEXT NOT NULL,
    instant INTEGER NOT NULL CHECK (instant IN (0, 1)),
    outlet  TEXT NOT NULL,    -- who makes or orders them
    bank    TEXT NOT NULL,
    maker   TEXT NOT NULL,
    opened  TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;

-- A line of a batch: one attempt at one card. Its report is kept, so that the same report changes nothing.
CREATE TABLE batch_lines (
    area        TEXT NOT NULL,
    batch       TEXT NOT NULL,
    line        INTEGER NOT NULL,
    application TEXT NOT NULL,
    card        TEXT NOT NULL,
    serial      INTEGER NOT NULL,
    issued      TEXT NOT NULL,
    expires     TEXT NOT NULL,
    pin         BLOB,             -- sealed; NULL: handed over, or the line failed
    report      BLOB,             -- keyed hash of what the maker reported
    outcome     TEXT,             -- made, bank, production, lost
    reason      TEXT,
    position    TEXT,             -- in which box
    PRIMARY KEY (area, batch, line)
) STRICT;
CREATE UNIQUE INDEX batch_lines_card ON batch_lines (area, card);
CREATE INDEX batch_lines_application ON batch_lines (area, application);

-- What happened to a card in the making, in this order.
CREATE TABLE production_steps (
    area        TEXT NOT NULL,
    application TEXT NOT NULL,
    number      INTEGER NOT NULL,
    time        TEXT NOT NULL,
    step        TEXT NOT NULL,
    stage       TEXT NOT NULL,    -- to which it came
    operator    TEXT NOT NULL,
    note        TEXT,
    PRIMARY KEY (area, application, number)
) STRICT;
