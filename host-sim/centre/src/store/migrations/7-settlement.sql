-- 7-settlement: institutions with their agreements; the catalogue; visits, settlements, and the years of persons.
-- Every key begins with the area. Money is in fen; days are ISO dates.

ALTER TABLE institutions RENAME TO plain_institutions;

CREATE TABLE institutions (
    area  TEXT NOT NULL,
    code  TEXT NOT NULL,    -- B, H or P, six digits of its region, five of its own
    name  TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (area, code)
) STRICT;
-- A code is one institution's in the whole country, and a terminal names no area.
CREATE UNIQUE INDEX institutions_code ON institutions (code);

CREATE TABLE agreements (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    number      INTEGER NOT NULL,
    level       TEXT NOT NULL,    -- for the deductible and the fund's share
    price_level TEXT NOT NULL,    -- for price limits
    effective   TEXT NOT NULL,    -- the first day
    void        TEXT,             -- the first day on which it holds no more
    ended       TEXT,             -- the same, if it was ended before
    end_reason  TEXT,
    PRIMARY KEY (area, institution, number),
    FOREIGN KEY (area, institution) REFERENCES institutions (area, code)
) STRICT;
CREATE INDEX agreements_day ON agreements (area, institution, effective);

CREATE TABLE suspensions (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    agreement   INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    since       TEXT NOT NULL,
    until       TEXT NOT NULL,    -- the first day after it
    reason      TEXT NOT NULL,
    PRIMARY KEY (area, institution, agreement, number),
    FOREIGN KEY (area, institution, agreement) REFERENCES agreements (area, institution, number)
) STRICT;

-- Until now an institution could be used or not, without agreement and level.
INSERT INTO institutions (area, code, name, since)
SELECT substr(code, 2, 6), code, code, '2000-01-01' FROM plain_institutions;
INSERT INTO agreements (area, institution, number, level, price_level, effective)
SELECT substr(code, 2, 6), code, 1, level, level, '2000-01-01'
FROM (SELECT code, CASE substr(code, 1, 1) WHEN 'H' THEN 'one' ELSE 'unrated' END AS level,
             CASE substr(code, 1, 1) WHEN 'B' THEN issues_cards ELSE designated END AS usable
      FROM plain_institutions) AS plain
WHERE usable = 1;
DROP TABLE plain_institutions;

-- What the fund thinks of an item, from a day on.
CREATE TABLE catalogue (
    area          TEXT NOT NULL,
    code          TEXT NOT NULL,    -- med_list_codg
    since         TEXT NOT NULL,
    level         TEXT NOT NULL,    -- chrgitm_lv
    own_share     TEXT NOT NULL,    -- selfpay_prop
    limits        TEXT NOT NULL,    -- JSON: price limits by the institution's level
    PRIMARY KEY (area, code, since)
) STRICT;

-- Who has a right to medical assistance, and on which days.
CREATE TABLE assistance (
    area   TEXT NOT NULL,
    person TEXT NOT NULL,
    since  TEXT NOT NULL,
    until  TEXT,                -- the first day after it
    class  TEXT NOT NULL,
    PRIMARY KEY (area, person, since)
) STRICT;

-- What is to be settled as one bill: a registration at a hospital, or a purchase.
CREATE TABLE visits (
    area        TEXT NOT NULL,
    number      INTEGER NOT NULL,    -- mdtrt_id
    institution TEXT NOT NULL,
    person      TEXT NOT NULL,
    med_type    TEXT NOT NULL,
    opened      TEXT NOT NULL,
    acct_used   INTEGER NOT NULL CHECK (acct_used IN (0, 1)),
    state       TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
CREATE INDEX visits_state ON visits (area, state, opened);

CREATE TABLE visit_lines (
    area   TEXT NOT NULL,
    visit  INTEGER NOT NULL,
    serial TEXT NOT NULL,    -- feedetl_sn
    day    TEXT NOT NULL,    -- fee_ocur_time
    code   TEXT NOT NULL,    -- med_list_codg
    count  TEXT NOT NULL,    -- cnt
    price  TEXT NOT NULL,    -- pric
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (area, visit, serial),
    FOREIGN KEY (area, visit) REFERENCES visits (area, number)
) STRICT;

-- Settlements and their undos, each with its amounts. Rows are added; only `undone_by` is filled in later.
CREATE TABLE settlements (
    area        TEXT NOT NULL,
    number      INTEGER NOT NULL,    -- setl_id
    institution TEXT NOT NULL,
    message     TEXT NOT NULL,       -- medins_setl_id, the sender's number
    request     BLOB NOT NULL,       -- keyed hash of what was asked under it
    visit       INTEGER NOT NULL,
    person      TEXT NOT NULL,
    insutype    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    clr_type    TEXT NOT NULL,
    time        TEXT NOT NULL,
    day         TEXT NOT NULL,       -- of booking
    year        INTEGER NOT NULL,    -- in which it counts
    total       INTEGER NOT NULL,
    fund        INTEGER NOT NULL,
    account     INTEGER NOT NULL,
    mulaid      INTEGER NOT NULL,
    cash        INTEGER NOT NULL,
    before      INTEGER NOT NULL,    -- the personal account's balance before
    mulaid_in_acct INTEGER NOT NULL CHECK (mulaid_in_acct IN (0, 1)),
    setlinfo    TEXT NOT NULL,       -- JSON
    lines       TEXT NOT NULL,       -- JSON
    relatives   TEXT NOT NULL,       -- JSON: whose account paid how much
    deductible  INTEGER NOT NULL,
    pooled      INTEGER NOT NULL,
    settled     INTEGER NOT NULL,
    borne       INTEGER NOT NULL,
    assisted    INTEGER NOT NULL,
    undoes      INTEGER,
    undone_by   INTEGER,
    PRIMARY KEY (area, number),
    FOREIGN KEY (area, visit) REFERENCES visits (area, number)
) STRICT;
CREATE UNIQUE INDEX settlements_message ON settlements (area, institution, message);
CREATE INDEX settlements_day ON settlements (area, institution, day);
CREATE INDEX settlements_year ON settlements (area, person, year);
CREATE INDEX settlements_visit ON settlements (area, visit);

-- Messages that were reversed before they came.
CREATE TABLE reversed_messages (
    area        TEXT NOT NULL,
    institution TEXT NOT NULL,
    message     TEXT NOT NULL,
    time        TEXT NOT NULL,
    PRIMARY KEY (area, institution, message)
) STRICT;

-- What the settlements of a person add up to in a year.
CREATE TABLE years (
    area       TEXT NOT NULL,
    person     TEXT NOT NULL,
    year       INTEGER NOT NULL,
    insutype   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    deductible INTEGER NOT NULL,
    pooled     INTEGER NOT NULL,
    settled    INTEGER NOT NULL,
    borne      INTEGER NOT NULL,
    assisted   INTEGER NOT NULL,
    PRIMARY KEY (area, person, year, insutype, kind)
) STRICT;
