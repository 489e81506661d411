//! A few elements of SVG. Every text is escaped; colours follow the reader's choice of light or dark.

use std::fmt::Write;

/// Colours of lines and areas, one after the other, on light and on dark ground.
const LIGHT: Palette = Palette {
    ground: "#ffffff",
    ink: "#1d2125",
    grid: "#d9dde2",
    lines: [
        "#0b62a4", "#c2500a", "#1b7f4b", "#8a3ea8", "#b0841a", "#0d8a92", "#b3263e", "#6b6f76",
    ],
};
const DARK: Palette = Palette {
    ground: "#14171a",
    ink: "#e8eaed",
    grid: "#3a4047",
    lines: [
        "#6cb2f2", "#f5a05c", "#5fce94", "#cf94ea", "#e6c35a", "#5ed3da", "#f4808f", "#aab0b8",
    ],
};
/// Every rule is for this drawing alone, because it may be put into a page that has rules of its own.
const FIXED: &str = ".run text { font-family: system-ui, sans-serif; }
.run .title { font-size: 15px; font-weight: 600; }
.run .lane { font-size: 12px; font-weight: 600; }
.run .tick { font-size: 11px; }
.run polyline { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
";

/// The colours for one kind of ground.
struct Palette {
    ground: &'static str,
    ink: &'static str,
    grid: &'static str,
    lines: [&'static str; COLORS],
}

const COLORS: usize = 8;

/// Which end of a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing in the making.
pub(super) struct Svg(String);

impl Svg {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let title = escaped(title);
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" class=\"run\">\n<title>{title}</title>\n<style>\n{}</style>\n\
             <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n",
            style()
        ))
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), class: &str, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], color: usize) {
        let (points, color) = (joined(points), color % COLORS);
        self.add(&format!(
            "<polyline class=\"line{color}\" points=\"{points}\"/>"
        ));
    }

    pub(super) fn area(&mut self, points: &[(f64, f64)], color: usize) {
        let (points, color) = (joined(points), color % COLORS);
        self.add(&format!(
            "<polygon class=\"area{color}\" points=\"{points}\"/>"
        ));
    }

    /// The little square of a legend.
    pub(super) fn swatch(&mut self, (x, y): (f64, f64), color: usize) {
        let color = color % COLORS;
        self.add(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"12\" height=\"10\" class=\"area{color}\"/>"
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.add("</svg>");
        self.0
    }

    fn add(&mut self, element: &str) {
        self.0.push_str(element);
        self.0.push('\n');
    }
}

fn style() -> String {
    let (light, dark) = (LIGHT.rules(), DARK.rules());
    format!("{FIXED}{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n")
}

impl Palette {
    fn rules(&self) -> String {
        let Self {
            ground,
            ink,
            grid,
            lines,
        } = self;
        let mut rules = format!(
            ".run .ground {{ fill: {ground}; }}\n.run text {{ fill: {ink}; }}\n\
             .run .axis {{ stroke: {ink}; }}\n.run .grid {{ stroke: {grid}; }}\n"
        );
        for (at, color) in lines.iter().enumerate() {
            rules.push_str(&format!(
                ".run .line{at} {{ stroke: {color}; }}\n.run .area{at} {{ fill: {color}; }}\n"
            ));
        }
        rules
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    let mut text = String::new();
    for (x, y) in points {
        write!(text, "{x:.1},{y:.1} ").expect("a string takes all that is written");
    }
    text.trim_end().to_owned()
}

/// A text in which nothing is taken for an element. Characters that XML does not know become a question mark.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_in_a_text_is_taken_for_an_element() {
        assert_eq!(
            escaped("<a href='x'>&\"\u{1}é"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;?é"
        );
    }
}
