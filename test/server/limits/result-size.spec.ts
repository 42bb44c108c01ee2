import { firstValueFrom, lastValueFrom, map, range, reduce, timer } from 'rxjs';
import { connect, createServer, tcp, webSocket, type LimitTripped, type RuntimeError } from '../../../src';
import { cuttable } from '../../support/cuttable';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';

afterEach(endServed);

const MIB = 1024 * 1024;
const LARGEST = 15 * MIB;

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const size = (body: Uint8Array): number => Number(new TextDecoder().decode(body));

/** A server that answers with as many bytes as it is asked for, and a client that takes all of them. */
async function sized(kind: 'tcp' | 'websocket') {
  const limits = { maxBodyBytes: 64 * MIB };
  const place = kind === 'tcp' ? tcp : webSocket;
  const server = createServer({ listen: place({ port: 0, limits }) });
  const tripped: LimitTripped[] = [];
  const failures: RuntimeError[] = [];
  server.limits$.subscribe((limit) => tripped.push(limit));
  server.failures$.subscribe((failure) => failures.push(failure));
  server.sessions$.subscribe((session) => {
    session.respond((each) => each.complete(new Uint8Array(size(each.body))));
  });
  const [address] = await server.listening();
  const client = await connect(place({ port: address!.port, limits }));
  ends.push(async () => {
    await client.close();
    await server.close({ graceMs: 0 });
  });
  const session = await client.openSession();
  const ask = (bytes: number): Promise<number> =>
    lastValueFrom(session.submit({ body: `${bytes}` }).pipe(map(({ body }) => body.length)));
  return { server, tripped, failures, ask };
}

describe.each(['tcp', 'websocket'] as const)('a result over %s', (kind) => {
  it('may have 15 MiB', async () => {
    const { tripped, failures, ask } = await sized(kind);
    expect(await ask(LARGEST)).toBe(LARGEST);
    expect(await ask(1)).toBe(1);
    expect([tripped, failures]).toEqual([[], []]);
  });

  it.each([LARGEST + 1, 40 * MIB])('of %d bytes costs its operation, and not its peer', async (bytes) => {
    const { server, tripped, failures, ask } = await sized(kind);
    await expect(ask(bytes)).rejects.toMatchObject({ name: 'OperationError', reason: 'failed', status: 500 });
    expect(failures).toMatchObject([{ kind: 'internal', reach: 'operation', origin: 'application' }]);
    expect(failures[0]!.message).toContain(`its body of ${bytes} bytes is larger than ${LARGEST}`);
    // The same connection and session serve on.
    expect(await ask(1000)).toBe(1000);
    expect(server.usage).toMatchObject({ connections: 1, sessions: 1, operationsInFlight: 0 });
    expect(tripped).toEqual([]);
  });
});

it('a result that is sent by hand and too large throws at whoever sends it', async () => {
  const served = new Served({ limits: { maxUnreadBytes: 1600 } });
  const { client, server } = await served.session();
  const submitted = firstValueFrom(server.submits$);
  const answer = lastValueFrom(client.submit({}));
  const submit = await submitted;
  expect(() => {
    server.sendResult(submit.complete(new Uint8Array(1501)));
  }).toThrow('send it in parts');
  server.sendResult(submit.complete(new Uint8Array(1500)));
  expect((await answer).body).toHaveLength(1500);
  expect(served.limits).toEqual([]);
});

it('an Observable that outruns its client costs its operation, and nobody else', async () => {
  const limits = { maxBodyBytes: 64 * MIB };
  const server = createServer({ listen: tcp({ port: 0, limits }) });
  const tripped: LimitTripped[] = [];
  const failures: RuntimeError[] = [];
  server.limits$.subscribe((limit) => tripped.push(limit));
  server.failures$.subscribe((failure) => failures.push(failure));
  const part = new Uint8Array(64 * 1024);
  server.sessions$.subscribe((session) => {
    session.respond((each) =>
      each.body.length > 0 ? range(0, 800).pipe(map(() => part)) : timer(50).pipe(map(() => 'here')),
    );
  });
  const [address] = await server.listening();
  const client = await connect(tcp({ port: address!.port, limits }));
  ends.push(async () => {
    await client.close();
    await server.close({ graceMs: 0 });
  });
  const session = await client.openSession();
  const other = lastValueFrom(session.submit({}));
  await expect(lastValueFrom(session.submit({ body: 'all' }))).rejects.toMatchObject({
    reason: 'failed',
    status: 500,
  });
  await other;
  expect(failures).toHaveLength(1);
  expect(failures[0]!.message).toContain('answer with an iterable, or heed submit.pressure$');
  expect(tripped).toEqual([]);
});

it.each([
  ['tcp', () => tcp({ port: 0 }), (port: number) => tcp({ port })],
  ['websocket', () => webSocket({ port: 0 }), (port: number) => webSocket({ port })],
] as const)(
  'an iterable is waited for, however little may wait for its client, over %s',
  async (...given) => {
    const [, listen, reach] = given;
    const [parts, bytes] = [512, 64 * 1024];
    let pulled = 0;
    const server = createServer({ listen: listen(), limits: { maxUnreadBytes: 4 * bytes } });
    const failures = told(server.failures$);
    const tripped = told(server.limits$);
    server.sessions$.subscribe((session) => {
      session.respond(async function* () {
        for (; pulled < parts; pulled++) yield new Uint8Array(bytes);
      });
    });
    const [address] = await server.listening();
    const place = cuttable(reach(address!.port));
    const client = await connect(place);
    ends.push(async () => {
      await client.close();
      await server.close({ graceMs: 0 });
    });
    const session = await client.openSession({ maxBufferedBytes: Infinity });
    const answer = lastValueFrom(session.submit({}).pipe(reduce((sum, { body }) => sum + body.length, 0)));
    place.transports[0]!.pause!();
    // More than the system takes for a peer that does not read.
    await until(() => server.usage.queuedBytes > 2 * bytes, 'pressure');
    const before = pulled;
    place.transports[0]!.resume!();
    expect(await answer).toBe(parts * bytes);
    expect(before).toBeLessThan(parts);
    expect([failures, tripped]).toEqual([[], []]);
  },
);
