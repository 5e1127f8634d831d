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

    use embassy_futures::select::select3;
    use embedded_hal::digital::{self, InputPin, OutputPin};
    use embedded_hal_async::delay::DelayNs;
    use embedded_hal_async::digital::Wait;
    use embedded_hal_async::i2c::{self, I2c};
    use embedded_io_async::{Read, Write};
    use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
    use qiyong_firmware::adapters::{CardUart, Contacts, Panel, PinLine, SerialPort, Timing};
    use qiyong_firmware::application::obey;
    use qiyong_firmware::link::{Job, SerialLink};
    use qiyong_firmware::slot::{ContactSlot, LineConfig, LineError, SlotConfig};
    use qiyong_firmware::storage::{Crash, Store};
    use qiyong_firmware::terminal::{self, NoPin, Operator, Settings, Terminal, WhichPin};
    use qiyong_firmware::ui::framebuffer::Framebuffer;
    use qiyong_firmware::ui::{Screen, draw};
    use qiyong_protocol::card::date::{Date, Timestamp};
    use qiyong_protocol::card::pin::Pin;
    use qiyong_protocol::centre::TerminalId;
    use qiyong_protocol::ecr::TEST_TRANSPORT_KEY;
    use qiyong_protocol::iso7816::Etu;
    use qiyong_protocol::iso7816::character::Received;
    use qiyong_protocol::rules::institution::InstitutionCode;
    use rand_core::{TryCryptoRng, TryRng};

    /// Every port of the terminal at once. `black_box` hides from the optimiser what comes out of it, so that no branch
    /// of the application can be left out.
    #[derive(Clone, Copy)]
    struct Outside;

    impl digital::ErrorType for Outside {
        type Error = Infallible;
    }

    impl OutputPin for Outside {
        fn set_low(&mut self) -> Result<(), Infallible> {
            black_box(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            black_box(true);
            Ok(())
        }
    }

    impl InputPin for Outside {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            Ok(black_box(true))
        }
        fn is_low(&mut self) -> Result<bool, Infallible> {
            Ok(black_box(true))
        }
    }

    /// Ready or never.
    async fn sometimes() -> Result<(), Infallible> {
        if black_box(true) {
            core::future::pending().await
        }
        Ok(())
    }

    impl Wait for Outside {
        async fn wait_for_high(&mut self) -> Result<(), Infallible> {
            sometimes().await
        }
        async fn wait_for_low(&mut self) -> Result<(), Infallible> {
            sometimes().await
        }
        async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
            sometimes().await
        }
        async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
            sometimes().await
        }
        async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
            sometimes().await
        }
    }

    impl DelayNs for Outside {
        async fn delay_ns(&mut self, ns: u32) {
            black_box(ns);
        }
    }

    impl CardUart for Outside {
        fn configure(&mut self, config: &LineConfig) {
            black_box(config);
        }
        fn rst_changes(&mut self) {
            black_box(());
        }
        async fn send(&mut self, bytes: &[u8]) -> Result<(), LineError> {
            black_box(bytes);
            black_box(Ok(()))
        }
        async fn receive(&mut self, within: Etu) -> Result<(Received, Etu), LineError> {
            black_box(Ok((Received { byte: 0, parity_ok: true }, within)))
        }
    }

    impl i2c::ErrorType for Outside {
        type Error = i2c::ErrorKind;
    }

    impl I2c for Outside {
        async fn transaction(
            &mut self,
            address: u8,
            operations: &mut [i2c::Operation<'_>],
        ) -> Result<(), i2c::ErrorKind> {
            black_box((address, operations));
            black_box(Ok(()))
        }
    }

    /// The two halves of the serial port.
    struct Half;

    impl embedded_io_async::ErrorType for Half {
        type Error = embedded_io_async::ErrorKind;
    }

    impl Read for Half {
        async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, embedded_io_async::ErrorKind> {
            black_box(bytes);
            black_box(Ok(1))
        }
    }

    impl Write for Half {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, embedded_io_async::ErrorKind> {
            black_box(bytes);
            black_box(Ok(1))
        }
        async fn flush(&mut self) -> Result<(), embedded_io_async::ErrorKind> {
            black_box(Ok(()))
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
            Timestamp {
                date: date.unwrap_or_else(|| {
                    loop {
                        core::hint::spin_loop()
                    }
                }),
                hour: 9,
                minute: 0,
                second: 0,
            }
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
        let contacts = Contacts {
            vcc: Outside,
            five_volts: Outside,
            rst: Outside,
            clk: Outside,
            clk_level: Outside,
            io: Outside,
            present: Outside,
        };
        let timing = Timing { clk_hz: black_box(4_000_000), vcc_settles_us: black_box(10_000) };
        let slot = ContactSlot::new(PinLine::new(contacts, Outside, Outside, timing), SlotConfig::default());
        let crash = Crash::from_words(black_box([0; Crash::LEN]));
        let memory = Store::<_>::open(Outside, crash);
        black_box((memory.place(), memory.starts(), memory.crashes(), memory.trouble()));
        let link = SerialLink::new(SerialPort::new(Half, Half, Outside), &TEST_TRANSPORT_KEY, memory.state([0; 12]));
        link.install(memory.keyring(), memory.policy());
        let mut terminal = Terminal::new(slot, &link, Outside, Outside, Outside, memory, settings);
        let serve = async {
            loop {
                let heard = |job: &Job| {
                    black_box(core::ptr::from_ref(job));
                };
                black_box(obey(&link, &mut terminal, heard).await);
            }
        };
        let listen = link.listen(|time| {
            black_box(time);
        });
        let panel = async {
            loop {
                let _ = black_box(Panel::new(Outside).show(|at| black_box(at) as u8).await.is_ok());
            }
        };
        let all = pin!(select3(serve, listen, panel));
        black_box(all.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }

    /// Stops. `black_box` keeps the message and its place alive, so that sizes are those of a panic that is reported.
    #[panic_handler]
    fn panic(info: &PanicInfo<'_>) -> ! {
        black_box(info);
        loop {}
    }
}
