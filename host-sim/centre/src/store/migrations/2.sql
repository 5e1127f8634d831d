-- The card centre's database, version 2. Money is in fen, dates and times are local (China Standard Time).

-- What the file is: the version of this schema, and the choices of the key scheme (Scheme in qiyong-protocol).
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The master keys of the security module, in the clear: whoever can read this file can make cards.
CREATE TABLE hsm_keys (
    algorithm TEXT NOT NULL CHECK (algorithm IN ('3des', 'sm4')),
    name      TEXT NOT NULL,    -- irk, puk, stk, external-<key identifier>
    key       BLOB NOT NULL CHECK (length(key) = 16),
    PRIMARY KEY (algorithm, name)
) STRICT;

CREATE TABLE institutions (
    code         TEXT PRIMARY KEY,    -- B, H or P, six digits of its area, five of its own
    designated   INTEGER NOT NULL CHECK (designated IN (0, 1)),
    issues_cards INTEGER NOT NULL CHECK (issues_cards IN (0, 1))
) STRICT;

CREATE TABLE cards (
    number          TEXT PRIMARY KEY,
    ident           BLOB NOT NULL CHECK (length(ident) = 16),
    id_number       TEXT NOT NULL,
    name            BLOB NOT NULL,    -- GBK
    document_kind   TEXT,             -- what the holder registered with, if not the ID card
    document_number TEXT,
    area            TEXT NOT NULL,
    expires         TEXT NOT NULL,
    status          TEXT NOT NULL,
    social          INTEGER NOT NULL CHECK (social IN (0, 1)),
    financial       INTEGER NOT NULL CHECK (financial IN (0, 1)),
    pin_is_initial  INTEGER NOT NULL CHECK (pin_is_initial IN (0, 1)),
    account         INTEGER NOT NULL CHECK (account >= 0),
    insured         INTEGER NOT NULL CHECK (insured IN (0, 1)),
    CHECK ((document_kind IS NULL) = (document_number IS NULL))
) STRICT;

-- Which terminal works under a name, and in which batch. The last batch of a name stays when its lease has ended, since
-- batches only go up.
CREATE TABLE leases (
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    batch       INTEGER NOT NULL CHECK (batch BETWEEN 1 AND 999999),
    token       BLOB CHECK (length(token) = 8),    -- which terminal has it; NULL: none since the lease was released
    time        TEXT NOT NULL,                     -- of the sign-in that began this batch, by the terminal's clock
    PRIMARY KEY (institution, terminal)
) STRICT;

-- Everything that was decided, in the order in which the centre heard of it. Rows are added and never changed.
-- Neither institution nor card is a reference: unknown ones are refused, and that is on record too.
CREATE TABLE journal (
    id                  INTEGER PRIMARY KEY,
    -- transaction: carried out or refused by the centre; report: refused by the terminal; refusal: by the centre, of
    -- another message, of a second transaction under a number, or of a terminal without a lease.
    kind                TEXT NOT NULL CHECK (kind IN ('transaction', 'refusal', 'report')),
    time                TEXT NOT NULL,    -- by the terminal's clock
    institution         TEXT NOT NULL,
    terminal            TEXT NOT NULL,
    batch               INTEGER NOT NULL, -- 0: of a sign-in
    stan                INTEGER CHECK (stan BETWEEN 1 AND 999999), -- of what concerns a transaction
    card                TEXT,
    operation           TEXT,             -- apply, settle, purchase, query
    total               INTEGER NOT NULL DEFAULT 0,
    fund                INTEGER NOT NULL DEFAULT 0,
    reason              TEXT,             -- why not; NULL: approved
    -- The receipt of an approved transaction.
    charge              INTEGER,
    activates           INTEGER CHECK (activates IN (0, 1)),
    activates_financial INTEGER CHECK (activates_financial IN (0, 1)),
    balance             INTEGER,
    CHECK (kind <> 'transaction' OR (stan IS NOT NULL AND card IS NOT NULL AND operation IS NOT NULL)),
    CHECK ((balance IS NULL) = (reason IS NOT NULL)),
    CHECK (balance IS NULL OR kind = 'transaction'),
    CHECK ((balance IS NULL) = (charge IS NULL)),
    CHECK ((balance IS NULL) = (activates IS NULL)),
    CHECK ((balance IS NULL) = (activates_financial IS NULL))
) STRICT;

-- A transaction is carried out once.
CREATE UNIQUE INDEX journal_number ON journal (institution, terminal, batch, stan) WHERE kind = 'transaction';
CREATE INDEX journal_card ON journal (card) WHERE kind = 'transaction';

-- The numbers that were reversed, whether or not a transaction had come under them, and what the terminal said of the
-- original.
CREATE TABLE reversals (
    institution    TEXT NOT NULL,
    terminal       TEXT NOT NULL,
    batch          INTEGER NOT NULL,
    stan           INTEGER NOT NULL CHECK (stan BETWEEN 1 AND 999999),
    reversed_at    TEXT NOT NULL,
    original_card  TEXT NOT NULL,
    original_total INTEGER NOT NULL,
    original_time  TEXT NOT NULL,
    PRIMARY KEY (institution, terminal, batch, stan)
) STRICT;

-- What is in use through which transaction. An activation that was undone is marked, never deleted.
CREATE TABLE activations (
    journal_id INTEGER NOT NULL REFERENCES journal (id),
    what       TEXT NOT NULL CHECK (what IN ('social', 'financial')),
    card       TEXT NOT NULL REFERENCES cards (number),
    reversed   INTEGER NOT NULL DEFAULT 0 CHECK (reversed IN (0, 1)),
    PRIMARY KEY (journal_id, what)
) STRICT;

-- A function of a card is in use through one transaction at a time.
CREATE UNIQUE INDEX activations_in_force ON activations (card, what) WHERE reversed = 0;
