/** Something to draw: one or more characters at a frame. */
export interface Drawn {
  readonly frame: number;
  readonly label: string;
}

export interface Drawing {
  /** One string for each line of what was given, aligned. */
  readonly lines: readonly string[];
  /** In which column a frame that something happens in is drawn. */
  columnOf(frame: number): number | undefined;
}

/** Longer silences are drawn as ` 120ms `. */
const LONGEST_DASHES = 24;

/** A line under way. */
interface Row {
  readonly cells: ReadonlyMap<number, string>;
  text: string;
  /** The frame behind what is drawn. */
  time: number;
}

/**
 * Draws lines of moments as marble strings that are aligned with each other. A line that `TestScheduler`
 * could read is drawn so that it can; where something follows a group sooner than the group is wide, which
 * no marble string can say, it is drawn right behind it.
 */
export function draw(given: readonly (readonly Drawn[])[]): Drawing {
  const rows = given.map((moments): Row => ({ cells: cellsOf(moments), text: '', time: 0 }));
  const frames = [...new Set(given.flat().map(({ frame }) => frame))].sort((a, b) => a - b);
  const columns = new Map<number, number>();
  /** How much further right than its number a frame is drawn. */
  let shift = 0;
  for (const frame of frames) {
    const drawnUntil = Math.max(...rows.map(({ time }) => time));
    const silence = frame - drawnUntil;
    if (silence > LONGEST_DASHES || (silence > 0 && !Number.isInteger(silence))) {
      for (const row of rows) advance(row, drawnUntil, shift);
      for (const row of rows) {
        row.text += ` ${silence}ms `;
        row.time = frame;
      }
      shift = (rows[0]?.text.length ?? 0) - frame;
    }
    for (const row of rows) advance(row, frame, shift);
    const crowded = rows.filter(({ cells, time }) => time > frame && cells.has(frame));
    const column = Math.max(frame + shift, ...crowded.map(({ text }) => text.length));
    shift = column - frame;
    columns.set(frame, column);
    for (const row of rows) {
      const cell = row.cells.get(frame);
      if (cell === undefined && row.time > frame) continue;
      row.text = row.text.padEnd(column) + (cell ?? '');
      row.time = frame + (cell?.length ?? 0);
    }
  }
  return {
    lines: rows.map(({ text }) => text.trimEnd()),
    columnOf: (frame) => columns.get(frame),
  };
}

/** Draws dashes until `frame`, behind the spaces that other lines need. */
function advance(row: Row, frame: number, shift: number): void {
  if (row.time > frame) return;
  row.text = row.text.padEnd(row.time + shift) + '-'.repeat(Math.floor(frame - row.time));
  row.time = frame;
}

/** Several moments of one frame are a group. */
function cellsOf(moments: readonly Drawn[]): ReadonlyMap<number, string> {
  const labels = new Map<number, string>();
  for (const { frame, label } of moments) labels.set(frame, (labels.get(frame) ?? '') + label);
  return new Map(
    [...labels].map(([frame, text]) => [frame, [...text].length > 1 ? `(${text})` : text] as const),
  );
}
