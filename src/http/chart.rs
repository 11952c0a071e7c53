//! From series to shapes: where the columns of a chart stand. Pure numbers; the template draws them, and writes
//! the scale and the times beside them as text, so that they keep their size.

use serde::Serialize;

/// The height of a chart, and the width of one column with its gap, in its own units.
const HEIGHT: f64 = 100.0;
const PITCH: f64 = 10.0;
/// The gap at each side of a column.
const GAP: f64 = 1.5;
/// What is there at all can be seen.
const LEAST: f64 = 0.75;

/// A chart of columns.
#[derive(Debug, Serialize)]
pub struct Drawing {
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The scale, from the top: whole numbers at even distances.
    pub ticks: [i64; 3],
    /// The rectangles, from the bottom up and from left to right.
    pub parts: Vec<Part>,
}

/// A rectangle.
#[derive(Debug, Serialize, PartialEq)]
pub struct Part {
    /// Of which series.
    pub series: usize,
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// Columns of series that stand upon each other; none where there is nothing to draw.
pub fn columns(series: &[Vec<i64>]) -> Option<Drawing> {
    let count = series.iter().map(Vec::len).max()?;
    let value = |one: &Vec<i64>, place: usize| one.get(place).copied().unwrap_or(0).max(0);
    let sum = |place| series.iter().map(|one| value(one, place)).sum::<i64>();
    let top = (0..count).map(sum).max().filter(|highest| *highest > 0).map(top_of)?;
    let mut parts = Vec::new();
    for place in 0..count {
        let mut base = HEIGHT;
        for (number, one) in series.iter().enumerate() {
            let value = value(one, place);
            if value == 0 {
                continue;
            }
            let height = round((HEIGHT * ratio(value, top)).max(LEAST)).min(base);
            base = round(base - height);
            let x = float(place) * PITCH + GAP;
            parts.push(Part { series: number, x, y: base, width: PITCH - 2.0 * GAP, height });
        }
    }
    Some(Drawing { width: float(count) * PITCH, height: HEIGHT, ticks: [top, top / 2, 0], parts })
}

/// How long the bar of a value is, in hundredths of the longest.
pub fn bar(value: i64, longest: i64) -> f64 {
    if value <= 0 || longest <= 0 {
        return 0.0;
    }
    round((100.0 * ratio(value, longest)).clamp(LEAST, 100.0))
}

/// The end of the scale: a round number whose half is a whole one.
fn top_of(highest: i64) -> i64 {
    if let Some(top) = [2, 4, 6, 8, 10].into_iter().find(|top| *top >= highest) {
        return top;
    }
    let mut power = 1_i64;
    loop {
        for step in [12, 16, 20, 24, 30, 40, 50, 60, 80, 100] {
            let top = power.saturating_mul(step);
            if top >= highest {
                return top;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]
fn ratio(value: i64, whole: i64) -> f64 {
    value as f64 / whole as f64
}

#[expect(clippy::cast_precision_loss, reason = "a chart has few columns")]
fn float(number: usize) -> f64 {
    number as f64
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_number_that_can_be_halved() {
        for (highest, top) in [
            (1, 2),
            (2, 2),
            (3, 4),
            (5, 6),
            (9, 10),
            (10, 10),
            (11, 12),
            (81, 100),
            (101, 120),
            (20_300, 24_000),
            (1_000_001, 1_200_000),
        ] {
            assert_eq!((top_of(highest), top % 2), (top, 0), "{highest}");
        }
        assert!(top_of(i64::MAX) > 0);
    }

    #[test]
    fn columns_stand_upon_each_other_and_within_the_drawing() {
        let drawing = columns(&[vec![0, 5, 10], vec![0, 5, 0]]).unwrap();
        assert_eq!((drawing.ticks, drawing.width), ([10, 5, 0], 30.0));
        let part = |series, x, y, height| Part { series, x, y, width: 7.0, height };
        let expected =
            [part(0, 11.5, 50.0, 50.0), part(1, 11.5, 0.0, 50.0), part(0, 21.5, 0.0, 100.0)];
        assert_eq!(drawing.parts, expected);
    }

    #[test]
    fn little_can_be_seen_and_nothing_is_no_drawing() {
        let drawing = columns(&[vec![1_000_000], vec![1]]).unwrap();
        assert!(drawing.parts.iter().all(|part| part.height > 0.0 && part.y >= 0.0));
        for nothing in [vec![], vec![vec![]], vec![vec![0, 0]], vec![vec![-1]]] {
            assert!(columns(&nothing).is_none(), "{nothing:?}");
        }
        assert!(bar(1, 1_000_000) > 0.0);
        assert_eq!((bar(0, 9), bar(9, 9), bar(10, 9), bar(1, 0)), (0.0, 100.0, 100.0, 0.0));
    }
}
