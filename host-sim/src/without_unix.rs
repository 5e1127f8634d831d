//! What this program does not do where there are no Unix sockets, as on Windows: the verbs are there, take whatever is written after
//! them, and say why they do nothing and what to use instead.
//!
//! Not here: what is left out because the program was built without it, which `extras`, `readers` and `probe` say.

/// Boards that are emulated.
pub(crate) const BOARDS: &str = "the program that emulates a board is reached over Unix sockets, which Windows does not have: run this \
     in WSL, or use a board on the desk with `qiyong till --port COM3`";

/// Why a verb of a PC/SC server does nothing.
const SERVER: &str = "programs reach this PC/SC server over Unix sockets, which Windows does not have: run it in WSL, or give the driver \
     library a card file, by `source = file CARD` in its SSCardDriver.ini";

/// Why a card cannot be put into a virtual reader.
const VICC: &str = "the virtual reader of pcscd is reached from Unix alone, so far: run this in WSL, or give the terminal the card \
     file itself, by `qiyong terminal --card FILE`";

/// A verb that says why it does nothing.
macro_rules! left_out {
    ($verb:ident, $args:ident, $why:ident) => {
        pub(crate) mod $verb {
            use std::ffi::OsString;

            use clap::Args;

            use crate::output::{Output, Verdict};

            /// Whatever is written after the verb.
            #[derive(Args, Debug)]
            pub(crate) struct $args {
                /// Not on Windows: the verb says why, and what to use instead
                #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
                rest: Vec<OsString>,
            }

            /// Says why not: exit 2.
            pub(crate) fn run(_: &$args, _: &mut Output) -> Result<Verdict, String> {
                Err(crate::without_unix::$why.into())
            }
        }
    };
}

left_out!(pcscd, DaemonArgs, SERVER);
left_out!(pcscd_ctl, CtlArgs, SERVER);
left_out!(vicc, ViccArgs, VICC);
