import * as fs from 'node:fs';
import * as path from 'node:path';
// A plotting library that draws SVG without a page.
import * as echarts from 'echarts';
import type { Figure, SideFigures } from './figure';
import type { Machine } from './machine';

/** What a picture is drawn on. */
interface Theme {
  readonly name: 'light' | 'dark';
  readonly text: string;
  readonly quiet: string;
  /** Bars: this project's, what nothing can be below, and the others'. */
  readonly own: string;
  readonly floor: string;
  readonly other: string;
}

const THEMES: readonly Theme[] = [
  { name: 'light', text: '#1f2328', quiet: '#59636e', own: '#0969da', floor: '#d1d9e0', other: '#9198a1' },
  { name: 'dark', text: '#f0f6fc', quiet: '#9198a1', own: '#4493f8', floor: '#3d444d', other: '#656c76' },
];

/** Pixels. */
const WIDTH = 760;
const BAR = 26;
const HEAD = 46;
const FOOT = 34;
const NAMES = 140;

/** In single quotes: it stands in attributes as it is. */
const FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif";
const OWN = 'nnrp-rx';
const FLOOR = 'bare ';

/** Bars of one load, the cheapest first. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly cpu: number }[];
}

/** The servers that stream tokens, by what a token costs each: a panel a load. */
export function panelsOf(figures: readonly Figure[]): readonly Panel[] {
  const panels = new Map<string, Map<string, number>>();
  for (const { family, name, unit, subject, baseline } of figures) {
    if (family !== 'tokens' || unit !== 'token/s of CPU') continue;
    const title = name.slice(0, name.lastIndexOf(': '));
    const bars = panels.get(title) ?? new Map<string, number>();
    panels.set(title, bars);
    for (const side of [subject, baseline]) addBar(bars, side);
  }
  return [...panels].map(([title, bars]) => ({
    title,
    bars: [...bars].map(([name, cpu]) => ({ name, cpu })).sort((one, other) => one.cpu - other.cpu),
  }));
}

function addBar(bars: Map<string, number>, side: SideFigures | undefined): void {
  if (side?.cpu !== undefined) bars.set(side.name, side.cpu.median);
}

/** Writes `bench-light.svg` and `bench-dark.svg` into a folder; `date` as people read it. */
export function writeCharts(folder: string, figures: readonly Figure[], where: Machine, date: string): void {
  const panels = panelsOf(figures).filter(({ title }) => title.includes('answers over'));
  if (panels.length === 0) throw new Error('a chart is of servers that stream tokens: measure `tokens: `');
  const { cpu, cores, node } = where;
  const note = `${date} · ${cpu}, ${cores} cores, Node ${node} · compression off`;
  fs.mkdirSync(folder, { recursive: true });
  for (const theme of THEMES) {
    fs.writeFileSync(path.join(folder, `bench-${theme.name}.svg`), drawn(panels, note, theme));
  }
}

function drawn(panels: readonly Panel[], note: string, theme: Theme): string {
  const tops: number[] = [];
  let height = 0;
  for (const { bars } of panels) {
    tops.push(height + HEAD);
    height += HEAD + bars.length * BAR;
  }
  height += FOOT;
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: FONT, color: theme.text },
    title: [
      ...panels.map(({ title }, index) => ({
        text: `Server CPU a token, µs: ${title}`,
        left: 0,
        top: tops[index]! - HEAD + 14,
        padding: 0,
        textStyle: { fontSize: 14, fontWeight: 600, color: theme.text, fontFamily: FONT },
      })),
      {
        text: note,
        left: 0,
        top: height - 18,
        padding: 0,
        textStyle: { fontSize: 11, fontWeight: 400, color: theme.quiet, fontFamily: FONT },
      },
    ],
    grid: panels.map(({ bars }, index) => ({
      left: NAMES,
      right: 60,
      top: tops[index]!,
      height: bars.length * BAR,
    })),
    xAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value', show: false })),
    yAxis: panels.map(({ bars }, gridIndex) => ({
      gridIndex,
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: theme.text, fontSize: 13, fontFamily: FONT },
    })),
    series: panels.map(({ bars }, index) => ({
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: 16,
      data: bars.map(({ name, cpu }) => ({
        value: Number(cpu.toPrecision(2)),
        itemStyle: { color: colorOf(name, theme), borderRadius: [0, 3, 3, 0] },
      })),
      label: {
        show: true,
        position: 'right',
        formatter: digits,
        color: theme.text,
        fontSize: 12,
        fontFamily: FONT,
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/** Two digits, which is what a run can say. */
function digits({ value }: { readonly value: unknown }): string {
  return Number(value).toPrecision(2);
}

function colorOf(name: string, { own, floor, other }: Theme): string {
  if (name.startsWith(FLOOR)) return floor;
  return name.startsWith(OWN) ? own : other;
}
