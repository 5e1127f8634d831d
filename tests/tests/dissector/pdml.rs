//! What tshark says of a capture, as it writes it for other programs (PDML).

use std::io;
use std::path::Path;
use std::process::Command;

use regex::Regex;

/// The field by which Wireshark says that a script has failed.
pub(super) const LUA_ERROR: &str = "_ws.lua.error";

/// A field of a packet.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Such as `qiyong.centre.f11`; empty for a text of the dissector's.
    pub(super) name: String,
    /// As people see it.
    pub(super) title: String,
    /// Its value.
    pub(super) show: String,
    /// Where its bytes are.
    pub(super) at: usize,
    pub(super) size: usize,
    /// It has fields within.
    pub(super) has_parts: bool,
}

/// A packet: its protocols and fields, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Packet {
    pub(super) fields: Vec<Field>,
}

impl Packet {
    /// The value of its first field of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.show.as_str())
    }

    /// Where the first protocol of this name begins.
    pub(super) fn begin_of(&self, name: &str) -> usize {
        self.fields.iter().find(|field| field.name == name).map_or(0, |field| field.at)
    }

    /// The names and values of all its fields whose names begin like this and that have no parts but flags, in order.
    pub(super) fn values(&self, prefix: &str) -> Vec<(String, String)> {
        let own = self.fields.iter().filter_map(|field| {
            let name = field.name.strip_prefix(prefix)?;
            Some((name.to_string(), field.show.clone()))
        });
        own.collect()
    }

    /// What nobody may find in a packet of ours.
    pub(super) fn faults(&self) -> Vec<String> {
        let wrong = |field: &Field| {
            let name = field.name.as_str();
            let is_fault = name.starts_with("_ws.malformed") || name == LUA_ERROR || name == "_ws.expert";
            let is_left = name.ends_with(".undecoded") || name.ends_with(".hidden") || name == "data";
            let is_unnamed = name.starts_with("qiyong.") && (field.title.is_empty() || field.title.starts_with(':'));
            (is_fault || is_left || is_unnamed).then(|| format!("{name}: {}", field.title))
        };
        self.fields.iter().filter_map(wrong).collect()
    }
}

/// What tshark says with this script.
///
/// # Errors
/// It does not take the script, as it says.
pub(super) fn read(capture: &Path, script: &Path) -> Result<Vec<Packet>, String> {
    let preferences = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("tshark");
    // Without a user's own preferences, and without looking up names.
    command.env("WIRESHARK_CONFIG_DIR", preferences.path()).args(["-n", "-T", "pdml", "-r"]).arg(capture);
    command.arg("-X").arg(format!("lua_script:{}", script.display()));
    let output = match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            panic!("tshark is missing: it comes with the Debian package tshark (`cargo xtask setup` installs it)")
        }
        output => output.expect("tshark starts"),
    };
    let complaints = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("tshark {}: {complaints}", capture.display()));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(pdml: &str) -> Vec<Packet> {
    let attribute = Regex::new(r#" ([a-z]+)="([^"]*)""#).expect("a pattern");
    let mut packets: Vec<Packet> = Vec::new();
    for line in pdml.lines().map(str::trim) {
        if line == "<packet>" {
            packets.push(Packet::default());
        }
        let (Some(packet), true) = (packets.last_mut(), line.starts_with("<field ") || line.starts_with("<proto "))
        else {
            continue;
        };
        let get = |name: &str| {
            let found = attribute.captures_iter(line).find(|found| &found[1] == name);
            found.map(|found| plain(&found[2])).unwrap_or_default()
        };
        packet.fields.push(Field {
            name: get("name"),
            title: get("showname"),
            show: get("show"),
            at: get("pos").parse().unwrap_or_default(),
            size: get("size").parse().unwrap_or_default(),
            has_parts: !line.ends_with("/>"),
        });
    }
    packets
}

fn plain(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    marks.iter().fold(text.to_string(), |text, (mark, plain)| text.replace(mark, plain))
}
