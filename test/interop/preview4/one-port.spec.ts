import { defer, lastValueFrom, mergeMap, Subject, take, toArray, type Observable } from 'rxjs';
import type { ClientSession, Submit } from '../../../src';
import { connect } from '../../../src/client/client';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { tcp } from '../../../src/transport/tcp/tcp';
import { ResultClass } from '../../../src/wire/messages/result-push';
import { text } from '../../support/packets';
import type { RustClientSession } from '../rust-peer';
import { stage } from '../stage';
import { peers } from './peers';
import { streamOrWait } from './stream-or-wait';

const on = stage();
const start = peers();

/** Answers once so many have asked, and from then on at once. */
function together(count: number): (submit: Submit) => Observable<string> {
  const all$ = new Subject<void>();
  let asked = 0;
  return (submit) =>
    defer(() => {
      asked += 1;
      if (asked < count)
        return all$.pipe(
          take(1),
          mergeMap(() => streamOrWait(submit)),
        );
      all$.next();
      return streamOrWait(submit);
    });
}

/** What the Rust client of preview3 hears of an operation, up to its end. */
async function tokensOf(rust: RustClientSession): Promise<string[]> {
  const tokens: string[] = [];
  for (;;) {
    const event = await rust.awaitEvent({ timeoutMs: 10_000 });
    if (event.event !== 'result') continue;
    tokens.push(...decodeTokens(event));
    if (event.metadata.resultClass === ResultClass.Complete) return tokens;
  }
}

function answerOf(session: ClientSession): Promise<string[]> {
  const tokens$ = session.submit({ body: 'stream' }).pipe(mergeMap((result) => decodeTokens(result)));
  return lastValueFrom(tokens$.pipe(toArray()));
}

describe('one server, on one port', () => {
  it('serves both revisions of the reference, nnrp-py and clients of this project at the same time', async () => {
    const { server, port } = await on.serve();
    const clients = await Promise.all(
      (['preview3', 'preview4', 'auto'] as const).map((revision) => connect(tcp({ port }), { revision })),
    );
    // Nobody is answered before all six have asked.
    const respond = together(3 + clients.length);
    server.sessions$.subscribe((session) => session.respond(respond));

    const python = start.python(String(port));
    const preview4 = start.rust('client', String(port));
    const preview3 = await (await on.rust.connect({ port })).openSession();
    const sessions = await Promise.all(clients.map((client) => client.openSession()));
    expect(sessions.map(({ revision }) => revision)).toEqual(['preview3', 'preview4', 'preview4']);

    await preview3.submit({ body: text('stream') });
    const answers = await Promise.all([...sessions.map(answerOf), tokensOf(preview3)]);
    expect(answers).toEqual(Array.from({ length: 4 }, () => ['one', 'two']));

    const seen = ['opened', 'part 1 of 101: one', 'part 2 of 101: two', 'result', 'dropped 3 of 102'];
    const [, ticket] = (await python.take(6))[5]!.split(' ');
    await python.kill();
    const afterwards = ['resumed', 'part 1 of 103: one', 'part 2 of 103: two', 'result', 'closed'];
    const resumed = start.python(String(port), ticket!);
    expect(await preview4.rest()).toEqual([...seen, ...afterwards]);
    expect(await resumed.rest()).toEqual(afterwards);

    await preview3.close();
    await Promise.all(clients.map((client) => client.close()));
    expect(server.sessionCount).toBe(0);
  });
});

describe('one client, `auto`', () => {
  it('finds out which revision of the reference it has connected to', async () => {
    const bound = await on.rust.bind();
    // The runtime of preview3 ends a connection that begins with a hello.
    const accepted = bound.accept().catch(() => bound.accept());
    const preview4 = Number(await start.rust('server').next());
    const clients = await Promise.all(
      [bound.port, preview4].map((port) => connect(tcp({ port }), { revision: 'auto' })),
    );
    const sessions = await Promise.all(clients.map((client) => client.openSession()));
    expect(sessions.map(({ revision }) => revision)).toEqual(['preview3', 'preview4']);

    const rust = await accepted;
    const answers = Promise.all(sessions.map(answerOf));
    const { frameId } = await rust.receiveSubmit();
    await rust.sendResult({ frameId, metadata: { statusCode: 200 }, body: text('whole') });
    expect(await answers).toEqual([['whole'], ['one', 'two', 'end']]);
    const closed = Promise.all(clients.map((client) => client.close()));
    await rust.receiveClose();
    await rust.ackClose();
    await rust.drop();
    await closed;
  });
});
