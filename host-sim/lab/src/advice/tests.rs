//! Every error there is, with its advice and its words.

use std::io::ErrorKind;

use qiyong_protocol::ecr::Refused;

use qiyong_protocol::error_table as table;

use super::*;

fn no_image() -> ImageError {
    ImageError { path: "f".into(), fault: ImageFault::NoElf }
}

/// As object says that a file is none of its kind.
fn no_object() -> object::Error {
    object::File::parse(&b"x"[..]).unwrap_err()
}

#[test]
fn of_the_emulator() {
    table!(EmulatorError {
        EmulatorError::NoQemu = EmulatorError::NoQemu
            => CallService, "there is no qemu-system-arm: install the package qemu-system-arm, version 9.1 or later (Debian \
                             12: from bookworm-backports; `cargo xtask setup` does it)";
        EmulatorError::OldQemu { .. } = EmulatorError::OldQemu { found: "7".into() }
            => CallService, "\"7\" is too old: install qemu-system-arm 9.1 or later (Debian 12: from \
                             bookworm-backports; `cargo xtask setup` does it)";
        EmulatorError::NoBoard { .. } = EmulatorError::NoBoard { vectors: 0x1000 }
            => CorrectInput, "no emulated board has its flash at 0x00001000, where the image's vectors are: link it \
                              for the B-L475E-IOT01A or the Pico, or name another with --elf";
        EmulatorError::NoKey = EmulatorError::NoKey
            => CorrectInput, "the board has no cancel key of its own: use that of its PIN pad";
        EmulatorError::Elf(_) = no_image().into() => CorrectInput, no_image();
        EmulatorError::Ended { .. } = EmulatorError::Ended { status: "exit status: 1".into(), said: "no".into() }
            => TryAgain, "QEMU ended (exit status: 1): no; run it again, and look at the image if it ends at the same \
                          place";
        EmulatorError::NoNode = EmulatorError::NoNode
            => CallService, "there is no node: install the package nodejs (`cargo xtask setup` does it)";
        EmulatorError::NoHarness { .. } = EmulatorError::NoHarness { folders: "a, b".into() }
            => CallService, "the emulated Pico needs harness.mjs, which is in none of these folders: a, b; it is in rp2040 of the \
                             archive and in host-sim/lab/rp2040 of the sources: name the folder by QIYONG_RP2040";
        EmulatorError::NoPackages { .. } = EmulatorError::NoPackages { folder: "a".into() }
            => CallService, "the emulated Pico needs rp2040js, which is not installed: run `npm ci` in a, with Node.js 18 or later";
        EmulatorError::ChipEnded { .. } = EmulatorError::ChipEnded { said: "no".into() }
            => TryAgain, "the emulated chip ended: no; run it again, and look at the image if it ends at the same place";
        EmulatorError::Crooked { .. } = EmulatorError::Crooked { tenths: 4 }
            => CallService, "an edge of the image's characters is 4 tenths of an etu from its place, and must be at \
                             most 2: correct the etu of the image's card line";
        EmulatorError::Gone = EmulatorError::Gone => TryAgain, "QEMU closed its lines: run it again, and look at the \
                                                                image if it ends at the same place";
        EmulatorError::Silent { .. } = EmulatorError::Silent { what: "QEMU", seconds: 9 }
            => TryAgain, "QEMU has been silent for 9 s: run it again with less to do on this machine, and look at the \
                          image if it falls silent again";
        EmulatorError::PowerCut = EmulatorError::PowerCut => TryAgain, "the power was cut: start the board again";
        EmulatorError::NoStorage = EmulatorError::NoStorage
            => CorrectInput, "the image has no storage, or one of another size: build it with `cargo xtask firmware`";
        EmulatorError::Endless { .. } = EmulatorError::Endless { minutes: 9 }
            => CallService, "the visit has not come to an end within 9 minutes of the board's time: look at the last \
                             rows of the image's log";
        EmulatorError::Idle = EmulatorError::Idle
            => CallService, "the board waits for nothing, and nothing is under way to it: the visit never ends; look \
                             for the interrupt or the timer on which the image should wake";
        EmulatorError::AnsweredTwice = EmulatorError::AnsweredTwice
            => CallService, "the board has asked the card twice for its answer to reset: it has not heard the first \
                             one; let the image listen before it raises RST";
        EmulatorError::Mute { .. } = EmulatorError::Mute { what: "has not started", last: "nothing".into() }
            => CallService, "the image has not started within 60 s of the board's time; look behind the last that it \
                             logged: nothing";
        EmulatorError::Answer { .. } = EmulatorError::Answer { said: "FAIL".into() }
            => CallService, "the emulator's probe says \"FAIL\", which is no answer: use the versions of QEMU and \
                             Node.js that `cargo xtask setup` installs";
        EmulatorError::InverseCard = EmulatorError::InverseCard
            => CorrectInput, "the emulator carries no parity, by which an inverse card is told: take one in direct \
                              convention";
        EmulatorError::Refused(_) = EmulatorError::Refused(Refused::Busy)
            => TryAgain, format!("the terminal refuses: {}; choose what the institution offers, or build image and \
                                  program from one version", Refused::Busy);
        EmulatorError::Io(_) = std::io::Error::from(ErrorKind::BrokenPipe).into()
            => TryAgain, "the emulator's lines: broken pipe; check that the folder for temporary files may be written \
                          and has room";
        EmulatorError::Centre(_) = EmulatorError::Centre("full".into()) => CallService, "the centre: full";
    });
    table!(Unplayable {
        Unplayable::InverseCard { .. } = Unplayable::InverseCard { card: "x".into() }
            => CorrectInput, "card \"x\" is in inverse convention, which is told by parity; there is none here: use \
                              --bench simulated";
        Unplayable::WornStorage { .. } = Unplayable::WornStorage { step: 2 }
            => CorrectInput, "in step 2 the storage is worn; the memory in its place here does not wear: use --bench \
                              simulated";
        Unplayable::SerialDisturbed { .. } = Unplayable::SerialDisturbed { step: 2 }
            => CorrectInput, "step 2 disturbs bytes of the serial line; here they go through a socket: use --bench \
                              simulated";
        Unplayable::Disturbed { .. } = Unplayable::Disturbed { step: 2 }
            => CorrectInput, "step 2 disturbs characters on the card line; here it carries whole bytes: use --bench \
                              simulated";
    });
}

#[test]
fn of_an_image() {
    assert_eq!(no_image().to_string(), "f is no ELF file: build the image with `cargo xtask firmware`");
    assert_eq!(no_image().advice(), Advice::CorrectInput);
    table!(ImageFault {
        ImageFault::Unreadable(_) = ImageFault::Unreadable(ErrorKind::NotFound.into())
            => CorrectInput, "cannot be read: entity not found";
        ImageFault::NoElf = ImageFault::NoElf => CorrectInput, "is no ELF file";
        ImageFault::Damaged(_) = ImageFault::Damaged(no_object())
            => CorrectInput, format!("is cut off or damaged: {}", no_object());
        ImageFault::NotArm = ImageFault::NotArm => CorrectInput, "is not for ARM";
        ImageFault::NoSymbol(_) = ImageFault::NoSymbol("X") => CorrectInput, "has no symbol X";
        ImageFault::LogUnreadable { .. } = ImageFault::LogUnreadable { cause: "version".into() }
            => CorrectInput, "its log cannot be decoded: version";
        ImageFault::NoLog = ImageFault::NoLog => CorrectInput, "has no defmt log";
        ImageFault::NotElf32(_) = ImageFault::NotElf32(no_object())
            => CorrectInput, format!("is no 32-bit ELF file: {}", no_object());
        ImageFault::NotLinked = ImageFault::NotLinked => CorrectInput, "is not linked for a little-endian core";
        ImageFault::SegmentCutOff { .. } = ImageFault::SegmentCutOff { number: 3 }
            => CorrectInput, "is cut off: segment 3 is not all there";
    });
}

#[test]
fn of_a_uf2() {
    table!(Uf2Error {
        Uf2Error::Image(_) = no_image().into() => CorrectInput, no_image();
        Uf2Error::Unfit(_) = Unfit::Core { found: 13 }.into() => CorrectInput, Unfit::Core { found: 13 };
    });
    table!(Unfit {
        Unfit::Core { .. } = Unfit::Core { found: 13 }
            => CorrectInput, "its code is not for the RP2040's core, a Cortex-M0+ (CPU_arch is 13, and must be 11 or 12): build it for \
                              thumbv6m-none-eabi";
        Unfit::NotInFlash { .. } = Unfit::NotInFlash { number: 1, loaded: 0x10..0x14 }
            => CorrectInput, "segment 1 (0x00000010..0x00000014, 4 bytes) is not in a Pico's flash (0x10000000..0x10200000): link it with \
                              the Pico's memory map (memory.x); an image for another chip goes through a debug probe, `qiyong flash --elf \
                              FILE --chip NAME`";
        Unfit::NoBoot2 { .. } = Unfit::NoBoot2 { sum: 1, found: 2 }
            => CorrectInput, "it has no second stage of the boot loader, so the chip would not start it (check sum of its first 252 bytes \
                              0x00000001, behind them 0x00000002): link it with embassy-rp's, by link-rp.x";
        Unfit::NoVectors { .. } = Unfit::NoVectors { stack: 1, reset: 2 }
            => CorrectInput, "behind the boot loader's second stage is no vector table (stack at 0x00000001, reset at 0x00000002): link it \
                              with the Pico's memory map (memory.x)";
    });
    let full = || std::io::Error::from(ErrorKind::StorageFull);
    table!(DriveError {
        DriveError::None = DriveError::None
            => AskHolder, "no drive of a Pico is mounted: hold its BOOTSEL key while you plug it in, and mount the drive RPI-RP2 if that \
                           does not happen by itself; --drive DIR names it, --out FILE writes a file";
        DriveError::Several(_) = DriveError::Several("a, b".into())
            => CorrectInput, "several Picos wait to be flashed: say which with --drive: a, b";
        DriveError::Other(_) = DriveError::Other("d".into())
            => CorrectInput, "d is no drive of a Pico's boot loader, whose INFO_UF2.TXT names the board RPI-RP2: hold BOOTSEL while you \
                              plug the board in";
        DriveError::Unwritten { .. } = DriveError::Unwritten { path: "p".into(), error: full() }
            => AskHolder, format!("p cannot be written: {}; plug the board in again with BOOTSEL held", full());
    });
}

#[cfg(feature = "probe")]
mod on_a_board {
    use super::*;
    use crate::probe::misfit::Pointed;

    fn p() -> String {
        "P".into()
    }

    #[test]
    fn of_a_board() {
        table!(BoardError {
            BoardError::UnknownChip(_) = BoardError::UnknownChip(p())
                => CorrectInput, "probe-rs knows no chip \"P\": the name is on the chip, such as STM32L475VGTx, and in \
                                  `probe-rs chip list`";
            BoardError::AmbiguousChip { .. } = BoardError::AmbiguousChip { name: p(), candidates: "P1, P2".into() }
                => CorrectInput, "\"P\" is more than one chip: --chip takes one of P1, P2";
            BoardError::NoProbe = BoardError::NoProbe
                => AskHolder, "there is no debug probe: plug one in (the ST-LINK on a B-L475E-IOT01A is its USB socket \
                               CN7), then `qiyong probes`";
            BoardError::NoSuchProbe { .. } = BoardError::NoSuchProbe { selector: p(), found: "Q".into() }
                => CorrectInput, "no debug probe is \"P\"; there are: Q";
            BoardError::SeveralProbes(_) = BoardError::SeveralProbes("P, Q".into())
                => CorrectInput, "several debug probes would do, say which with --probe: P, Q";
            BoardError::NotAllowed(_) = BoardError::NotAllowed(p())
                => CallService, "the debug probe P may not be opened by this user: install the udev rules for debug probes \
                                 (probe.rs, \"Probe Setup\") and plug it in again";
            BoardError::NotOpened { .. } = BoardError::NotOpened { probe: p(), cause: "busy".into() }
                => TryAgain, "the debug probe P cannot be opened (busy): end what else uses it, such as a debugger or \
                              OpenOCD";
            BoardError::NoChip { .. } = BoardError::NoChip { probe: p(), chip: "C".into(), cause: "no".into() }
                => AskHolder, "the debug probe P does not reach a C (no): is the board powered, is it the right chip?";
            BoardError::Gone(_) = BoardError::Gone(p())
                => AskHolder, "the debug probe P is gone: was it unplugged?";
            BoardError::Lost { .. } = BoardError::Lost { probe: p(), cause: "no".into() }
                => AskHolder, "the board does not answer the debug probe P: no; is it still powered?";
            BoardError::Flash(_) = BoardError::Flash("no".into())
                => TryAgain, "flashing failed: no; what is in flash now is not the image, so flash it again before the \
                              board is used";
        });
        table!(JobError {
            JobError::Board(_) = BoardError::Gone(p()).into() => AskHolder, BoardError::Gone(p());
            JobError::Image(_) = no_image().into() => CorrectInput, no_image();
        });
    }

    #[test]
    fn of_an_image_on_another_chip() {
        let relink = "C's memory map (memory.x), or name the chip that it is for with --chip";
        let (ram, chip) = (|| vec![0x10..0x20, 0x40..0x50], || "C".to_string());
        table!(Misfit {
            Misfit::LoadedToRam { .. } = Misfit::LoadedToRam { number: 1, loaded: 0x10..0x14 }
                => CorrectInput, "segment 1 (0x00000010..0x00000014, 4 bytes) is loaded to RAM, which is empty after a \
                                  reset: give it a place in flash";
            Misfit::NotInFlash { .. }
                = Misfit::NotInFlash { number: 1, loaded: 0x10..0x14, flash: vec![], chip: chip() }
                => CorrectInput, format!("segment 1 (0x00000010..0x00000014, 4 bytes) is not in flash (it has none): \
                                          link it with {relink}");
            Misfit::RunsOutside { .. } = Misfit::RunsOutside { number: 1, run: 0..4, ram: ram(), chip: chip() }
                => CorrectInput, format!("segment 1 (0x00000000..0x00000004, 4 bytes) runs where there is no RAM \
                                          (0x00000010..0x00000020, 0x00000040..0x00000050): link it with {relink}");
            Misfit::Stack { .. } = Misfit::Stack { stack: 0..4, ram: ram(), chip: chip() }
                => CorrectInput, format!("the stack (0x00000000..0x00000004, 4 bytes) is not in RAM \
                                          (0x00000010..0x00000020, 0x00000040..0x00000050): link it with {relink}");
            Misfit::Pointed { .. } = Misfit::Pointed { what: Pointed::Log, at: 1, ram: vec![], chip: chip() }
                => CorrectInput, format!("the log's _SEGGER_RTT (0x00000001) is not in RAM (it has none): link it with \
                                          {relink}");
            Misfit::NothingAtStart { .. } = Misfit::NothingAtStart { start: 0, chip: chip() }
                => CorrectInput, format!("nothing is loaded to 0x00000000, where the chip starts: link it with {relink}");
            Misfit::NoVectors { .. } = Misfit::NoVectors { start: 0, stack: 1, reset: 2, chip: chip() }
                => CorrectInput, format!("what is loaded to 0x00000000 is no vector table (stack at 0x00000001, reset \
                                          at 0x00000002): link it with {relink}");
        });
        assert_eq!(Pointed::Screen.to_string(), "the screen's QIYONG_SCREEN");
    }
}
