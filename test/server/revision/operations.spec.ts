import { NEVER, of } from 'rxjs';
import { marked, markOf } from '../../../src/protocol/revision/mark';
import { clientHello, inPreview4, open, submit } from '../../../src/testing';
import { decodeTokens } from '../../../src/protocol/content/token-decoder';
import { decodeMessage } from '../../../src/wire/message';
import { joinBody, splitBody } from '../../../src/wire/body/body-region';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { PayloadKind } from '../../../src/wire/messages/payload-kind';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import { packet, type Packet } from '../../../src/wire/packet';
import { preview4 } from '../../../src/wire/preview4';
import {
  DropReason,
  PartialResultMetadata,
  ResultDropReasonMetadata,
} from '../../../src/wire/preview4/results';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const OPERATION_ID = 0x1_0000_0007n;

function submit4(frameId = 1, fields = {}, body: Uint8Array | string = 'ask'): Packet {
  const operationId = OPERATION_ID + BigInt(frameId - 1);
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId, ...fields }, body);
}

async function openedPeer(served: Served, hello: Packet = clientHello()): Promise<Peer> {
  const peer = await Peer.connect(served.listen);
  peer.send(hello, open(42));
  await peer.next();
  await peer.next();
  return peer;
}

/** What came in a word, of preview4. */
function shown(packet: Packet | undefined): unknown[] {
  if (packet === undefined) return ['|'];
  const { messageType, frameId } = packet.header;
  decodeMessage(packet, preview4);
  switch (messageType) {
    case MessageType.PartialResult: {
      const { operationId, resultSequence, bodyBytes } = PartialResultMetadata.decode(packet.metadata);
      expect([operationId, bodyBytes]).toEqual([OPERATION_ID, packet.body.length]);
      return ['part', Number(resultSequence), frameId];
    }
    case MessageType.ResultDropReason: {
      const { dropReasonCode, resultSequence } = ResultDropReasonMetadata.decode(packet.metadata);
      return ['dropped', dropReasonCode, Number(resultSequence), frameId];
    }
    default:
      return [messageTypeName(messageType), frameId];
  }
}

async function answers(peer: Peer, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let index = 0; index < count; index++) seen.push(shown(await peer.next()));
  return seen;
}

/** That nothing more has come: the answer to this comes behind it. */
async function expectQuiet(peer: Peer): Promise<void> {
  peer.send(packet({ messageType: MessageType.Ping, ...SESSION, frameId: 9 }));
  expect(shown(await peer.next())).toEqual(['PONG', 9]);
}

function cancel4(operationId = OPERATION_ID): Packet {
  return inPreview4(MessageType.Cancel, { ...SESSION, frameId: 1 }, { operationId });
}

describe('answers in preview4', () => {
  it('are numbered parts, and RESULT_PUSH is their end', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(() => of('some', ' text', new Uint8Array([1]))),
    );
    const peer = await openedPeer(served);
    peer.send(submit4());
    expect(await answers(peer, 4)).toEqual([
      ['part', 1, 1],
      ['part', 2, 1],
      ['part', 3, 1],
      ['RESULT_PUSH', 1],
    ]);
  });

  it.each([
    ['its name', submit4(), OPERATION_ID],
    ['in preview3 its frame', submit(42, 7, 'ask'), 7n],
  ])('know their operation by %s', async (_, asked, operationId) => {
    const served = new Served();
    const ids: unknown[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond((given) => {
        ids.push(given.operationId, JSON.stringify(given));
        return [];
      }),
    );
    const peer = await openedPeer(served);
    peer.send(asked);
    await peer.next();
    expect(ids).toEqual([operationId, expect.stringContaining(`"frameId":${asked.header.frameId}`)]);
  });

  it('have a text in a region of its own, and bytes as they are', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => of('größe', new Uint8Array([1]))));
    const peer = await openedPeer(served);
    peer.send(submit4());
    const [text, bytes] = [await peer.next(), await peer.next()];
    const shape = { payloadKindBitmap: PayloadKind.TokenChunk, payloadFrameCount: 1 };
    const { typedPayloadDescriptors, typedPayloadFrames } = splitBody(text!.body);
    const [frame] = preview4.typedPayload.decode(shape, typedPayloadDescriptors, typedPayloadFrames);
    expect(Buffer.from(frame!.payload).toString()).toBe('größe');
    expect(frame!.descriptor).toMatchObject({ profileId: 2, schemaId: 0x1001, schemaVersion: 3 });
    expect(decodeTokens({ metadata: shape, body: text!.body })).toEqual(['größe']);
    expect([...bytes!.body]).toEqual([1]);
  });

  it('have no part of no bytes', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond(() => of(new Uint8Array(0), new Uint8Array([1]))),
    );
    const peer = await openedPeer(served);
    peer.send(submit4());
    expect(served.violations).toEqual([]);
    expect(await answers(peer, 2)).toEqual([
      ['part', 1, 1],
      ['RESULT_PUSH', 1],
    ]);
  });

  it.each([
    ['cancelled', DropReason.PeerCancelled],
    ['late', DropReason.DeadlineExpired],
    ['superseded', DropReason.Superseded],
  ] as const)('say why there is none: %s', async (end, reason) => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => {
      session.submits$.subscribe((asked) => {
        if (end === 'late') asked.expire();
        if (end === 'superseded') asked.supersede();
      });
    });
    const peer = await openedPeer(served);
    peer.send(submit4());
    if (end === 'cancelled') peer.send(cancel4());
    expect(await answers(peer, 1)).toEqual([['dropped', reason, 1, 1]]);
    await expectQuiet(peer);
  });

  it('say that there was no room', async () => {
    const served = new Served({ queue: { maxSubmits: 0 } });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    peer.send(...[1, 2, 3, 4, 5].map((frameId) => submit4(frameId)));
    expect(await answers(peer, 2)).toEqual([
      ['dropped', DropReason.Backpressure, 1, 5],
      ['FLOW_UPDATE', 0],
    ]);
  });

  it('are a plain drop where the application says no more', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond((asked) => of(asked.drop())));
    const peer = await openedPeer(served);
    peer.send(submit4());
    expect(await answers(peer, 1)).toEqual([['RESULT_DROP', 1]]);
  });

  it('refuse a result that preview4 has no room for', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => of(asked.complete(new Uint8Array(1), { reusedFrameId: 3 }))),
    );
    const peer = await openedPeer(served);
    peer.send(submit4());
    expect(await answers(peer, 1)).toEqual([['RESULT_DROP', 1]]);
    expect(served.failures[0]?.message).toContain('stale semantics and reused_frame_id must agree');
  });
});

describe('a client of preview4', () => {
  it('is served beside one of preview3, by the same handler', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond((asked) => of(asked.text.toUpperCase())));
    const newer = await openedPeer(served);
    const older = await Peer.connect(served.listen);
    older.send(open(7), submit(7, 1, 'ask'));
    newer.send(submit4());
    await older.next();
    expect(await answers(newer, 2)).toEqual([
      ['part', 1, 1],
      ['RESULT_PUSH', 1],
    ]);
    const result = decodeMessage((await older.next())!);
    if (result.messageType !== MessageType.ResultPush) throw new Error('no result');
    expect(decodeTokens(result)).toEqual(['ASK']);
  });

  it('has its text read in whatever region it comes', async () => {
    const texts: string[] = [];
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.submits$.subscribe((asked) => texts.push(asked.text)),
    );
    const peer = await openedPeer(served);
    const part = {
      payloadKind: PayloadKind.TokenChunk,
      profileId: 2,
      schemaId: 0x1001,
      schemaVersion: 3,
      descriptorFlags: 2,
      streamSemantics: 2,
      payload: Buffer.from('hello'),
    };
    const { shape, ...regions } = preview4.typedPayload.encode([part]);
    peer.send(submit4(1, shape, joinBody(regions)), submit4(2));
    await expectQuiet(peer);
    expect(texts).toEqual(['hello', 'ask']);
  });

  it('may cancel all that it has asked, and what it names must be bound', async () => {
    const served = new Served({ maxInFlightOperations: 4 });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    peer.send(submit4(1), submit4(2), cancel4(3n));
    expect(await answers(peer, 1)).toEqual([['ERROR', 1]]);
    peer.send(inPreview4(MessageType.Cancel, SESSION, { operationId: 0n }));
    expect(await answers(peer, 2)).toEqual([
      ['dropped', 3, 1, 1],
      ['dropped', 3, 1, 2],
    ]);
  });

  it.each([
    [MessageType.Cancel, { operationId: OPERATION_ID, diagnosticBytes: 5000 }],
    [MessageType.Abort, { operationId: 0n, diagnosticBytes: 5000 }],
    [MessageType.Supersede, { oldOperationId: OPERATION_ID, diagnosticBytes: 5000 }],
  ])('takes nothing back with a word whose body is not what it says: 0x%x', async (messageType, fields) => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    const { record } = preview4.messages[messageType]!;
    const whole = record!.encode(record!.of(fields));
    peer.send(submit4(), packet({ messageType, ...SESSION, frameId: 1 }, whole, new Uint8Array(3)));
    expect(await answers(peer, 1)).toEqual([['ERROR', 1]]);
    expect(served.violations[0]?.error.cause).toMatchObject({
      fault: { kind: 'DeclaredLengthMismatch', declared: 5000, actual: 3 },
    });
    expect(served.server.usage.operationsInFlight).toBe(1);
  });

  it('may not give two operations one name', async () => {
    const served = new Served({ maxInFlightOperations: 4 });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    peer.send(submit4(1), submit4(2, { operationId: OPERATION_ID }));
    expect(await answers(peer, 1)).toEqual([['ERROR', 2]]);
    expect(served.violations[0]?.error.cause).toMatchObject({ fault: { kind: 'OperationAlreadyExists' } });
  });

  it.each([
    ['which is that one’s frame', 1n, 1n],
    ['which is its own frame', 2n, 2n],
  ])('may give no operation the name of another, %s', async (_, first, second) => {
    const served = new Served({ maxInFlightOperations: 4 });
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    peer.send(submit4(1, { operationId: first }), submit4(2, { operationId: second }));
    expect(await answers(peer, 1)).toEqual([['ERROR', 2]]);
    expect(served.violations[0]?.error.cause).toMatchObject({ fault: { kind: 'OperationAlreadyExists' } });
  });

  it('may advise, and hears nothing of it', async () => {
    const served = new Served();
    served.server.sessions$.subscribe();
    const peer = await openedPeer(served);
    const deadlineUnixMs = 4_000_000_000_000n;
    peer.send(
      inPreview4(
        MessageType.Deadline,
        { ...SESSION, frameId: 1 },
        { operationId: OPERATION_ID, deadlineUnixMs },
      ),
      inPreview4(MessageType.TraceContext, SESSION, { traceId: 1n, spanId: 2n }),
      inPreview4(MessageType.CreditUpdate, SESSION, { creditWindow: 3n }),
    );
    await expectQuiet(peer);
    expect(served.violations).toEqual([]);
  });

  it('hears nothing of a session that it has not, where it may be of the reference', async () => {
    const served = new Served();
    served.server.sessions$.subscribe();
    const peer = await openedPeer(served);
    peer.send(
      submit4(1, {}).header.sessionId === 42
        ? inPreview4(MessageType.FrameSubmit, { sessionId: 9, frameId: 1 }, { operationId: 1n })
        : cancel4(),
    );
    await expectQuiet(peer);
    expect(served.violations).toHaveLength(1);
  });

  it('has its session back in preview4, and in no other', async () => {
    const served = new Served();
    const resume = { sessionId: 42 };
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42).resumable());
    await peer.next();
    const ack = await peer.next();
    const token = ack!.body;
    peer.send(submit4());
    await expectQuiet(peer);
    peer.destroy();
    const older = await Peer.connect(served.listen);
    older.send(marked(clientHello(), 'preview3'), open(resume.sessionId).resuming(token));
    await older.next();
    expect(statusOf(await older.next())).toEqual([SessionStatus.Rejected, SessionErrorCode.ResumeRejected]);
    const newer = await Peer.connect(served.listen);
    newer.send(clientHello(), open(42).resuming(token));
    await newer.next();
    expect(statusOf(await newer.next())).toEqual([SessionStatus.Resumed, 0]);
  });

  it('may count its frames from 1 again once it has come back, as the reference does', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => (asked.text === 'wait' ? NEVER : of('text'))),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42).resumable());
    await peer.next();
    const token = (await peer.next())!.body;
    peer.send(submit4(1, {}, 'wait'));
    await expectQuiet(peer);
    peer.destroy();
    const again = await Peer.connect(served.listen);
    again.send(clientHello(), open(42).resuming(token), submit4(1));
    await again.next();
    await again.next();
    expect(await answers(again, 2)).toEqual([
      ['part', 1, 1],
      ['RESULT_PUSH', 1],
    ]);
    expect(served.server.usage.operationsInFlight).toBe(0);
  });

  it('hears what becomes of an object that it puts, and goes on', async () => {
    const served = new Served({ supportedCacheObjects: [1] });
    served.server.sessions$.subscribe((session) => session.respond(() => of('text')));
    const peer = await openedPeer(served);
    peer.send(inPreview4(MessageType.CachePut, SESSION, { objectKind: 1 }, 'object'), submit4());
    expect(await answers(peer, 3)).toEqual([
      ['CACHE_ACK', 0],
      ['part', 1, 1],
      ['RESULT_PUSH', 1],
    ]);
  });

  it('that is marked may say what only this project understands', async () => {
    const served = new Served();
    served.server.sessions$.subscribe();
    const peer = await Peer.connect(served.listen);
    peer.send(marked(clientHello(), 'preview4'), open(42).announced());
    const hello = await peer.next();
    expect(markOf(hello!)).toBe('preview4');
    expect(statusOf(await peer.next())).toEqual([SessionStatus.Opened, 0]);
    const strict = new Served({ revisions: ['preview4'] });
    const stranger = await Peer.connect(strict.listen);
    stranger.send(clientHello(), open(43).announced());
    await stranger.ended();
    expect(strict.violations).toHaveLength(1);
  });
});

function statusOf(ack: Packet | undefined): readonly number[] {
  const { sessionStatus, sessionErrorCode } = SessionOpenAckMetadata.decode(ack!.metadata);
  return [sessionStatus, sessionErrorCode];
}
