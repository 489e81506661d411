//! Points as a picture in SVG: growth to the right, the exponent upwards, and a line where order ends.

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const EXPONENT_MIN: f64 = -1.0;
const EXPONENT_MAX: f64 = 1.0;

pub(crate) fn of(points: &[(f64, f64)]) -> String {
    let order = upwards(0.0);
    let circles: String = points
        .iter()
        .map(|&(growth, exponent)| circle(growth, exponent))
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\">\n\
         <line x1=\"0\" x2=\"{WIDTH}\" y1=\"{order}\" y2=\"{order}\" stroke=\"gray\"/>\n{circles}</svg>\n"
    )
}

fn circle(growth: f64, exponent: f64) -> String {
    let part = (growth - crate::GROWTH_MIN) / (crate::GROWTH_MAX - crate::GROWTH_MIN);
    let (x, y) = (part * WIDTH, upwards(exponent));
    let colour = if exponent > 0.0 {
        "crimson"
    } else {
        "steelblue"
    };
    format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>\n")
}

fn upwards(exponent: f64) -> f64 {
    let part =
        (exponent.clamp(EXPONENT_MIN, EXPONENT_MAX) - EXPONENT_MIN) / (EXPONENT_MAX - EXPONENT_MIN);
    HEIGHT * (1.0 - part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_chaotic_stands_higher() {
        assert_eq!(upwards(0.0), HEIGHT / 2.0);
        assert!(upwards(0.5) < upwards(-0.5));
        assert_eq!(upwards(-9.0), HEIGHT);
        assert_eq!(of(&[(3.0, -0.1), (3.9, 0.4)]).matches("<circle").count(), 2);
    }
}
