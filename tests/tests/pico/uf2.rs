//! `qiyong flash --uf2`: the file as others read it, the image that starts from it, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Command;

use object::{Object, ObjectSegment};
use qiyong_lab::pico::machine::Start;
use qiyong_tests::programs::Watched;
use qiyong_tests::{image, qiyong};
use serde_json::Value;
use tempfile::TempDir;
use uf2_decode::convert_from_uf2;

use super::*;

const FLASH: u64 = 0x1000_0000;
const RP2040: u32 = 0xE48B_FF56;

/// Runs `qiyong flash --uf2`: exit status, and both outputs.
fn flash(image: &Path, options: &[&str]) -> (i32, String, String) {
    let output = Watched::start(Command::new(qiyong()).args(["flash", "--uf2"]).arg(image).args(options)).output();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("an exit status"), text(output.stdout), text(output.stderr))
}

/// What the flash has from its beginning when a debug probe has loaded the image.
fn loaded(elf: &Path) -> Vec<u8> {
    let bytes = fs::read(elf).unwrap();
    let file = object::File::parse(bytes.as_slice()).unwrap();
    let object::File::Elf32(elf) = &file else { panic!("an ELF of 32 bits") };
    let mut flash = Vec::new();
    for segment in elf.segments().filter(|segment| segment.file_range().1 > 0) {
        let data = segment.data().unwrap();
        let at = (segment.elf_program_header().p_paddr.get(elf.endian()) as u64 - FLASH) as usize;
        flash.resize(flash.len().max(at + data.len()), 0xFF);
        flash[at..at + data.len()].copy_from_slice(data);
    }
    flash
}

#[test]
fn a_pico_starts_from_the_file_and_others_read_the_same_flash_out_of_it() {
    let folder = TempDir::new().unwrap();
    let uf2 = folder.path().join("qiyong.uf2");
    let elf = pico_image(false);
    let (status, told, seen) = flash(&elf, &["--json", "--out", uf2.to_str().unwrap()]);
    assert_eq!((status, seen.as_str()), (0, ""), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["chip"], &told["fits"]), (&"RP2040".into(), &true.into()), "{told}");
    assert_eq!(told["written"], uf2.to_str().unwrap());

    // Another's reader has the flash as a debug probe would leave it, and the rest of the last sector is erased.
    let file = fs::read(&uf2).unwrap();
    let (read, families) = convert_from_uf2(&file).expect("a UF2");
    assert_eq!(families.into_iter().collect::<Vec<_>>(), [(RP2040, FLASH)]);
    let flashed = loaded(&elf);
    assert_eq!(
        (read.len() as u64, read.len()),
        (told["bytes"].as_u64().unwrap(), flashed.len().next_multiple_of(4096))
    );
    assert!(read[..flashed.len()] == flashed[..], "the flash is another");
    assert!(read[flashed.len()..].iter().all(|byte| *byte == 0xFF));

    // A third reader, of rp2040js's author, fills the emulated flash, and the terminal is there.
    let new = NewCard { protocol: 0, convention: Convention::Direct, ..sample_card(Generation::V3) };
    let from_file = Start { uf2: Some(&uf2), ..Start::default() };
    let Activation { ended, log, .. } = activation_as(from_file, PHARMACY, &new, None);
    assert!(ended.reason.is_none() && ended.effects.activates, "{ended:?}: {log:#?}");
    closing_line(&format!(
        "qiyong flash --uf2: {} blocks, read by two others; a Pico starts from them",
        file.len() / 512
    ));
}

/// The drive is found by its file, and by no name.
#[test]
fn a_file_goes_to_the_drive_of_a_boot_loader_and_to_no_other_folder() {
    let folder = TempDir::new().unwrap();
    let drive = folder.path().to_str().unwrap();
    let elf = pico_image(false);
    let (status, _, seen) = flash(&elf, &["--drive", drive]);
    assert!(status == 2 && seen.contains("is no drive of a Pico's boot loader") && seen.contains("BOOTSEL"), "{seen}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
    fs::write(
        folder.path().join("INFO_UF2.TXT"),
        "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n",
    )
    .unwrap();
    let (status, _, seen) = flash(&elf, &["--check-only", "--drive", drive]);
    assert_eq!((status, fs::read_dir(folder.path()).unwrap().count()), (0, 1), "{seen}");
    let (status, told, seen) = flash(&elf, &["--drive", drive]);
    assert_eq!((status, seen.as_str()), (0, ""));
    assert!(told.contains("QIYONG.UF2"), "{told}");
    let written = fs::read(folder.path().join("QIYONG.UF2")).unwrap();
    assert!(written.starts_with(b"UF2\n") && written.len().is_multiple_of(512));
}

#[test]
fn what_is_no_image_for_a_pico_is_refused_with_cause_and_way_out() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(pico_image(false)).unwrap();
    let word = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
    let headers: Vec<usize> = (0..word(44) & 0xFFFF).map(|number| word(28) + 32 * number).collect();
    let at = |address: usize| *headers.iter().find(|header| word(**header + 12) == address).expect("a segment");
    let edited = |name: &str, at: usize, word: u32| {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        file(name, &bytes)
    };
    let boot2 = at(FLASH as usize);
    let vectors = at(FLASH as usize + 256);
    for (image, words, unfit) in [
        (image(), "its code is not for the RP2040's core, a Cortex-M0+ (CPU_arch is 13", true),
        (edited("boot2", word(boot2 + 4), 0), "it has no second stage of the boot loader", true),
        (edited("moved", boot2 + 12, 0x1010_0000), "it has no second stage of the boot loader", true),
        (edited("vectors", word(vectors + 4) + 4, 0x2000_0001), "is no vector table", true),
        (edited("beyond", vectors + 12, 0x101F_FFF0), "is not in a Pico's flash (0x10000000..0x10200000)", true),
        (edited("ram", vectors + 12, 0x2000_0000), "is not in a Pico's flash", true),
        (edited("stm32", vectors + 12, 0x0800_0000), "through a debug probe", true),
        (file("text", b"# not an image\n"), "is no ELF file", false),
        (file("empty", b""), "is no ELF file", false),
        (file("half", &whole[..whole.len() / 2]), "is cut off", false),
        (qiyong(), "is not for ARM", false),
        (folder.path().join("none"), "cannot be read: No such file", false),
        (folder.path().to_owned(), "cannot be read", false),
    ] {
        let out = folder.path().join("out.uf2");
        let (status, told, seen) = flash(&image, &["--out", out.to_str().unwrap()]);
        assert_eq!((status, told.as_str(), out.exists()), (2, "", false), "{}: {seen}", image.display());
        assert!(seen.contains(words), "{words}: {seen}");
        let (status, _, _) = flash(&image, &["--check-only"]);
        assert_eq!(status, if unfit { 1 } else { 2 }, "{}", image.display());
    }
    let (status, _, seen) = flash(&pico_image(false), &["--out", folder.path().to_str().unwrap()]);
    assert!(status == 2 && seen.contains("cannot write"), "{seen}");
    for options in [&["--chip", "RP2040"][..], &["--elf", "x"], &["--probe", "x"], &["--out", "a", "--drive", "b"]] {
        let (status, _, seen) = flash(&pico_image(false), options);
        assert!(status == 2 && seen.contains("cannot be used with"), "{seen}");
    }
}
