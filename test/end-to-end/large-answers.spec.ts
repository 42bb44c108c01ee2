import { from } from 'rxjs';
import { connect, createServer, tcp, webSocket, type Answers, type Client, type Server } from '../../src';

const MIB = 1024 * 1024;
/** More than a server lets wait for one client, `limits.maxUnreadBytes`. */
const PARTS = 24;

const parts = (): Uint8Array[] =>
  Array.from({ length: PARTS }, (_, index) => new Uint8Array(MIB).fill(index));

function* generated(): Generator<Uint8Array> {
  yield* parts();
}

describe.each(['tcp', 'websocket'] as const)('an answer of 24 MiB over %s', (kind) => {
  let server: Server;
  let client: Client;
  const failures: string[] = [];
  const limits: string[] = [];

  async function start(handler: () => Answers | Promise<Answers>) {
    server = createServer({ listen: kind === 'tcp' ? tcp({ port: 0 }) : webSocket({ port: 0 }) });
    server.failures$.subscribe(({ message }) => failures.push(message));
    server.limits$.subscribe(({ limit }) => limits.push(limit));
    server.sessions$.subscribe((session) => session.respond(handler));
    const [{ port } = { port: 0 }] = await server.listening();
    client = await connect(kind === 'tcp' ? tcp({ port }) : webSocket({ port }));
    return client.openSession();
  }

  afterEach(async () => {
    failures.length = limits.length = 0;
    await client.close();
    await server.close();
  });

  it.each<[string, () => Answers | Promise<Answers>]>([
    ['a list', parts],
    ['a promise of a list', async () => Promise.resolve(parts())],
    ['a generator', generated],
    [
      'a promise of a stream',
      async () =>
        Promise.resolve(
          (async function* () {
            yield* parts();
          })(),
        ),
    ],
  ])('that is %s reaches a client that reads, whole and in order', async (_, handler) => {
    const session = await start(handler);
    const seen: number[] = [];
    for await (const { body } of session.submit({})) if (body.length > 0) seen.push(body[MIB - 1]!);
    expect(seen).toEqual(Array.from({ length: PARTS }, (_part, index) => index));
    expect([failures, limits]).toEqual([[], []]);
  });

  it('that is pushed at once costs its operation, and neither the connection nor the next', async () => {
    let isFirst = true;
    const session = await start(() => {
      const answer = isFirst ? from(parts()) : 'fine';
      isFirst = false;
      return answer;
    });
    const pulled = (async () => {
      const bodies: Uint8Array[] = [];
      for await (const { body } of session.submit({})) bodies.push(body);
    })();
    await expect(pulled).rejects.toMatchObject({ reason: 'failed', status: 500 });
    expect(failures).toEqual([expect.stringMatching(/answer with an iterable, or heed submit.pressure\$/)]);
    let count = 0;
    for await (const result of session.submit({})) count += result.frameId === 2 ? 1 : 0;
    expect([count, limits]).toEqual([2, []]);
  });
});
