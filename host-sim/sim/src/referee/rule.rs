//! The rules by which the referee judges: a name, a clause of ISO/IEC 7816-3, one sentence.

/// Declares [`Rule`] from rows of variant, name, clause and sentence.
macro_rules! rules {
    ($($variant:ident $name:literal $clause:literal $says:literal)*) => {
        /// A rule for the terminal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $says] $variant,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, in files and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The clause of ISO/IEC 7816-3 that it stands for.
            pub const fn clause(self) -> &'static str {
                match self { $(Self::$variant => $clause,)* }
            }

            /// What it demands.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

rules! {
    // Contacts.
    RstLowFirst "rst-low-first" "6.2.1" "RST is low when VCC comes."
    ClkAfterVcc "clk-after-vcc" "6.2.1" "CLK starts with VCC on, not before."
    IoAfterVcc "io-after-vcc" "6.2.1" "I/O is released with VCC on, not before."
    IoBeforeClk "io-before-clk" "6.2.1" "I/O is released before CLK starts."
    KnownVoltage "known-voltage" "5.1.3" "VCC is that of class A, B or C."
    ClassAfterOff "class-after-off" "6.2.4" "Another class comes only after a deactivation."
    ClassAnnounced "class-announced" "6.2.4" "Nothing is sent to a card whose ATR excludes the present class."
    OffTime "off-time" "6.2.4" "A card is left without power for 10 ms before it gets power again."
    ResetClock "reset-clock" "5.2.3" "CLK runs at 1 to 5 MHz until the answer to reset is over."
    ClockMax "clock-max" "8.3" "CLK is not faster than the f max of TA1."
    ColdReset "cold-reset" "6.2.2" "RST stays low for 400 cycles of CLK after activation."
    WarmReset "warm-reset" "6.2.3" "RST stays low for 400 cycles of CLK in a warm reset."
    RstWithClk "rst-with-clk" "6.2.2" "RST goes high with VCC on and CLK running."
    RstFirst "rst-first" "6.4" "A deactivation begins with RST."
    ClkBeforeIo "clk-before-io" "6.4" "In a deactivation CLK stops before I/O goes low."
    ClkLow "clk-low" "6.4" "In a deactivation CLK stops low."
    VccLast "vcc-last" "6.4" "VCC goes last, after RST, CLK and I/O are low."
    ClockStopAllowed "clock-stop-allowed" "6.3.2" "CLK stops only if the ATR allows it."
    ClockStopState "clock-stop-state" "6.3.2" "CLK stops in the state that the ATR names."
    ClockStopQuiet "clock-stop-quiet" "6.3.2" "CLK runs for 1860 cycles after the last character before it stops."
    ClockResumed "clock-resumed" "6.3.2" "CLK runs for 700 cycles before the next character."
    ClockRuns "clock-runs" "6.3.2" "Nothing is sent while CLK is stopped or the card is held in reset."
    // Characters.
    FirstCharacter "first-character" "6.2.2" "The answer to reset may take 40,000 cycles to begin."
    FirstCharacterLate "first-character-late" "6.2.2" "A card that is mute for 40,000 cycles is not waited for much longer."
    AtrWait "atr-wait" "8.1" "A character of the answer to reset may take 9600 etu."
    AtrLate "atr-late" "8.1" "A character of the answer to reset is not waited for much longer than 9600 etu."
    AtrCheck "atr-check" "8.2.5" "Nothing is sent to a card whose TCK is wrong."
    RateDefault "rate-default" "8.1" "Until another rate is agreed on, an etu has 372 cycles."
    RateAgreed "rate-agreed" "9.3" "After PPS the agreed F and D are used."
    RateSpecific "rate-specific" "6.3.1" "In specific mode the F and D of TA1 are used."
    RateImplicit "rate-implicit" "6.3.1" "Where TA2 says that F and D are implicit, 372 and 1 are not taken for them."
    Guard "guard" "8.3" "12 + N etu go by from a character of the terminal to its next."
    GuardAfterCard "guard-after-card" "8.3" "12 + N etu go by from a character of the card to the terminal's next."
    Turnaround "turnaround" "10.2" "16 etu go by from the card's last character to the terminal's first in T=0."
    BlockGuard "block-guard" "11.2" "22 etu go by from the card's last character to a block of the terminal."
    // The error signal.
    SignalDue "signal-due" "7.3" "A character with wrong parity is signalled in ATR, PPS and T=0."
    SignalNotDue "signal-not-due" "7.3" "A character with right parity is not signalled, nor is TS."
    SignalInT1 "signal-in-t1" "11.2" "In T=1 nothing is signalled."
    SignalTime "signal-time" "7.3" "An error signal begins 10.5 etu after the leading edge."
    SignalLength "signal-length" "7.3" "An error signal lasts one to two etu."
    RepeatsRefused "repeats-refused" "7.3" "A character that the card has refused is the next to be sent."
    RepetitionPause "repetition-pause" "7.3" "A refused character comes again two etu after the signal, not before."
    Repetitions "repetitions" "7.3" "A character is repeated three times at most; the number is that of EMV."
    // PPS.
    PpsSpecific "pps-specific" "6.3.1" "There is no PPS in specific mode."
    PpsBytes "pps-bytes" "9.2" "A PPS request is PPSS, PPS0, what PPS0 announces, and PCK."
    PpsOffered "pps-offered" "9.2" "PPS asks for a protocol of the ATR, and for F and D between the default and TA1."
    PpsTurn "pps-turn" "9.1" "After its request the terminal sends nothing until the response is over."
    PpsFailed "pps-failed" "9.3" "Nothing is sent after a PPS response that does not fit the request."
    PpsWait "pps-wait" "9.1" "A character of a PPS response may take 9600 etu."
    PpsLate "pps-late" "9.1" "A character of a PPS response is not waited for much longer than 9600 etu."
    // T=0.
    T0Wait "t0-wait" "10.2" "A character of the card may take WI x 960 x Fi / f."
    T0Late "t0-late" "10.2" "A character of the card is not waited for much longer than WI x 960 x Fi / f."
    T0Class "t0-class" "10.3.2" "CLA is not FF."
    T0Ins "t0-ins" "10.3.2" "INS is neither 6X nor 9X."
    T0Turn "t0-turn" "10.3.3" "The terminal sends only what a procedure byte asks for."
    T0OneByte "t0-one-byte" "10.3.3" "After the complement of INS one byte is sent."
    T0Count "t0-count" "10.3.3" "No more data bytes are sent than P3 says."
    GetResponseLength "get-response-length" "12.2.2" "After 61XX, GET RESPONSE asks for no more than XX bytes."
    GetResponseClass "get-response-class" "12.2" "GET RESPONSE goes in the class of the command."
    CorrectedLength "corrected-length" "12.2.2" "After 6CXX the command comes again with XX as P3."
    // T=1.
    BlockWait "block-wait" "11.4.3" "A block may take BWT, times what the card has asked for."
    BlockLate "block-late" "11.4.3" "A block is not waited for much longer than BWT."
    CharacterWait "character-wait" "11.4.3" "A character of a block may take CWT."
    CharacterLate "character-late" "11.4.3" "A character of a block is not waited for much longer than CWT."
    OwnCharacterWait "own-character-wait" "11.4.3" "The characters of the terminal's blocks come within CWT."
    T1Nad "t1-nad" "11.3.2.1" "Bits 4 and 8 of NAD are 0."
    T1Pcb "t1-pcb" "11.3.2.2" "PCB is that of an I-, R- or S-block."
    T1Len "t1-len" "11.3.1" "LEN fits the kind of block, and is never 255."
    T1Edc "t1-edc" "11.3.4" "The error detection code is right, and of the card's kind."
    T1Ifs "t1-ifs" "11.4.2" "A block has at most IFSC information bytes."
    T1Start "t1-start" "11.6.2" "Rule 1: the first block is an I-block or a supervisory request."
    T1Sequence "t1-sequence" "11.6.2" "Rule 2.1: N(S) begins with 0 and alternates."
    T1Number "t1-number" "11.6.2" "Rule 2.2: N(R) is the N(S) of the I-block that is expected."
    T1Uncalled "t1-uncalled" "11.6.2" "Rules 2.2 and 5: an R-block or S-response comes only where something calls for it."
    T1Extension "t1-extension" "11.6.2" "Rule 3: S(WTX request) is answered by S(WTX response) with the same INF."
    T1IfsAnswer "t1-ifs-answer" "11.6.2" "Rule 4: S(IFS request) is answered by S(IFS response) with the same INF."
    T1Acknowledge "t1-acknowledge" "11.6.2" "Rule 5: a block of the card's chain is acknowledged by an R-block."
    T1Resynch "t1-resynch" "11.6.3" "Rule 6.4: S(RESYNCH request) is repeated until it is answered, three times in all at most."
    T1Ask "t1-ask" "11.6.3" "Rules 7.1 and 8: after an error the terminal asks for the block by an R-block."
    T1Repeat "t1-repeat" "11.6.3" "Rule 7.1: an I-block that the card asks for is sent again."
    T1Again "t1-again" "11.6.3" "Rules 7.2 and 7.3: an R-block or S-request without a valid answer is sent again."
    T1Attempts "t1-attempts" "11.6.3" "Rule 7.4: after two further attempts the terminal resynchronises or resets."
}
