-- Version 3: who acts, where, on whose behalf; persons; the ledger; parameters; the audit chain.
-- Every key begins with the area, so that a database can be shared out by area. Money is in fen.

ALTER TABLE hsm_keys RENAME TO clear_keys;
CREATE TABLE hsm_keys (
    algorithm TEXT NOT NULL CHECK (algorithm IN ('3des', 'sm4')),
    name      TEXT NOT NULL,
    sealed    BLOB NOT NULL,    -- under the vault
    PRIMARY KEY (algorithm, name)
) STRICT;

-- Codes of GB/T 2260 and the coordinating area each belongs to. A code that was withdrawn stays, with its last day.
CREATE TABLE regions (
    area  TEXT NOT NULL,    -- the coordinating area
    code  TEXT NOT NULL,
    name  TEXT NOT NULL,
    since TEXT NOT NULL,
    until TEXT,
    PRIMARY KEY (area, code, since)
) STRICT;

-- Administrative departments, the agency of the area, its branches and outlets; banks' and institutions' desks too.
CREATE TABLE outlets (
    area               TEXT NOT NULL,
    code               TEXT NOT NULL,    -- region 6 and 2 digits, or an institution's code
    kind               TEXT NOT NULL,
    region             TEXT NOT NULL,
    parent             TEXT,
    name               TEXT NOT NULL,
    approval           TEXT,             -- of the administrative department
    establishment      TEXT,             -- of the establishment authority
    opened             TEXT NOT NULL,
    closed             TEXT,
    PRIMARY KEY (area, code)
) STRICT;

CREATE TABLE operators (
    area   TEXT NOT NULL,
    id     TEXT NOT NULL,
    outlet TEXT NOT NULL,
    role   TEXT NOT NULL,
    name   TEXT NOT NULL,
    since  TEXT NOT NULL,
    ended  TEXT,
    PRIMARY KEY (area, id)
) STRICT;

CREATE TABLE tokens (
    area     TEXT NOT NULL,
    hash     BLOB NOT NULL,
    operator TEXT NOT NULL,
    expires  TEXT NOT NULL,    -- date and time
    ended    TEXT,
    PRIMARY KEY (area, hash)
) STRICT;
CREATE INDEX tokens_hash ON tokens (hash);

-- What an act answered under a key of its caller's.
CREATE TABLE answers (
    area     TEXT NOT NULL,
    operator TEXT NOT NULL,
    key      TEXT NOT NULL,
    act      TEXT NOT NULL,
    request  BLOB NOT NULL,    -- keyed hash of the body
    answer   BLOB NOT NULL,    -- sealed
    time     TEXT NOT NULL,
    PRIMARY KEY (area, operator, key)
) STRICT;

CREATE TABLE parameters (
    area  TEXT NOT NULL,
    name  TEXT NOT NULL,
    since TEXT NOT NULL,
    value TEXT NOT NULL,    -- JSON
    PRIMARY KEY (area, name, since)
) STRICT;

-- The last number of each kind that was given in an area.
CREATE TABLE numbers (
    area TEXT NOT NULL,
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (area, kind)
) STRICT;

CREATE TABLE persons (
    area            TEXT NOT NULL,
    number          TEXT NOT NULL,    -- the area's number of the person
    document        BLOB NOT NULL,    -- keyed hash of kind and number
    sealed          BLOB NOT NULL,    -- name, document, address and so on
    document_kind   TEXT NOT NULL,
    document_until  TEXT,             -- its last day; NULL: for ever
    category        TEXT NOT NULL,
    since           TEXT NOT NULL,
    until           TEXT,             -- deceased, or left
    PRIMARY KEY (area, number)
) STRICT;
CREATE UNIQUE INDEX persons_document ON persons (area, document);

-- Double entry: the lines of a posting add up to zero. Rows are added and never changed.
CREATE TABLE postings (
    area      TEXT NOT NULL,
    number    INTEGER NOT NULL,
    day       TEXT NOT NULL,
    reason    TEXT NOT NULL,
    reference TEXT NOT NULL,
    operator  TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE INDEX postings_day ON postings (area, day);
CREATE TABLE entries (
    area    TEXT NOT NULL,
    posting INTEGER NOT NULL,
    account TEXT NOT NULL,
    amount  INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (area, posting, account),
    FOREIGN KEY (area, posting) REFERENCES postings (area, number)
) STRICT;
CREATE INDEX entries_account ON entries (area, account, posting);
-- What the entries of an account add up to.
CREATE TABLE balances (
    area    TEXT NOT NULL,
    account TEXT NOT NULL,
    balance INTEGER NOT NULL,
    PRIMARY KEY (area, account)
) STRICT;

-- Every act, carried out or refused. Each record's check value covers the one before.
CREATE TABLE audit (
    area     TEXT NOT NULL,
    number   INTEGER NOT NULL,
    time     TEXT NOT NULL,
    operator TEXT NOT NULL,
    outlet   TEXT NOT NULL,
    act      TEXT NOT NULL,
    outcome  TEXT NOT NULL,    -- done, or the code of the refusal
    subject  TEXT NOT NULL,    -- numbers of what it was about
    request  BLOB NOT NULL,    -- keyed hash of the body
    chain    BLOB NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
