//! The reader at work: the engine between a host's endpoints, the slot, and the holder's keypad.
//!
//! Whoever has the slot has it alone: a board that is a reader runs no terminal application.

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::signal::Signal;
use embassy_usb_driver::{EndpointIn, EndpointOut};
use embedded_hal_async::delay::DelayNs;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::apdu::{Command, EXTENDED_NE_MAX};
use qiyong_protocol::iso7816::atr::{ClockStop, Edc};
use qiyong_protocol::iso7816::character::Convention;
use qiyong_protocol::rules::money::Fen;

use super::apdus::Apdus;
use super::engine::Engine;
use super::job::{Job, Outcome, Protocol};
use super::message::{Failure, Icc, PACKET};
use super::pin::PinOperation;
use crate::slot::{CardLine, CardSlot, ContactSlot, SlotConfig, VoltageClass};
use crate::terminal::{NoPin, Operator, WhichPin};
use crate::ui::Screen;

/// How often a host is told that a job still lasts, in ms.
const LASTS_MS: u32 = 500;

/// What the control endpoint and the bus have to tell the reader: set by the USB stack, taken by [`Reader::serve`].
pub struct Told<M: RawMutex> {
    abort: Signal<M, (u8, u8)>,
    reset: Signal<M, ()>,
}

impl<M: RawMutex> Default for Told<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: RawMutex> Told<M> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { abort: Signal::new(), reset: Signal::new() }
    }

    /// An ABORT request has come, with this wValue; `false`: there is no such slot.
    pub fn abort(&self, value: u16) -> bool {
        let [slot, seq] = value.to_le_bytes();
        let known = slot == super::message::SLOT;
        if known {
            self.abort.signal((slot, seq));
        }
        known
    }

    /// The bus was reset, or the device configured.
    pub fn reset(&self) {
        self.abort.reset();
        self.reset.signal(());
    }
}

/// The endpoints.
#[derive(Debug)]
pub struct Pipes<O, I, N> {
    /// Bulk-OUT.
    pub out: O,
    /// Bulk-IN.
    pub bulk_in: I,
    /// Interrupt-IN.
    pub notify: N,
}

/// What has happened besides the slot.
enum Event {
    /// A packet has come, so many bytes long.
    Packet(usize),
    /// A packet is out.
    Sent,
    Notified,
    Abort(u8, u8),
    Reset,
}

impl<O: EndpointOut, I: EndpointIn, N: EndpointIn> Pipes<O, I, N> {
    /// The next event. Dropped, nothing is lost: what has not happened then happens later.
    async fn event<M: RawMutex>(&mut self, engine: &Engine, told: &Told<M>, packet: &mut [u8; PACKET]) -> Event {
        let Self { out, bulk_in, notify } = self;
        let bulk = async {
            let done = match engine.packet_out() {
                Some(bytes) => bulk_in.write(bytes).await.map(|()| Event::Sent),
                None => out.read(packet).await.map(Event::Packet),
            };
            match done {
                Ok(event) => event,
                // The device is configured anew before anything else goes over the endpoints, and that is told.
                Err(_) => core::future::pending().await,
            }
        };
        let news = async {
            match engine.notification() {
                Some(bytes) if notify.write(&bytes).await.is_ok() => Event::Notified,
                _ => core::future::pending().await,
            }
        };
        let control = async {
            match select(told.reset.wait(), told.abort.wait()).await {
                Either::First(()) => Event::Reset,
                Either::Second((slot, seq)) => Event::Abort(slot, seq),
            }
        };
        match select3(control, bulk, news).await {
            Either3::First(event) | Either3::Second(event) | Either3::Third(event) => event,
        }
    }
}

/// The reader: a slot, and what belongs to it.
#[derive(Debug)]
pub struct Reader<'b, L, D, W> {
    slot: ContactSlot<L>,
    config: SlotConfig,
    desk: D,
    delay: W,
    apdus: Apdus<'b>,
}

impl<'b, L: CardLine, D: Operator, W: DelayNs + Clone> Reader<'b, L, D, W> {
    /// A reader with this slot. `desk` asks the holder for PINs; commands and responses are kept in `apdus`.
    pub const fn new(line: L, config: SlotConfig, desk: D, delay: W, apdus: Apdus<'b>) -> Self {
        Self { slot: ContactSlot::new(line, config), config, desk, delay, apdus }
    }

    /// Serves a host for ever.
    ///
    /// Cancel-safety: dropped midway, the card may have power.
    pub async fn serve<M: RawMutex>(
        mut self,
        mut pipes: Pipes<impl EndpointOut, impl EndpointIn, impl EndpointIn>,
        told: &Told<M>,
    ) -> ! {
        let mut engine = Engine::new();
        let mut packet = [0; PACKET];
        loop {
            engine.card(self.slot.line().present());
            if let Some(job) = engine.job() {
                self.work(job, &mut engine, &mut pipes, told, &mut packet).await;
                continue;
            }
            let there = engine.icc() != Icc::Absent;
            let change = changes(self.slot.line(), there);
            match select(change, pipes.event(&engine, told, &mut packet)).await {
                Either::First(()) if there => self.slot.disconnect().await,
                Either::First(()) => {}
                Either::Second(event) => happens(&mut engine, &event, &packet, Some(&mut self.apdus)),
            }
        }
    }

    /// Carries out a job, and listens to the host meanwhile.
    async fn work<M: RawMutex>(
        &mut self,
        job: Job,
        engine: &mut Engine,
        pipes: &mut Pipes<impl EndpointOut, impl EndpointIn, impl EndpointIn>,
        told: &Told<M>,
        packet: &mut [u8; PACKET],
    ) {
        let mut delay = self.delay.clone();
        let outcome = {
            let mut job = core::pin::pin!(self.carry_out(job));
            loop {
                let soon = delay.delay_ms(LASTS_MS);
                match select3(&mut job, pipes.event(engine, told, packet), soon).await {
                    Either3::First(outcome) => break Some(outcome),
                    Either3::Second(event) => happens(engine, &event, packet, None),
                    Either3::Third(()) => engine.lasts(),
                }
                if engine.is_cancelled() {
                    break None;
                }
            }
        };
        // What still goes to the host goes first.
        while outcome.is_some() && !engine.listens() && !engine.is_cancelled() {
            let event = pipes.event(engine, told, packet).await;
            happens(engine, &event, packet, None);
        }
        match outcome.filter(|_| !engine.is_cancelled()) {
            Some(outcome) => {
                let icc = match (self.slot.line().present(), self.slot.is_powered()) {
                    (false, _) => Icc::Absent,
                    (true, false) => Icc::Inactive,
                    (true, true) => Icc::Active,
                };
                engine.done(outcome, icc, self.slot.parameters(), &mut self.apdus);
            }
            None => {
                self.slot.disconnect().await;
                self.apdus.forget_command();
                engine.dropped(self.slot.line().present());
            }
        }
    }

    async fn carry_out(&mut self, job: Job) -> Outcome {
        let done = match job {
            Job::PowerOn(class) => self.power_on(class).await,
            Job::PowerOff => {
                self.slot.disconnect().await;
                Ok(())
            }
            Job::Transmit => transmit(&mut self.slot, &mut self.apdus).await,
            Job::Pin(operation) => self.pin(&operation).await,
        };
        done.map_or_else(Outcome::Failed, |()| Outcome::Done)
    }

    async fn power_on(&mut self, class: Option<VoltageClass>) -> Result<(), Failure> {
        let config = match class {
            Some(class) => SlotConfig { first_class: class, more_classes: &[], ..self.config },
            None => self.config,
        };
        self.slot.reconfigure(config);
        let atr = self.slot.connect().await?;
        let (_, room) = self.apdus.room();
        let room = room.get_mut(..atr.len()).ok_or(Failure::OVERRUN)?;
        room.copy_from_slice(atr);
        self.apdus.responded(atr.len());
        Ok(())
    }

    /// Takes the PINs, and carries the command with them.
    async fn pin(&mut self, operation: &PinOperation) -> Result<(), Failure> {
        let patience = u32::from(operation.patience_s) * 1000;
        let keyed = {
            let mut delay = self.delay.clone();
            let ask = ask(&mut self.desk, operation);
            match select3(ask, self.slot.removal(), delay.delay_ms(patience)).await {
                Either3::First(keyed) => keyed?,
                Either3::Second(()) => {
                    self.slot.disconnect().await;
                    return Err(Failure::MUTE);
                }
                Either3::Third(()) => return Err(Failure::PIN_TIMED_OUT),
            }
        };
        let [present, new] = &keyed;
        let (room, _) = self.apdus.room();
        let len = operation.command(present.as_ref(), new.as_ref(), room)?;
        self.apdus.commanded(len);
        transmit(&mut self.slot, &mut self.apdus).await
    }
}

/// Waits until a card comes, or the one that is there goes.
async fn changes(line: &mut impl CardLine, there: bool) {
    if there {
        line.removal().await;
    } else {
        while !line.wait_for_card(60).await {}
    }
}

fn happens(engine: &mut Engine, event: &Event, packet: &[u8; PACKET], apdus: Option<&mut Apdus<'_>>) {
    match *event {
        Event::Packet(len) => engine.packet(packet.get(..len).unwrap_or_default(), apdus),
        Event::Sent => engine.sent(),
        Event::Notified => engine.notified(),
        Event::Abort(slot, seq) => _ = engine.abort(slot, seq),
        Event::Reset => engine.reset(),
    }
}

/// Asks for PINs until they are such as the host allows. The present one, and the new one.
async fn ask(desk: &mut impl Operator, operation: &PinOperation) -> Result<[Option<Pin>; 2], NoPin> {
    loop {
        let (mut present, mut new, mut again) = (None, None, None);
        for which in operation.asks() {
            let (screen, place) = match which {
                WhichPin::Present => (Screen::EnterPin { amount: Fen(0), tries_left: None }, &mut present),
                WhichPin::New => (Screen::EnterNewPin, &mut new),
                WhichPin::NewAgain => (Screen::RepeatNewPin, &mut again),
            };
            desk.show(&screen);
            *place = Some(desk.enter_pin(which).await?);
        }
        let allowed = [&present, &new].into_iter().flatten().all(|pin| operation.allows(pin));
        let differ = again.as_ref().is_some_and(|again| new.as_ref() != Some(again));
        if allowed && !differ {
            desk.show(&Screen::ReadingCard);
            return Ok([present, new]);
        }
        if differ {
            desk.show(&Screen::NewPinsDiffer);
        }
    }
}

/// Carries the command, and writes the status word behind the response's data.
async fn transmit<L: CardLine>(slot: &mut ContactSlot<L>, apdus: &mut Apdus<'_>) -> Result<(), Failure> {
    let (bytes, room) = apdus.parts();
    let command = Command::decode(bytes).map_err(|_| Failure::LENGTH)?;
    let whole = command.ne.min(EXTENDED_NE_MAX) + 2;
    // Room for what the command asks for, so that a card cannot send more.
    let room = room.get_mut(..whole).ok_or(Failure::OVERRUN)?;
    let response = slot.transmit(&command, room).await?;
    let (len, sw) = (response.data.len(), response.sw);
    let place = room.get_mut(len..).and_then(|rest| rest.first_chunk_mut::<2>()).ok_or(Failure::OVERRUN)?;
    *place = sw.0.to_be_bytes();
    apdus.responded(len + 2);
    Ok(())
}

impl<L: CardLine> ContactSlot<L> {
    /// What is in force, for a host that asks (CCID 1.1 section 6.2.3); `None` without power.
    fn parameters(&self) -> Option<Protocol> {
        let (card, t, fi_di) = self.in_force()?;
        let inverse = u8::from(card.convention() == Convention::Inverse) << 1;
        let guard = card.extra_guard();
        let stop = match card.clock_stop() {
            ClockStop::NotSupported => 0,
            ClockStop::Low => 1,
            ClockStop::High => 2,
            ClockStop::Any => 3,
        };
        Some(if t == 0 {
            Protocol::T0([fi_di, inverse, guard, card.wi(), stop])
        } else {
            let crc = u8::from(card.edc() == Edc::Crc);
            Protocol::T1([fi_di, 0x10 | inverse | crc, guard, card.bwi() << 4 | card.cwi(), stop, card.ifsc(), 0])
        })
    }
}
