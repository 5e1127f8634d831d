//! What a server wrote down of a sale becomes a script that can be run again.

use qiyong_tests::load::script::{said, script};

const LOG: &str = "@@ LOG:  statement: BEGIN; SELECT pg_advisory_xact_lock(7)
@@ LOG:  execute s3: SELECT batch FROM leases
\tWHERE institution = $1 AND batch = $2
@@ DETAIL:  parameters: $1 = 'P32010000001', $2 = '1'
@@ LOG:  execute s4: INSERT INTO journal (stan, batch, card) VALUES ($1, $2, $3) RETURNING id
@@ DETAIL:  parameters: $1 = '777', $2 = '1', $3 = 'it''s, $4 = x'
@@ LOG:  execute s5: INSERT INTO postings (number, reference, operator) VALUES ($1, $2, $3)
@@ DETAIL:  parameters: $1 = '12', $2 = 'journal 41', $3 = NULL
@@ LOG:  execute s6: SELECT chain FROM postings WHERE area = $1 AND number = $2
@@ DETAIL:  parameters: $1 = 'a:b', $2 = '11'
";

#[test]
fn a_log_becomes_a_script_in_which_new_numbers_are_variables() {
    let expected = "\\set stan random(1, 999999)
\\set batch random(2, 999999)
BEGIN;
SELECT pg_advisory_xact_lock(7);
SELECT batch FROM leases WHERE institution = 'P32010000001' AND batch = :batch;
INSERT INTO journal (stan, batch, card) VALUES (:stan, :batch, 'it''s, $4 = x') RETURNING id \\gset
INSERT INTO postings (number, reference, operator) VALUES (:last, 'journal ' || :id, NULL);
SELECT chain FROM postings WHERE area = 'a:' || 'b' AND number = :last - 1;
";
    assert_eq!(script(&said(LOG), 777, 41, 12), expected);
}
