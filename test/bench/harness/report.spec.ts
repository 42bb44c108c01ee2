import { atLeast, atMost, cpuRatio, verdict, type Figure } from '../../../bench/harness/figure';
import { figureLine, isStarved } from '../../../bench/harness/report';
import { spread } from '../../../bench/harness/statistics';

const throughput: Figure = {
  family: 'throughput',
  name: 'tcp',
  unit: 'op/s',
  subject: { name: 'nnrp-rx', value: spread([80_000, 90_000]), p50: 12, p99: 40, cpu: spread([4]) },
  baseline: { name: 'bare echo', value: spread([100_000]), p50: 10, p99: 30, cpu: spread([3]) },
  ratio: spread([0.75, 0.95]),
};
const held: Figure = {
  family: 'memory',
  name: 'heap',
  unit: 'bytes',
  subject: { name: 'nnrp-rx', value: spread([2400]) },
};
const costly: Figure = {
  family: 'ways',
  name: 'a token',
  unit: 'µs',
  subject: { name: 'looped', value: spread([1.25]) },
  baseline: { name: 'without', value: spread([1]) },
  difference: spread([0.25]),
};

describe('verdict', () => {
  it.each([
    [throughput, undefined],
    [{ ...throughput, target: atLeast(0.85) }, 'met'],
    [{ ...throughput, target: atLeast(0.86) }, 'missed'],
    [{ ...throughput, target: atMost(0.85) }, 'met'],
    [{ ...throughput, target: atMost(0.84) }, 'missed'],
    [{ ...throughput, target: atLeast(0.75, 'cpu') }, 'met'],
    [{ ...throughput, target: atLeast(0.76, 'cpu') }, 'missed'],
    [{ ...held, target: atLeast(0.1, 'cpu') }, 'missed'],
    [{ ...held, target: atMost(2400, 'value') }, 'met'],
    [{ ...held, target: atMost(2399, 'value') }, 'missed'],
    [{ ...costly, target: atMost(0.25, 'difference') }, 'met'],
    [{ ...costly, target: atMost(0.2, 'difference') }, 'missed'],
    // Asked of a ratio, or a difference, that there is not.
    [{ ...held, target: atLeast(0) }, 'missed'],
    [{ ...held, target: atMost(0, 'difference') }, 'missed'],
  ] as const)('of %#', (figure, expected) => {
    expect(verdict(figure)).toBe(expected);
  });
});

describe('figureLine', () => {
  const cells = (figure: Figure): string[] => figureLine(figure).split(/ {2,}/);

  it('shows both sides, their ratio and its spread, latency, CPU and target', () => {
    expect(cells({ ...throughput, target: atLeast(0.85) })).toEqual([
      'throughput: tcp',
      '85,000 op/s',
      '100,000 op/s',
      '0.85',
      '0.80–0.90',
      '12/40',
      '10/30',
      '4.00',
      '3.00',
      '0.75',
      '≥ 0.85 met',
    ]);
  });

  it('marks runs that differ much', () => {
    expect(cells({ ...throughput, ratio: spread([0.5, 0.9]) })).toContain('0.60–0.80~');
  });

  it('shows sizes, and what is asked of them', () => {
    expect(cells({ ...held, target: atMost(3000, 'value') })).toEqual([
      'memory: heap',
      '2.4 KB',
      '2.4–2.4',
      '≤ 3.0 KB met',
    ]);
  });

  it('shows what there is more, and what of that is asked', () => {
    const line = ['ways: a token', '1.25 µs', '1.00 µs', '+0.25', '0.25–0.25', '≤ +0.30 µs met'];
    expect(cells({ ...costly, target: atMost(0.3, 'difference') })).toEqual(line);
    expect(cells({ ...costly, difference: spread([-0.01]) })).toContain('-0.01');
  });
});

describe('what else a line is made of', () => {
  it('knows the ratio by CPU', () => {
    expect(cpuRatio(throughput)).toBe(0.75);
    expect(cpuRatio(held)).toBeUndefined();
  });

  it.each([
    [1, 0.8, false],
    [0.6, 0.95, true],
    // Both wait: for the wire, not for each other.
    [0.5, 0.6, false],
  ])('a side of %d busy under a load of %d', (busy, otherBusy, expected) => {
    expect(isStarved({ ...throughput.subject, busy, otherBusy })).toBe(expected);
  });
});
