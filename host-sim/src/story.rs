//! Tells a person what happened in a world: screens, APDUs, messages, and with `--trace` every character.
//!
//! Only words and layout are here. Secrets in events were masked when the events were written down; `mask` masks single
//! characters.

pub(crate) mod whole;

use unicode_width::UnicodeWidthStr;

use qiyong::lang::{self, Lang};
use qiyong_firmware::slot::{Clock, VoltageClass};
use qiyong_firmware::terminal::{NoPin, WhichPin};
use qiyong_firmware::ui::{Text, status_text};
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::rules::decision::CardRecord;

use qiyong_sim::line::{Character, EtuCounter, LineEvent};
use qiyong_sim::mask::Masker;
use qiyong_sim::referee::Finding;
use qiyong_sim::time::CLOCK_HZ;
use qiyong_sim::world::event::{Apdu, Event};

/// Longer response data is cut in the story; a trace shows all of it.
const SHOWN_HEX: usize = 48;
/// Characters in each row of the trace.
const PER_LINE: usize = 8;

/// The rows that tell `events`; times are seconds since the beginning of the run.
pub(crate) fn tell(events: &[(u64, Event)], trace: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut characters = Characters::default();
    for (cycle, event) in events {
        if let Event::Line(rate, event) = event {
            if trace {
                characters.note(*cycle, *rate, *event, &mut lines);
            }
            continue;
        }
        // The messages in frames are told by what they say.
        if let Event::Frame(_) = event {
            continue;
        }
        characters.flush(&mut lines);
        let at = seconds(*cycle);
        match event {
            Event::Screen(text) => lines.push(format!("{at}  screen  │ {}", screen(text))),
            Event::Keyed(which) => lines.push(format!("{at}  holder  keys {} ******", pin_words(*which))),
            Event::NotKeyed(NoPin::Cancelled) => lines.push(format!("{at}  holder  presses cancel")),
            Event::NotKeyed(NoPin::TimedOut) => lines.push(format!("{at}  holder  keys nothing")),
            Event::Atr(atr) => lines.push(format!("{at}  card    ATR {}  {}", hex::encode_upper(atr), atr_words(atr))),
            Event::Apdu(apdu) => tell_apdu(&at, apdu, trace, &mut lines),
            Event::SlotFailed(error) => lines.push(format!("{at}  card    {error}")),
            Event::Message { asked, answered, .. } => {
                lines.push(format!("{at}  centre  → {asked}"));
                lines.push(format!("{:>10}          ← {answered}", ""));
            }
            Event::Finding(Finding { rule, .. }) => {
                lines.push(format!("{at}  referee {} (clause {}): {}", rule.name(), rule.clause(), rule.says()));
            }
            Event::Line(..) | Event::Frame(_) => {}
        }
    }
    characters.flush(&mut lines);
    lines
}

/// The words of a screen in one row, Chinese first, at a fixed width.
pub(crate) fn screen(text: &Text) -> String {
    let line = format!("{} {}", pad(text.chinese, 26), pad(text.english, 30));
    format!("{line} {}", text.detail).trim_end().to_string()
}

/// `text` filled up to `width` columns; a Chinese character takes two.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The standing of a card at the centre, in one row.
pub(crate) fn standing(record: Option<&CardRecord>) -> String {
    let Some(record) = record else {
        return "the centre does not know this card".to_string();
    };
    let yes = |on| if on { "yes" } else { "no" };
    let (english, chinese) = status_text(record.status);
    let status = match lang::in_force() {
        Lang::En => format!("{} {}", pad(english, 22), pad(chinese, 12)),
        Lang::Zh => pad(chinese, 12),
    };
    format!(
        "{status}  social {}  bank account {}  personal account {}",
        pad(yes(record.social), 3),
        pad(yes(record.financial), 3),
        record.account,
    )
}

/// Seconds since the beginning of the run, with milliseconds, ten columns wide.
fn seconds(cycle: u64) -> String {
    format!("{:>6}.{:03}", cycle / CLOCK_HZ, cycle % CLOCK_HZ * 1000 / CLOCK_HZ)
}

const fn pin_words(which: WhichPin) -> &'static str {
    match which {
        WhichPin::Present => "the PIN",
        WhichPin::New => "a new PIN",
        WhichPin::NewAgain => "the new PIN again",
    }
}

pub(crate) fn atr_words(atr: &[u8]) -> String {
    let atr = Atr::new(atr);
    let convention = match atr.convention() {
        Some(convention) => format!("{convention:?}").to_lowercase(),
        None => "unknown".to_string(),
    };
    let protocols: Vec<String> = atr.protocols().map(|t| format!("T={t}")).collect();
    format!("({convention} convention, {})", protocols.join(" "))
}

fn tell_apdu(at: &str, apdu: &Apdu, trace: bool, lines: &mut Vec<String>) {
    let shown = if trace { usize::MAX } else { SHOWN_HEX };
    lines.push(format!("{at}  card    → {}  {}", pad(&command_row(apdu, shown), 46), apdu.name));
    lines.push(format!("{:>10}          ← {}  {}", "", answer_row(apdu, shown), apdu.sw.meaning()));
}

/// Header, lengths and data of a command, of which so many hex digits are shown.
pub(crate) fn command_row(apdu: &Apdu, shown: usize) -> String {
    let [cla, ins, p1, p2] = apdu.header;
    let spaced =
        |bytes: Vec<u8>| if bytes.is_empty() { String::new() } else { format!(" {}", hex::encode_upper(bytes)) };
    let (lc, le) = (spaced(apdu.lc()), spaced(apdu.le()));
    format!("{cla:02X}{ins:02X} {p1:02X}{p2:02X}{lc} {}{le}", cut(&apdu.data, shown)).replace("  ", " ")
}

/// The card's answer, of which so many hex digits are shown, and its status word.
pub(crate) fn answer_row(apdu: &Apdu, shown: usize) -> String {
    let response = if apdu.response.is_empty() { String::new() } else { format!("{} ", cut(&apdu.response, shown)) };
    format!("{response}{}", apdu.sw)
}

fn cut(hex: &str, shown: usize) -> String {
    match hex.get(..shown) {
        Some(start) if hex.len() > shown => format!("{start}…"),
        _ => hex.to_string(),
    }
}

/// The characters of a trace, gathered into rows, with the secret ones masked.
#[derive(Default)]
struct Characters {
    /// Counts from power-up.
    etu: EtuCounter,
    /// Whether the current row goes to the card.
    to_card: bool,
    line: Vec<String>,
    masker: Masker,
}

impl Characters {
    fn note(&mut self, cycle: u64, rate: (u16, u8), event: LineEvent, lines: &mut Vec<String>) {
        if matches!(event, LineEvent::Vcc(Some(_))) {
            self.etu = EtuCounter::default();
        }
        let tenths = self.etu.advance(cycle, rate);
        let etu = format!("{}.{}", tenths / 10, tenths % 10);
        let (to_card, secret, character) = match event {
            LineEvent::ToCard(character) => (true, self.masker.sent_to_card(character), character),
            LineEvent::FromCard(character) => (false, self.masker.sent_by_card(character), character),
            contact => {
                self.flush(lines);
                if matches!(contact, LineEvent::Rst(_)) {
                    self.masker = Masker::default();
                }
                lines.push(format!("{:>10}  {etu:>10} etu  {}", "", contact_words(contact)));
                return;
            }
        };
        if self.to_card != to_card || self.line.len() == PER_LINE {
            self.flush(lines);
        }
        self.to_card = to_card;
        let Character { byte, parity_ok, signalled, .. } = character;
        let byte = if secret { "**".to_string() } else { format!("{byte:02X}") };
        // Wrong parity; and an error signal, after which the character comes again.
        let mark = match (parity_ok, signalled) {
            (true, _) => "",
            (false, false) => "!",
            (false, true) => "!~",
        };
        self.line.push(format!(" {etu:>9} {byte}{mark}"));
    }

    fn flush(&mut self, lines: &mut Vec<String>) {
        if !self.line.is_empty() {
            let arrow = if self.to_card { "→" } else { "←" };
            lines.push(format!("{:>10}  {arrow}{}", "", self.line.join("")));
            self.line.clear();
        }
    }
}

fn contact_words(event: LineEvent) -> String {
    let on = |on: bool, yes: &str, no: &str| if on { yes.to_string() } else { no.to_string() };
    match event {
        LineEvent::Vcc(Some(VoltageClass::A)) => "VCC on, class A, 5 V".to_string(),
        LineEvent::Vcc(Some(VoltageClass::B)) => "VCC on, class B, 3 V".to_string(),
        LineEvent::Vcc(Some(VoltageClass::C)) => "VCC on, class C, 1.8 V".to_string(),
        LineEvent::Vcc(None) => "VCC off".to_string(),
        LineEvent::Rst(high) => on(high, "RST high", "RST low"),
        LineEvent::Clk(Clock::Running) => "CLK runs".to_string(),
        LineEvent::Clk(Clock::Low) => "CLK stops, low".to_string(),
        LineEvent::Clk(Clock::High) => "CLK stops, high".to_string(),
        LineEvent::Io(released) => on(released, "I/O released", "I/O low"),
        LineEvent::Silence(etu) => format!("nothing for {etu} etu"),
        LineEvent::ToCard(_) | LineEvent::FromCard(_) => String::new(),
    }
}
