//! `qiyong probes`, `flash` and `attach`, as far as they go without a debug probe; none of these tests opens one.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use qiyong_tests::programs::Watched;
use qiyong_tests::{image, qiyong};
use serde_json::Value;
use tempfile::TempDir;

/// Runs the program; returns exit status, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Watched::start(Command::new(qiyong()).args(arguments)).output();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!err.contains("panicked"), "{err}");
    assert!(!err.contains("built without"), "build the program with `--features pcsc,probe`: {err}");
    (output.status.code().expect("an exit status"), out, err)
}

/// The image with some of its bytes changed.
struct Edited {
    folder: TempDir,
    bytes: Vec<u8>,
}

impl Edited {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), bytes: fs::read(image()).unwrap() }
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    fn set(mut self, at: usize, word: u32) -> Self {
        self.bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        self
    }

    /// The offset of a program header in the file. The words of a header are type, offset, virtual and physical
    /// address, size in the file and in memory (ELF, "Program Header").
    fn header(&self, number: usize) -> usize {
        self.word(28) as usize + 32 * number
    }

    /// The number of the last loaded segment, which has the initial values of variables.
    fn variables(&self) -> usize {
        (0..8).rfind(|number| self.word(self.header(*number)) == 1 && self.word(self.header(*number) + 16) > 0).unwrap()
    }

    fn file(&self) -> PathBuf {
        let path = self.folder.path().join("edited.elf");
        fs::write(&path, &self.bytes).unwrap();
        path
    }
}

fn check(elf: &Path, chip: &str) -> (i32, String, String) {
    run(&["flash", "--check-only", "--elf", elf.to_str().unwrap(), "--chip", chip])
}

const CHIP: &str = "STM32L475VGTx";
const FLASH: Range<u32> = 0x0800_0000..0x0810_0000;

#[test]
fn the_image_fits_its_chip_and_it_is_not_flashed_where_there_is_no_such_probe() {
    let elf = image();
    let (status, out, err) = check(&elf, CHIP);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("fits; nothing was flashed"), "{out}");
    let elf = elf.to_str().unwrap();
    let (status, out, _) = run(&["flash", "--check-only", "--json", "--elf", elf]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &told["fits"], &told["flashed"]), (0, &true.into(), &false.into()), "{told}");
    assert_eq!((&told["chip"], told["misfits"].as_array().unwrap().len()), (&CHIP.into(), 0), "{told}");
    assert!(told["bytes"].as_u64().unwrap() > 30_000, "{told}");

    let (status, out, err) = run(&["probes", "--json"]);
    let probes: Value = serde_json::from_str(&out).unwrap();
    let none = probes.as_array().unwrap().is_empty();
    assert_eq!((status, err.contains("there is no debug probe: plug one in")), (i32::from(none), none), "{err}");
    let (status, out, _) = run(&["probes"]);
    assert_eq!((status, out.is_empty()), (i32::from(none), none), "{out}");
    for verb in [&["flash"][..], &["attach"], &["attach", "--once", "--json"], &["flash", "--json"]] {
        // This machine may have a board, which must not be flashed: no probe has this name.
        let (status, out, err) = run(&[verb, &["--elf", elf, "--probe", "0000:0000:NONE"]].concat());
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        let words = if none { "there is no debug probe: plug one in" } else { "no debug probe is \"0000:0000:NONE\"" };
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn an_image_for_another_memory_map_is_refused_with_its_addresses_and_the_way_out() {
    let all = Edited::new();
    let (first, variables) = (all.header(0), all.header(all.variables()));
    let (load, len) = (all.word(variables + 12), all.word(variables + 16));
    let number = all.variables();
    // At the very end of flash, across both banks, it still fits.
    let (status, _, err) = check(&Edited::new().set(variables + 12, FLASH.end - len).file(), CHIP);
    assert_eq!(status, 0, "{err}");
    let shown = |start: u32, len: u32| format!("{start:#010x}..{:#010x}, {len} bytes", start + len);
    let stack = all.word(all.word(first + 4) as usize);
    for (what, edited, words) in [
        (
            "one byte too far",
            Edited::new().set(variables + 12, FLASH.end - len + 1),
            vec![
                format!(
                    "segment {number} ({}) is not in flash (0x08000000..0x08100000)",
                    shown(FLASH.end - len + 1, len)
                ),
                "memory.x".into(),
            ],
        ),
        ("before flash", Edited::new().set(variables + 12, 0), vec![format!("segment {number} ({})", shown(0, len))]),
        ("at the end of all addresses", Edited::new().set(variables + 12, u32::MAX), vec!["is not in flash".into()]),
        (
            "in RAM",
            Edited::new().set(variables + 12, 0x2000_2000),
            vec![
                format!("segment {number} ({}) is loaded to RAM", shown(0x2000_2000, len)),
                "give it a place in flash".into(),
            ],
        ),
        (
            "variables beyond RAM",
            Edited::new().set(variables + 20, 96 * 1024),
            vec![
                format!("segment {number} (0x20002000..0x2001a000, 98304 bytes) runs where there is no RAM"),
                "0x10000000..0x10008000, 0x20000000..0x20018000".into(),
            ],
        ),
        (
            "vectors elsewhere",
            Edited::new().set(first + 12, 0x0801_0000),
            vec!["nothing is loaded to 0x08000000, where the chip starts".into()],
        ),
        (
            "no vectors",
            Edited::new().set(all.word(first + 4) as usize + 4, 0x0800_0188),
            vec![format!("no vector table (stack at {stack:#010x}, reset at 0x08000188)")],
        ),
    ] {
        assert_eq!(load & 3, 0);
        let file = edited.file();
        let (status, out, err) = check(&file, CHIP);
        assert_eq!((status, out.as_str()), (1, ""), "{what}: {err}");
        words.iter().for_each(|words| assert!(err.contains(words.as_str()), "{what}: {words:?} in {err}"));
        // Without `--check-only`, this is bad input, and the program does not look for the probe, which is missing too.
        for verb in ["flash", "attach"] {
            let (status, _, err) = run(&[verb, "--elf", file.to_str().unwrap(), "--probe", "0000:0000:NONE"]);
            assert_eq!(status, 2, "{what}");
            assert!(err.contains("segment") || err.contains("0x08000000"), "{what}: {err}");
            assert!(!err.contains("no debug probe"), "{what}: {err}");
        }
    }
    // A chip of the family with less flash and RAM; the verdict as JSON.
    let elf = image();
    let json = ["flash", "--check-only", "--json", "--chip", "STM32F030F4", "--elf", elf.to_str().unwrap()];
    let (status, out, _) = run(&json);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &told["fits"]), (1, &false.into()), "{told}");
    let misfits = told["misfits"].to_string();
    for words in ["flash (0x08000000..0x08004000)", "the stack (", "_SEGGER_RTT", "QIYONG_SCREEN"] {
        assert!(misfits.contains(words), "{words}: {misfits}");
    }
}

#[test]
fn what_is_no_image_or_no_chip_is_said_before_anything_is_opened() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(image()).unwrap();
    let half = &whole[..whole.len() / 2];
    // Its headers are there, but not the parts that they describe: like a copy that was cut off and repaired.
    let edited = Edited::new();
    let beyond = edited.header(edited.variables()) + 4;
    let beyond = edited.set(beyond, 0x00FF_FF00);
    // Type REL instead of EXEC.
    let object = Edited::new().set(16, 1 | 40 << 16);
    let nameless = {
        let text = b"QIYONG_SCREEN";
        let at = whole.windows(text.len()).rposition(|window| window == text).unwrap();
        let mut bytes = whole.clone();
        bytes[at] = b'X';
        file("nameless", &bytes)
    };
    for (elf, words) in [
        (folder.path().join("none"), "cannot be read: No such file"),
        (folder.path().to_path_buf(), "cannot be read"),
        (file("text", b"# not an image\n"), "is no ELF file"),
        (file("empty", b""), "is no ELF file"),
        (file("half", half), "is cut off or damaged"),
        (file("short", &whole[..40]), "is cut off or damaged"),
        (beyond.file(), "is cut off: segment"),
        (object.file(), "is not linked"),
        (qiyong(), "is not for ARM"),
        (nameless, "has no symbol QIYONG_SCREEN"),
    ] {
        for verb in [&["flash"][..], &["flash", "--check-only"], &["attach"]] {
            let (status, out, err) =
                run(&[verb, &["--elf", elf.to_str().unwrap(), "--probe", "0000:0000:NONE"]].concat());
            assert_eq!((status, out.as_str()), (2, ""), "{}: {err}", elf.display());
            assert!(err.contains(words) && err.contains("cargo xtask firmware"), "{words}: {err}");
            assert!(!err.contains("no debug probe"), "{err}");
        }
    }
    for (chip, words) in [
        ("STM32X999", "knows no chip \"STM32X999\""),
        ("STM32L475", "is more than one chip: --chip takes one of STM32L475RC, "),
        ("", "is more than one chip"),
    ] {
        let (status, _, err) = check(&image(), chip);
        assert_eq!(status, 2, "{err}");
        assert!(err.contains(words) && err.len() < 300, "{words}: {err}");
    }
}
