import { from, lastValueFrom, Subject, toArray } from 'rxjs';
import { decodeTokens, type ResultPush } from '../../src';
import { endServed, Served } from '../support/served';
import { until } from '../support/until';

afterEach(endServed);

/** A burst, as a model has that speaks faster than it is read. */
const TOKENS = Array.from({ length: 50 }, (_, index) => `${10_000 + index}`);

function textsOf(results: readonly ResultPush[]): string[] {
  return results.flatMap((result) => decodeTokens(result));
}

describe.each(['preview3', 'preview4'] as const)('respond with coalesce, in %s', (revision) => {
  it('sends what comes in one turn as one result, in at most 40 bytes a token', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.respond(() => from(TOKENS), { coalesce: true });
    });
    const session = await served.open({}, { revision });
    const results = await lastValueFrom(session.submit({}).pipe(toArray()));
    expect(textsOf(results)).toEqual(TOKENS);
    expect(results).toHaveLength(2);
    // With the header, and the longer one of both records.
    expect(40 + 64 + results[0]!.body.length).toBeLessThanOrEqual(40 * TOKENS.length);
  });

  it('is one string, one result, without', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.respond(() => from(TOKENS), { coalesce: false });
    });
    const session = await served.open({}, { revision });
    const results = await lastValueFrom(session.submit({}).pipe(toArray()));
    expect(textsOf(results)).toEqual(TOKENS);
    expect(results).toHaveLength(51);
  });

  it('neither lacks nor doubles a token where the client was away, which gets few results then', async () => {
    const served = new Served();
    const model = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => model));
    const session = await served.open({}, { revision, reconnect: { minDelayMs: 20, maxDelayMs: 20 } });
    const results: ResultPush[] = [];
    const over = lastValueFrom(session.submit({}).pipe(toArray()));
    session.submit({}).subscribe((result) => results.push(result));
    await until(() => model.observed, 'both submits');
    model.next('before');
    await until(() => results.length > 0, 'a token');
    const release = served.endpoint.hold();
    served.endpoint.cut();
    await until(() => served.server.connectionCount === 0, 'the cut');
    for (const token of TOKENS) model.next(token);
    release();
    await until(() => textsOf(results).length === 51, 'what was missed');
    model.next('after');
    model.complete();
    expect(textsOf(await over)).toEqual(['before', ...TOKENS, 'after']);
    expect(textsOf(results)).toEqual(['before', ...TOKENS, 'after']);
    // Those from before and after, the end, and two of 4 KiB at most.
    expect(results.length).toBeLessThanOrEqual(5);
  });
});

it('takes true or false', async () => {
  const served = new Served();
  const { server } = await served.session();
  expect(() => server.respond(() => 'Hi', { coalesce: 1 as unknown as boolean })).toThrow(TypeError);
});
