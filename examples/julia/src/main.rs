//! A picture of a Julia set, drawn by an array of tasks: each task computes one band of rows.
//!
//! Every task prints its rows as text in the PPM format, and task 0 prints the header first, so the output of all tasks
//! in order is the picture. Arguments: width, height, and the most steps per pixel.

use std::env;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

/// The constant of `z² + c` that gives this picture its shape.
const C: (f64, f64) = (-0.8, 0.156);

struct Picture {
    width: u32,
    height: u32,
    steps_max: u32,
}

fn main() -> io::Result<()> {
    let picture = Picture {
        width: argument(1, 480),
        height: argument(2, 320),
        steps_max: argument(3, 2_000),
    };
    let index = identity("SUBLET_TASK_INDEX", 0);
    let count = identity("SUBLET_TASK_COUNT", 1).max(1);

    let mut out = BufWriter::new(io::stdout().lock());
    if index == 0 {
        writeln!(out, "P3\n{} {}\n255", picture.width, picture.height)?;
    }
    for y in picture.band(index, count) {
        for x in 0..picture.width {
            let (red, green, blue) = picture.colour(x, y);
            write!(out, "{red} {green} {blue} ")?;
        }
        writeln!(out)?;
    }
    out.flush()
}

impl Picture {
    /// The rows of task `index` of `count`: bands follow each other, and together they are the whole picture.
    fn band(&self, index: u32, count: u32) -> Range<u32> {
        let start_of = |task: u64| u64::from(self.height) * task / u64::from(count);
        let (start, end) = (start_of(index.into()), start_of(u64::from(index) + 1));
        start as u32..end as u32
    }

    fn colour(&self, x: u32, y: u32) -> (u8, u8, u8) {
        let steps = self.steps(x, y);
        if steps == self.steps_max {
            return (0, 0, 0);
        }
        // Colours change with the logarithm, because most pixels escape within a few steps.
        let shade = f64::from(steps + 1).ln() / f64::from(self.steps_max + 1).ln();
        let channel = |power: f64| (255.0 * shade.powf(power)) as u8;
        (channel(1.4), channel(0.7), channel(0.4))
    }

    /// How many steps of `z² + c` the point takes to leave the circle of radius 2.
    fn steps(&self, x: u32, y: u32) -> u32 {
        let scale = 3.2 / f64::from(self.width.max(1));
        let mut re = (f64::from(x) - f64::from(self.width) / 2.0) * scale;
        let mut im = (f64::from(y) - f64::from(self.height) / 2.0) * scale;
        for step in 0..self.steps_max {
            let (re_squared, im_squared) = (re * re, im * im);
            if re_squared + im_squared > 4.0 {
                return step;
            }
            (re, im) = (re_squared - im_squared + C.0, 2.0 * re * im + C.1);
        }
        self.steps_max
    }
}

fn argument(place: usize, default: u32) -> u32 {
    env::args()
        .nth(place)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn identity(name: &str, default: u32) -> u32 {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}
