-- Version 4: applications for cards. Every key begins with the area.

CREATE TABLE applications (
    area        TEXT NOT NULL,
    number      TEXT NOT NULL,      -- region 6, day 8, serial 6, check 1
    state       TEXT NOT NULL,
    open        INTEGER NOT NULL CHECK (open IN (0, 1)),    -- 0: the state is final
    since       TEXT NOT NULL,      -- day of the last step
    filed       TEXT NOT NULL,      -- date and time
    version     INTEGER NOT NULL,   -- of the form; each correction adds one
    kind        TEXT NOT NULL,
    reason      TEXT,
    bank        TEXT NOT NULL,
    old_card    TEXT,
    outlet      TEXT NOT NULL,      -- where it was accepted
    list        TEXT,               -- the employer's list in which it stands
    document    BLOB NOT NULL,      -- keyed hash of the holder's identity
    person      TEXT,               -- the person's number, once known
    form        BLOB NOT NULL,      -- sealed
    signed_by   TEXT,
    returned    TEXT NOT NULL,      -- reasons of the last return, between blanks
    photo       BLOB,               -- sealed
    photo_taken TEXT,               -- day, of a photo that was brought along
    PRIMARY KEY (area, number)
) STRICT;
-- One person has one open application, whoever files it.
CREATE UNIQUE INDEX applications_open ON applications (area, document) WHERE open = 1;
CREATE INDEX applications_state ON applications (area, state, since, number);

-- Who did what to an application.
CREATE TABLE application_steps (
    area        TEXT NOT NULL,
    application TEXT NOT NULL,
    serial      INTEGER NOT NULL,
    step        TEXT NOT NULL,
    operator    TEXT NOT NULL,
    time        TEXT NOT NULL,
    PRIMARY KEY (area, application, serial),
    FOREIGN KEY (area, application) REFERENCES applications (area, number)
) STRICT;

-- An employer's application for several of its people.
CREATE TABLE application_lists (
    area     TEXT NOT NULL,
    number   TEXT NOT NULL,
    employer TEXT NOT NULL,         -- its code
    sealed   TEXT NOT NULL,         -- day of the seal on the paper
    contact  BLOB NOT NULL,         -- sealed: name and telephone number
    lines    INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    filed    TEXT NOT NULL,
    PRIMARY KEY (area, number)
) STRICT;
