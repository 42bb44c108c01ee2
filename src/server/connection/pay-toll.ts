import { HEADER_LENGTH } from '../../wire/header';
import type { ConnectionGuard } from '../limits/connection-guard';
import type { ConnectionRateName } from '../limits/server-limits';
import type { Toll } from '../session/session-terms';

/** Counts what a packet has cost its connection; `count` is false where that is once too often. */
export function payToll(
  toll: Toll,
  guard: ConnectionGuard,
  count: (rate: ConnectionRateName) => boolean,
): void {
  switch (toll.kind) {
    case 'queued':
      guard.submitQueued();
      return;
    case 'refused':
      // The answer went where results go, and has a header at least.
      guard.answerSent(HEADER_LENGTH);
      count('refusals');
      return;
    case 'cancelled-early':
      for (let left = toll.count; left > 0 && count('cancels'); left--);
  }
}
