-- 15-sessions: the working key of a terminal's session stands with the lease of its name; and what became of approved
-- transactions, which are pending until the terminal has said so (docs/centre.md §21).

-- 16 bytes, sealed; NULL: nobody has signed in since there are such keys.
ALTER TABLE leases ADD COLUMN working BLOB;
-- F64 of the sign-in that brought it: the same message said again brings the same key.
ALTER TABLE leases ADD COLUMN asked TEXT;
-- Since when it opens nothing any more, because the terminal's key has ended; NULL: it is in force.
ALTER TABLE leases ADD COLUMN working_ended TEXT;
