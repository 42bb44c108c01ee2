//! Latencies in buckets that are a thirty-second of their power of two wide.

const STEPS: u64 = 32;

pub struct Latency {
    buckets: Vec<u64>,
    count: u64,
}

impl Latency {
    pub fn new() -> Self {
        Self {
            buckets: vec![0; 64 * STEPS as usize],
            count: 0,
        }
    }

    pub fn forget(&mut self) {
        self.buckets.fill(0);
        self.count = 0;
    }

    pub fn record(&mut self, micros: u64, count: u64) {
        self.buckets[bucket(micros)] += count;
        self.count += count;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The latency that so many hundredths of the operations did not exceed, in microseconds.
    pub fn percentile(&self, hundredths: u64) -> u64 {
        let wanted = (self.count * hundredths).div_ceil(100);
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return value(index as u64);
            }
        }
        0
    }
}

fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let power = micros.ilog2() - STEPS.ilog2();
    ((u64::from(power) + 1) * STEPS + (micros >> power) - STEPS) as usize
}

/// The middle of a bucket.
fn value(index: u64) -> u64 {
    if index < STEPS {
        return index;
    }
    let power = index / STEPS - 1;
    ((index % STEPS + STEPS) << power) + ((1 << power) >> 1)
}

#[cfg(test)]
mod tests {
    use super::{bucket, value, Latency};

    #[test]
    fn a_value_is_within_a_thirty_second_of_what_was_recorded() {
        for micros in (0..5_000).chain([65_535, 1_000_000, u64::from(u32::MAX)]) {
            let read = value(bucket(micros) as u64);
            assert!(
                read.abs_diff(micros) * 32 <= micros,
                "{micros} was read as {read}"
            );
        }
    }

    #[test]
    fn percentiles_count_operations() {
        let mut latency = Latency::new();
        latency.record(10, 98);
        latency.record(30, 2);
        assert_eq!(latency.percentile(50), 10);
        assert_eq!(latency.percentile(99), 30);
    }
}
