//! For whatever can be found: the pin, the likely cause and the remedy, in plain words.

use super::pins::{Party, Pin};
use super::wiring::Fault;
use crate::referee::{Remark, Rule};

/// Pin, likely cause, remedy.
pub(super) type Words = (Pin, &'static str, &'static str);

/// For a broken rule of the terminal's.
pub(super) const fn of_rule(rule: Rule) -> Words {
    use Rule as R;
    match rule {
        R::RstLowFirst => (
            Pin::Rst,
            "the pin is high after start, or its driver is turned over",
            "drive RST low before VCC is switched on",
        ),
        R::ClkAfterVcc => (
            Pin::Clk,
            "the timer that makes CLK runs all the time",
            "start CLK only when VCC is on and I/O is released",
        ),
        R::IoAfterVcc => (
            Pin::Io,
            "the pull-up of I/O hangs on a supply that is always on, or the UART owns the pin too early",
            "connect the pull-up to the card's VCC, and keep I/O low until VCC is on",
        ),
        R::IoBeforeClk => (Pin::Io, "I/O is handed to the UART after CLK starts", "release I/O first, then start CLK"),
        R::KnownVoltage => (
            Pin::Vcc,
            "the supply is set to another voltage, or its resistors are wrong",
            "set VCC to 5 V, 3 V or 1.8 V within a tenth",
        ),
        R::ClassAfterOff => (
            Pin::Vcc,
            "the driver changes the voltage under power",
            "deactivate first, wait 10 ms, then power up at the next class",
        ),
        R::ClassAnnounced => (
            Pin::Vcc,
            "the class indicator of the answer to reset is not looked at",
            "read TA after T=15, deactivate, and power up at a class that the card names",
        ),
        R::OffTime => (
            Pin::Vcc,
            "the pause after a deactivation is too short",
            "leave the card without power for 10 ms before the next activation",
        ),
        R::ResetClock => (
            Pin::Clk,
            "the timer's divider is wrong, or made for another clock of the chip",
            "set CLK to between 1 and 5 MHz until the answer to reset is over",
        ),
        R::ClockMax => (Pin::Clk, "the divider is set without looking at TA1", "stay below the f max that TA1 names"),
        R::ColdReset | R::WarmReset => (
            Pin::Rst,
            "the wait is counted in another unit than cycles of CLK, or begins before CLK runs",
            "hold RST low for 400 cycles of CLK, counted from CLK's start",
        ),
        R::RstWithClk => {
            (Pin::Rst, "RST is let go before VCC or CLK is there", "raise RST last, 400 cycles after CLK's start")
        }
        R::RstFirst => (
            Pin::Rst,
            "the deactivation goes in another order",
            "deactivate in the order RST low, CLK low, I/O low, VCC off",
        ),
        R::ClkBeforeIo => (Pin::Io, "the deactivation goes in another order", "stop CLK before I/O is pulled low"),
        R::ClkLow => (
            Pin::Clk,
            "the timer stops in the state in which it happens to be",
            "force CLK low when the timer is stopped",
        ),
        R::VccLast => (
            Pin::Vcc,
            "the supply is switched off while a contact is still high: it feeds the card through it",
            "pull RST, CLK and I/O low before VCC is switched off",
        ),
        R::ClockStopAllowed => (
            Pin::Clk,
            "the timer is stopped to save power, or by another user of it",
            "keep CLK running, unless TA after T=15 allows a stop",
        ),
        R::ClockStopState => {
            (Pin::Clk, "the timer stops in the other state", "stop CLK in the state that TA after T=15 names")
        }
        R::ClockStopQuiet => (
            Pin::Clk,
            "the clock is stopped at once after the last character",
            "let CLK run for 1860 cycles after the last character",
        ),
        R::ClockResumed => (
            Pin::Clk,
            "the first character follows the clock's start at once",
            "let CLK run for 700 cycles before the next character",
        ),
        R::ClockRuns => {
            (Pin::Clk, "the clock is not started before the terminal sends", "start CLK, wait 700 cycles, then send")
        }
        R::FirstCharacter => (
            Pin::Io,
            "the wait for the answer is too short, or in another unit",
            "wait 40,000 cycles of CLK for the answer to reset to begin",
        ),
        R::FirstCharacterLate => (
            Pin::Io,
            "the wait for the answer is too long, or in another unit",
            "give a mute card up after 40,000 cycles of CLK, and deactivate it",
        ),
        R::AtrWait | R::AtrLate => (
            Pin::Io,
            "the wait between characters is too short or too long",
            "wait 9600 etu for each character of the answer to reset",
        ),
        R::AtrCheck => (
            Pin::Io,
            "TCK is not looked at, or a byte was heard wrong",
            "check TCK, reset the card again, and refuse it after the third time",
        ),
        R::RateDefault => (
            Pin::Io,
            "the UART's divider is not that of 372 cycles",
            "set the UART to 372 cycles of CLK an etu after every reset",
        ),
        R::RateAgreed => (
            Pin::Io,
            "the UART was not set to F and D after the PPS response, or too early, or wrongly",
            "change the etu to F / D of PPS1 when the response is over, not before",
        ),
        R::RateSpecific => {
            (Pin::Io, "TA2 is not looked at", "with TA2 set the etu to F / D of TA1 right after the answer to reset")
        }
        R::RateImplicit => (
            Pin::Io,
            "TA2 is not looked at",
            "set the slot to the rate that the card's maker names, or refuse the card",
        ),
        R::Guard => (
            Pin::Io,
            "the UART's guard time is too short, or N of TC1 is not added",
            "set the guard time to 12 + N etu from leading edge to leading edge",
        ),
        R::GuardAfterCard | R::Turnaround => (
            Pin::Io,
            "the terminal answers at once",
            "wait 16 etu, and at least 12 + N, after the card's last character before sending",
        ),
        R::BlockGuard => (
            Pin::Io,
            "the block begins at once after the card's",
            "wait 22 etu after the card's last character before a block",
        ),
        R::SignalDue => (
            Pin::Io,
            "error signals are switched off in the UART",
            "switch on the error signal for answer to reset, PPS and T=0",
        ),
        R::SignalNotDue => (
            Pin::Io,
            "the UART checks for odd parity, or the convention was not changed",
            "check for even parity, in the convention that TS announces, and not that of TS itself",
        ),
        R::SignalInT1 => (Pin::Io, "error signals stay switched on", "switch off the error signal when T=1 begins"),
        R::SignalTime => (
            Pin::Io,
            "the signal is made by software that is late, or the etu is wrong",
            "pull I/O low 10.5 etu after the leading edge",
        ),
        R::SignalLength => (Pin::Io, "the signal is made by software that is late", "hold I/O low for one to two etu"),
        R::RepeatsRefused => {
            (Pin::Io, "the card's error signal is not looked at", "send the refused character again before any other")
        }
        R::RepetitionPause => (
            Pin::Io,
            "the character is repeated at once",
            "repeat a refused character two etu after the signal, not before",
        ),
        R::Repetitions => (
            Pin::Io,
            "characters arrive damaged, and the terminal does not give up",
            "deactivate after the third repetition; look at levels and etu",
        ),
        R::PpsSpecific => (Pin::Io, "TA2 is not looked at", "leave PPS out when the answer to reset has TA2"),
        R::PpsBytes => (Pin::Io, "PCK or PPS0 is wrong", "make PCK the exclusive or of all bytes before it"),
        R::PpsOffered => {
            (Pin::Io, "PPS1 is not taken from TA1", "ask for a protocol of the ATR, and for F and D of TA1 or slower")
        }
        R::PpsTurn => {
            (Pin::Io, "the response is not waited for", "send nothing after the request until the response is over")
        }
        R::PpsFailed => (
            Pin::Io,
            "the response is not compared with the request",
            "deactivate when the response does not repeat the request",
        ),
        R::PpsWait | R::PpsLate => (
            Pin::Io,
            "the wait for the response is too short or too long",
            "wait 9600 etu for each character of the PPS response",
        ),
        R::T0Wait | R::T0Late => (
            Pin::Io,
            "WT is computed from another Fi, D or unit",
            "wait 960 x WI x Fi cycles, with Fi of TA1 whatever rate is in use",
        ),
        R::T0Class => (Pin::Io, "a PPS or a wrong byte is sent as a command", "send no CLA of FF"),
        R::T0Ins => (Pin::Io, "the command cannot be told from a procedure byte", "send no INS of 6X or 9X"),
        R::T0Turn => (
            Pin::Io,
            "data are sent without waiting for the procedure byte",
            "send after a header only what a procedure byte asks for",
        ),
        R::T0OneByte => (
            Pin::Io,
            "the complement of INS is taken for INS",
            "send one byte after the complement of INS, and wait for the next procedure byte",
        ),
        R::T0Count => (Pin::Io, "P3 and the number of bytes differ", "send as many data bytes as P3 says"),
        R::GetResponseLength => (Pin::Io, "the length of 61XX is not taken", "ask for XX bytes with GET RESPONSE"),
        R::GetResponseClass => {
            (Pin::Io, "GET RESPONSE has a fixed CLA", "send GET RESPONSE in the class of the command")
        }
        R::CorrectedLength => (Pin::Io, "the length of 6CXX is not taken", "send the same command with XX as P3"),
        R::BlockWait | R::BlockLate => (
            Pin::Io,
            "BWT is computed from another f, BWI or unit, or a WTX is not counted",
            "wait 11 etu and 2 to the BWI times 960 x 372 cycles, times the card's WTX",
        ),
        R::CharacterWait | R::CharacterLate => (
            Pin::Io,
            "CWT is computed from another CWI or etu",
            "wait 11 etu and 2 to the CWI for a character within a block",
        ),
        R::OwnCharacterWait => (
            Pin::Io,
            "the UART is fed too slowly: an interrupt takes too long",
            "send a block without pauses, from a buffer or by DMA",
        ),
        R::T1Nad => (Pin::Io, "NAD is not 00", "send 00 as NAD, unless addresses are used"),
        R::T1Pcb | R::T1Len => {
            (Pin::Io, "a block is put together wrongly", "build PCB and LEN as the kind of block wants them")
        }
        R::T1Edc => (
            Pin::Io,
            "the code is computed over other bytes, or is a CRC where the card wants an LRC",
            "take LRC or CRC as TC for T=1 says, over NAD, PCB, LEN and INF",
        ),
        R::T1Ifs => (
            Pin::Io,
            "IFSC of the ATR is not looked at",
            "cut a command into blocks of at most IFSC bytes, 32 unless the card says more",
        ),
        R::T1Start => (Pin::Io, "the first block is an R-block", "begin with an I-block or an S-request"),
        R::T1Sequence => (
            Pin::Io,
            "N(S) is not kept from exchange to exchange",
            "begin with 0 and change N(S) with every new I-block",
        ),
        R::T1Number | R::T1Uncalled | R::T1Acknowledge => (
            Pin::Io,
            "an R-block is numbered or sent at the wrong moment",
            "acknowledge a block of the card's chain with R(N), N being the one that is due, and send no other R-block",
        ),
        R::T1Extension => (
            Pin::Io,
            "S(WTX request) is not answered, or with another INF",
            "answer S(WTX request) with S(WTX response) and the same INF",
        ),
        R::T1IfsAnswer => (
            Pin::Io,
            "S(IFS request) is not answered, or with another INF",
            "answer S(IFS request) with S(IFS response) and the same INF",
        ),
        R::T1Resynch | R::T1Ask | R::T1Repeat | R::T1Again | R::T1Attempts => (
            Pin::Io,
            "what follows an error is not that of rules 6 to 8",
            "after a bad block ask for it with R, twice at most, then resynchronise or reset",
        ),
    }
}

/// For what was remarked: whose it is, and the words.
pub(super) const fn of_remark(remark: Remark) -> (Party, Words) {
    use Remark as M;
    const CARD: Party = Party::Card;
    const BOARD: Party = Party::Board;
    const ANOTHER: &str = "try another card; if that works, this one breaks the standard";
    match remark {
        M::AtrEarly => (
            CARD,
            (
                Pin::Rst,
                "the card was reset by something else, or RST bounces",
                "look at RST near its rising edge, then try another card",
            ),
        ),
        M::AtrLate => (
            CARD,
            (
                Pin::Io,
                "the card is slow, or CLK is slower than it is taken to be",
                "measure CLK; if it is right, the card is to be refused",
            ),
        ),
        M::Ts => (
            CARD,
            (
                Pin::Io,
                "CLK or the etu is wrong, a level is turned over, or the card is none of ISO/IEC 7816",
                "measure CLK, look at I/O's levels, then try another card",
            ),
        ),
        M::AtrGap | M::AtrCut => (
            CARD,
            (
                Pin::Io,
                "the card loses power or clock in its answer, or a contact is loose",
                "look at VCC and CLK during the answer, clean the contacts, try another card",
            ),
        ),
        M::ClkInAtr => (
            BOARD,
            (
                Pin::Clk,
                "the timer that makes CLK is stopped or set up anew while the card answers",
                "let CLK run without a break from the reset on until the card has answered",
            ),
        ),
        M::AtrBytes | M::AtrTck | M::Surplus => {
            (CARD, (Pin::Io, "a character was lost or damaged, or the card's answer is wrong", ANOTHER))
        }
        M::CardRate => (
            CARD,
            (
                Pin::Io,
                "CLK is another than it is taken to be, or the rate was changed by one party alone",
                "measure CLK (or say it with --clock), and compare the rate with TA1 and PPS1",
            ),
        ),
        M::Damaged => (
            CARD,
            (
                Pin::Io,
                "noise, a loose contact, or edges that are too slow",
                "clean the contacts, shorten the wires, check the pull-up of I/O",
            ),
        ),
        M::OwnParity => (
            BOARD,
            (
                Pin::Io,
                "the UART is set to no parity, odd parity, or the other convention",
                "set the UART to 8 bits and even parity; in inverse convention turn bits and levels over",
            ),
        ),
        M::Refused => (
            BOARD,
            (
                Pin::Io,
                "the card hears something else than the terminal sends: level, edge or etu is at its limit",
                "check I/O's levels and pull-up, and the etu against CLK",
            ),
        ),
        M::TooSoon => (CARD, (Pin::Io, "the card is quick, or it is the terminal that speaks out of turn", ANOTHER)),
        M::Silent => (
            CARD,
            (
                Pin::Io,
                "the card did not hear what was sent: etu, parity or guard time; or it has hung itself up",
                "compare etu and parity of the terminal's characters with the card's, then try another card",
            ),
        ),
        M::Late => (
            CARD,
            (
                Pin::Io,
                "the card is slow, or CLK is slower than it is taken to be",
                "measure CLK; if it is right, the card breaks its own waiting time",
            ),
        ),
        M::PpsAnswer => {
            (CARD, (Pin::Io, "the card does not agree to what was asked", "ask for less, or leave PPS out"))
        }
        M::PpsSilent => (
            CARD,
            (
                Pin::Io,
                "the card did not understand the request: PCK, etu or guard time",
                "check the request's bytes and times, or leave PPS out",
            ),
        ),
        M::Procedure => (
            CARD,
            (
                Pin::Io,
                "a character was heard wrong, or the terminal spoke before it was asked",
                "look at the header and at who speaks after it, then try another card",
            ),
        ),
        M::ResponseLeft => {
            (BOARD, (Pin::Io, "61XX is taken for an end", "fetch the response with GET RESPONSE, P3 = XX"))
        }
        M::LengthLeft => (BOARD, (Pin::Io, "6CXX is taken for an error", "send the same command with XX as P3")),
        M::BlockEdc | M::BlockNad | M::BlockPcb | M::BlockLen | M::BlockNumber => (
            CARD,
            (
                Pin::Io,
                "a character was damaged, or the card builds its blocks wrongly",
                "ask for the block again with an R-block; try another card",
            ),
        ),
        M::BlockAsked => (
            BOARD,
            (
                Pin::Io,
                "the card hears something else than the terminal sends: parity, edge or etu is at its limit",
                "check parity and etu of the UART, and I/O's levels and pull-up",
            ),
        ),
        M::BlockIfs => (
            CARD,
            (
                Pin::Io,
                "the card did not take part in S(IFS), or the terminal announced more room than it sent",
                "announce IFSD with S(IFS request) and wait for its answer; have room for 254 bytes",
            ),
        ),
        M::BlockLate | M::BlockCut => (
            CARD,
            (
                Pin::Io,
                "the card is slow, or CLK is slower than it is taken to be",
                "measure CLK; if it is right, the card breaks its own waiting time",
            ),
        ),
    }
}

/// For what is wrong with a pin: likely cause and remedy.
pub(super) const fn of_fault(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::VccNever => (
            "the supply's switch is not driven, its enable is turned over, or the terminal sees no card",
            "check the switch of VCC, its enable and its supply; check the card detect",
        ),
        Fault::RstStuckLow => (
            "the pin is not set up as an output, a wire is missing, or the terminal gave up before",
            "check the pin's number and mode, and that nothing else pulls it low",
        ),
        Fault::RstStuckHigh => (
            "the pin is not set up as an output and pulled up, or its driver is turned over",
            "drive RST low before VCC comes; check pin and polarity",
        ),
        Fault::ClkStuckLow => (
            "the timer is not started, or not connected to the pin",
            "check timer, its pin's alternate function, and the wire",
        ),
        Fault::ClkStuckHigh => (
            "the pin is a plain output that is high, or the timer stopped in that state",
            "check timer, its pin's alternate function, and the wire",
        ),
        Fault::RstClkSwapped => {
            ("two wires or two pin numbers are exchanged", "exchange RST and CLK, in the wires or in the pins' numbers")
        }
        Fault::IoStuckLow => (
            "short to ground, no pull-up, or a pin that is driven low",
            "check the pull-up of I/O (10 to 20 kOhm to the card's VCC) and that the pin is open-drain",
        ),
        Fault::IoNoPullUp => (
            "the pull-up is missing: I/O is high only while the terminal drives it",
            "fit a pull-up of 10 to 20 kOhm to the card's VCC",
        ),
        Fault::IoStuckHigh => (
            "the wire of I/O does not reach the card, or a push-pull output holds it high",
            "check the wire, make the pin open-drain, and pull it low when there is no power",
        ),
        Fault::IoInverted => (
            "a level shifter or transistor turns the line over, or the UART's pin is set to inverted",
            "take the inversion out; inverse convention is none of the wire",
        ),
        Fault::IoRisesSlowly => (
            "the pull-up is too weak for the line's capacity",
            "take a smaller pull-up (10 kOhm or less) or shorter wires",
        ),
        Fault::IoGarbled => (
            "ringing, glitches, another speaker on the line, or a CLK that is not known",
            "look at the edges; if they are clean, measure CLK or say it with --clock",
        ),
        Fault::Mute => (
            "no card, a card the wrong way round, a contact without connection, or a voltage at which the card does not work",
            "check each contact from the chip to the card, try the other voltage, and another card",
        ),
        Fault::DetectInverted => (
            "the switch opens with a card instead of closing, or is read the other way round",
            "turn the polarity of the card detect over",
        ),
    }
}
