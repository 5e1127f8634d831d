//! `qiyong centre doctor`: what is well with a centre's database and what is not, with the way out. It changes nothing.

use clap::Args;

use qiyong::lang::{self, Lang};
use qiyong_centre::doctor::{self, Around, Finding, Verdict as Health};

use super::damaged;
use super::db::Db;
use crate::output::{Output, Verdict};
use crate::progress::busy;

/// Which database, and what it must have.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    db: Db,
    /// Leave out what goes through the whole database: the chains, and the pages of a file
    #[arg(long)]
    quick: bool,
    /// How many standbys a server must have
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    standbys: u32,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// Exit 0 all well, 1 something is to be looked at or wrong, 2 it cannot be examined.
pub(crate) fn run(args: &DoctorArgs, output: &mut Output) -> Result<Verdict, String> {
    let place = args.db.place()?;
    let around = Around { quick: args.quick, standbys: args.standbys, ..Around::default() };
    let examined = busy("{spinner} examining the database, {elapsed}", || doctor::examine(&place, &around));
    let found = examined.map_err(|error| damaged(&place, error))?;
    if args.json {
        output.json_line(&found);
    } else {
        found.iter().for_each(|finding| tell(finding, output));
        if args.quick {
            output.line("chain        not followed (--quick)");
        }
    }
    Ok(if found.iter().all(|finding| finding.verdict == Health::Well) { Verdict::Done } else { Verdict::No })
}

fn tell(finding: &Finding, output: &mut Output) {
    let (en, zh) = match finding.verdict {
        Health::Well => ("well", "正常"),
        Health::Look => ("look at it", "需查看"),
        Health::Wrong => ("wrong", "有误"),
    };
    let verdict = if finding.verdict == Health::Wrong { Verdict::No } else { Verdict::Done };
    if lang::in_force() == Lang::Zh {
        output.verdict(verdict, &format!("{:<12} {zh}：{}", finding.check, finding.zh));
        if finding.verdict != Health::Well {
            output.line(&format!("             → {}", finding.next_zh));
        }
        return;
    }
    output.verdict(verdict, &format!("{:<12} {en}: {}", finding.check, finding.en));
    if finding.verdict != Health::Well {
        output.line(&format!("             {zh}：{}", finding.zh));
        output.line(&format!("             → {}", finding.next_en));
        output.line(&format!("             → {}", finding.next_zh));
    }
}
