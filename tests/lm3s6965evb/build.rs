//! Hands the linker the chip's memory map. Does nothing for the host.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "none") {
        let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
        println!("cargo::rustc-link-search={here}");
        for word in ["-Tlink.x", "-Tdefmt.x", "--nmagic"] {
            println!("cargo::rustc-link-arg-bins={word}");
        }
    }
}
