//! What the referee sees and holds against nobody's terminal: what the card does against the standard, and what a terminal
//! leaves undone though no clause makes it. The doctor puts it into words.

use super::clauses::clauses;

clauses! {
    /// Something seen that is no broken rule of the terminal's.
    Remark:
    // The answer to reset.
    AtrEarly "atr-early" "6.2.2" "The answer to reset began less than 400 cycles of CLK after RST rose."
    AtrLate "atr-too-late" "6.2.2" "The answer to reset began more than 40,000 cycles of CLK after RST rose."
    Ts "ts-unknown" "8.1" "The first character after reset is neither 3B nor 3F."
    AtrGap "atr-gap" "8.1" "A character of the answer to reset took more than 9600 etu."
    AtrCut "atr-cut" "8.2" "The answer to reset breaks off before what T0 and TDi announce."
    AtrBytes "atr-bytes" "8.2.3" "The interface bytes of the answer to reset fit no answer of 33 characters at most."
    AtrTck "atr-tck" "8.2.5" "The check byte of the answer to reset is wrong."
    ClkInAtr "clk-in-atr" "6.3.2" "CLK stops before the answer to reset is whole."
    Surplus "card-surplus" "8.2.1" "The card sends a character when it is not its turn."
    // Characters.
    CardRate "card-rate" "7.1" "The card's character has another etu than the one in force."
    Damaged "card-damaged" "7.3" "A character of the card keeps having wrong parity, however often it is repeated."
    OwnParity "own-parity" "7.2" "A character of the terminal has wrong parity."
    Refused "not-accepted" "7.3" "The card signals wrong parity of a character that the terminal sent right."
    TooSoon "card-too-soon" "10.2" "The card answers less than 16 etu after the terminal's last character."
    Silent "card-silent" "10.2" "The card sends nothing within its waiting time."
    Late "card-late" "10.2" "A character of the card came after its waiting time."
    // PPS.
    PpsAnswer "pps-answer" "9.3" "The PPS response does not repeat what was asked for."
    PpsSilent "pps-silent" "9.1" "There is no PPS response within 9600 etu."
    // T=0.
    Procedure "procedure-byte" "10.3.3" "What came is no procedure byte: neither NULL, INS, its complement nor SW1."
    ResponseLeft "response-left" "12.2.2" "After 61XX another command came instead of GET RESPONSE."
    LengthLeft "length-left" "12.2.2" "After 6CXX another command came instead of the same one with XX as P3."
    // T=1.
    BlockEdc "block-edc" "11.3.4" "The error detection code of the card's block is wrong."
    BlockNad "block-nad" "11.3.2.1" "NAD of the card's block does not have the terminal's addresses exchanged."
    BlockPcb "block-pcb" "11.3.2.2" "PCB of the card's block is that of no block."
    BlockLen "block-len" "11.3.1" "LEN of the card's block does not fit its kind."
    BlockIfs "block-ifs" "11.4.2" "The card's block has more information bytes than IFSD allows."
    BlockNumber "block-number" "11.6.2" "N(S) of the card's block is not the one that is due."
    BlockAsked "block-asked-again" "11.6.3" "The card asks for a block again that was sent without error."
    BlockLate "block-late-card" "11.4.3" "A block of the card came after BWT."
    BlockCut "block-cut" "11.4.3" "Characters of the card's block are more than CWT apart."
}
