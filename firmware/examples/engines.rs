//! The protocol engines alone as a static library for the target: `cargo xtask size` builds it and counts its bytes.
//!
//! What a terminal needs of `qiyong_protocol::iso7816` to talk to any contact card, and nothing else: receiving, checking
//! and reading an ATR, PPS, one command over T=0, and IFSD negotiation and one command over T=1. Line and application are
//! reduced to `black_box`, which hides from the optimiser what comes out of it, so that it can leave no branch out. Each
//! engine has a root, a function of a fixed name from which `cargo xtask size` follows the code; what the optimiser inlines
//! into a root is counted with that engine, the loop that drives it included.
//!
//! Not an image to flash, and on the host empty, like the `terminal` example beside it.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(
    target_os = "none",
    allow(unsafe_code, reason = "a root with a fixed symbol name is `#[unsafe(no_mangle)]`")
)]

#[cfg(target_os = "none")]
mod target {
    use core::hint::black_box;
    use core::mem::MaybeUninit;
    use core::panic::PanicInfo;

    use qiyong_protocol::iso7816::Etu;
    use qiyong_protocol::iso7816::apdu::{Command, Response};
    use qiyong_protocol::iso7816::atr::{Atr, MAX_LEN, Parameters};
    use qiyong_protocol::iso7816::character::{Convention, Received};
    use qiyong_protocol::iso7816::{pps, t0, t1};

    /// The line: characters go out.
    fn send(bytes: &[u8]) {
        black_box(bytes);
    }

    /// The line: a character comes, with the etu it took, or none in time.
    fn receive(within: Etu) -> Option<(Received, Etu)> {
        black_box(Some((Received { byte: 0, parity_ok: true }, within)))
    }

    /// Receives an ATR, checks it, and reads what the contact slot reads of it.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_engine_atr(bytes: &mut [u8; MAX_LEN]) {
        let mut len = 0;
        let Some((ts, _)) = receive(108) else { return };
        black_box(Convention::from_ts_read_direct(ts).map(Convention::ts));
        while let Some(place) = bytes.get_mut(len) {
            let Some((character, _)) = receive(9600) else { break };
            *place = character.byte;
            len += 1;
            if Atr::expected_len(bytes.get(..len).unwrap_or_default()).is_some_and(|whole| len >= whole) {
                break;
            }
        }
        let atr = Atr::new(bytes.get(..len).unwrap_or_default());
        let card = match atr.check() {
            Ok(card) => card,
            Err(error) => {
                black_box(error);
                return;
            }
        };
        black_box(card.classes());
        black_box(card.specific_mode());
        black_box(card.preferred_protocol());
        black_box(card.fi());
        black_box(card.di());
        black_box(card.convention());
        black_box(card.extra_guard());
        black_box(card.wi());
        black_box(card.extended_lengths());
        black_box(card.clock_stop());
        black_box(t1::Parameters::from_atr(&card, 372, 1));
    }

    /// Chooses a rate, asks for it, and judges the answer.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_engine_pps() {
        let Some(pps1) = pps::fastest(&black_box(Parameters::DEFAULT), black_box(16)) else { return };
        let request = pps::Request::new(black_box(0), pps1);
        send(request.bytes());
        let mut bytes = [0; pps::PPS_MAX];
        let mut len = 0;
        while let Some(place) = bytes.get_mut(len) {
            let Some((character, _)) = receive(9600) else { return };
            *place = character.byte;
            len += 1;
            if pps::expected_len(bytes.get(..len).unwrap_or_default()).is_some_and(|whole| len >= whole) {
                break;
            }
        }
        let _ = black_box(request.judge(bytes.get(..len).unwrap_or_default()));
    }

    /// One command over T=0.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_engine_t0(response: &mut ResponseBuffer) {
        let limits = t0::Limits::new(black_box(10), black_box(372), black_box(1));
        let limits = t0::Limits { envelope: black_box(true), ..limits };
        let command = command();
        let mut exchange = t0::Exchange::new(&command, response, limits);
        let result = loop {
            match exchange.step() {
                t0::Step::Send(bytes) => {
                    send(bytes);
                    exchange.sent();
                }
                t0::Step::Receive(within) => match receive(within) {
                    Some((character, etu)) => exchange.received(character.byte, etu),
                    None => exchange.timed_out(),
                },
                t0::Step::Done(result) => break result,
            }
        };
        let _ = black_box(result.map(|done| (done.len, done.sw)));
    }

    /// IFSD negotiation and one command over T=1.
    #[unsafe(no_mangle)]
    extern "C" fn qiyong_engine_t1(response: &mut ResponseBuffer) {
        let mut link = t1::Connection::new(black_box(t1::Parameters::default()));
        let limits = t1::Limits::new(&link, 1, 1);
        let _ = black_box(over_t1(&mut link.negotiate_ifsd(t1::IFS_MAX, limits)));
        let command = command();
        let limits = t1::Limits::new(&link, command.data.len(), response.len());
        let Ok(exchange) = &mut link.command(&command, response, limits) else { return };
        let result = over_t1(exchange);
        if let Ok(len) = result {
            let _ = black_box(Response::decode(response.get(..len).unwrap_or_default()));
        }
        let _ = black_box(result);
    }

    /// The loop around both exchanges of T=1.
    #[inline(never)]
    fn over_t1(exchange: &mut t1::Exchange<'_>) -> Result<usize, t1::T1Error> {
        loop {
            match exchange.step() {
                t1::Step::Send(bytes) => {
                    send(bytes);
                    exchange.sent();
                }
                t1::Step::Receive(within) => match receive(within) {
                    Some((character, etu)) if character.parity_ok => exchange.received(character.byte, etu),
                    Some((_, etu)) => exchange.parity_error(etu),
                    None => exchange.timed_out(),
                },
                t1::Step::Done(result) => return result,
            }
        }
    }

    fn command() -> Command<'static> {
        black_box(Command::new(0, 0xA4, 0, 0))
    }

    /// Room for the response to any short command, as the contact slot has it.
    type ResponseBuffer = [u8; 258];

    /// What must be kept while a command is on its way over T=0, for its size alone.
    #[unsafe(no_mangle)]
    static mut qiyong_ram_t0: MaybeUninit<(t0::Limits, t0::Exchange<'static>, ResponseBuffer)> = MaybeUninit::uninit();

    /// The same for T=1.
    #[unsafe(no_mangle)]
    static mut qiyong_ram_t1: MaybeUninit<(t1::Connection, t1::Exchange<'static>, ResponseBuffer)> =
        MaybeUninit::uninit();

    /// Stops. None of the engines can panic, so no root reaches it.
    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        loop {}
    }
}
