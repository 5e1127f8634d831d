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
    use core::convert::Infallible;
    use core::future::Future;
    use core::hint::black_box;
    use core::panic::PanicInfo;
    use core::pin::pin;
    use core::task::{Context, Waker};

    use embassy_futures::select::select;
    use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
    use qiyong_firmware::link::{Job, Link, Port};
    use qiyong_firmware::slot::{CardLine, Clock, ContactSlot, LineConfig, LineError, SlotConfig, VoltageClass};
    use qiyong_firmware::storage::{self, Crash, Store};
    use qiyong_firmware::terminal::{self, NoPin, Operator, Settings, Terminal, WhichPin};
    use qiyong_firmware::ui::framebuffer::Framebuffer;
    use qiyong_firmware::ui::{Screen, draw};
    use qiyong_protocol::card::date::{Date, Timestamp};
    use qiyong_protocol::card::pin::Pin;
    use qiyong_protocol::centre::TerminalId;
    use qiyong_protocol::ecr::Setup;
    use qiyong_protocol::iso7816::Etu;
    use qiyong_protocol::iso7816::character::Received;
    use qiyong_protocol::rules::institution::InstitutionCode;
    use rand_core::{TryCryptoRng, TryRng};

    /// Every port of the terminal at once. `black_box` hides from the optimiser what comes out of it, so that no branch
    /// of the application can be left out.
    #[derive(Clone, Copy)]
    struct Outside;

    impl CardLine for Outside {
        async fn wait_for_card(&mut self, seconds: u16) -> bool {
            black_box(seconds) > 0
        }
        async fn removal(&mut self) {
            if black_box(true) {
                core::future::pending().await
            }
        }
        fn present(&mut self) -> bool {
            black_box(true)
        }
        async fn set_vcc(&mut self, class: Option<VoltageClass>) {
            black_box(class);
        }
        fn set_rst(&mut self, high: bool) {
            black_box(high);
        }
        fn set_clk(&mut self, clock: Clock) {
            black_box(clock);
        }
        fn set_io(&mut self, released: bool) {
            black_box(released);
        }
        fn configure(&mut self, config: &LineConfig) {
            black_box(config);
        }
        async fn wait(&mut self, cycles: u32) {
            black_box(cycles);
        }
        async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
            black_box(bytes);
            black_box(Ok(()))
        }
        async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
            black_box(Ok((Received { byte: 0, parity_ok: true }, within)))
        }
    }

    impl Port for Outside {
        async fn send(&self, frame: &[u8]) {
            black_box(frame);
        }
        async fn receive(&self) -> u8 {
            black_box(4)
        }
        async fn wait(&self, ms: u32) {
            black_box(ms);
        }
    }

    impl Operator for Outside {
        fn show(&mut self, screen: &Screen) {
            let mut frame = Framebuffer::new();
            let Ok(()) = draw::draw(&screen.text(), &mut frame);
            black_box(frame);
        }
        async fn enter_pin(&mut self, which: WhichPin) -> Result<Pin, NoPin> {
            black_box(which);
            Pin::new(&black_box(*b"271828")).ok_or(NoPin::Cancelled)
        }
        async fn cancel(&mut self) {
            if black_box(true) {
                core::future::pending().await
            }
        }
    }

    impl terminal::Clock for Outside {
        fn now(&mut self) -> Timestamp {
            let date = Date::new(black_box(2026), 1, 1);
            Timestamp { date: date.unwrap_or_else(|| loop {}), hour: 9, minute: 0, second: 0 }
        }
    }

    impl TryRng for Outside {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(black_box(4))
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            Ok(black_box(4))
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            bytes.fill(black_box(4));
            Ok(())
        }
    }

    impl TryCryptoRng for Outside {}

    impl ErrorType for Outside {
        type Error = NorFlashErrorKind;
    }

    impl ReadNorFlash for Outside {
        const READ_SIZE: usize = 8;
        fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
            bytes.fill(black_box(offset).to_le_bytes()[0]);
            black_box(Ok(()))
        }
        fn capacity(&self) -> usize {
            black_box(0x8000)
        }
    }

    impl NorFlash for Outside {
        const WRITE_SIZE: usize = 8;
        const ERASE_SIZE: usize = 0x800;
        fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
            black_box((from, to));
            black_box(Ok(()))
        }
        fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
            black_box((offset, bytes));
            black_box(Ok(()))
        }
    }

    /// The root from which `cargo xtask firmware` follows the code. Its name begins with `qiyong_`, as every symbol
    /// that the check counts as ours contains `qiyong_`.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_terminal() {
        let Ok(institution) = InstitutionCode::new(black_box("P32010000017")) else {
            return;
        };
        let settings = Settings::at(institution, TerminalId(*b"00000001"));
        let slot = ContactSlot::new(Outside, SlotConfig::default());
        let crash = Crash::from_words(black_box([0; Crash::LEN]));
        let memory = Store::open(Outside, storage::PAGES, crash);
        black_box((memory.place(), memory.starts(), memory.crashes(), memory.trouble()));
        let link = Link::new(Outside, memory.state([0; 12]));
        let mut terminal = Terminal::new(slot, &link, Outside, Outside, Outside, memory, settings);
        let serve = async {
            loop {
                match link.command().await {
                    Job::Setup(Setup { institution, terminal: name, next_stan, .. }) => {
                        let _ = black_box(terminal.memory().set_up(institution, name, next_stan));
                        terminal.set_up(institution, name);
                    }
                    Job::Serve(operation) => {
                        let report = terminal.serve(&operation).await;
                        link.note(terminal.memory().next(), terminal.has_unanswered());
                        link.tell_end(&report).await;
                    }
                }
            }
        };
        let listen = link.listen(|time| {
            black_box(time);
        });
        let both = pin!(select(serve, listen));
        black_box(both.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    /// Stops. `black_box` keeps the message and its place alive, so that sizes are those of a panic that is reported.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        black_box(info);
        loop {}
    }
}
