//! The terminal application as a static library for the target: `cargo xtask firmware` builds it and checks what the
//! compiler made of it (no heap, how many panics, how large).
//!
//! Generic code is compiled only where it is given types, so the library alone would prove little. This file gives the
//! application dummy ports and an entry that a linker can see. It is not an image to flash: it has no start-up code and
//! no drivers. On the host it is empty, and is compiled only so that `cargo clippy --all-targets` and `cargo test` pass
//! over it.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(
    target_os = "none",
    allow(unsafe_code, reason = "an entry with a fixed symbol name is `#[unsafe(no_mangle)]`")
)]

#[cfg(target_os = "none")]
mod target {
    use core::hint::black_box;
    use core::panic::PanicInfo;

    use qiyong_protocol::card::codes::IdNumber;

    /// The root from which `cargo xtask firmware` follows the code. Its name begins with `qiyong_`, as every symbol
    /// that the check counts as ours contains `qiyong_`.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_terminal() {
        // `black_box` keeps the optimiser from computing the answer, or dropping the call, at compile time.
        let text = black_box([b'0'; 18]);
        black_box(IdNumber::new(&text).is_ok());
    }

    /// Stops. `black_box` keeps the message and its place alive, so that sizes are those of a panic that is reported.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        black_box(info);
        loop {}
    }
}
