import { from, map, mergeMap, NEVER, type Observable, Subject } from 'rxjs';
import {
  completeResult,
  dropResult,
  partialResult,
  type ResultPush,
} from '../../../src/protocol/operation/result';
import { sessionOpen } from '../../../src/client/options';
import type { ServerSession } from '../../../src/server/session/session';
import type { Submit } from '../../../src/server/session/session-message';
import { NnrpError } from '../../../src/wire/errors';
import { MessageType } from '../../../src/wire/message-type';
import { settled } from '../../support/async';
import { openPacket, submitPacket, text } from '../../support/packets';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { FAILED, word } from './support';

let served: Served;

beforeEach(() => {
  served = new Served();
});

afterEach(endServed);

describe('session.results', () => {
  it('takes what a pipeline makes', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    server.submits$
      .pipe(mergeMap((submit) => from([submit.partial(text('a')), submit.complete()])))
      .subscribe(server.results);
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
  });

  it('lets go what is late: the operation has ended, and nobody is at fault', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    const asked = client.submit({}).subscribe();
    await settled();
    asked.unsubscribe();
    await settled();
    server.results.next(submits[0]!.partial(text('late')));
    server.results.next(submits[0]!.complete());
    await settled();
    expect(served.failures).toEqual([]);
  });

  it.each([
    ['a part', partialResult(99, text('x'))],
    ['an end', completeResult(99)],
    ['a drop', dropResult(99)],
  ])('reports a result of an operation that never was: %s', async (_, result) => {
    const { server } = await served.session({ requestedSessionId: 1 });
    server.results.next(result);
    expect(served.failures).toMatchObject([
      {
        kind: 'protocol',
        reach: 'operation',
        origin: 'application',
        message: 'a result of operation 99 of session 1 was not sent: operation 99 is unknown',
        cause: { kind: 'UnknownOperation' },
      },
    ]);
  });

  it('reports what is no result at all', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    server.submits$.subscribe();
    const seen = told(client.submit({}));
    await settled();
    server.results.next({ ...completeResult(1), metadata: undefined as unknown as ResultPush['metadata'] });
    await settled();
    expect(served.failures).toMatchObject([{ kind: 'internal', reach: 'operation', origin: 'application' }]);
    expect(seen).toEqual([FAILED]);
  });

  it('drops everything where the pipeline errors, and the session goes on', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const pipeline = new Subject<ResultPush>();
    pipeline.subscribe(server.results);
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    const outcomes = [1, 2].map(() => told(client.submit({})));
    await settled();
    pipeline.error(new Error('the model is gone'));
    await settled();
    expect(outcomes).toMatchObject([[{ reason: 'dropped' }], [{ reason: 'dropped' }]]);
    expect(served.failures).toMatchObject([
      {
        kind: 'internal',
        reach: 'session',
        origin: 'application',
        message: 'the results of session 1 failed: the model is gone',
      },
    ]);
    expect(server.operations).toEqual([]);
    const again = told(client.submit({}).pipe(map(word)));
    await settled();
    server.results.next(submits[2]!.complete());
    await settled();
    expect(again).toEqual(['end', '|']);
  });

  it('gives the credit back that congestion took, also where it ends in an error', async () => {
    const congested = new Served({ maxInFlightOperations: 1, queue: { maxSubmits: 0 } });
    const sessions: ServerSession[] = [];
    congested.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.submits$.subscribe();
    });
    const peer = await Peer.connect(congested.endpoint);
    const none = new Uint8Array(0);
    const metadata = sessionOpen(
      { requestedSessionId: 1 },
      { resumeToken: none, auth: none, extension: none },
    );
    peer.send(openPacket({ metadata }), ...[1, 2].map((frameId) => submitPacket({ sessionId: 1, frameId })));
    await settled();
    sessions[0]!.results.error(new Error('over'));
    await settled();
    const types: MessageType[] = [];
    while (peer.waiting > 0) types.push((await peer.next())!.header.messageType);
    const { SessionOpenAck, ResultDrop, FlowUpdate } = MessageType;
    expect(types).toEqual([SessionOpenAck, ResultDrop, FlowUpdate, ResultDrop, FlowUpdate]);
  });

  it('goes on where the pipeline completes', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    server.results.complete();
    server.respond(() => 'a');
    const seen = told(client.submit({}).pipe(map(word)));
    await settled();
    expect(seen).toEqual(['a', 'end', '|']);
  });
});

describe('a server session', () => {
  it('lets submits wait until somebody subscribes, in order', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    for (const body of ['a', 'b']) told(client.submit({ body }));
    await settled();
    expect(served.server.usage).toMatchObject({ operationsInFlight: 0, operationsQueued: 2 });
    const seen: string[] = [];
    server.submits$.subscribe(({ body }) => seen.push(Buffer.from(body).toString()));
    expect(seen).toEqual(['a', 'b']);
  });

  it('hands submits over to whoever watches the whole session, too', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    told(client.submit({}));
    await settled();
    expect(told(server.pipe(map(({ messageType }) => messageType)))).toEqual([MessageType.FrameSubmit]);
  });

  it('throws at whoever sends a result by hand that cannot be sent', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const submits: Submit[] = [];
    server.submits$.subscribe((submit) => submits.push(submit));
    told(client.submit({}));
    await settled();
    expect(() => {
      server.sendResult(completeResult(99));
    }).toThrow(new NnrpError({ kind: 'UnknownOperation', operationId: 99n }));
    expect(() => {
      server.sendResult(submits[0]!.complete(undefined, { resultFlags: 0xff }));
    }).toThrow(NnrpError);
    expect(submits[0]!.state).toBe(1);
    expect(served.failures).toEqual([]);
  });

  it('shows what it was opened with, and what it has', async () => {
    const { server, client } = await served.session({ requestedSessionId: 7, auth: text('me') });
    expect(server).toMatchObject({
      sessionId: 7,
      state: 'open',
      transport: 'memory',
      lastOperationId: 0,
      cacheObjectCount: 0,
      operations: [],
    });
    expect(server.open).toMatchObject({ requestedSessionId: 7, authBytes: 2 });
    expect(server.granted).toEqual(client.granted);
    expect(server.peer).toMatch(/^memory#\d+$/);
    server.submits$.subscribe();
    told(client.submit({}));
    await settled();
    expect(server.lastOperationId).toBe(1);
    expect(server.operations).toMatchObject([{ frameId: 1 }]);
  });

  it('completes, with all its views, when it is over', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const views = [
      server,
      server.submits$,
      server.cancels$,
      server.patches$,
      server.migrations$,
      server.closes$,
      server.state$,
      server.pressure$,
    ].map((view$) => told(view$ as Observable<unknown>));
    await client.close();
    expect(views.map((seen) => seen.at(-1))).toEqual(views.map(() => '|'));
    expect(server.state).toBe('closed');
    expect(told(server.submits$)).toEqual(['|']);
  });

  it('says how it ended also to whoever asks later, at both ends', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    await server.revoke();
    await settled();
    expect([told(server.state$), told(client.state$)]).toEqual([
      ['closed', '|'],
      ['closed', '|'],
    ]);
  });

  it('ends what its handlers do, and tells the client, where the server revokes it', async () => {
    const { server, client } = await served.session({ requestedSessionId: 1 });
    const ends: string[] = [];
    server.respond((submit) => {
      submit.ended$.subscribe((end) => ends.push(end));
      return NEVER;
    });
    const seen = told(client.submit({}));
    await settled();
    await server.revoke();
    await settled();
    expect(ends).toEqual(['closed']);
    expect(seen).toMatchObject([{ reason: 'session-closed' }]);
    expect(served.server.sessionCount).toBe(0);
  });
});
