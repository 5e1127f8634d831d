-- 6-insurance: the room's tables. Every key begins with the area. Money is in fen; months are their first days.

-- Who pays premiums: an employer under its own code, or a person who pays alone under the person's number.
CREATE TABLE payers (
    area         TEXT NOT NULL,
    number       TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('employer', 'person')),
    sealed       BLOB NOT NULL,    -- name, and the agreed bank account
    injury_class INTEGER,          -- of the employer's trade
    since        TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;

-- The relation of a person and a kind of insurance. Where it stands; its spans say when it made somebody insured.
CREATE TABLE relations (
    area     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    person   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    capacity TEXT NOT NULL,
    payer    TEXT NOT NULL,
    state    TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE INDEX relations_person ON relations (area, person, kind);
CREATE INDEX relations_payer ON relations (area, payer, state);
-- A person has one relation of a kind at a time.
CREATE UNIQUE INDEX relations_once ON relations (area, person, kind) WHERE state <> 'ended';

CREATE TABLE spans (
    area       TEXT NOT NULL,
    relation   INTEGER NOT NULL,
    first      TEXT NOT NULL,
    last       TEXT,             -- NULL: it goes on
    pool_first TEXT NOT NULL,    -- the first day on which the pool pays
    PRIMARY KEY (area, relation, first)
) STRICT;

-- What was declared as a person's base, and from which month on.
CREATE TABLE bases (
    area   TEXT NOT NULL,
    payer  TEXT NOT NULL,
    person TEXT NOT NULL,
    since  TEXT NOT NULL,
    base   INTEGER NOT NULL,
    PRIMARY KEY (area, payer, person, since)
) STRICT;

-- What a payer is to pay for a month or a year, and the account on which it is collected.
CREATE TABLE premium_slips (
    area    TEXT NOT NULL,
    number  TEXT NOT NULL,
    payer   TEXT NOT NULL,
    month   TEXT NOT NULL,
    made    TEXT NOT NULL,
    due     TEXT NOT NULL,
    bank    TEXT NOT NULL,
    holder  TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE INDEX premium_slips_payer ON premium_slips (area, payer, month);

CREATE TABLE premium_lines (
    area      TEXT NOT NULL,
    slip      TEXT NOT NULL,
    line      INTEGER NOT NULL,
    relation  INTEGER NOT NULL,
    person    TEXT NOT NULL,
    kind      TEXT NOT NULL,
    capacity  TEXT NOT NULL,
    first     TEXT NOT NULL,    -- the period
    last      TEXT NOT NULL,
    due       TEXT NOT NULL,    -- the last day in time
    base      INTEGER NOT NULL,
    employer  INTEGER NOT NULL,
    own       INTEGER NOT NULL,
    fixed     INTEGER NOT NULL,
    subsidy   INTEGER NOT NULL, -- comes from the finance authority when the rest is collected
    credit    INTEGER NOT NULL, -- goes to the personal account when it is collected
    state     TEXT NOT NULL,
    refused   TEXT,             -- the bank's last reason for not collecting it
    collected TEXT,             -- the day
    late_fee  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (area, slip, line)
) STRICT;
-- A period of a relation is assessed once.
CREATE UNIQUE INDEX premium_lines_once ON premium_lines (area, relation, first) WHERE state <> 'void';
CREATE INDEX premium_lines_row ON premium_lines (area, slip, person, kind);
CREATE INDEX premium_lines_due ON premium_lines (area, person, kind) WHERE state = 'due';
CREATE INDEX premium_lines_open ON premium_lines (area, due) WHERE state = 'due';

-- What a resident's yearly line is about.
CREATE TABLE resident_years (
    area       TEXT NOT NULL,
    slip       TEXT NOT NULL,
    class      TEXT NOT NULL,
    year       INTEGER NOT NULL,
    entry      TEXT NOT NULL,
    entry_day  TEXT,
    missed     INTEGER NOT NULL,
    bought_off INTEGER NOT NULL,
    PRIMARY KEY (area, slip)
) STRICT;

-- The banks' files. Each is taken once.
CREATE TABLE collections (
    area      TEXT NOT NULL,
    bank      TEXT NOT NULL,
    number    TEXT NOT NULL,
    digest    BLOB NOT NULL,    -- keyed hash of the file
    taken     TEXT NOT NULL,
    matched   INTEGER NOT NULL,
    refused   INTEGER NOT NULL,
    unmatched INTEGER NOT NULL,
    collected INTEGER NOT NULL,
    PRIMARY KEY (area, bank, number)
) STRICT;

-- Money that a bank collected and that no line is due for.
CREATE TABLE unmatched (
    area    TEXT NOT NULL,
    bank    TEXT NOT NULL,
    file    TEXT NOT NULL,
    line    INTEGER NOT NULL,
    why     TEXT NOT NULL,
    slip    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    amount  INTEGER NOT NULL,   -- with the late fee
    day     TEXT NOT NULL,
    sealed  BLOB NOT NULL,      -- payer, insured person and account, as the bank named them
    state   TEXT NOT NULL,
    PRIMARY KEY (area, bank, file, line)
) STRICT;
CREATE INDEX unmatched_open ON unmatched (area, state);

-- Fixed sums of retired persons, and yearly interest: each once.
CREATE TABLE account_credits (
    area    TEXT NOT NULL,
    person  TEXT NOT NULL,
    what    TEXT NOT NULL CHECK (what IN ('retired', 'interest')),
    period  TEXT NOT NULL,      -- the first day of the month or year
    amount  INTEGER NOT NULL,
    PRIMARY KEY (area, person, what, period)
) STRICT;

-- Whose account pays for which relative.
CREATE TABLE poolings (
    area     TEXT NOT NULL,
    owner    TEXT NOT NULL,
    relative TEXT NOT NULL,
    kin      TEXT NOT NULL,
    since    TEXT NOT NULL,
    until    TEXT,
    number   INTEGER NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE UNIQUE INDEX poolings_once ON poolings (area, owner, relative) WHERE until IS NULL;
CREATE INDEX poolings_relative ON poolings (area, relative);
