import { Directory, type SessionPlace } from '../../../src/cluster/directory';
import { MemoryLog } from '../../../src/cluster/memory-log';
import type { LogVerdict } from '../../../src/cluster/session-log';
import { LogWriter } from '../../../src/server/log/log-writer';
import { LoggedSession } from '../../../src/server/log/logged-session';
import { LostOperations } from '../../../src/server/log/lost-operations';
import { LoggedAnswer, type SentBefore } from '../../../src/server/log/sent-before';
import { RetainedAnswers } from '../../../src/server/session/results/retained-answers';
import { SessionOutlet } from '../../../src/server/session/results/session-outlet';
import type { Defect } from '../defects';
import { all, answer, nothing, replace } from '../defects/planting';

/** What may be wrong with nodes, the directory, or the log, and with nothing that one server has alone. */
export const CLUSTER_DEFECTS: readonly Defect[] = [
  {
    name: 'the log takes what a node says of a session that is another’s',
    invariants: [22],
    seed: 1,
    plant: () =>
      replace(
        MemoryLog.prototype,
        'take',
        (take) =>
          function (update: unknown): LogVerdict {
            const verdict = take.call(this, update) as LogVerdict;
            return verdict.kind === 'fenced' ? { kind: 'kept' } : verdict;
          },
      ),
  },
  {
    name: 'a session is taken over from a node that lives',
    invariants: [21, 22, 24],
    seed: 1,
    plant: () =>
      all(
        replace(Directory.prototype, 'at', () => () => Promise.resolve(undefined)),
        replace<{ lives: (node: string) => boolean }>(
          MemoryLog.prototype,
          'takeOver',
          (takeOver) =>
            function (...given: readonly unknown[]) {
              this.lives = () => false;
              return takeOver.call(this, ...given);
            },
        ),
      ),
  },
  {
    name: 'who goes on with an answer is told that nothing was sent of it',
    invariants: [20],
    seed: 1,
    plant: () => all(answer(LoggedAnswer.prototype, 'count', 0), answer(LoggedAnswer.prototype, 'text', '')),
  },
  {
    name: 'a session is taken over without the results that its client lacks',
    invariants: [20, 21],
    seed: 1,
    plant: () =>
      replace(
        SessionOutlet.prototype,
        'restore',
        (restore) =>
          function (before: number, results: readonly unknown[], sent: number) {
            return restore.call(this, before + results.length, [], sent);
          },
      ),
  },
  {
    name: 'a kept answer is taken over without its first result',
    invariants: [26],
    seed: 41,
    plant: () =>
      replace(
        RetainedAnswers.prototype,
        'restore',
        (restore) =>
          function (submit: unknown, results: readonly unknown[], leftMs: number) {
            return restore.call(this, submit, results.slice(1), leftMs);
          },
      ),
  },
  {
    name: 'a node goes on with a session that it has lost',
    invariants: [24],
    seed: 1,
    plant: () => replace(LoggedSession.prototype, 'fenced', () => nothing),
  },
  {
    name: 'a node that stood still says what it has to say at once',
    invariants: [32],
    seed: 71,
    plant: () => replace(LogWriter.prototype, 'isInDoubt', () => () => false),
  },
  {
    name: 'a node that one server of the store has not answered tells the others nothing any more',
    invariants: [21],
    seed: 1,
    plant: () =>
      all(
        replace<{ isStuck?: boolean }>(
          LogWriter.prototype,
          'heard',
          (heard) =>
            function (session: unknown, verdict: LogVerdict | undefined): void {
              if (verdict === undefined) this.isStuck = true;
              heard.call(this, session, verdict);
            },
        ),
        replace<{ isStuck?: boolean }>(
          LogWriter.prototype,
          'ask',
          (ask) =>
            function (): unknown {
              return this.isStuck === true ? Promise.resolve(false) : ask.call(this);
            },
        ),
      ),
  },
  {
    name: 'the directory forgets whose node is gone',
    invariants: [21],
    seed: 1,
    plant: () =>
      replace(
        Directory.prototype,
        'find',
        (find) =>
          async function (sessionId: number): Promise<SessionPlace> {
            const place = (await find.call(this, sessionId)) as SessionPlace;
            return place.kind === 'lost' ? { kind: 'unknown' } : place;
          },
      ),
  },
  {
    name: 'nobody says what became of operations that the log has not heard of',
    invariants: [21],
    seed: 1,
    plant: () => replace(LostOperations.prototype, 'tell', () => nothing),
  },
  {
    name: 'an answer of which nothing was sent is begun again, and not gone on with',
    invariants: [23],
    seed: 1,
    plant: () =>
      replace(
        LostOperations.prototype,
        'before',
        (before) =>
          function (frameId: number): SentBefore | undefined {
            const sent = before.call(this, frameId) as SentBefore | undefined;
            return sent?.count === 0 ? undefined : sent;
          },
      ),
  },
  {
    name: 'a node that is closed goes on looking after its log',
    invariants: [25],
    seed: 1,
    plant: () => replace(LogWriter.prototype, 'close', () => nothing),
  },
];
