//! Numbers as people read them.

/// A share of `n` images with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    /// In `0..=1`.
    pub value: f64,
    /// `[low, high]`, in `0..=1`.
    pub interval: [f64; 2],
    /// Images.
    pub n: u64,
}

impl Proportion {
    /// As in `87.3% (86.4 to 88.1)`.
    pub(crate) fn with_interval(&self) -> String {
        format!("{} ({})", percent(self.value), self.bounds())
    }

    /// As in `86.4 to 88.1`.
    pub(crate) fn bounds(&self) -> String {
        format!("{:.1} to {:.1}", 100.0 * self.interval[0], 100.0 * self.interval[1])
    }

    /// Whether the interval holds `value`.
    pub(crate) fn may_be(&self, value: f64) -> bool {
        self.interval[0] <= value && value <= self.interval[1]
    }
}

/// `0.8731` as `87.3%`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// `12345` as `12,345`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 image`, `12,345 images`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// A probability with three decimals, or with as many as keep it from being read as 0 or 1.
pub(crate) fn probability(value: f64) -> String {
    let digits = (3..=15).find(|&digits| {
        let shown: f64 = format!("{value:.digits$}").parse().unwrap_or(value);
        (shown == 0.0) == (value == 0.0) && (shown == 1.0) == (value == 1.0)
    });
    format!("{value:.*}", digits.unwrap_or(15))
}

/// A measure without unit: three decimals.
pub(crate) fn measure(value: f64) -> String {
    format!("{value:.3}")
}

/// `4 s`, `12 min`, `3.5 h`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        short if short < 90.0 => format!("{short:.0} s"),
        middling if middling < 5400.0 => format!("{:.0} min", middling / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}

/// The first characters of a hash, enough to compare by eye.
pub(crate) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(thousands(1), "1");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(counted(1, "image", "images"), "1 image");
        assert_eq!(duration(4.2), "4 s");
        assert_eq!(duration(600.0), "10 min");
        assert_eq!(duration(9000.0), "2.5 h");
        let share = Proportion { value: 0.8731, interval: [0.8642, 0.8814], n: 500 };
        assert_eq!(share.with_interval(), "87.3% (86.4 to 88.1)");
    }
}
