//! `qiyong centre serve --regions`: the table of regions, and the centre of each, opened now or when its server is there.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use qiyong_centre::regions::{Own, Region, RegionTable, RegionsError};
use qiyong_centre::{Centre, CentreError};
use qiyong_iso::due::Due;
use qiyong_iso::regions::{Front, Station};
use qiyong_sim::input::read_text;

use super::damaged;
use crate::output::Output;

/// Why a region's centre is not open.
enum Closed {
    /// Its server cannot be reached: it may be later.
    Down(CentreError),
    /// Somebody has to do something.
    Wrong(String),
}

/// The table in this file.
///
/// # Errors
/// It cannot be read, or is none.
pub(crate) fn read(path: &Path) -> Result<RegionTable, String> {
    let text = read_text(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    RegionTable::read(&text, folder).map_err(|error| format!("{}: {}", path.display(), both(&error)))
}

/// A station for each region; those that are down are said, and tried again while they are served.
///
/// # Errors
/// A region's database is not as it must be.
pub(crate) fn stations(
    table: RegionTable,
    test_keys: bool,
    output: &mut Output,
) -> Result<(Front, Vec<Station<Centre>>), String> {
    let front = Front::new(Arc::new(table), test_keys);
    let all = || front.table().regions().iter().enumerate();
    let own = |place: usize| Own::new(front.table().clone(), place);
    // At once: one that says nothing keeps no other waiting at the start, either.
    let opened: Vec<Result<Centre, Closed>> = thread::scope(|scope| {
        let open = |(place, region)| scope.spawn(move || open(region, &own(place), test_keys));
        let under_way: Vec<_> = all().map(open).collect();
        let broken = |_| {
            Err(Closed::Wrong(
                "it could not be opened for a fault of this program: report it to whoever maintains it".into(),
            ))
        };
        under_way.into_iter().map(|one| one.join().unwrap_or_else(broken)).collect()
    });
    let mut stations = Vec::new();
    for ((place, region), opened) in all().zip(opened) {
        let own = own(place);
        let centre = match opened {
            Ok(centre) => Some(centre),
            Err(Closed::Down(error)) => {
                output.complain(&format!(
                    "region {}: {error}; its terminals are told so, and it is tried again (区域 {} 无法连接，将告知其终端并自动重试)",
                    region.name, region.name
                ));
                None
            }
            Err(Closed::Wrong(words)) => return Err(format!("region {}: {words}", region.name)),
        };
        let region = region.clone();
        let again = move || open_now(&region, &own, test_keys);
        stations.push(Station::new(&front, place, centre, Box::new(again)));
    }
    Ok((front, stations))
}

/// The centre of a region, if it can be opened now; why not is in the log.
fn open_now(region: &Region, own: &Own, test_keys: bool) -> Option<Centre> {
    match open(region, own, test_keys) {
        Ok(centre) => Some(centre),
        Err(Closed::Down(error)) => {
            tracing::error!(region = region.name, %error, "a region is down");
            None
        }
        Err(Closed::Wrong(words)) => {
            tracing::error!(region = region.name, error = words, "a region cannot be served");
            None
        }
    }
}

/// A region in which something falls due; its centre is opened when it is there.
pub(crate) struct RegionDue {
    region: Region,
    own: Own,
    test_keys: bool,
    centre: Option<Centre>,
}

impl Due for RegionDue {
    fn do_it(&mut self) -> Option<(u32, u32)> {
        if self.centre.is_none() {
            self.centre = open_now(&self.region, &self.own, self.test_keys);
        }
        self.centre.as_mut()?.do_it()
    }
}

/// What falls due in each region, with the region's name.
pub(crate) fn due(front: &Front, test_keys: bool) -> Vec<(String, RegionDue)> {
    let regions = front.table().regions().iter().enumerate();
    let due = |(place, region): (usize, &Region)| {
        let own = Own::new(front.table().clone(), place);
        (region.name.clone(), RegionDue { region: region.clone(), own, test_keys, centre: None })
    };
    regions.map(due).collect()
}

fn open(region: &Region, own: &Own, test_keys: bool) -> Result<Centre, Closed> {
    let place = &region.place;
    let closed = |error| match error {
        CentreError::Unreachable { .. } => Closed::Down(error),
        error => Closed::Wrong(damaged(place, error)),
    };
    let centre = Centre::open_at(place).map_err(closed)?;
    centre.look_through().map_err(closed)?;
    if centre.hsm().has_test_keys() && !test_keys {
        return Err(Closed::Wrong(format!(
            "{place} has the published test keys, which protect nothing: give --test-keys if that is meant"
        )));
    }
    centre.join(own).map_err(|error| match error {
        RegionsError::Centre(error) => closed(error),
        error => Closed::Wrong(format!("{place}: {}", both(&error))),
    })?;
    Ok(centre)
}

fn both(error: &RegionsError) -> String {
    format!("{error} ({})", error.zh())
}
