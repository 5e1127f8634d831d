-- 11-plans: indices with which an act costs among a million cards what it costs among ten thousand. An index that has the
-- order of a list too is taken for what the list seeks; without that, SQLite walks over the whole area in that order.

-- The cards and relations of a person, in the order of their numbers.
DROP INDEX cards_person;
CREATE INDEX cards_person ON cards (area, person, number);
DROP INDEX relations_person;
CREATE INDEX relations_person ON relations (area, person, number);
DROP INDEX relations_payer;
CREATE INDEX relations_payer ON relations (area, payer, number);

-- What a person owes for medical insurance, and what is overdue.
DROP INDEX premium_lines_due;
CREATE INDEX premium_lines_due ON premium_lines (area, person, kind, due) WHERE state = 'due';
DROP INDEX premium_lines_open;
CREATE INDEX premium_lines_open ON premium_lines (area, due, slip, line) WHERE state = 'due';
DROP INDEX unmatched_open;
CREATE INDEX unmatched_open ON unmatched (area, state, bank, file, line);

-- Whose account pays for whom, both ways.
DROP INDEX poolings_relative;
CREATE INDEX poolings_relative ON poolings (area, relative, number);
CREATE INDEX poolings_owner ON poolings (area, owner, number);

-- Work queues.
CREATE INDEX applications_since ON applications (area, since, number);
CREATE INDEX applications_list ON applications (area, list, since, number) WHERE list IS NOT NULL;
DROP INDEX productions_stage;
CREATE INDEX productions_stage ON productions (area, stage, since, application);
CREATE INDEX productions_bank ON productions (area, stage, bank, since, application);

-- A running cost is booked once; the tokens of an operator who ends.
CREATE INDEX postings_running_cost ON postings (area, reference) WHERE reason = 'running-cost';
CREATE INDEX tokens_operator ON tokens (area, operator) WHERE ended IS NULL;
