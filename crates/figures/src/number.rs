//! Numbers as people read them, and the round numbers that axes are marked with.

/// Round numbers from `low` to `high`, about `wanted` steps of 1, 2 or 5 times a power of ten.
/// Both ends finite, `low < high`.
pub(crate) fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let raw = (high - low) / wanted.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|&step| step >= raw * 0.7);
    let step = step.unwrap_or(raw);
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last).map(|multiple| multiple as f64 * step).collect()
}

/// Ticks with labels of just enough decimals to tell them apart.
pub(crate) fn labelled_ticks(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let ticks = ticks(low, high, wanted);
    let step = ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0);
    let decimals = (-step.log10() - 1e-6).ceil().clamp(0.0, 12.0) as usize;
    let label = |tick: f64| match tick {
        great if great.abs() >= 1e7 => format!("{tick:.1e}"),
        whole if decimals == 0 && whole >= 0.0 => thousands(whole as u64),
        _ => format!("{tick:.decimals$}"),
    };
    ticks.into_iter().map(|tick| (tick, label(tick))).collect()
}

/// Whole-number ticks with labels; `low <= high`.
pub(crate) fn whole_ticks(low: u64, high: u64, wanted: usize) -> Vec<(f64, String)> {
    let mut found = ticks(low as f64 - 0.01, high as f64 + 0.01, wanted);
    found.retain(|tick| (tick - tick.round()).abs() < 1e-6);
    found.into_iter().map(|tick| (tick, thousands(tick.round() as u64))).collect()
}

/// The least round number that is at least `value`, for the end of an axis; `value > 0`.
pub(crate) fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let factors = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    factors.into_iter().map(|factor| factor * power).find(|&round| round >= value * (1.0 - 1e-9)).unwrap_or(value)
}

/// `12345` as `12,345`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A probability with three decimals, or with as many as keep it from being read as 0 or 1.
pub(crate) fn probability(value: f64) -> String {
    let digits = (3..=15).find(|&digits| {
        let shown: f64 = format!("{value:.digits$}").parse().unwrap_or(value);
        (shown == 0.0) == (value == 0.0) && (shown == 1.0) == (value == 1.0)
    });
    format!("{value:.*}", digits.unwrap_or(15))
}

/// `.9437` as `94.4%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `-4` as `⁻⁴`.
pub(crate) fn superscript(number: i32) -> String {
    number
        .to_string()
        .chars()
        .map(|character| match character {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        let labels = |low, high, wanted| -> Vec<String> {
            labelled_ticks(low, high, wanted).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(0.0, 2500.0, 5), ["0", "500", "1,000", "1,500", "2,000", "2,500"]);
        assert_eq!(labels(0.713, 0.722, 4), ["0.714", "0.716", "0.718", "0.720", "0.722"]);
        assert_eq!(labels(-1.0, 1.0, 4), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels(0.0, 3e-9, 3), ["0.000000000", "0.000000001", "0.000000002", "0.000000003"]);
        assert_eq!(labels(0.0, 3e30, 3), ["0", "1.0e30", "2.0e30", "3.0e30"]);
        let epochs: Vec<f64> = whole_ticks(1, 3, 8).into_iter().map(|(tick, _)| tick).collect();
        assert_eq!(epochs, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_probability_is_read_as_none_or_certainty_only_where_it_is() {
        let shown = [0.5, 0.12345, 0.0, 1.0, 0.9996, 0.000_04, 0.999_999_7].map(probability);
        assert_eq!(shown, ["0.500", "0.123", "0.000", "1.000", "0.9996", "0.00004", "0.9999997"]);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(percent(0.9437), "94.4%");
        assert_eq!(superscript(-1024), "⁻¹⁰²⁴");
        assert_eq!((round_up(0.83), round_up(1.0), round_up(2207.0)), (1.0, 1.0, 2500.0));
    }
}
