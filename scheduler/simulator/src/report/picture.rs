//! The report as a drawing: four lanes over one axis of virtual time. It decides which lines there are and where they
//! run; letters and elements are the business of [`svg`].

use super::words::{three_digits, unit_for};
use super::{Named, Report, Series};
use axis::{nice_top, ticks};
use svg::{Anchor, Svg};

mod axis;
mod svg;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 56.0;
const LANE: f64 = 130.0;
const BETWEEN: f64 = 44.0;
const BOTTOM: f64 = 44.0;
/// Users with a line of their own; the others share one.
const USERS_MAX: usize = 7;

/// One picture in the picture.
struct Lane {
    title: &'static str,
    unit: Unit,
    style: Style,
    lines: Vec<Line>,
}

/// What the numbers at the left are.
#[derive(Clone, Copy)]
enum Unit {
    Percent,
    Count,
}

/// How lines stand to each other.
#[derive(Clone, Copy)]
enum Style {
    Beside,
    OnTop,
}

struct Line {
    name: String,
    points: Vec<(u64, f64)>,
}

/// The drawing, as a whole document.
pub(super) fn draw(report: &Report) -> String {
    let lanes = lanes(report);
    let height = TOP + BOTTOM + lanes.len() as f64 * (LANE + BETWEEN) - BETWEEN;
    let mut svg = Svg::new(WIDTH, height, &report.title);
    svg.text((LEFT, 24.0), "title", Anchor::Start, &report.title);
    let end_us = report.length_us.max(1);
    let mut top = TOP;
    for lane in &lanes {
        draw_lane(&mut svg, lane, top, end_us);
        top += LANE + BETWEEN;
    }
    draw_time(&mut svg, top - BETWEEN, end_us);
    svg.finish()
}

fn lanes(report: &Report) -> Vec<Lane> {
    let granted = [("processors", &report.cpu), ("memory", &report.memory)];
    vec![
        Lane {
            title: "granted, of the pool",
            unit: Unit::Percent,
            style: Style::Beside,
            lines: granted.map(|(name, series)| line(name, series)).into(),
        },
        Lane {
            title: "tasks that wait, by sub-cluster",
            unit: Unit::Count,
            style: Style::Beside,
            lines: report.queues.iter().map(named).collect(),
        },
        Lane {
            title: "nodes, by sub-cluster",
            unit: Unit::Count,
            style: Style::OnTop,
            lines: report.members.iter().map(named).collect(),
        },
        Lane {
            title: "dominant share, by user",
            unit: Unit::Percent,
            style: Style::Beside,
            lines: largest_users(&report.shares),
        },
    ]
}

fn line(name: &str, series: &Series) -> Line {
    Line {
        name: name.to_owned(),
        points: series.averages().collect(),
    }
}

fn named(one: &Named<Series>) -> Line {
    line(&one.name, &one.of)
}

/// The users with the largest shares by name, and all others as the sum of their shares.
fn largest_users(shares: &[Named<Series>]) -> Vec<Line> {
    let mut users: Vec<_> = shares.iter().collect();
    users.sort_by(|one, other| other.of.mean().total_cmp(&one.of.mean()));
    let (named_users, others) = users.split_at(users.len().min(USERS_MAX));
    let mut lines: Vec<Line> = named_users.iter().map(|one| named(one)).collect();
    if let [first, rest @ ..] = others {
        let mut sum = named(first);
        for other in rest {
            add(&mut sum.points, &other.of);
        }
        sum.name = format!("{} others together", others.len());
        lines.push(sum);
    }
    lines
}

fn add(points: &mut [(u64, f64)], series: &Series) {
    for ((_, sum), (_, average)) in points.iter_mut().zip(series.averages()) {
        *sum += average;
    }
}

fn draw_lane(svg: &mut Svg, lane: &Lane, top: f64, end_us: u64) {
    let stacked = stack(lane);
    let peak = stacked
        .iter()
        .flat_map(|points| points.iter().map(|&(_, value)| value))
        .fold(0.0, f64::max);
    let most = match lane.unit {
        Unit::Percent => 1.0,
        Unit::Count => nice_top(peak),
    };
    svg.text((LEFT, top - 8.0), "lane", Anchor::Start, lane.title);
    let y = |value: f64| top + LANE * (1.0 - (value / most).min(1.0));
    for tick in ticks(most) {
        svg.line((LEFT, y(tick)), (WIDTH - RIGHT, y(tick)), "grid");
        let label = match lane.unit {
            Unit::Percent => format!("{} %", three_digits(tick * 100.0)),
            Unit::Count => three_digits(tick),
        };
        svg.text((LEFT - 6.0, y(tick) + 4.0), "tick", Anchor::End, &label);
    }
    let place = |&(at_us, value): &(u64, f64)| (x(at_us, end_us), y(value));
    let mut below: Vec<(f64, f64)> = vec![(x(0, end_us), y(0.0)), (x(end_us, end_us), y(0.0))];
    for (color, points) in stacked.iter().enumerate() {
        let path: Vec<_> = points.iter().map(place).collect();
        match lane.style {
            Style::Beside => svg.path(&path, color),
            Style::OnTop => {
                let area: Vec<_> = path.iter().chain(below.iter().rev()).copied().collect();
                svg.area(&area, color);
                below = path;
            }
        }
    }
    draw_legend(svg, lane, top);
}

/// The points to draw: each line above the ones before it, where they are stacked.
fn stack(lane: &Lane) -> Vec<Vec<(u64, f64)>> {
    let mut stacked: Vec<Vec<(u64, f64)>> = Vec::new();
    for line in &lane.lines {
        let mut points = line.points.clone();
        if let (Style::OnTop, Some(below)) = (lane.style, stacked.last()) {
            for ((_, value), (_, under)) in points.iter_mut().zip(below) {
                *value += under;
            }
        }
        stacked.push(points);
    }
    stacked
}

fn draw_legend(svg: &mut Svg, lane: &Lane, top: f64) {
    let left = WIDTH - RIGHT + 14.0;
    for (color, line) in lane.lines.iter().enumerate() {
        let y = top + 8.0 + color as f64 * 16.0;
        svg.swatch((left, y - 6.0), color);
        svg.text((left + 18.0, y + 3.0), "tick", Anchor::Start, &line.name);
    }
}

fn draw_time(svg: &mut Svg, bottom: f64, end_us: u64) {
    let (length_us, unit) = unit_for(end_us);
    let end = end_us as f64 / length_us as f64;
    for tick in ticks(end) {
        let x = LEFT + (WIDTH - LEFT - RIGHT) * tick / end;
        svg.line((x, bottom), (x, bottom + 5.0), "axis");
        svg.text(
            (x, bottom + 18.0),
            "tick",
            Anchor::Middle,
            &three_digits(tick),
        );
    }
    svg.line((LEFT, bottom), (WIDTH - RIGHT, bottom), "axis");
    let middle = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
    let label = format!("virtual time in {unit}");
    svg.text((middle, bottom + 36.0), "tick", Anchor::Middle, &label);
}

fn x(at_us: u64, end_us: u64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * at_us as f64 / end_us as f64
}

#[cfg(test)]
mod tests {
    use super::{USERS_MAX, draw};
    use crate::report::{Holding, Membership, Recorder, Report};
    use crate::world::amount;

    fn report(title: &str, users: usize) -> Report {
        let users: Vec<String> = (0..users).map(|user| format!("user <{user}>")).collect();
        let mut recorder = Recorder::new(title.to_owned(), &users, &["a & b".to_owned()]);
        recorder.pool(amount(1_000, 1_024));
        recorder.moved(Membership::Down, Membership::In(0));
        for user in 0..users.len() {
            recorder.at(user as u64 * 1_000_000);
            recorder.holds(user, Holding::Granted(amount(100, 10)));
        }
        recorder.at(20_000_000);
        recorder.finish()
    }

    #[test]
    fn text_is_escaped_and_every_line_has_its_legend() {
        let drawing = draw(&report("1 < 2 & \"3\"", 3));
        for text in [
            "1 &lt; 2 &amp; &quot;3&quot;",
            "user &lt;2&gt;",
            "a &amp; b",
            "virtual time in s",
        ] {
            assert!(drawing.contains(text), "no {text} in {drawing}");
        }
        assert!(!drawing.contains("user <"), "{drawing}");
    }

    #[test]
    fn many_users_share_a_line() {
        let drawing = draw(&report("many", USERS_MAX + 5));
        assert!(drawing.contains("5 others together"), "{drawing}");
    }

    #[test]
    fn elements_are_closed_and_numbers_are_numbers() {
        for drawing in [draw(&report("few", 2)), draw(&Report::default())] {
            assert!(drawing.starts_with("<svg ") && drawing.trim_end().ends_with("</svg>"));
            for element in ["svg", "text", "style", "title"] {
                let opened = drawing.matches(&format!("<{element}")).count();
                let closed = drawing.matches(&format!("</{element}>")).count();
                assert_eq!(opened, closed, "{element} in {drawing}");
            }
            assert!(
                !drawing.contains("NaN") && !drawing.contains("inf"),
                "{drawing}"
            );
            assert!(drawing.contains("prefers-color-scheme: dark"));
        }
    }
}
