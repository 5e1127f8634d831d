//! Telling a person what happened on the bench: screens, APDUs, messages, and with `--trace` every character.
//!
//! Only words and layout are here. Secrets were masked when events were written down, but for single characters, which
//! are masked here, by the same rules (`qiyong_protocol::card::redact`).

use unicode_width::UnicodeWidthStr;

use qiyong_firmware::slot::VoltageClass;
use qiyong_firmware::terminal::{NoPin, WhichPin};
use qiyong_firmware::ui::{Text, status_text};
use qiyong_protocol::activation::decision::CardRecord;
use qiyong_protocol::card::commands::takes_data;
use qiyong_protocol::card::redact;
use qiyong_protocol::iso7816::atr::Atr;
use qiyong_protocol::iso7816::t0::CardSide;

use crate::bench::{Apdu, Event};
use crate::line::LineEvent;
use crate::time::CLOCK_HZ;

/// Response data longer than this is cut in the story; a trace shows it whole.
const SHOWN_HEX: usize = 48;
/// Characters a line of the trace.
const PER_LINE: usize = 8;

/// The lines that tell `events`; times are seconds since the beginning of the run.
pub fn tell(events: &[(u64, Event)], trace: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut characters = Characters::default();
    for (cycle, event) in events {
        if let Event::Line(rate, event) = event {
            if trace {
                characters.note(*cycle, *rate, *event, &mut lines);
            }
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
            Event::Message { asked, answered } => {
                lines.push(format!("{at}  centre  → {asked}"));
                lines.push(format!("{:>10}          ← {answered}", ""));
            }
            Event::Line(..) => {}
        }
    }
    characters.flush(&mut lines);
    lines
}

/// The words of a screen in one line, Chinese first, at a fixed width.
pub fn screen(text: &Text) -> String {
    let line = format!("{} {}", pad(text.chinese, 26), pad(text.english, 30));
    format!("{line} {}", text.detail).trim_end().to_string()
}

/// `text` filled up to `width` columns; a Chinese character takes two.
pub fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// How a card stands at the centre, in one line.
pub fn standing(record: Option<&CardRecord>) -> String {
    let Some(record) = record else {
        return "the centre does not know this card".to_string();
    };
    let yes = |on| if on { "yes" } else { "no" };
    let (english, chinese) = status_text(record.status);
    format!(
        "{} {}  social {}  bank account {}  personal account {}",
        pad(english, 22),
        pad(chinese, 12),
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

fn atr_words(atr: &[u8]) -> String {
    let atr = Atr::new(atr);
    let convention = match atr.convention() {
        Some(convention) => format!("{convention:?}").to_lowercase(),
        None => "unknown".to_string(),
    };
    let protocols: Vec<String> = atr.protocols().map(|t| format!("T={t}")).collect();
    format!("({convention} convention, {})", protocols.join(" "))
}

fn tell_apdu(at: &str, apdu: &Apdu, trace: bool, lines: &mut Vec<String>) {
    let cut = |hex: &str| match hex.get(..SHOWN_HEX) {
        Some(start) if !trace && hex.len() > SHOWN_HEX => format!("{start}…"),
        _ => hex.to_string(),
    };
    let [cla, ins, p1, p2] = apdu.header;
    let lc = if apdu.data.is_empty() { String::new() } else { format!(" {:02X}", apdu.data.len() / 2) };
    let le = if apdu.ne == 0 { String::new() } else { format!(" {:02X}", apdu.ne as u8) };
    let command = format!("{cla:02X}{ins:02X} {p1:02X}{p2:02X}{lc} {}{le}", cut(&apdu.data));
    lines.push(format!("{at}  card    → {}  {}", pad(&command.replace("  ", " "), 46), apdu.name));
    let response = if apdu.response.is_empty() { String::new() } else { format!("{} ", cut(&apdu.response)) };
    lines.push(format!("{:>10}          ← {response}{}  {}", "", apdu.sw, apdu.sw.meaning()));
}

/// The characters of a trace, gathered into lines, with the secret ones masked.
#[derive(Default)]
struct Characters {
    /// Cycle of VCC coming on, from which times count.
    start: u64,
    /// Whether the line under way goes to the card.
    to_card: bool,
    line: Vec<String>,
    masker: Masker,
}

impl Characters {
    fn note(&mut self, cycle: u64, (fi, di): (u16, u8), event: LineEvent, lines: &mut Vec<String>) {
        if matches!(event, LineEvent::Vcc(Some(_))) {
            self.start = cycle;
        }
        let tenths = cycle.saturating_sub(self.start) * 10 * u64::from(di) / u64::from(fi);
        let etu = format!("{}.{}", tenths / 10, tenths % 10);
        let (to_card, byte) = match event {
            LineEvent::ToCard(byte) => (true, self.masker.sent_to_card(byte)),
            LineEvent::FromCard(character) => {
                let parity = if character.parity_ok { "" } else { "!" };
                (false, format!("{}{parity}", self.masker.sent_by_card(character.byte)))
            }
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
        self.line.push(format!("{etu:>9} {byte}"));
    }

    fn flush(&mut self, lines: &mut Vec<String>) {
        if !self.line.is_empty() {
            let arrow = if self.to_card { "→" } else { "←" };
            lines.push(format!("{:>10}  {arrow} {}", "", self.line.join("")));
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
        LineEvent::Clk(running) => on(running, "CLK runs", "CLK stops, low"),
        LineEvent::Io(released) => on(released, "I/O released", "I/O low"),
        LineEvent::Silence(etu) => format!("nothing for {etu} etu"),
        LineEvent::ToCard(_) | LineEvent::FromCard(_) => String::new(),
    }
}

/// Follows T=0 far enough to know which characters are a PIN or an ID number.
#[derive(Default)]
struct Masker {
    /// CLA INS P1 P2 P3 of the TPDU under way; empty before the first command, during the ATR.
    header: Vec<u8>,
    /// The data that went one way or the other so far.
    data: Vec<u8>,
    /// Data bytes the card sends before the next procedure byte.
    announced: usize,
    /// The second byte of a status word comes next.
    status: bool,
}

impl Masker {
    fn sent_to_card(&mut self, byte: u8) -> String {
        match *self.header.as_slice() {
            [_, ins, _, _, lc] if takes_data(ins) => {
                self.data.push(byte);
                let secret = redact::command_secret(ins, &self.whole(usize::from(lc)));
                mask(byte, secret.contains(&(self.data.len() - 1)))
            }
            // Out of step with a card that breaks the rules: what cannot be told is hidden.
            [_, _, _, _, _] => mask(byte, true),
            _ => {
                self.header.push(byte);
                format!("{byte:02X}")
            }
        }
    }

    fn sent_by_card(&mut self, byte: u8) -> String {
        let &[_, ins, _, _, le] = self.header.as_slice() else {
            return format!("{byte:02X}");
        };
        let total = if le == 0 { 256 } else { usize::from(le) };
        if self.announced > 0 {
            self.announced -= 1;
            self.data.push(byte);
            let secret = redact::response_secret(ins, &self.whole(total));
            return mask(byte, secret.contains(&(self.data.len() - 1)));
        }
        if self.status {
            // The TPDU is over: what goes to the card next is a header.
            *self = Self::default();
        } else if !takes_data(ins) && byte == ins {
            self.announced = total.saturating_sub(self.data.len());
        } else if !takes_data(ins) && byte == !ins {
            self.announced = 1;
        } else {
            self.status = matches!(byte & 0xF0, 0x60 | 0x90) && byte != CardSide::null();
        }
        format!("{byte:02X}")
    }

    /// The data filled up to its whole length: which part is secret depends on the first byte and the length.
    fn whole(&self, len: usize) -> Vec<u8> {
        let mut whole = self.data.clone();
        whole.resize(len.max(whole.len()), 0);
        whole
    }
}

fn mask(byte: u8, secret: bool) -> String {
    if secret { "**".to_string() } else { format!("{byte:02X}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs characters through the masker: `>` to the card, `<` from it.
    fn masked(script: &str) -> String {
        let mut masker = Masker::default();
        let mut out = Vec::new();
        for part in script.split_whitespace() {
            let (direction, bytes) = part.split_at(1);
            for byte in hex::decode(bytes).unwrap() {
                out.push(if direction == ">" { masker.sent_to_card(byte) } else { masker.sent_by_card(byte) });
            }
        }
        out.join("")
    }

    #[test]
    fn a_pin_is_masked_however_the_card_takes_it() {
        assert_eq!(masked("<3B00 >0020000003 <20 >123456 <9000"), "3B00002000000320******9000");
        assert_eq!(
            masked(">0020000003 <DF >12 <DF >34 <20 >56 <63C2 >0084000008"),
            "0020000003DF**DF**20**63C20084000008"
        );
        assert_eq!(masked(">805E010007 <5E >123456FF271828 <9000"), "805E0100075E**************9000");
    }

    #[test]
    fn the_middle_of_an_id_number_is_masked_and_nothing_else() {
        let id = "3131313131313139383130313031313131 30".replace(' ', "");
        let shown = masked(&format!(">00B2010414 <B2 <0812{id} <9000 >00B2020403 <B2 <0A0131 <9000"));
        assert_eq!(shown, format!("00B2010414B20812313131{}31309000{}", "*".repeat(26), "00B2020403B20A01319000"));
        assert_eq!(masked(">00B207040B <B2 <0709583030303030303139 <9000"), "00B207040BB207095830303030303031399000");
    }

    #[test]
    fn a_wrong_length_does_not_put_the_masker_out_of_step() {
        let each = masked(">00B2010404 <4D <08 <4D <02 <4D <31 <4D <32 <9000");
        assert_eq!(each, "00B20104044D084D024D314D329000");
        let shown = masked(">00B2010412 <6C14 >00B2010414 <60B2 <0812313131313131313131313131313131313131 <9000");
        assert!(shown.ends_with(&format!("0812313131{}31319000", "*".repeat(26))), "{shown}");
    }
}
