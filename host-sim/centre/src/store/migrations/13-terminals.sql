-- 13-terminals: the keys under which terminals' messages are proved: of each name one in force, and those that have ended. Every
-- key begins with the area.

CREATE TABLE terminal_keys (
    area        TEXT NOT NULL,       -- the institution's
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    number      INTEGER NOT NULL,    -- 1, 2, 3 of this terminal
    sealed      BLOB NOT NULL,       -- 16 bytes
    since       TEXT NOT NULL,       -- by the centre's clock
    ended       TEXT,                -- NULL: it is in force
    PRIMARY KEY (area, institution, terminal, number),
    FOREIGN KEY (area, institution) REFERENCES institutions (area, code)
) STRICT;
-- A message names institution and terminal, and no area.
CREATE INDEX terminal_keys_name ON terminal_keys (institution, terminal, number);
-- A terminal has one key at a time.
CREATE UNIQUE INDEX terminal_keys_in_force ON terminal_keys (area, institution, terminal) WHERE ended IS NULL;
