import fc from 'fast-check';
import { lastValueFrom, toArray } from 'rxjs';
import { connect } from '../../../src/client/client';
import type { Server } from '../../../src/server/server';
import { memory } from '../../../src/transport/memory';
import { CLIENT, each, HARMFUL, SERVER, SESSION, valuesOf } from './candidates';
import { expectNothingUncaught, isTaken, serve, soon, visit, watchUncaught } from './visits';

const RUNS = 40;

watchUncaught();

describe.each(each(SERVER))('the option %s of createServer', (name, candidates) => {
  it('is refused by name, or its server serves; whatever it is, nothing hangs and nobody dies', () =>
    fc.assert(
      fc.asyncProperty(valuesOf(candidates), async (value) => {
        const endpoint = memory();
        let server: Server | undefined;
        if (isTaken(name === 'transport' ? '' : name, () => (server = serve({ [name]: value }, endpoint)))) {
          const outcome = await visit(endpoint, { session: { allowResume: true } });
          if (!HARMFUL.has(name) || value === undefined) expect(outcome).toBe('answered');
          await soon('server.close', server!.close({ graceMs: 0 }));
        }
        await expectNothingUncaught();
      }),
      { numRuns: RUNS },
    ));
});

describe.each(each(CLIENT))('the option %s of connect', (name, candidates) => {
  it('is refused by name, or its client is served', () =>
    fc.assert(
      fc.asyncProperty(valuesOf(candidates), async (value) => {
        const endpoint = memory();
        const server = serve({}, endpoint);
        const outcome = await visit(endpoint, { client: { [name]: value } });
        if (outcome !== 'answered')
          expect(outcome).toMatch(new RegExp(`${name}|configured for|within|silent|ended`));
        expect(await visit(endpoint)).toBe('answered');
        await soon('server.close', server.close({ graceMs: 0 }));
        await expectNothingUncaught();
      }),
      { numRuns: RUNS },
    ));
});

describe.each(each(SESSION))('the option %s of openSession', (name, candidates) => {
  it('is refused by name or by the server, or the session is served; others are served all the same', () =>
    fc.assert(
      fc.asyncProperty(valuesOf(candidates), async (value) => {
        const endpoint = memory();
        const server = serve({}, endpoint);
        const client = await connect(endpoint, { openTimeoutMs: 500 });
        client.ended$.subscribe({ error: () => undefined });
        const usual = { requestedSessionId: 9, maxInFlightOperations: 0 };
        const opening = client.openSession({ ...usual, [name]: value });
        const refusal = await soon(
          'openSession',
          opening.then(
            () => undefined,
            (error: unknown) => error,
          ),
        );
        if (refusal !== undefined) {
          expect(refusal).toBeInstanceOf(Error);
          const { message, name: kind } = refusal as Error;
          // What is well-formed the server judges, and a resume that is not well-formed ends the connection.
          if (kind === 'TypeError' || kind === 'RangeError') expect(message).toContain(name);
          else expect(message).toMatch(/refused the session|has ended|function `auth` gave nothing/);
        }
        if (name !== 'resumeTokenBytes') {
          const next = await soon('the next open', client.openSession({ ...usual, requestedSessionId: 10 }));
          const results = await soon('a submit', lastValueFrom(next.submit({}).pipe(toArray())));
          expect(results).not.toEqual([]);
        }
        await soon('client.close', client.close());
        await soon('server.close', server.close({ graceMs: 0 }));
        await expectNothingUncaught();
      }),
      { numRuns: RUNS },
    ));
});
