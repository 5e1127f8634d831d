//! The files of the Chinese catalogue, one for each part of the house whose words are in it.

/// Names and texts.
pub const FILES: [(&str, &str); 22] = [
    ("atr", include_str!("zh/atr.toml")),
    ("board", include_str!("zh/board.toml")),
    ("card", include_str!("zh/card.toml")),
    ("card_file", include_str!("zh/card_file.toml")),
    ("card_line", include_str!("zh/card_line.toml")),
    ("centre", include_str!("zh/centre.toml")),
    ("chaos", include_str!("zh/chaos.toml")),
    ("clap", include_str!("zh/clap.toml")),
    ("demo", include_str!("zh/demo.toml")),
    ("doctor", include_str!("zh/doctor.toml")),
    ("help", include_str!("zh/help.toml")),
    ("help_acts", include_str!("zh/help_acts.toml")),
    ("messages", include_str!("zh/messages.toml")),
    ("program", include_str!("zh/program.toml")),
    ("reader", include_str!("zh/reader.toml")),
    ("reasons", include_str!("zh/reasons.toml")),
    ("referee", include_str!("zh/referee.toml")),
    ("scenario", include_str!("zh/scenario.toml")),
    ("settings", include_str!("zh/settings.toml")),
    ("system", include_str!("zh/system.toml")),
    ("terminal", include_str!("zh/terminal.toml")),
    ("words", include_str!("zh/words.toml")),
];
