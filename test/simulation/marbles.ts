import type { TraceEvent } from './trace';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What happens at one time, by actor: the letters that stand for it. */
interface Column {
  readonly time: number;
  readonly letters: Map<string, string>;
}

/**
 * Events as marbles: a line for each actor, the same column for the same time, a letter for each event
 * and what it stands for below. As in RxJS's diagrams, events of one actor at one time are in brackets.
 * Past 52 events the letters begin anew.
 *
 * @example
 * marblesOf([
 *   { time: 3, actor: 'client', text: 'submits' },
 *   { time: 5, actor: 'server', text: 'answers' },
 * ]);
 * // ms      3 5
 * // client  a--
 * // server  --b
 * //
 * // a      3 ms  client  submits
 * // b      5 ms  server  answers
 */
export function marblesOf(events: readonly TraceEvent[]): string {
  const actors = [...new Set(events.map(({ actor }) => actor))].sort();
  const margin = Math.max(2, ...actors.map((actor) => actor.length)) + 2;
  const columns = columnsOf(events);
  const widths = columns.map(({ letters, time }) =>
    Math.max(String(time).length, ...[...letters.values()].map((marks) => marks.length)),
  );
  const line = (name: string, cells: readonly string[], fill: string): string =>
    name.padEnd(margin) + cells.map((cell, index) => cell.padEnd(widths[index] ?? 0, fill)).join(fill);
  const times = columns.map(({ time }) => String(time));
  const lines = actors.map((actor) =>
    line(
      actor,
      columns.map(({ letters }) => letters.get(actor) ?? ''),
      '-',
    ),
  );
  const legend = events.map(
    ({ time, actor, text }, index) =>
      `${letterOf(index)} ${String(time).padStart(6)} ms  ${actor.padEnd(margin)}${text}`,
  );
  return [line('ms', times, ' ').trimEnd(), ...lines, '', ...legend].join('\n');
}

function columnsOf(events: readonly TraceEvent[]): Column[] {
  const columns: Column[] = [];
  events.forEach(({ time, actor }, index) => {
    let column = columns.at(-1);
    if (column?.time !== time) {
      column = { time, letters: new Map() };
      columns.push(column);
    }
    column.letters.set(actor, (column.letters.get(actor) ?? '') + letterOf(index));
  });
  for (const { letters } of columns) {
    for (const [actor, marks] of letters) if (marks.length > 1) letters.set(actor, `(${marks})`);
  }
  return columns;
}

function letterOf(index: number): string {
  return LETTERS[index % LETTERS.length] ?? '?';
}
