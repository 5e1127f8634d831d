//! `qiyong manual`: the pages of the manual in roff, made of the same words as `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::command_line::{fixed, said};
use crate::output::{Output, Verdict};
use crate::system::Refused;
use qiyong::lang::{self, Lang};

/// The headings of a page.
const HEADINGS: [(&str, &str); 8] = [
    (".SH NAME\n", ".SH 名称\n"),
    (".SH SYNOPSIS\n", ".SH 用法\n"),
    (".SH DESCRIPTION\n", ".SH 说明\n"),
    (".SH ARGUMENTS\n", ".SH 参数\n"),
    (".SH OPTIONS\n", ".SH 选项\n"),
    (".SH SUBCOMMANDS\n", ".SH 子命令\n"),
    (".SH VERSION\n", ".SH 版本\n"),
    (".SH EXTRA\n", ".SH 另请注意\n"),
];

#[derive(Args)]
pub(crate) struct ManualArgs {
    /// Write every page into this folder, which is made if it is missing: qiyong.1, qiyong-till.1 and so on
    #[arg(long, value_name = "DIR", conflicts_with = "verb")]
    out: Option<PathBuf>,
    /// The verb whose page is printed, such as `centre serve`; without it the program's own
    verb: Vec<String>,
}

/// Prints a page, or writes all.
pub(crate) fn run(args: &ManualArgs, program: Command, output: &mut Output) -> Result<Verdict, String> {
    // A page for each of clap's own verbs `help` would say the same again.
    let mut program = said(program.disable_help_subcommand(true));
    program.build();
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).map_err(Refused::to_write(folder))?;
        return pages(&program, folder, output).map(|()| Verdict::Done);
    }
    let mut command = &program;
    for verb in &args.verb {
        command = command.find_subcommand(verb).ok_or_else(|| {
            format!("`{}` has no verb `{verb}`: see `qiyong --help`", command.get_bin_name().unwrap_or("qiyong"))
        })?;
    }
    output.own_text(&page(command)?);
    Ok(Verdict::Done)
}

/// Writes the page of `command` and those of its verbs.
fn pages(command: &Command, folder: &Path, output: &mut Output) -> Result<(), String> {
    let file = folder.join(format!("{}.1", name(command)));
    fs::write(&file, page(command)?).map_err(Refused::to_write(&file))?;
    output.line(&file.display().to_string());
    command.get_subcommands().try_for_each(|verb| pages(verb, folder, output))
}

/// The name of a page: `qiyong-centre-serve`.
fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).replace(' ', "-")
}

/// A page in roff.
fn page(command: &Command) -> Result<Vec<u8>, String> {
    let mut roff = Vec::new();
    Man::new(command.clone())
        .title(name(command))
        .render(&mut roff)
        .map_err(|error| format!("cannot make the page: {error}; report it to whoever maintains the program"))?;
    if lang::in_force() == Lang::En {
        return Ok(roff);
    }
    let text = fixed(&String::from_utf8_lossy(&roff));
    let text = HEADINGS.iter().fold(text, |text, (english, chinese)| text.replace(english, chinese));
    Ok(text.into_bytes())
}
