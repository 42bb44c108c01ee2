import { Subject } from 'rxjs';
import { failure } from '../../../src/protocol/operation/failure';
import { sharedObjects } from '../../../src/client/session/shared-objects';
import type { Submit } from '../../../src/server/session/session-message';
import type { Transport } from '../../../src/transport/transport';
import { inPreview4, open, submit } from '../../../src/testing';
import type { MetadataType } from '../../../src/wire/message';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { PriorityClass } from '../../../src/wire/messages/session-open';
import { preview3 } from '../../../src/wire/preview3';
import { preview4 } from '../../../src/wire/preview4';
import { PressureLevel } from '../../../src/wire/preview4/control/pressure';
import { DropReason } from '../../../src/wire/preview4/results';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { until } from '../../support/until';

afterEach(endServed);

const SESSION = { sessionId: 42 };

/** The types that only preview4 has, each with what its record does not take 0 for. */
const NEEDED: Readonly<Partial<Record<MessageType, object>>> = {
  [MessageType.Deadline]: { deadlineUnixMs: 5n },
  [MessageType.ExpireAt]: { deadlineUnixMs: 5n },
  [MessageType.Progress]: { operationId: 7n },
  [MessageType.PartialResult]: { operationId: 7n, objectId: 1n },
  [MessageType.Backpressure]: { pressureLevel: PressureLevel.Soft },
  [MessageType.TraceContext]: { traceId: 1n, spanId: 2n },
  [MessageType.ResultDropReason]: { operationId: 7n, dropReasonCode: 3 },
};

const newTypes = preview4.messages.flatMap((row, type) =>
  row?.record === undefined || preview3.messages[type] !== undefined
    ? []
    : [[messageTypeName(type), type as MetadataType] as const],
);

/** The names of all that an end sends from now on. */
function sentBy(transport: Transport): string[] {
  const sent: string[] = [];
  const send = transport.send.bind(transport);
  jest.spyOn(transport, 'send').mockImplementation((packet) => {
    sent.push(messageTypeName(packet.header.messageType));
    return send(packet);
  });
  return sent;
}

const NEW_NAMES: readonly string[] = newTypes.map(([name]) => name);

describe('a peer of preview3', () => {
  it('is one of two, which differ by 26 types', () => {
    expect(newTypes).toHaveLength(26);
  });

  it.each(newTypes)('that says %s is told that there is none, and goes on', async (_, type) => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => 'answer'));
    const peer = await Peer.connect(served.listen);
    peer.send(open(42), submit(42, 1, 'ask'));
    await peer.next();
    await peer.next();
    await peer.next();
    peer.send(inPreview4(type, { ...SESSION, frameId: 2 }, NEEDED[type] ?? {}), submit(42, 2, 'again'));
    const answers = [await peer.next(), await peer.next(), await peer.next()];
    expect(answers.map((each) => each?.header.messageType)).toEqual([
      MessageType.Error,
      MessageType.ResultPush,
      MessageType.ResultPush,
    ]);
    expect(served.violations.map(({ error }) => error.message)).toEqual([
      expect.stringContaining(`0x${type.toString(16)}`),
    ]);
  });

  it('hears nothing of preview4 of a server that says all that it can', async () => {
    const served = new Served({
      maxInFlightOperations: 8,
      supportedCacheObjects: [CacheObjectKind.CameraBlock],
    });
    const submits: Submit[] = [];
    const answer = new Subject<string>();
    let declared: unknown;
    served.server.sessions$.subscribe((session) => {
      session.respond((given) => {
        submits.push(given);
        given.progress({ percent: 5 });
        given.degrade({ limitUnits: 5 });
        try {
          session.objects.declare();
        } catch (error) {
          declared = error;
        }
        if (given.frameId === 1) return answer;
        if (given.frameId === 2) return given.drop(DropReason.CapabilityMismatch);
        throw failure(429, 'later', { retryAfterMs: 10 });
      });
    });
    const peer = await Peer.connect(served.listen);
    peer.send(open(42));
    await peer.next();
    peer.send(submit(42, 1, 'one'), submit(42, 2, 'two'), submit(42, 3, 'three'));
    await until(() => submits.length === 3, 'the handlers');
    answer.next('part');
    submits[0]?.expire();
    await settled();
    const heard: string[] = [];
    while (peer.waiting > 0) heard.push(messageTypeName((await peer.next())!.header.messageType));
    expect(heard).toEqual(expect.arrayContaining(['RESULT_PUSH', 'RESULT_DROP']));
    expect(heard.filter((name) => NEW_NAMES.includes(name))).toEqual([]);
    expect(declared).toMatchObject({ message: expect.stringContaining('speaks preview3') as string });
    expect(served.violations).toEqual([]);
  });

  it('hears nothing of preview4 of a client that says all that it can', async () => {
    const served = new Served({ maxInFlightOperations: 8 });
    const answer = new Subject<string>();
    served.server.sessions$.subscribe((session) => session.respond(() => answer));
    const options = { objects: sharedObjects(), maxBufferedBytes: 1000, maxInFlightOperations: 8 };
    const session = await served.open(options, { revision: 'preview3' });
    const sent = sentBy(served.endpoint.transports[0]!);
    const terms = {
      deadlineAt: 4_000_000_000_000,
      priority: PriorityClass.Interactive,
      budget: { tokens: 5 },
      trace: { traceId: 1n, spanId: 2n },
      routeHint: { routeId: 3 },
      executionHint: { routeId: 4 },
      degraded: { limitUnits: 5 },
    };
    const asked = session.submit({ body: 'ask', ...terms });
    const cancelled = asked.subscribe({ error: () => undefined });
    const texts = session.submit({ body: 'slow', ...terms })[Symbol.asyncIterator]();
    const first = texts.next();
    await until(() => answer.observed, 'the handlers');
    asked.update(terms);
    answer.next('x');
    await first;
    for (let count = 0; count < 20; count += 1) answer.next('x'.repeat(100));
    await until(() => sent.includes('FLOW_UPDATE'), 'the hold');
    cancelled.unsubscribe();
    await texts.return?.();
    expect(() => session.objects?.declare()).toThrow('speaks preview3');
    expect(() => session.cacheReference({})).toThrow('speaks preview3');
    await expect(session.negotiate({})).rejects.toThrow('speaks preview3');
    await settled();
    expect(sent).toEqual(expect.arrayContaining(['FRAME_SUBMIT', 'FRAME_CANCEL']));
    expect(sent.filter((name) => NEW_NAMES.includes(name))).toEqual([]);
    expect(served.violations).toEqual([]);
  });
});
