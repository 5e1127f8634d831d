//! `cargo xtask firmware`: builds the firmware for the target and checks the result of the compiler; then builds the
//! image for the board, through `board`.
//!
//! This file decides what must hold. `arm` finds the compiler, `image` reads its product.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::chores::arm;
use crate::chores::board;
use crate::chores::image::{Image, Size};
use crate::chores::step;

/// Runs the verb.
///
/// # Errors
/// The firmware does not build, has a heap, or can panic, or the image is too large.
pub(crate) fn run() -> Result<()> {
    let library = build("terminal")?;
    step::say("checking the firmware: heap, panics, sizes");
    let image = Image::read(&library)?;
    println!("heap:   {}", if image.allocators.is_empty() { "none" } else { "FOUND" });
    println!("panics: {} references from our code", image.panic_count());
    for panicking in &image.panics {
        println!("  {}", panicking.function);
        for (callee, count) in &panicking.calls {
            println!("    {count:>3} x {callee}");
        }
        for place in &panicking.places {
            println!("    at {place}");
        }
    }
    println!("size in bytes        text    rodata      data       bss");
    print_size("our own code", image.ours);
    print_size("with all it uses", image.kept);

    if !image.allocators.is_empty() {
        bail!(
            "the firmware must do without a heap, but has the symbols {}. A dependency brings them: find it with \
             `cargo tree --package qiyong-firmware --edges features,normal` and switch off its `alloc` or `std` feature",
            image.allocators.join(", ")
        );
    }
    if image.panic_count() > 0 {
        bail!(
            "the firmware must not panic, but the places above can: use `get`, `checked_...` or an error there. Where the \
             optimiser merely fails to see that a check always holds, write it so that it does"
        );
    }
    board::run()
}

/// Builds an example of the firmware as a static library for the target, in such a way that panics can be found.
/// Returns the library's path.
///
/// # Errors
/// The example does not build.
fn build(example: &str) -> Result<PathBuf> {
    build_by(arm::compiler()?.cargo_build(arm::TARGET), example)
}

/// Builds an example in the way an image is built, for its size.
///
/// # Errors
/// The example does not build.
pub(crate) fn build_small(example: &str) -> Result<PathBuf> {
    build_by(arm::cargo_build_image(arm::TARGET)?, example)
}

fn build_by(mut build: Command, example: &str) -> Result<PathBuf> {
    build.args(["--target-dir", arm::FOLDER, "--profile", "firmware"]);
    step::run(build.args(["--package", "qiyong-firmware", "--lib", "--example", example]))?;
    Ok(step::root().join(arm::FOLDER).join(arm::TARGET).join("firmware/examples").join(format!("lib{example}.a")))
}

fn print_size(label: &str, Size { text, rodata, data, bss }: Size) {
    println!("{label:<16} {text:>8}  {rodata:>8}  {data:>8}  {bss:>8}");
}
