import type { SubmitRequest } from '../../../src/client/submissions/submission';
import { MessageType } from '../../../src/wire/message-type';
import { ErrorMetadata, ErrorScope } from '../../../src/wire/messages/error-message';
import { SessionMigrateMetadata, TransportId } from '../../../src/wire/messages/session-migrate';
import { SessionPatchAckMetadata } from '../../../src/wire/messages/session-patch';
import { packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { dropPacket } from '../../support/packets';
import { told } from '../../support/served';
import { accept, errorOf, NOTHING, played } from '../support';

describe('a session', () => {
  async function session() {
    const stage = await played();
    const opening = stage.client.openSession({ requestedSessionId: 42 });
    stage.peer.send(accept(42));
    return { ...stage, session: await opening };
  }

  it.each([
    [
      'dropped',
      dropPacket({ frameId: 1 }),
      'operation 1 of session 42 has no result: the server dropped it; its `failures$` and `limits$` tell why',
    ],
    [
      'refused',
      errorOf(42, 1, 'not cached'),
      'operation 1 of session 42 has no result: the server refused it: not cached',
    ],
  ])('says why there is no result: %s', async (reason, answer, message) => {
    const { client, peer, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    peer.send(answer);
    await settled();
    expect(seen).toMatchObject([{ name: 'OperationError', reason, sessionId: 42, frameId: 1, message }]);
    await client.close();
  });

  it.each<[unknown, string]>([
    [undefined, 'the options of session.submit must be an object, got undefined'],
    ['Call me', 'the options of session.submit must be an object, got "Call me"'],
    [
      { prompt: 'Call me' },
      'session.submit has no option "prompt"; it takes body, metadata, signal, traceId, deadlineAt, priority, budget, trace, routeHint, executionHint, degraded',
    ],
    [{ bdy: 'Call me' }, 'session.submit has no option "bdy"; did you mean body?'],
    [{ body: 5 }, 'body must be a Uint8Array or a string, got a number'],
    [{ body: { text: 'Call me' } }, 'body must be a Uint8Array or a string, got an object'],
    [{ metadata: 5 }, 'metadata must be an object with fields of FRAME_SUBMIT, got 5'],
  ])('does not submit %j, which would be an empty submit', async (request, message) => {
    const { client, session: open } = await session();
    const answer = open.submit(request as SubmitRequest);
    expect(told(answer)).toEqual([new TypeError(message)]);
    await expect(answer.whole()).rejects.toThrow(new TypeError(message));
    await expect(answer[Symbol.asyncIterator]().next()).rejects.toThrow(new TypeError(message));
    expect(client.usage).toMatchObject({ operationsInFlight: 0 });
    await client.close();
  });

  it('says that it was cancelled', async () => {
    const { client, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    open.cancel(1);
    expect(seen).toMatchObject([{ reason: 'cancelled' }]);
    await client.close();
  });

  it('says that its session is closed', async () => {
    const { client, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    await client.close();
    expect(seen).toMatchObject([{ reason: 'session-closed' }]);
    expect(told(open.submit({}))).toMatchObject([{ reason: 'session-closed', frameId: 0 }]);
    await expect(open.patch({})).rejects.toMatchObject({
      kind: 'io',
      reach: 'session',
      message: 'session 42 cannot answer: it is closed',
    });
  });

  it('says that its connection is lost, to whoever waits for anything', async () => {
    const { client, peer, session: open } = await session();
    const seen = told(open.submit({ body: 'x' }));
    const lost = { kind: 'io', message: 'session 42 cannot answer: its connection is lost' };
    const waiting = [open.patch({}), open.close()].map((each) => expect(each).rejects.toMatchObject(lost));
    expect(client.usage).toMatchObject({ operationsInFlight: 1, acksAwaited: 2 });
    await settled();
    peer.destroy();
    await Promise.all(waiting);
    expect(seen).toMatchObject([{ reason: 'connection-lost' }]);
    expect(client.usage).toEqual(NOTHING);
  });

  it('runs out of frame ids, and says what to do', async () => {
    const { client, session: open } = await session();
    const submissions: unknown = Reflect.get(open, 'submissions');
    const inFlight = Reflect.get(submissions as object, 'inFlight') as object;
    expect(inFlight).toHaveProperty('lastId', 0);
    Reflect.set(inFlight, 'lastId', 0xffff_ffff);
    expect(told(open.submit({}))).toMatchObject([
      { kind: 'frame-id-overflow', message: 'session 42 has used all of its frame ids; open another' },
    ]);
    await client.close();
  });

  it('fails the first request where the server answers it with ERROR, and no other', async () => {
    const { client, peer, session: open } = await session();
    const error = ErrorMetadata.of({
      errorCode: 0x20001,
      errorScope: ErrorScope.Session,
      relatedSessionId: 42,
    });
    const refuse = (): void => {
      peer.send(packet({ messageType: MessageType.Error, sessionId: 42 }, ErrorMetadata.encode(error)));
    };
    const patch = expect(open.patch({})).rejects.toMatchObject({
      name: 'ServerRefusalError',
      errorCode: 0x20001,
    });
    await settled();
    const move = { oldTransportId: TransportId.Tcp, newTransportId: TransportId.Quic };
    const migration = expect(open.migrate(SessionMigrateMetadata.of(move))).rejects.toThrow('error 0x20001');
    await settled();
    const next = open.patch({});
    refuse();
    await patch;
    refuse();
    await migration;
    const ack = SessionPatchAckMetadata.encode(SessionPatchAckMetadata.of({ effectiveQualityTier: 3 }));
    peer.send(packet({ messageType: MessageType.SessionPatchAck, sessionId: 42 }, ack));
    expect((await next).metadata.effectiveQualityTier).toBe(3);
    // Of nobody's request it is nothing to anybody.
    refuse();
    await settled();
    expect(client.usage).toMatchObject({ sessions: 1, acksAwaited: 0 });
    await client.close();
  });

  it('counts a result that is at fault, as its server does', async () => {
    const { client, peer, session: open } = await session();
    const violations = told(client.violations$);
    told(open.submit({ body: 'x' }));
    peer.send(packet({ messageType: MessageType.ResultPush, sessionId: 42, frameId: 1 }));
    await settled();
    expect(violations).toMatchObject([{ message: 'client received malformed RESULT_PUSH metadata length' }]);
    expect(open).toHaveProperty('messages.results.received', 1);
    await client.close();
  });

  it('refuses fields that the protocol forbids, and sends nothing', async () => {
    const { client, peer, session: open } = await session();
    await peer.next();
    expect(told(open.submit({ metadata: { tileCount: 1 } }))).toMatchObject([
      { kind: 'InvalidProtocolCombination' },
    ]);
    await settled();
    expect(peer.waiting).toBe(0);
    await client.close();
  });
});
