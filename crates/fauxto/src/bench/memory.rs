//! How much memory this process has needed.

/// The largest resident set of this process so far, in bytes, as Linux counts it (`VmHWM`); None elsewhere.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    peak_of(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn peak_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(peak_of("Name:\tfauxto\nVmPeak:\t  99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n"), Some(1234 * 1024));
        assert_eq!(peak_of("Name:\tfauxto\n"), None);
        assert_eq!(peak_of("VmHWM:\tmany kB\n"), None);
    }

    #[test]
    fn memory_that_was_used_counts() {
        if let Some(before) = peak_memory() {
            let bytes = vec![1_u8; 64 << 20];
            assert!(peak_memory().unwrap() >= before.max(std::hint::black_box(&bytes).len() as u64));
        }
    }
}
