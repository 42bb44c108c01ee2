import { filter, firstValueFrom, lastValueFrom, mergeMap, NEVER } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { OperationError } from '../../src/client/errors';
import type { ToolCall } from '../../src/client/submissions/tools/tool-calls';
import type { Failure } from '../../src/protocol/operation/failure';
import { SessionState } from '../../src/protocol/session/session-lifecycle';
import { createServer, type Server } from '../../src/server/server';
import type { ServerSession } from '../../src/server/session/session';
import { tcp } from '../../src/transport/tcp/tcp';
import { webSocket } from '../../src/transport/web-socket/web-socket';
import { cuttable } from '../support/cuttable';
import { told } from '../support/served';
import { until } from '../support/until';

const KIB = 1024;
const [tiny, small, large] = [{ maxBodyBytes: 512 }, { maxBodyBytes: 8 * KIB }, { maxBodyBytes: 64 * KIB }];
const ending: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()));
});

/** A server with a small place and a large one, and what its application hears. */
async function serving(respond: Parameters<ServerSession['respond']>[0], less = small) {
  const server: Server = createServer({
    listen: [webSocket({ port: 0, limits: less }), tcp({ port: 0, limits: large })],
  });
  ending.push(() => server.close({ graceMs: 0 }));
  server.sessions$.subscribe((session) => session.respond(respond));
  const [smallAt, largeAt] = await server.listening();
  return {
    failures: told(server.failures$),
    violations: told(server.violations$),
    ports: [smallAt!.port, largeAt!.port] as const,
  };
}

async function connected(...given: Parameters<typeof connect>): Promise<Client> {
  const client = await connect(...given);
  ending.push(() => client.close());
  return client;
}

function body(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(7);
}

describe.each([
  ['TCP', tcp],
  ['WebSocket', webSocket],
] as const)('a packet that the other end does not take, over %s,', (_, transport) => {
  async function sides(limits: { server?: object; client?: object }) {
    const server = createServer({ listen: transport({ port: 0, limits: limits.server ?? {} }) });
    ending.push(() => server.close({ graceMs: 0 }));
    server.sessions$.subscribe((session) =>
      session.respond((submit) => submit.complete(body(submit.body.length * 2))),
    );
    const patched = firstValueFrom(server.sessions$.pipe(mergeMap((session) => session.patches$)));
    // Of those that patch nothing, nobody asks.
    patched.catch(() => undefined);
    const failures = told(server.failures$);
    const [at] = await server.listening();
    const place = cuttable(transport({ port: at!.port, limits: limits.client ?? {} }));
    const client = await connected(place);
    const session = await client.openSession({ reconnect: {} });
    return { failures, session, place, patched };
  }

  it('costs a submit that is too large, which was not run, and nothing else', async () => {
    const { session, place } = await sides({ server: small });
    const other = lastValueFrom(session.submit({ body: body(8 * KIB) }));
    await expect(lastValueFrom(session.submit({ body: body(8 * KIB + 1) }))).rejects.toMatchObject({
      reason: 'too-large',
      outcome: 'not-run',
      message: expect.stringContaining('its body has 8193 bytes, and 8192 are the most') as unknown,
    });
    expect((await other).body).toHaveLength(16 * KIB);
    await expect(session.patch({}, body(8 * KIB + 1))).rejects.toMatchObject({
      kind: 'MessageLengthOverflow',
    });
    expect(place.transports).toHaveLength(1);
  });

  it('is an error of the server’s application where it is the ack of a patch, which can be given anew', async () => {
    const { session, place, patched } = await sides({ client: small });
    const acked = session.patch({}, body(1));
    const patch = await patched;
    expect(() => {
      patch.ack({}, body(8 * KIB + 1));
    }).toThrow(expect.objectContaining({ kind: 'MessageLengthOverflow' }) as Error);
    patch.ack({}, body(8 * KIB));
    expect((await acked).body).toHaveLength(8 * KIB);
    expect(place.transports).toHaveLength(1);
  });

  it('costs the operation whose answer is too large, and nothing else', async () => {
    const { session, place, failures } = await sides({ client: small });
    await expect(lastValueFrom(session.submit({ body: body(4 * KIB + 1) }))).rejects.toMatchObject({
      reason: 'refused',
      outcome: 'given-up',
      message: expect.stringContaining('8194 bytes, and 8192 are the most that this client takes') as unknown,
    });
    expect(failures).toMatchObject([{ kind: 'internal', reach: 'operation', origin: 'application' }]);
    expect((await lastValueFrom(session.submit({ body: body(4 * KIB) }))).body).toHaveLength(8 * KIB);
    expect(place.transports).toHaveLength(1);
  });
});

describe('a session that goes on over another transport', () => {
  it('has its submits judged anew: what waits, and what was not received', async () => {
    const { ports } = await serving(() => NEVER);
    const client = await connected(tcp({ port: ports[1] }));
    const session = await client.openSession({ reconnect: {} });
    // Four are in flight, which is all the credit there is.
    const seen = [1, 16 * KIB, 1, 1, 16 * KIB].map((bytes) => told(session.submit({ body: body(bytes) })));
    await session.moveTo(webSocket({ port: ports[0] }));
    session.cancel(1);
    await until(() => seen[4]!.length > 0, 'the one that waited');
    expect(seen[4]).toMatchObject([{ reason: 'too-large', outcome: 'not-run' }]);
    expect(seen[1]).toEqual([]);
  });

  it('has what its tools have answered judged anew: the handler hears of one that is too large', async () => {
    const { ports } = await serving(async (submit) => {
      try {
        return String(await submit.tool({ name: 'search' }));
      } catch (error) {
        return `${(error as Failure).status}: ${(error as Failure).text}`;
      }
    });
    const place = cuttable(tcp({ port: ports[1] }));
    const client = await connected(place);
    const session = await client.openSession({ reconnect: { minDelayMs: 50 } });
    const answer = session.submit({});
    const calls = told(answer.tools$) as ToolCall[];
    const whole = answer.whole();
    await until(() => calls.length > 0, 'the call');
    Object.assign(place, { connect: () => webSocket({ port: ports[0] }).connect() });
    const away = firstValueFrom(session.state$.pipe(filter((state) => state === 'reconnecting')));
    place.cut();
    await away;
    calls[0]!.answer('x'.repeat(16 * KIB));
    expect((await whole).text).toMatch(/^413: the result has \d+ bytes, and 8192 are the most/);
    expect(await firstValueFrom(session.credit$)).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('has what is said of its submits judged anew: that costs those not received, and no other', async () => {
    const { ports } = await serving(() => NEVER, tiny);
    const client = await connected(tcp({ port: ports[1] }), { revision: 'preview4' });
    const failures = told(client.failures$);
    const session = await client.openSession({ reconnect: {} });
    const hint = { routeId: 1, body: body(1000) };
    // Four are in flight, which is all the credit there is.
    const sent = session.submit({ routeHint: hint });
    const received = [sent, session.submit({}), session.submit({}), session.submit({})].map(told);
    const waiting = session.submit({ executionHint: hint });
    const waits = told(waiting);
    // All that the server has not read is sent again.
    await session.negotiate({});
    sent.update({ degraded: { tokens: ['object.delta'] }, executionHint: hint });
    await session.negotiate({});
    await session.moveTo(webSocket({ port: ports[0] }));
    expect(session.state).toBe(SessionState.Resumed);
    expect(failures).toMatchObject([
      { message: expect.stringContaining('the executionHint of operation 1') as unknown },
    ]);
    expect(() => {
      sent.update({ routeHint: hint });
    }).toThrow(expect.objectContaining({ kind: 'MessageLengthOverflow' }) as Error);
    session.cancel(2);
    await until(() => waits.length > 0, 'the one that waited');
    expect(waits).toMatchObject([
      {
        reason: 'too-large',
        outcome: 'not-run',
        message: expect.stringContaining('its executionHint has 1000 bytes, and 512 are the most') as unknown,
      },
    ]);
    await expect(session.submit({ routeHint: hint }).whole()).rejects.toMatchObject({ reason: 'too-large' });
    expect(received.map(({ length }) => length)).toEqual([0, 1, 0, 0]);
  });

  it('has its answers judged anew: what it lacks, and what comes', async () => {
    const answers: ((body: Uint8Array) => void)[] = [];
    const { ports, failures } = await serving(
      (submit) =>
        new Promise((resolve) => {
          answers.push((bytes) => resolve(submit.complete(bytes)));
        }),
    );
    const place = cuttable(tcp({ port: ports[1], limits: large }));
    const client = await connected(place);
    const session = await client.openSession({ reconnect: { minDelayMs: 50 } });
    const seen = told(session.submit({}));
    await until(() => answers.length === 1, 'the handler');
    // While the client is away; and it takes less where it comes back.
    Object.assign(place, { connect: () => tcp({ port: ports[1], limits: small }).connect() });
    place.cut();
    answers[0]!(body(16 * KIB));
    await until(() => seen.length > 0, 'the end');
    expect(seen).toMatchObject([{ reason: 'refused', outcome: 'given-up' }]);
    expect((seen[0] as OperationError).message).toContain('8192 are the most');
    expect(failures).toHaveLength(1);
    const next = lastValueFrom(session.submit({}));
    await until(() => answers.length === 2, 'the next');
    answers[1]!(body(8 * KIB));
    expect((await next).body).toHaveLength(8 * KIB);
  });
});
