//! On Linux the library stays loaded: between two calls it keeps a connection to the PC/SC service, which a caller that loads and
//! unloads it for each call would leave behind each time. On Windows it asks for that when it runs.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
