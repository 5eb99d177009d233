//! A cloud's hue as a hexadecimal colour, because mail clients do not read `oklch()`.
//! Conversion: Björn Ottosson, "A perceptual color space for image processing" (OKLab), and the
//! sRGB transfer function of IEC 61966-2-1.

/// `oklch(l c h)` as `#rrggbb`, clipped to sRGB.
pub(super) fn oklch(lightness: f64, chroma: f64, hue: u16) -> String {
    let angle = f64::from(hue).to_radians();
    let (green_red, blue_yellow) = (chroma * angle.cos(), chroma * angle.sin());
    let cone = |[x, y]: [f64; 2]| {
        x.mul_add(green_red, y.mul_add(blue_yellow, lightness))
            .powi(3)
    };
    let long = cone([0.396_337_777_4, 0.215_803_757_3]);
    let middle = cone([-0.105_561_345_8, -0.063_854_172_8]);
    let short = cone([-0.089_484_177_5, -1.291_485_548]);
    let channels = [
        [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
        [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
        [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701],
    ];
    let mut out = String::from("#");
    for [x, y, z] in channels {
        let linear: f64 = x * long + y * middle + z * short;
        out.push_str(&hex(linear));
    }
    out
}

fn hex(linear: f64) -> String {
    let linear = linear.clamp(0.0, 1.0);
    let encoded = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055_f64.mul_add(linear.powf(1.0 / 2.4), -0.055)
    };
    let scaled = (encoded * 255.0).round();
    // The nearest of 256 steps; comparing avoids a cast that could lose something.
    let step = (0..=255_u8)
        .find(|step| f64::from(*step) >= scaled)
        .unwrap_or(255);
    format!("{step:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_come_out() {
        let rows = [
            (1.0, 0.0, 0, "#ffffff"),
            (0.0, 0.0, 0, "#000000"),
            (0.627_96, 0.257_68, 29, "#ff0000"),
        ];
        for (l, c, h, colour) in rows {
            let got = oklch(l, c, h);
            for index in [1, 3, 5] {
                let channel =
                    |text: &str| i32::from_str_radix(&text[index..index + 2], 16).unwrap();
                assert!(
                    (channel(&got) - channel(colour)).abs() <= 12,
                    "{got} {colour}"
                );
            }
        }
    }
}
