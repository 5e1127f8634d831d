//! Where the file lies from which this code was loaded: the library, or a program that contains it.

use std::fs;
use std::path::{Path, PathBuf};

/// Its folder. `None` on systems other than Linux and Windows.
pub(crate) fn folder() -> Option<PathBuf> {
    let here = folder as fn() -> Option<PathBuf> as usize;
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| {
        let range = line.split(' ').next().and_then(|range| range.split_once('-'));
        let Some((from, to)) = range else { return false };
        let address = |text| usize::from_str_radix(text, 16).unwrap_or_default();
        (address(from)..address(to)).contains(&here)
    })?;
    // Five columns, then the path, which may contain spaces.
    let path = Path::new(line.get(line.find('/')?..)?);
    path.parent().map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use std::env;

    #[test]
    fn the_library_knows_where_it_is() {
        let program = env::current_exe().unwrap().canonicalize().unwrap();
        assert_eq!(super::folder().as_deref(), program.parent());
    }
}
