//! A plot of some totals as SVG, drawn here: the page has no script.

use plotters::prelude::*;

/// Horizontal bars with their names, in the order given. Amounts in fen, shown in yuan. `None` if there is nothing to show.
pub(crate) fn bars(bars: &[(String, i64)]) -> Option<String> {
    let (most, least) = (bars.iter().map(|bar| bar.1).max()?, bars.iter().map(|bar| bar.1).min()?);
    let [most, least] = [most.max(0), least.min(0)].map(yuan);
    let room = ((most - least) * 0.1).max(0.01);
    let left = if least < 0.0 { least - room } else { 0.0 };
    let (count, height) = (i32::try_from(bars.len()).ok()?, u32::try_from(bars.len()).ok()?.saturating_mul(32) + 60);
    let mut svg = String::new();
    draw(&mut svg, bars, (left, most + room), (count, height)).ok()?;
    Some(svg)
}

fn draw(
    svg: &mut String,
    bars: &[(String, i64)],
    (left, right): (f64, f64),
    (count, height): (i32, u32),
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (760, height)).into_drawing_area();
    let font = ("sans-serif", 13).into_font();
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(170)
        .build_cartesian_2d(left..right, (0..count).into_segmented())?;
    let name = |place: &SegmentValue<i32>| match place {
        SegmentValue::CenterOf(row) => usize::try_from(count - 1 - row)
            .ok()
            .and_then(|row| bars.get(row))
            .map_or(String::new(), |bar| bar.0.clone()),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(bars.len())
        .y_label_formatter(&name)
        .x_labels(6)
        .x_label_formatter(&|yuan| format!("{yuan:.2}"))
        .x_desc("CNY")
        .label_style(font.clone())
        .draw()?;
    let colour = RGBColor(0x1f, 0x5f, 0x8b);
    for (row, (_, fen)) in (0..count).rev().zip(bars) {
        let corner = [(0.0, SegmentValue::Exact(row)), (yuan(*fen), SegmentValue::Exact(row + 1))];
        let mut bar = Rectangle::new(corner, colour.filled());
        bar.set_margin(6, 6, 0, 0);
        chart.draw_series([bar])?;
    }
    area.present()?;
    Ok(())
}

/// For drawing only: amounts are whole fen everywhere else.
#[expect(clippy::cast_precision_loss, reason = "a bar's length; the table beside it has the exact amount")]
fn yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_in_the_plot_and_names_cannot_break_it() {
        let svg = bars(&[("收费 fee".into(), 250_000), ("<script>".into(), -1_000), ("nothing".into(), 0)]).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(svg.contains("收费 fee") && svg.contains("&lt;script&gt;") && svg.contains("nothing"), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains("style="), "the policy forbids both: {svg}");
        assert_eq!(bars(&[]), None);
        assert!(bars(&[("one".into(), i64::MAX), ("other".into(), i64::MIN)]).is_some());
    }
}
