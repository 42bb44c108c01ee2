import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { panelsOf, writeCharts } from '../../../bench/harness/chart';
import type { Figure, SideFigures } from '../../../bench/harness/figure';
import { spread } from '../../../bench/harness/statistics';

/** All of what is one element's tag, with values that end where they should. */
const TAG = /<\/?[a-z]+(?: [\w:-]+="[^"<]*")*\s*\/?>|<!\[CDATA\[.*?\]\]>/gis;

const where = { cpu: 'A processor', cores: 2, node: 'v20.0.0', platform: 'linux x64', busyBefore: 0 };

function side(name: string, cpu: number): SideFigures {
  return { name, value: spread([1e6 / cpu]), cpu: spread([cpu]) };
}

function figure(load: string, subject: SideFigures, baseline: SideFigures): Figure {
  const name = `${load}: ${subject.name} over ${baseline.name}`;
  return { family: 'tokens', name, unit: 'token/s of CPU', subject, baseline };
}

const few = '200 answers over 20 connections';
const many = '1,000 answers over 1,000 connections';
const figures = [
  figure(few, side('nnrp-rx', 1.1), side('SSE, node:http', 6.5)),
  figure(few, side('nnrp-rx', 1.1), side('bare socket', 0.64)),
  figure(many, side('nnrp-rx', 6.2), side('SSE, node:http', 8.3)),
];

describe('the chart of the bench', () => {
  it('has a panel for each load, and a bar for each server, the cheapest first', () => {
    expect(panelsOf(figures)).toEqual([
      {
        title: few,
        bars: [
          { name: 'bare socket', cpu: 0.64 },
          { name: 'nnrp-rx', cpu: 1.1 },
          { name: 'SSE, node:http', cpu: 6.5 },
        ],
      },
      {
        title: many,
        bars: [
          { name: 'nnrp-rx', cpu: 6.2 },
          { name: 'SSE, node:http', cpu: 8.3 },
        ],
      },
    ]);
  });

  it('says what it is of, what was measured, where and when, in light and in dark', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chart-'));
    writeCharts(folder, figures, where, '2026-01-02');
    const pictures = ['light', 'dark'].map((name) =>
      fs.readFileSync(path.join(folder, `bench-${name}.svg`), 'utf8'),
    );
    fs.rmSync(folder, { recursive: true });
    for (const picture of pictures) {
      for (const text of [few, many, 'nnrp-rx', 'bare socket', 'SSE, node:http', '0.64', '1.1', '6.5', '8.3'])
        expect(picture).toContain(text);
      // A browser shows nothing of what is not well-formed.
      expect(picture.replace(TAG, '')).not.toMatch(/[<>]/);
      expect(picture).toContain('2026-01-02 · A processor, 2 cores, Node v20.0.0');
    }
    expect(pictures[0]).not.toBe(pictures[1]);
  });

  it('is of nothing where no server that streams tokens was measured', () => {
    expect(() => {
      writeCharts(os.tmpdir(), [], where, '2026-01-02');
    }).toThrow(/measure `tokens: `/);
  });
});
