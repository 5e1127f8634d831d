//! Loads of terminals that note everything they asked and heard, and what is found when their notes are compared with the
//! centre's books: on a file of SQLite, and on a PostgreSQL server.

mod backups;
mod failover;
mod killed;
mod mutants;
mod scripts;

use qiyong_tests::load::crew::Load;
use qiyong_tests::load::diary::Diary;
use qiyong_tests::load::setting::Setting;
use qiyong_tests::load::site::Site;
use qiyong_tests::load::tcp::{Addresses, Tcp};
use qiyong_tests::load::terminal::Habits;
use qiyong_tests::load::watch::Watch;

use qiyong_tests::centre::served::Served;

/// One sale in eight is said twice, one in eight undone.
const HABITS: Habits = Habits { twice: 8, cancelled: 8 };

/// A running centre for terminals.
fn serve(site: &Site) -> Served {
    Served::over(site.folder.path(), &site.db.options(), &["--iso", "127.0.0.1:0"], 1)
}

/// Where these listen.
fn addresses<'s>(servers: impl IntoIterator<Item = &'s Served>) -> Vec<std::net::SocketAddr> {
    let address = |served: &Served| served.addresses[0].trim_start_matches("tcp://").parse().expect("an address");
    servers.into_iter().map(address).collect()
}

/// Lets terminals work at these addresses while something happens, and then a little longer.
fn under_load<R>(
    setting: &Setting,
    seed: u64,
    at: &std::sync::Arc<Addresses>,
    happens: impl FnOnce(&Watch) -> R,
) -> (Vec<Diary>, R) {
    let watch = Watch::default();
    let load = Load { seed, visits: None, habits: HABITS };
    load.run(
        setting,
        &watch,
        |first| Tcp::new(at.clone(), first),
        || {
            let result = happens(&watch);
            watch.more(0, 2 * setting.stands.len() as u64);
            watch.end();
            result
        },
    )
}
