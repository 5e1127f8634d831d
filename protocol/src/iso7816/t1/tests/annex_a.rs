//! The scenarios of ISO/IEC 7816-3:2006 annex A, and of the rules that it has no scenario for.
//!
//! A name begins with the clause of the annex. It has the scenario's number where a public source confirms it (the tests
//! of ANSSI-FR/Open-ISO7816-Stack do for most up to 24); the other names tell what happens.

use super::script::play;

/// A test that plays a script, see [`super::script`].
macro_rules! scenario {
    ($name:ident, $settings:literal, $script:literal) => {
        #[test]
        fn $name() {
            play(stringify!($name), $settings, $script);
        }
    };
}

// Annex A.2: without errors.

scenario!(
    a_2_1_scenario_1_i_blocks,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) A1A2A3A4A5A6A7A89000
    R A1A2A3A4A5A6A7A89000
    C 0020000003112233
    > I(1,0) 0020000003112233
    < I(1,0) 9000
    R 9000
    C 00B0000000
    > I(0,0) 00B0000000
    < I(0,0) 6982
    R 6982
"
);

scenario!(
    a_2_2_scenario_2_waiting_time_extension,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX request) 02
    > S(WTX response) 02
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_2_3_scenario_3_card_changes_ifsc,
    "ifsc=5",
    "
    C 00A4040003A1A2A3
    > I(0,1) 00A4040003
    < S(IFS request) 02
    > S(IFS response) 02
    < R(1)
    > I(1,1) A1A2
    < R(0)
    > I(0,0) A3
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_2_3_scenario_4_terminal_changes_ifsd,
    "",
    "
    ifsd=254
    > S(IFS request) FE
    < S(IFS response) FE
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A89000
    R A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A89000
"
);

scenario!(
    a_2_4_scenario_5_terminal_sends_a_chain,
    "ifsc=3",
    "
    C 00A4040003A1A2A3
    > I(0,1) 00A404
    < R(1)
    > I(1,1) 0003A1
    < R(0)
    > I(0,0) A2A3
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_2_4_scenario_6_card_sends_a_chain,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2A3
    > R(1)
    < I(1,1) A4A5A6
    > R(0)
    < I(0,0) A7A89000
    R A1A2A3A4A5A6A7A89000
"
);

scenario!(
    a_2_4_chains_both_ways,
    "ifsc=4",
    "
    C 00A4040003A1A2A300
    > I(0,1) 00A40400
    < R(1)
    > I(1,1) 03A1A2A3
    < R(0)
    > I(0,0) 00
    < I(0,1) 6F01
    > R(1)
    < I(1,0) 009000
    R 6F01009000
    C 0084000008
    > I(1,1) 00840000
    < R(0)
    > I(0,0) 08
    < I(0,0) 9000
    R 9000
"
);

// Annex A.3.1: errors around an I-block.

scenario!(
    a_3_1_scenario_8_i_block_invalid_at_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < R(0)/1
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_scenario_9_answer_with_wrong_edc,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) A1A29000 bad
    > R(0)/1
    < I(0,0) A1A29000
    R A1A29000
"
);

scenario!(
    a_3_1_scenario_9_answer_with_wrong_parity,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    !parity
    < I(0,0) A1A29000
    > R(0)/1
    < I(0,0) A1A29000
    R A1A29000
"
);

scenario!(
    a_3_1_scenario_9_answer_cut_short,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 0000
    !timeout
    > R(0)/2
    < I(0,0) A1A29000
    R A1A29000
"
);

scenario!(
    a_3_1_scenario_9_no_answer,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    !timeout
    > R(0)/2
    < I(0,0) A1A29000
    R A1A29000
"
);

scenario!(
    a_3_1_scenario_10_request_to_repeat_invalid_too,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < R(0)/1 bad
    > R(0)/1
    < R(0)/1
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_scenario_11_our_request_to_repeat_invalid_at_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000 bad
    > R(0)/1
    < R(1)/1
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_scenario_11_after_a_timeout,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 000002
    !timeout
    > R(0)/2
    < R(1)/1
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_complaint_with_nothing_between,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < R(1)/1
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_scenario_12_both_requests_to_repeat_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000 bad
    > R(0)/1
    < R(1)/1 bad
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_scenario_13_three_errors_apart,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000 bad
    > R(0)/1
    < R(1)/1 bad
    > R(0)/1
    < R(1)/1
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_1_command_lost_in_mid_session,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
    C 0084000004
    > I(1,0) 0084000004
    !timeout
    > R(1)/2
    < R(1)/2
    > I(1,0) 0084000004
    < I(1,0) A1A2A3A49000
    R A1A2A3A49000
"
);

// Annex A.3.2: errors around S(WTX).

scenario!(
    a_3_2_scenario_14_extension_request_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX request) 02 bad
    > R(0)/1
    < S(WTX request) 02
    > S(WTX response) 02
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_2_extension_response_invalid_at_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX request) 02
    > S(WTX response) 02
    < S(WTX request) 02
    > S(WTX response) 02
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_2_extension_response_lost,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX request) 02
    > S(WTX response) 02
    !timeout
    > R(0)/2
    < S(WTX request) 02
    > S(WTX response) 02
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_2_extension_in_the_middle_of_both_chains,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < S(WTX request) 03
    > S(WTX response) 03
    < R(1)
    > I(1,0) 08
    < I(0,1) A1A2
    > R(1)
    < S(WTX request) 01
    > S(WTX response) 01
    < I(1,0) 9000
    R A1A29000
"
);

// Annex A.3.3: errors around S(IFS).

scenario!(
    a_3_3_scenario_16_ifs_request_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(IFS request) 10 bad
    > R(0)/1
    < S(IFS request) 10
    > S(IFS response) 10
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_scenario_18_ifs_response_invalid_at_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(IFS request) 10
    > S(IFS response) 10
    < S(IFS request) 10
    > S(IFS response) 10
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_scenario_19_block_after_ifs_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(IFS request) 10
    > S(IFS response) 10
    < I(0,0) 9000 bad
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_scenario_20_request_to_repeat_after_ifs_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(IFS request) 10
    > S(IFS response) 10
    < I(0,0) 9000 bad
    > R(0)/1
    < R(1)/1
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_our_ifs_request_answered_badly,
    "",
    "
    ifsd=64
    > S(IFS request) 40
    < S(IFS response) 40 bad
    > S(IFS request) 40
    !timeout
    > S(IFS request) 40
    < S(IFS response) 40
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_our_ifs_request_answered_by_a_request_to_repeat,
    "",
    "
    ifsd=64
    > S(IFS request) 40
    < R(0)/1
    > S(IFS request) 40
    < S(IFS response) 40
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_3_our_ifs_request_answered_with_another_size,
    "",
    "
    ifsd=64
    > S(IFS request) 40
    < S(IFS response) 20
    > S(IFS request) 40
    < S(IFS response) 20
    > S(IFS request) 40
    < S(IFS response) 20
    > S(RESYNCH request)
    < S(RESYNCH response)
    E ifsd-refused
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

// Annex A.3.4: errors in chains.

scenario!(
    a_3_4_scenario_21_acknowledgement_invalid,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < R(1) bad
    > R(0)/1
    < R(1)
    > I(1,0) 08
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_4_piece_of_the_command_invalid_at_the_card,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < R(0)/1
    > I(0,1) 00840000
    < R(1)
    > I(1,0) 08
    < R(1)/1
    > I(1,0) 08
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_4_piece_of_the_command_lost,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    !timeout
    > R(0)/2
    < R(0)/2
    > I(0,1) 00840000
    < R(1)
    > I(1,0) 08
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    a_3_4_scenario_23_our_acknowledgement_invalid_at_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < R(1)/1
    > R(1)
    < I(1,0) 9000
    R A1A29000
"
);

scenario!(
    a_3_4_scenario_24_our_acknowledgement_and_the_complaint_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < R(1)/1 bad
    > R(1)
    < I(1,0) 9000
    R A1A29000
"
);

scenario!(
    a_3_4_piece_of_the_response_invalid,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < I(1,1) A3A4 bad
    > R(1)
    < I(1,1) A3A4
    > R(0)
    < I(0,0) 9000
    R A1A2A3A49000
"
);

scenario!(
    a_3_4_piece_of_the_response_sent_twice,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < I(0,1) A1A2
    > R(1)
    < I(1,0) 9000
    R A1A29000
"
);

// Rules 6 and 7.4: resynchronisation.

scenario!(
    resynchronisation_and_the_command_again,
    "ifsc=4",
    "
    C 00840000
    > I(0,0) 00840000
    < I(0,0) 9000
    R 9000
    C 0084000008
    > I(1,1) 00840000
    !timeout
    > R(1)/2
    !timeout
    > R(1)/2
    !timeout
    > S(RESYNCH request)
    < S(RESYNCH response)
    > I(0,1) 00840000
    < R(1)
    > I(1,0) 08
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    resynchronisation_at_the_third_request,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
    C 0084000004
    > I(1,0) 0084000004
    < I(1,0) 9000 bad
    > R(1)/1
    < I(1,0) 9000 bad
    > R(1)/1
    < I(1,0) 9000 bad
    > S(RESYNCH request)
    < S(RESYNCH response) bad
    > S(RESYNCH request)
    < I(1,0) 9000 bad
    > S(RESYNCH request)
    < S(RESYNCH response)
    > I(0,0) 0084000004
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    resynchronisation_after_a_response_too_late,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
    C 0084000004
    > I(1,0) 0084000004
    !timeout
    > R(1)/2
    !timeout
    > R(1)/2
    !timeout
    > S(RESYNCH request)
    < I(1,0) 9000
    > S(RESYNCH request)
    < S(RESYNCH response)
    E response-lost
"
);

scenario!(
    resynchronisation_that_fails,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
    C 0084000004
    > I(1,0) 0084000004
    !timeout
    > R(1)/2
    !timeout
    > R(1)/2
    !timeout
    > S(RESYNCH request)
    !timeout
    > S(RESYNCH request)
    !timeout
    > S(RESYNCH request)
    !timeout
    E resynch-failed
    C 0084000004
    E needs-reset
"
);

scenario!(
    resynchronisation_takes_ifsc_and_ifsd_back,
    "ifsc=5",
    "
    ifsd=254
    > S(IFS request) FE
    < S(IFS response) FE
    C 0084000008
    > I(0,0) 0084000008
    < S(IFS request) 20
    > S(IFS response) 20
    < I(0,0) 9000
    R 9000
    C 00A4040003A1A2A3
    > I(1,0) 00A4040003A1A2A3
    !timeout
    > R(1)/2
    !timeout
    > R(1)/2
    !timeout
    > S(RESYNCH request)
    < S(RESYNCH response)
    > I(0,1) 00A4040003
    < R(1)
    > I(1,0) A1A2A3
    < I(0,0) A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1
    !timeout
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    resynchronisation_after_the_response_began,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    !timeout
    > R(1)
    !timeout
    > R(1)
    !timeout
    > S(RESYNCH request)
    < S(RESYNCH response)
    E response-lost
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    resynchronisation_after_an_extension,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX request) 02
    > S(WTX response) 02
    !timeout
    > R(0)/2
    !timeout
    > R(0)/2
    !timeout
    > S(RESYNCH request)
    < S(RESYNCH response)
    E response-lost
"
);

scenario!(
    resynchronisation_after_a_request_for_the_command,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < R(0)/1
    > I(0,0) 0084000008
    !timeout
    > R(0)/2
    !timeout
    > R(0)/2
    !timeout
    > S(RESYNCH request)
    < S(RESYNCH response)
    > I(0,0) 0084000008
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    resynchronisation_of_a_card_that_forgot_the_command,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < R(0)/1
    > R(1)
    < R(0)/1
    > R(1)
    < R(0)/1
    > S(RESYNCH request)
    < S(RESYNCH response)
    E response-lost
"
);

scenario!(
    resynchronisation_is_not_tried_before_the_first_block,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    !timeout
    > R(0)/2
    !timeout
    > R(0)/2
    !timeout
    E no-answer
"
);

// Rule 9: abortion.

scenario!(
    card_aborts_our_chain,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < S(ABORT request)
    > S(ABORT response)
    < R(1)
    E aborted-by-card
    C 00840000
    > I(1,0) 00840000
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    card_aborts_our_chain_and_answers,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < S(ABORT request)
    > S(ABORT response)
    < I(0,1) 67
    > R(1)
    < I(1,0) 00
    R 6700
"
);

scenario!(
    card_aborts_its_chain_and_answers_anew,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < S(ABORT request)
    > S(ABORT response)
    < I(1,0) 6F00
    R 6F00
"
);

scenario!(
    card_aborts_its_chain_response_invalid_there,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < S(ABORT request)
    > S(ABORT response)
    < S(ABORT request)
    > S(ABORT response)
    < R(1)
    E aborted-by-card
    C 0084000008
    > I(1,0) 0084000008
    < I(1,0) 9000
    R 9000
"
);

scenario!(
    terminal_aborts_its_chain,
    "ifsc=4",
    "
    C 0084000008A1A2A3A4
    > I(0,1) 00840000
    < R(1)
    abort
    > S(ABORT request)
    < S(ABORT response)
    E aborted
    C 00840000
    > I(1,0) 00840000
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    terminal_aborts_the_chain_of_the_card,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    abort
    < I(0,1) A1A2
    > S(ABORT request)
    < S(ABORT response) bad
    > S(ABORT request)
    < S(ABORT response)
    E aborted
    C 0084000008
    > I(1,0) 0084000008
    < I(1,0) 9000
    R 9000
"
);

scenario!(
    card_aborts_where_there_is_no_chain,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(ABORT request)
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

// Invalid though without transmission error (clause 11.6.3.1).

scenario!(
    foreign_nad,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <edc 2100029000
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    nad_bits_of_old_are_not_looked_at,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <edc 8800029000
    R 9000
"
);

scenario!(
    reserved_pcb,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <edc 0001029000
    > R(0)/2
    <edc 00C400
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    len_255,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 0000FFA1A2A3
    !timeout
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    len_beyond_ifsd,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A7A8A1A2A3A4A5A6A79000
    !timeout
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    len_that_was_too_small,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 000002A1A2A39000B3
    !timeout
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    characters_after_the_block,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 00000290009255
    !timeout
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    len_that_was_too_small_for_an_lrc_to_see,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <raw 000001FFFEFDFC9000
    !timeout
    > R(0)/2
    < I(0,0) FFFEFDFC9000
    R FFFEFDFC9000
"
);

scenario!(
    r_block_with_information,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    <edc 00800100
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    i_block_with_the_wrong_number,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(1,0) 9000
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    i_block_where_an_acknowledgement_is_due,
    "ifsc=4",
    "
    C 0084000008
    > I(0,1) 00840000
    < I(0,0) 6700
    > R(0)/2
    < R(1)
    > I(1,0) 08
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    request_for_the_command_after_the_response_began,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1) A1A2
    > R(1)
    < R(0)/1
    > R(1)
    < I(1,0) 9000
    R A1A29000
"
);

scenario!(
    responses_nobody_asked_for,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(WTX response) 02
    > R(0)/2
    < S(RESYNCH response)
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    requests_the_card_may_not_make,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < S(RESYNCH request)
    > R(0)/2
    < S(IFS request) 00
    > R(0)/2
    < S(IFS request) 10
    > S(IFS response) 10
    < S(WTX request) 00
    > R(0)/2
    < S(IFS request) FF
    > R(0)/2
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    crc_instead_of_lrc,
    "edc=crc",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,0) 9000 bad
    > R(0)/1
    < I(0,0) 9000
    R 9000
"
);

scenario!(
    block_without_information,
    "",
    "
    C 0084000008
    > I(0,0) 0084000008
    < I(0,1)
    > R(1)
    < I(1,0) 9000
    R 9000
"
);
