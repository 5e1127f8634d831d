-- 17-rejections: messages that came under a terminal's name and were not believed, or not understood. One row a name, day and cause:
-- whoever sends many fills no disk.
CREATE TABLE rejections (
    area        TEXT NOT NULL,       -- the institution's
    institution TEXT NOT NULL,
    terminal    TEXT NOT NULL,       -- a name that has, or had, a lease
    day         TEXT NOT NULL,       -- by the centre's clock, like the next two
    why         TEXT NOT NULL CHECK (why IN ('wrong-mac', 'other-key', 'no-request')),
    first       TEXT NOT NULL,
    last        TEXT NOT NULL,
    count       INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (area, institution, day, terminal, why)
) STRICT;
