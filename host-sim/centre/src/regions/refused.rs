//! Why a table of regions is of no use, or not at this database.

use thiserror::Error;

use qiyong_protocol::card::codes::Region as Area;

use crate::CentreError;
use crate::store::place::PlaceError;

/// Why a table of regions is not accepted.
#[derive(Debug, Error)]
pub enum RegionsError {
    /// It is not such a file.
    #[error("it is no table of regions: {0}; see docs/usage.md, \"Regions\"")]
    Form(String),
    /// It has no region.
    #[error("it has no [[region]]; write one for each database")]
    Empty,
    /// A region has no area.
    #[error("region {0} has no areas; write areas = [\"320100\"], or leave the region out")]
    NoAreas(String),
    /// A region's name has letters that it may not have.
    #[error("the name of region {0} must have no quotation marks, commas and backslashes, since it stands in figures")]
    Letters(String),
    /// Two regions have one name.
    #[error("two regions are called {0}; give each a name of its own")]
    Name(String),
    /// An area is not six digits.
    #[error("region {region}: {area:?} is no area's code; it must have six digits")]
    Area {
        /// Which region.
        region: String,
        /// What stands there.
        area: String,
    },
    /// Two regions have one area.
    #[error("area {0} is in two regions: take it out of one")]
    Twice(Area),
    /// Where a region's database is cannot be said so.
    #[error("region {region}: db: {source}")]
    Place {
        /// Which region.
        region: String,
        /// Why not.
        source: PlaceError,
    },
    /// A newer table is known at the database.
    #[error(
        "the database goes by version {there} of the table of regions, and this file has version {here}: take the newer file, or \
         give this one a higher version if it is meant to be the next"
    )]
    Older {
        /// The version at the database.
        there: u32,
        /// The file's version.
        here: u32,
    },
    /// Another table of this version is known at the database.
    #[error(
        "the database knows version {0} of the table of regions with other names or areas: give a changed table a higher version"
    )]
    Differs(u32),
    /// The database has an area that the table gives to another region.
    #[error(
        "the database has area {0}, which the table gives to another region: correct the areas or the db of the two"
    )]
    NotHere(Area),
    /// The database failed.
    #[error(transparent)]
    Centre(#[from] CentreError),
}

impl RegionsError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Form(_) => "该文件不是区域表，请按使用手册书写".into(),
            Self::Empty => "区域表中没有 [[region]]，请为每个数据库写一个".into(),
            Self::NoAreas(name) => format!("区域 {name} 没有统筹区，请填写 areas 或删去该区域"),
            Self::Letters(name) => format!("区域名 {name} 不得含引号、逗号和反斜杠，请更改"),
            Self::Name(name) => format!("有两个区域同名为 {name}，请分别命名"),
            Self::Area { region, area } => format!("区域 {region} 的统筹区代码 {area} 有误，应为六位数字"),
            Self::Twice(area) => format!("统筹区 {area} 出现在两个区域中，只能属于其一"),
            Self::Place { region, .. } => format!("区域 {region} 的 db 有误，请更正"),
            Self::Older { there, here } => {
                format!("数据库已采用第 {there} 版区域表，本文件为第 {here} 版：请换用新文件；若确为新表，请提高版本号")
            }
            Self::Differs(version) => format!("数据库中第 {version} 版区域表的内容与本文件不同，请提高版本号"),
            Self::NotHere(area) => format!("数据库中有统筹区 {area}，而区域表将其划给另一区域，请更正两者之一"),
            Self::Centre(_) => "该区域的数据库有误".into(),
        }
    }
}
