//! `qiyong doctor`: what is wrong with a board, from a capture of its card line or from its log, with pin, time, rule and remedy.

use std::path::PathBuf;

use clap::Args;

use crate::output::{Output, Verdict};

/// What to look at.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct DoctorArgs {
    /// A waveform (.vcd) of VCC, RST, CLK and I/O, or a capture of packets (.pcapng) as `scenario run --capture` writes it
    file: Option<PathBuf>,
    /// The board's log: as `attach`, `emulate` or another decoder prints it, or with --elf its bytes as defmt writes them
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Which channel is a pin (VCC, RST, CLK, CLK_ON, I/O, CD), where it is not called so; `=!` before a channel that is low
    /// where the pin is high
    #[arg(long = "pin", value_name = "NAME=CHANNEL", requires = "file")]
    pins: Vec<String>,
    /// CLK in Hz, where the capture does not show its edges [default: 4000000 for CLK_ON]
    #[arg(long, value_name = "HZ", requires = "file", value_parser = clap::value_parser!(u32).range(1..))]
    clock: Option<u32>,
    /// The image whose log it is
    #[arg(long, value_name = "FILE", requires = "log")]
    elf: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Without what reads captures.
#[cfg(not(feature = "lab"))]
pub(crate) fn run(_: &DoctorArgs, _: &mut Output) -> Result<Verdict, String> {
    Err(crate::extras::NOT_BUILT_IN.into())
}

#[cfg(all(test, feature = "lab"))]
pub(crate) use with_captures::Told;
#[cfg(feature = "lab")]
pub(crate) use with_captures::run;

#[cfg(feature = "lab")]
mod with_captures {
    use std::fs::File;
    use std::io::{self, BufReader, Read};
    use std::path::Path;

    use serde::Serialize;

    use qiyong_lab::probe::decode_log;
    use qiyong_sim::doctor::vcd::{self, Channel, Options};
    use qiyong_sim::doctor::{Diagnosis, Finding, Party, Pin, log, packets};

    use super::{DoctorArgs, Output, Verdict};
    use crate::progress::Progress;

    /// A log may have so many bytes.
    const LOG: u64 = 64 << 20;

    /// What is told to programs.
    #[derive(Serialize)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub(crate) struct Told<'a> {
        /// How often RST rose with power and clock.
        resets: usize,
        /// How many characters were heard on the card line, in both directions.
        characters: usize,
        /// The answers to reset that were heard whole, in hex.
        atrs: Vec<String>,
        /// What is wrong, in the order of time.
        findings: &'a [Finding],
    }

    /// Exit 0: nothing is wrong, 1: something was found, 2: there is nothing to look at.
    pub(crate) fn run(args: &DoctorArgs, output: &mut Output) -> Result<Verdict, String> {
        let channels = args.pins.iter().map(|text| channel(text)).collect::<Result<Vec<_>, _>>()?;
        let options = Options { channels, clk_hz: args.clock };
        let mut diagnosis = match &args.file {
            Some(path) => capture(path, &options).map_err(|error| format!("{}: {error}", path.display()))?,
            None => Diagnosis::default(),
        };
        if let Some(path) = &args.log {
            let lines = lines(path, args.elf.as_deref())?;
            diagnosis.findings.extend(log::read(lines.iter().map(String::as_str)));
        }
        tell(args, &diagnosis, output);
        Ok(if diagnosis.findings.is_empty() { Verdict::Done } else { Verdict::No })
    }

    /// NAME=CHANNEL, or NAME=!CHANNEL.
    fn channel(text: &str) -> Result<Channel, String> {
        let names: Vec<_> = Pin::NAMES.into_iter().map(|(_, name)| name).collect();
        let known = |wanted: &str| {
            let same =
                |name: &str| name.eq_ignore_ascii_case(wanted) || name == "I/O" && wanted.eq_ignore_ascii_case("IO");
            Pin::NAMES.into_iter().find_map(|(pin, name)| same(name).then_some(pin))
        };
        let (pin, channel) = text.split_once('=').unwrap_or((text, ""));
        let (inverted, name) = channel.strip_prefix('!').map_or((false, channel), |name| (true, name));
        match (known(pin), name) {
            (Some(pin), name) if !name.is_empty() => Ok(Channel { pin, name: name.into(), inverted }),
            _ => {
                Err(format!("--pin {text}: it must be NAME=CHANNEL, such as I/O=D3, with one of {}", names.join(", ")))
            }
        }
    }

    fn capture(path: &Path, options: &Options) -> Result<Diagnosis, String> {
        let mut magic = [0; 4];
        let mut file = File::open(path)
            .map_err(|error| format!("it cannot be read: {error}; check that it is there and may be read"))?;
        let is_packets = file.read_exact(&mut magic).is_ok() && magic == packets::MAGIC;
        // A waveform is read twice.
        let length = file.metadata().map_or(0, |about| about.len()) * if is_packets { 1 } else { 2 };
        let progress = Progress::new(length, "{wide_bar} {bytes} of {total_bytes} read, {eta} left");
        let open = || -> io::Result<_> { Ok(BufReader::new(Watched { file: File::open(path)?, progress: &progress })) };
        if is_packets {
            let file = open().map_err(|error| error.to_string())?;
            return packets::examine(file).map_err(|error| format!("no capture of packets, or a damaged one: {error}; take one that `qiyong` or Wireshark has written as pcapng"));
        }
        vcd::examine(open, options).map_err(|error| error.to_string())
    }

    /// A file of which is told how far it is read.
    struct Watched<'p> {
        file: File,
        progress: &'p Progress,
    }

    impl Read for Watched<'_> {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let read = self.file.read(bytes)?;
            self.progress.advance(read as u64);
            Ok(read)
        }
    }

    fn lines(path: &Path, elf: Option<&Path>) -> Result<Vec<String>, String> {
        let wrong = |error: std::io::Error| {
            format!("{}: it cannot be read: {error}; check that it is there and may be read", path.display())
        };
        let mut bytes = Vec::new();
        File::open(path).map_err(wrong)?.take(LOG + 1).read_to_end(&mut bytes).map_err(wrong)?;
        if bytes.len() as u64 > LOG {
            return Err(format!("{}: it is larger than 64 MiB: give the part of the log that matters", path.display()));
        }
        match elf {
            Some(elf) => decode_log(elf, &bytes).map_err(|error| error.to_string()),
            None if bytes.contains(&0) => {
                Err(format!("{}: it is no text: name the image whose log it is with --elf", path.display()))
            }
            None => Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()),
        }
    }

    fn tell(args: &DoctorArgs, diagnosis: &Diagnosis, output: &mut Output) {
        let Diagnosis { findings, resets, characters, atrs } = diagnosis;
        let atrs: Vec<String> = atrs.iter().map(hex::encode_upper).collect();
        if args.json {
            return output.json_line(&Told { resets: *resets, characters: *characters, atrs, findings });
        }
        if args.file.is_some() {
            output.line(&format!("{resets} resets, {characters} characters on the card line"));
            atrs.iter().for_each(|atr| output.line(&format!("ATR {atr}")));
        }
        for finding in findings {
            let Finding { name, party, pin, at_ns, clause, what, measured, cause, remedy } = finding;
            let at = at_ns.map_or("-".to_string(), |ns| format!("{}.{:03} ms", ns / 1_000_000, ns / 1_000 % 1_000));
            let party = match party {
                Party::Board => "board",
                Party::Card => "card",
            };
            output.line("");
            output.line(&format!("{at}  {pin}  {name}  (ISO/IEC 7816-3 clause {clause}; the {party})"));
            let measured = measured.as_ref().map_or(String::new(), |measured| format!(" Measured: {measured}."));
            output.line(&format!("  seen    {what}{measured}"));
            output.line(&format!("  likely  {cause}"));
            output.line(&format!("  do      {remedy}"));
        }
        if findings.is_empty() {
            output.line("Nothing is wrong, as far as this shows it.");
        }
    }
}
