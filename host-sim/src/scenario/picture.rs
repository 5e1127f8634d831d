//! `--svg FILE`: what was printed, as a picture of a terminal, for a page or a report. Columns are those of the font that whoever
//! looks has: a Chinese character takes two of them in a font for terminals.

use std::path::Path;

use anstyle_svg::Term;

use qiyong_sim::whole_file;

/// Writes it, completely or not at all.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(path: &Path, printed: &str) -> Result<(), String> {
    let picture = Term::new().render_svg(printed);
    whole_file::write(path, picture.as_bytes()).map_err(|error| {
        format!(
            "{}: the picture cannot be written: {error}; check that its folder may be written and has room",
            path.display()
        )
    })
}
