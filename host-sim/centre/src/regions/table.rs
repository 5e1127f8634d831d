//! The table of regions: a TOML file with a version.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use qiyong_protocol::card::codes::Region as Area;

use super::refused::RegionsError;
use crate::store::place::Place;

/// Which region serves which areas.
#[derive(Debug)]
pub struct RegionTable {
    version: u32,
    regions: Vec<Region>,
    of: HashMap<Area, usize>,
}

/// A region: a database, and the areas that it serves.
#[derive(Clone, Debug)]
pub struct Region {
    /// Its name, in figures and in the log.
    pub name: String,
    /// Its areas.
    pub areas: Vec<Area>,
    /// Where its database is.
    pub place: Place,
}

/// A table as one of its regions sees it.
#[derive(Clone, Debug)]
pub struct Own {
    pub(super) table: Arc<RegionTable>,
    pub(super) own: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    region: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    areas: Vec<String>,
    db: String,
    keys: Option<PathBuf>,
}

impl RegionTable {
    /// Reads a table. Files that it names without their folder lie in `folder`.
    ///
    /// # Errors
    /// It is none, or says two things at once.
    pub fn read(text: &str, folder: &Path) -> Result<Self, RegionsError> {
        let file: File = toml::from_str(text).map_err(|error| RegionsError::Form(error.message().to_owned()))?;
        if file.region.is_empty() {
            return Err(RegionsError::Empty);
        }
        let mut table = Self { version: file.version, regions: Vec::new(), of: HashMap::new() };
        for written in file.region {
            table.add(written, folder)?;
        }
        Ok(table)
    }

    fn add(&mut self, written: Written, folder: &Path) -> Result<(), RegionsError> {
        let Written { name, areas, db, keys } = written;
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(RegionsError::Form("a region has no name".into()));
        }
        // It is a label of figures.
        if name.contains(['"', ',', '\\']) {
            return Err(RegionsError::Letters(name));
        }
        if self.regions.iter().any(|region| region.name == name) {
            return Err(RegionsError::Name(name));
        }
        if areas.is_empty() {
            return Err(RegionsError::NoAreas(name));
        }
        let mut own = Vec::new();
        for area in areas {
            let area = Area::new(&area).map_err(|_| RegionsError::Area { region: name.clone(), area })?;
            if self.of.insert(area, self.regions.len()).is_some() {
                return Err(RegionsError::Twice(area));
            }
            own.push(area);
        }
        let keys = keys.map(|keys| folder.join(keys));
        let place = match Place::beside(&db, keys.as_deref(), folder) {
            Ok(Place::File(path)) => Place::File(folder.join(path)),
            Ok(place @ Place::Server(_)) => place,
            Err(source) => return Err(RegionsError::Place { region: name, source }),
        };
        self.regions.push(Region { name, areas: own, place });
        Ok(())
    }

    /// Its version: the higher one is the newer one.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// All regions, in the order of the file.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The region that serves this area.
    pub fn of_area(&self, area: Area) -> Option<usize> {
        self.of.get(&area).copied()
    }

    /// Where an institution in this district is likely to be known: in the region that has the area with the most leading
    /// digits in common, since a district's code begins with its city's.
    pub fn likely(&self, district: Area) -> usize {
        let common =
            |area: &Area| area.as_str().bytes().zip(district.as_str().bytes()).take_while(|(a, b)| a == b).count();
        // The first of equals: the order of the file.
        let nearest = |region: &Region| region.areas.iter().map(common).max().unwrap_or(0);
        let best = self.regions.iter().map(nearest).max().unwrap_or(0);
        self.regions.iter().position(|region| nearest(region) == best).unwrap_or(0)
    }

    /// What all regions must agree on, a line each: names and areas, in order, without the databases.
    pub(super) fn shared(&self) -> String {
        let line = |region: &Region| {
            let mut areas: Vec<&str> = region.areas.iter().map(Area::as_str).collect();
            areas.sort_unstable();
            format!("{}: {}\n", region.name, areas.join(" "))
        };
        let mut lines: Vec<String> = self.regions.iter().map(line).collect();
        lines.sort_unstable();
        lines.concat()
    }
}

impl Own {
    /// The table, as the region in this place of it sees it.
    pub const fn new(table: Arc<RegionTable>, own: usize) -> Self {
        Self { table, own }
    }

    /// Whether another region serves this area. One that nobody serves is everybody's own: there it is unknown.
    pub fn is_elsewhere(&self, area: Area) -> bool {
        self.table.of_area(area).is_some_and(|region| region != self.own)
    }
}
