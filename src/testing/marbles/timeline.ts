import { TestScheduler } from 'rxjs/testing';
import type { FlowScheduler } from '../time/flow-scheduler';

/** What a marble string says of a moment: a letter, `|` or `#`. */
export type Mark =
  | { readonly frame: number; readonly kind: 'letter'; readonly letter: string }
  | { readonly frame: number; readonly kind: 'end' | 'cut' };

/** A marble string, read. */
export interface Timeline {
  readonly marks: readonly Mark[];
  /** Frames from the start to behind the last character. */
  readonly duration: number;
}

/**
 * Reads a marble string as `TestScheduler.run` does: a character is a frame, a frame a millisecond,
 * `(ab)` happens at once and takes as long as it is wide, spaces are for alignment, ` 10ms ` is time that
 * passes. Unlike there, a string may go on after `|` and `#`. Throws an `Error` for `^` and `!`.
 */
export function readTimeline(marbles: string, scheduler: FlowScheduler): Timeline {
  const stray = /[\^!]/.exec(marbles);
  if (stray !== null) {
    throw new Error(`"${marbles}" has a ${stray[0]}, which means nothing in what a peer sends or receives`);
  }
  // A mark behind the end tells how long the string is.
  const read = scheduler.inRunMode(() =>
    TestScheduler.parseMarbles(`${marbles} |`, undefined, undefined, undefined, true),
  );
  const marks = read.map(({ frame, notification }): Mark => {
    if (notification.kind === 'N') return { frame, kind: 'letter', letter: String(notification.value) };
    return { frame, kind: notification.kind === 'C' ? 'end' : 'cut' };
  });
  const duration = marks.at(-1)?.frame ?? 0;
  return { marks: marks.slice(0, -1), duration };
}
