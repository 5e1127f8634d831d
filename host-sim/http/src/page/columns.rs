//! A plot of minutes as SVG: one column a minute, of several colours, one on the other. As `plot`, without a script.

use plotters::prelude::*;

use crate::recent::MINUTES;

/// The colours of the first eight; told apart by whoever cannot see red from green, too.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0x1f, 0x5f, 0x8b),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0xb3, 0x26, 0x1e),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x5b, 0x3f, 0x7a),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x8a, 0x94, 0x9e),
];

/// Columns of these parts, under a name each; the last minute is at the right. `None` if there is nothing to show.
pub(crate) fn columns(parts: &[(String, [f64; MINUTES])], axis: &str) -> Option<String> {
    if parts.is_empty() {
        return None;
    }
    let height = |minute: usize| parts.iter().filter_map(|(_, values)| values.get(minute)).sum::<f64>();
    let most = (0..MINUTES).map(height).fold(1.0, f64::max);
    let mut svg = String::new();
    draw(&mut svg, parts, most, axis).ok()?;
    Some(svg)
}

fn draw(
    svg: &mut String,
    parts: &[(String, [f64; MINUTES])],
    most: f64,
    axis: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (760, 240)).into_drawing_area();
    let font = ("sans-serif", 13).into_font();
    let minutes = i32::try_from(MINUTES)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(60)
        .build_cartesian_2d(-minutes..0, 0.0..most * 1.1)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(7)
        .x_label_formatter(&|minute| format!("{}", -minute))
        .y_labels(5)
        .y_label_formatter(&|value| format!("{value:.0}"))
        .x_desc(axis)
        .label_style(font.clone())
        .draw()?;
    let mut below = [0.0; MINUTES];
    for ((name, values), colour) in parts.iter().zip(COLOURS.into_iter().cycle()) {
        let mut bars = Vec::new();
        for ((minute, value), below) in (-minutes..0).zip(values).zip(&mut below) {
            if *value > 0.0 {
                bars.push(Rectangle::new([(minute, *below), (minute + 1, *below + value)], colour.filled()));
                *below += value;
            }
        }
        let series = chart.draw_series(bars)?;
        if !name.is_empty() {
            let mark = move |(x, y): (i32, i32)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled());
            series.label(name.as_str()).legend(mark);
        }
    }
    if parts.iter().any(|(name, _)| !name.is_empty()) {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .label_font(font)
            .draw()?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_one_on_the_other_and_names_cannot_break_the_plot() {
        let mut values = [0.0; MINUTES];
        values[MINUTES - 1] = 3.0;
        let svg = columns(&[("已完成 done".into(), values), ("<script>".into(), values)], "minutes ago").unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(svg.contains("已完成 done") && svg.contains("&lt;script&gt;") && svg.contains("minutes ago"), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains("style="), "the policy forbids both: {svg}");
        for colour in ["#1F5F8B", "#E69F00"] {
            assert!(svg.matches(colour).count() >= 2, "a column and a mark of {colour}: {svg}");
        }
        assert_eq!(columns(&[], ""), None);
        assert!(columns(&[(String::new(), [0.0; MINUTES])], "").is_some(), "nothing has happened");
        assert!(columns(&[("x".into(), [1e15; MINUTES])], "").is_some());
    }
}
