//! Settings over a small command line and over the program's own.

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use super::*;

#[derive(Parser, Debug)]
struct Program {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Till {
        #[arg(long)]
        port: String,
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=9), default_value_t = 5)]
        patience: u16,
        #[arg(long)]
        card: Vec<String>,
        #[arg(long, conflicts_with = "port")]
        none: bool,
        #[arg(long)]
        pin: Option<String>,
        #[arg(long, value_enum, default_value_t = Kind::One)]
        kind: Kind,
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        verb: Option<Below>,
    },
}

/// One of them must be there, and no more.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Place {
    #[arg(long)]
    reader: Option<String>,
    #[arg(long)]
    folder: Option<String>,
    #[arg(long)]
    any: bool,
}

#[derive(Subcommand, Debug)]
enum Below {
    LoadKey {
        #[arg(long)]
        under: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    One,
    Other,
}

/// What every line must say.
const PLACE: &[&str] = &["--any"];

fn set_up(texts: &[&str], variables: &[(&str, &str)]) -> Result<Command, String> {
    let file = |(number, text): (usize, &&str)| File { shown: format!("{number}.toml"), text: (*text).to_owned() };
    let files: Vec<File> = texts.iter().enumerate().map(file).collect();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    apply(Program::command(), &files, variables)
}

fn till(texts: &[&str], variables: &[(&str, &str)], line: &[&str]) -> String {
    let command = set_up(texts, variables).unwrap();
    let matches = command
        .try_get_matches_from([&["program", "till"], PLACE, line].concat())
        .unwrap_or_else(|error| panic!("{error}"));
    format!("{:?}", <Program as clap::FromArgMatches>::from_arg_matches(&matches).unwrap().verb)
}

#[test]
fn the_line_counts_more_than_the_environment_and_that_more_than_the_nearest_file() {
    let (near, far) = ("[till]\nport = \"near\"", "[till]\nport = \"far\"\npatience = 7\ncard = [\"a\", \"b\"]");
    let environment = ("QIYONG_TILL_PORT", "variable");
    for (texts, variables, line, port) in [
        (&[near, far][..], &[environment][..], &["--port", "line"][..], "line"),
        (&[near, far], &[environment], &[], "variable"),
        (&[near, far], &[], &[], "near"),
        (&[far], &[], &[], "far"),
    ] {
        let got = till(texts, variables, line);
        assert!(got.contains(&format!("port: {port:?}")), "{got}");
        // What the nearest file does not say, the other one does.
        assert!(got.contains("patience: 7, card: [\"a\", \"b\"]"), "{got}");
    }
    // Nobody says it, though it must be said.
    assert!(set_up(&[], &[]).unwrap().try_get_matches_from(["program", "till"]).is_err());
    // A default of ours is none of the words of the line: it conflicts with nothing, and a list of the line is the whole list.
    assert!(till(&[near], &[], &["--none", "--card", "c"]).contains("none: true"));
    assert!(till(&[near, far], &[], &["--card", "c"]).contains("card: [\"c\"]"));
    assert!(
        till(&["[till]\nport = \"p\"\n[till.load-key]\nunder = \"k\""], &[], &["load-key"]).contains("Some(\"k\")")
    );
    assert!(till(&[near], &[("QIYONG_TILL_LOAD_KEY_UNDER", "k")], &["load-key"]).contains("Some(\"k\")"));
}

#[test]
fn help_says_where_a_value_comes_from() {
    let mut command = set_up(&["[till]\n\nport = \"near\""], &[("QIYONG_TILL_KIND", "other")]).unwrap();
    let help = command.find_subcommand_mut("till").unwrap().render_long_help().to_string();
    assert!(help.contains("(by 0.toml, line 3)") && help.contains("[default: near]"), "{help}");
    assert!(help.contains("(by QIYONG_TILL_KIND)") && help.contains("[default: other]"), "{help}");
}

#[test]
fn what_is_no_setting_is_told_with_its_place_and_what_is_allowed() {
    for (text, words) in [
        ("till = ", "0.toml: line 1, column "),
        ("[tills]", "line 1, column 2: there is no verb `tills`; there are till"),
        (
            "[till]\nprot = 1",
            "line 2, column 1: there is no flag --prot of `till`; there are port, patience, card, pin, kind",
        ),
        ("[till]\n none = true", "line 2, column 2: --none takes no value"),
        ("port = 1", "line 1, column 1: there is no flag --port without a verb; there are none"),
        ("[till.load-keys]", "there is no verb `till load-keys`; there are load-key"),
        ("[till]\nport = 1979-05-27", "line 2, column 8: `port` must be a text, a number or a list of them"),
        ("[till]\nport = []", "line 2, column 8: `port` must be"),
        ("[till]\nport = [\"a\", \"b\"]", "line 2, column 8: --port takes one value"),
        ("[till]\npatience = 10", "line 2, column 12: invalid value '10' for '--patience'"),
        ("[till]\nkind = \"third\"", "invalid value 'third' for '--kind' [possible values: one, other]"),
        ("[till]\npin = \"314159\"", "line 2, column 7: --pin holds a secret"),
    ] {
        let error = set_up(&[text], &[]).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
        assert!(!error.contains("314159"), "{error}");
    }
    let error = set_up(&[], &[("QIYONG_TILL_PIN", "314159")]).unwrap_err();
    assert!(error.starts_with("QIYONG_TILL_PIN: --pin holds a secret") && !error.contains("314159"), "{error}");
    let error = set_up(&[], &[("QIYONG_TILL_PATIENCE", "x")]).unwrap_err();
    assert!(error.starts_with("QIYONG_TILL_PATIENCE: invalid value 'x' for '--patience'"), "{error}");
    // Variables that are for something else.
    assert!(set_up(&[], &[("QIYONG_CLOSING_LINES", "x")]).is_ok());
}

/// Whatever stands in a file, it is taken or refused with its place.
#[test]
fn no_value_makes_the_program_panic() {
    let values = [
        "\"\"",
        "\"-\"",
        "\"--port\"",
        "-1",
        "1e9",
        "0x10",
        "nan",
        "true",
        "[[1]]",
        "{ a = 1 }",
        "'''\n'''",
        "\"\\u0000\"",
    ];
    for key in ["port", "patience", "card", "kind", "pin", "none", "\"\""] {
        for value in values {
            let text = format!("[till]\n{key} = {value}");
            match set_up(&[&text], &[]) {
                Ok(command) => drop(command.try_get_matches_from(["program", "till"])),
                Err(error) => assert!(error.contains("line 2, column "), "{text}: {error}"),
            }
        }
    }
}

/// Every flag of the program that takes a value can be set, but those that hold a secret.
#[test]
fn every_flag_of_the_program_has_a_place() {
    fn count(command: &Command) -> usize {
        flags(command).count() + command.get_subcommands().map(count).sum::<usize>()
    }
    let all = count(&crate::Cli::command());
    assert!(all > 100, "{all}");
    let text = "[till]\nport = \"/dev/ttyACM0\"\ncentre = \"centre.db\"\n[scenario.run]\nbench = \"emulated\"\n[chaos]\nworlds = 7\n";
    let file = File { shown: "qiyong.toml".into(), text: text.into() };
    let command = apply(crate::Cli::command(), &[file], BTreeMap::new()).unwrap();
    command.clone().debug_assert();
    let worlds = |line: &[&str]| {
        let matches = command.clone().try_get_matches_from([&["qiyong", "chaos"], line].concat()).unwrap();
        matches.subcommand_matches("chaos").unwrap().get_one::<u64>("worlds").copied()
    };
    assert_eq!(worlds(&[]), Some(7));
    // One with a default of its own has it again beside a flag that excludes it.
    assert_eq!(worlds(&["--replay", "file"]), Some(100));
}

#[test]
fn a_setting_gives_way_to_what_excludes_it_and_counts_where_one_of_several_must_be_there() {
    let of = |variables: &[(&str, &str)], line: &[&str]| {
        let line = [&["program", "till", "--port", "p"], line].concat();
        let matches = set_up(&[], variables).unwrap().try_get_matches_from(line).map_err(|error| error.kind())?;
        let Verb::Till { place, .. } = <Program as clap::FromArgMatches>::from_arg_matches(&matches).unwrap().verb;
        Ok((place.reader, place.folder, place.any))
    };
    let reader = [("QIYONG_TILL_READER", "set")];
    assert_eq!(of(&[], &[]), Err(clap::error::ErrorKind::MissingRequiredArgument));
    assert_eq!(of(&reader, &[]), Ok((Some("set".into()), None, false)));
    assert_eq!(of(&reader, &["--reader", "line"]), Ok((Some("line".into()), None, false)));
    assert_eq!(of(&reader, &["--folder", "line"]), Ok((None, Some("line".into()), false)));
    assert_eq!(of(&reader, &["--any"]), Ok((None, None, true)));
    // An empty variable is none.
    assert_eq!(of(&[("QIYONG_TILL_READER", "")], &["--any"]), Ok((None, None, true)));
    assert_eq!(of(&[("QIYONG_TILL_READER", "")], &[]), Err(clap::error::ErrorKind::MissingRequiredArgument));
}

#[test]
fn an_address_with_a_password_is_no_setting() {
    let told = set_up(&[], &[("QIYONG_TILL_READER", "postgres://u:s3cret@h/d")]).unwrap_err();
    assert!(told.contains("holds a secret") && !told.contains("s3cret"), "{told}");
    assert!(set_up(&[], &[("QIYONG_TILL_READER", "postgres://u@h/d")]).is_ok());
    assert!(set_up(&[], &[("QIYONG_TILL_READER", "tcp://127.0.0.1:1")]).is_ok());
}

#[test]
fn one_variable_names_the_keys_for_every_verb_and_counts_more_than_a_file() {
    let keys = |variables: &[(&str, &str)], line: &[&str]| {
        let verb = Command::new("init").arg(Arg::new("keys").long("keys"));
        let file = File { shown: "0.toml".to_owned(), text: "[init]\nkeys = \"file\"".to_owned() };
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let command = apply(Command::new("qiyong").subcommand(verb), &[file], variables).unwrap();
        let matches = command.get_matches_from([&["qiyong", "init"], line].concat());
        matches.subcommand().unwrap().1.get_one::<String>("keys").unwrap().clone()
    };
    let (all, own) = (("QIYONG_KEYS", "all"), ("QIYONG_INIT_KEYS", "own"));
    assert_eq!(keys(&[], &[]), "file");
    assert_eq!(keys(&[all], &[]), "all");
    assert_eq!(keys(&[all, own], &[]), "own");
    assert_eq!(keys(&[all, own], &["--keys", "line"]), "line");
    // Taken back, it is none.
    assert_eq!(keys(&[("QIYONG_KEYS", "")], &[]), "file");
}
