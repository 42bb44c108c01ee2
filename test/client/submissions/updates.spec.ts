import { NEVER, type Subscription } from 'rxjs';
import type { ResultStream } from '../../../src/client/submissions/results/result-stream';
import type { ServerOptions } from '../../../src/server/options';
import type { Submit } from '../../../src/server/session/session-message';
import { PriorityClass } from '../../../src/wire/messages/session-open';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';

afterEach(endServed);

const WALL = 1_000_000;

/** A server whose handlers never answer, and a session of a client that comes back. */
async function stage(options: Partial<ServerOptions> = {}) {
  const served = new Served({ wallClock: { now: () => WALL }, maxInFlightOperations: 8, ...options });
  const submits: Submit[] = [];
  served.server.sessions$.subscribe((session) =>
    session.respond((submit) => {
      submits.push(submit);
      return NEVER;
    }),
  );
  const session = await served.open({ reconnect: {}, defaultDeadlineMs: 0 }, { revision: 'preview4' });
  const states = told(session.state$);
  const asking: Subscription[] = [];
  return {
    served,
    submits,
    asking,
    ask(body = 'ask'): ResultStream {
      const answer = session.submit({ body });
      asking.push(answer.subscribe({ error: () => undefined }));
      return answer;
    },
    /** What the client does meanwhile is written to a connection that delivers nothing any more. */
    async lost(during: () => void): Promise<void> {
      served.endpoint.mute();
      during();
      served.endpoint.cut();
      await until(() => states.at(-1) === 'resumed', 'the session to be resumed');
      // Behind what is said again.
      await session.negotiate({});
    },
  };
}

const TRACE = { traceId: 8n, spanId: 9n, isSampled: true };
const UPDATES = {
  deadlineAt: WALL + 60_000,
  trace: TRACE,
  routeHint: { routeId: 5 },
  executionHint: { routeId: 6 },
  degraded: { limitUnits: 7 },
  priority: PriorityClass.Interactive,
};

describe('an update that its connection is lost with', () => {
  it('is said again over the next', async () => {
    const { submits, ask, lost } = await stage();
    const answer = ask();
    await until(() => submits.length === 1, 'a handler');
    const [submit] = submits as [Submit];
    expect(submit.deadline).toBe(Infinity);
    await lost(() => {
      answer.update(UPDATES);
    });
    expect(submit.deadline).toBeLessThan(Infinity);
    expect(submit).toMatchObject({
      trace: TRACE,
      routeHint: { routeId: 5 },
      executionHint: { routeId: 6 },
      degraded: { limitUnits: 7 },
    });
  });

  it('is said as it was last, however many connections were lost', async () => {
    const { submits, ask, lost } = await stage();
    const answer = ask();
    await until(() => submits.length === 1, 'a handler');
    answer.update({ routeHint: { routeId: 4 }, executionHint: { routeId: 6 } });
    await lost(() => {
      answer.update({ routeHint: { routeId: 5 } });
    });
    await lost(() => {
      answer.update({ degraded: { limitUnits: 7 } });
    });
    expect(submits[0]).toMatchObject({
      routeHint: { routeId: 5 },
      executionHint: { routeId: 6 },
      degraded: { limitUnits: 7 },
    });
  });

  it('still says what goes first', async () => {
    const { submits, asking, ask, lost } = await stage({ limits: { maxInFlightPerConnection: 1 } });
    const [, , third] = ['first', 'second', 'third'].map((body) => ask(body));
    await until(() => submits.length === 1, 'a handler');
    await lost(() => {
      third!.update({ priority: PriorityClass.Interactive });
    });
    asking[0]!.unsubscribe();
    await until(() => submits.length === 2, 'another handler');
    expect(submits.map(({ text }) => text)).toEqual(['first', 'third']);
  });

  it('is not where it is a budget, of which some may be used', async () => {
    const { submits, ask, lost } = await stage();
    const answer = ask();
    await until(() => submits.length === 1, 'a handler');
    const budgets = told(submits[0]!.budget$);
    answer.update({ budget: { tokens: 3 } });
    await until(() => budgets.length === 2, 'the budget');
    await lost(() => undefined);
    expect(budgets).toMatchObject([{ tokens: Infinity }, { tokens: 3 }]);
  });

  it('costs no other connection, however much there is of it', async () => {
    const { served, submits, ask, lost } = await stage({ limits: { controls: { burst: 7, perSecond: 0 } } });
    const answers: ResultStream[] = [];
    for (let count = 1; count <= 8; count++) {
      const answer = ask();
      answers.push(answer);
      await until(() => submits.length === count, 'a handler');
      answer.update(UPDATES);
    }
    await lost(() => undefined);
    expect(served.limits).toEqual([]);
    expect(submits.map(({ hasEnded }) => hasEnded)).toEqual(Array(8).fill(false));
  });
});
