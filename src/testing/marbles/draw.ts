/** Something to draw: one or more characters at a frame. */
export interface Drawn {
  readonly frame: number;
  readonly label: string;
}

/** Lines of moments as marble strings. */
export interface Drawing {
  /** One string for each line of what was given, aligned. */
  readonly lines: readonly string[];
  /** In which column a frame that something happens in is drawn. */
  columnOf(frame: number): number | undefined;
}

/** Longer silences are drawn as ` 120ms `. */
const LONGEST_DASHES = 24;

/** A line under way. */
class Row {
  private readonly parts: string[] = [];
  /** Characters so far, as marbles count them: a letter may take two units of a string. */
  width = 0;
  /** The frame behind what is drawn. */
  time = 0;
  private isOver = false;

  constructor(readonly cells: ReadonlyMap<number, string>) {}

  get text(): string {
    return this.parts.join('').trimEnd();
  }

  add(text: string): void {
    if (text === '') return;
    this.parts.push(text);
    this.width += widthOf(text);
  }

  pad(width: number): void {
    this.add(' '.repeat(Math.max(0, width - this.width)));
  }

  /** Draws dashes until `frame`, behind the spaces that other lines need. */
  advance(frame: number, shift: number): void {
    if (this.time > frame) return;
    this.pad(this.time + shift);
    this.add('-'.repeat(Math.floor(frame - this.time)));
    this.time = frame;
  }

  /** Draws what happens at a frame, if anything does. */
  draw(frame: number, column: number): void {
    const cell = this.cells.get(frame);
    if (cell === undefined && this.time > frame) return;
    this.pad(column);
    this.add(cell ?? '');
    this.time = frame + widthOf(cell ?? '');
    if (cell !== undefined) this.isOver = /[|#]/.test(cell);
  }

  /** Silence behind an end says nothing. */
  finish(frame: number, shift: number): void {
    if (!this.isOver) this.advance(frame, shift);
  }
}

/**
 * Draws lines of moments as marble strings that are aligned with each other. A line that `TestScheduler`
 * could read is drawn so that it can; where something follows a group sooner than the group is wide, which
 * no marble string can say, it is drawn right behind it.
 */
export function draw(given: readonly (readonly Drawn[])[]): Drawing {
  const rows = given.map((moments) => new Row(cellsOf(moments)));
  const frames = [...new Set(given.flat().map(({ frame }) => frame))].sort((a, b) => a - b);
  const columns = new Map<number, number>();
  /** How much further right than its number a frame is drawn. */
  let shift = 0;
  const latest = (): number => Math.max(0, ...rows.map(({ time }) => time));
  for (const frame of frames) {
    const drawnUntil = latest();
    const silence = frame - drawnUntil;
    if (silence > LONGEST_DASHES || (silence > 0 && !Number.isInteger(silence))) {
      for (const row of rows) {
        row.advance(drawnUntil, shift);
        row.add(` ${silence}ms `);
        row.time = frame;
      }
      shift = (rows[0]?.width ?? 0) - frame;
    }
    for (const row of rows) row.advance(frame, shift);
    const crowded = rows.filter(({ cells, time }) => time > frame && cells.has(frame));
    const column = Math.max(frame + shift, ...crowded.map(({ width }) => width));
    shift = column - frame;
    columns.set(frame, column);
    for (const row of rows) row.draw(frame, column);
  }
  const end = latest();
  for (const row of rows) row.finish(end, shift);
  return {
    lines: rows.map(({ text }) => text),
    columnOf: (frame) => columns.get(frame),
  };
}

function widthOf(text: string): number {
  return [...text].length;
}

/** Several moments of one frame are a group. */
function cellsOf(moments: readonly Drawn[]): ReadonlyMap<number, string> {
  const labels = new Map<number, string>();
  for (const { frame, label } of moments) labels.set(frame, (labels.get(frame) ?? '') + label);
  return new Map(
    [...labels].map(([frame, text]) => [frame, widthOf(text) > 1 ? `(${text})` : text] as const),
  );
}
