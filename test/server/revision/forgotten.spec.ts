import { firstValueFrom } from 'rxjs';
import { marked } from '../../../src/protocol/revision/mark';
import type { Submit } from '../../../src/server/session/session-message';
import { clientHello, inPreview4, open } from '../../../src/testing';
import { MessageType } from '../../../src/wire/message-type';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { BudgetFlag } from '../../../src/wire/preview4/control/scheduling';
import { answeredByHand, type AnsweredByHand } from '../../support/answered-by-hand';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { heardInWords } from './heard';

afterEach(endServed);

const SESSION = { sessionId: 42 };
const OF_ALL = { ...SESSION, frameId: 0 };

function submit4(frameId: number, operationId: number): Packet {
  return inPreview4(
    MessageType.FrameSubmit,
    { ...SESSION, frameId },
    { operationId: BigInt(operationId) },
    'ask',
  );
}

/** What a client says of all that it submits, of frame 7, which is operation 107, and of what it makes do with. */
const SAID_AHEAD = [
  inPreview4(MessageType.RouteHint, OF_ALL, { operationId: 0n, routeId: 5 }),
  inPreview4(MessageType.TraceContext, OF_ALL, { traceId: 8n, spanId: 9n }),
  inPreview4(MessageType.DegradeProfile, OF_ALL, { limitUnits: 3n }),
  inPreview4(MessageType.BudgetUpdate, OF_ALL, {
    operationId: 0n,
    tokenBudget: 2,
    flags: BudgetFlag.Replace,
  }),
  inPreview4(MessageType.RouteHint, { ...SESSION, frameId: 7 }, { operationId: 107n, routeId: 6 }),
  inPreview4(MessageType.CapabilityNegotiation, SESSION, { flags: 0 }),
];

interface Stage extends AnsweredByHand {
  readonly served: Served;
  readonly peer: Peer;
  readonly token: Uint8Array;
}

/** A client that has said all that ahead, and has operation 101, of frame 1, under way. */
async function stage(...[hello, opening]: readonly Packet[]): Promise<Stage> {
  const served = new Served({ maxInFlightOperations: 8 });
  const { sessions, submits, answers } = answeredByHand(served.server);
  const peer = await Peer.connect(served.listen);
  peer.send(hello ?? clientHello(), opening ?? open(42).resumable());
  await peer.next();
  const ack = (await peer.next())!;
  const { resumeTokenBytes } = SessionOpenAckMetadata.decode(ack.metadata);
  const token = ack.body.subarray(0, resumeTokenBytes);
  await heardInWords(peer, 42, [...SAID_AHEAD, submit4(1, 101)]);
  expect([sessions[0]!.capabilities?.mayDegrade, served.violations]).toEqual([false, []]);
  return { served, sessions, submits, answers, peer, token };
}

/** The same session over another connection. */
async function again({ served, peer }: Stage, hello: Packet, opening: Packet): Promise<Peer> {
  peer.destroy();
  const next = await Peer.connect(served.listen);
  next.send(hello, opening);
  await next.next();
  await next.next();
  return next;
}

/** Of a client of the reference. */
function anew(all: Stage): Promise<Peer> {
  return again(all, clientHello(), open(42).resuming(all.token));
}

function seenOf({ frameId, routeHint, trace, degraded }: Submit): unknown[] {
  return [frameId, routeHint?.routeId, trace?.traceId, degraded?.limitUnits];
}

describe('what a client has said that has forgotten it', () => {
  it('is of nothing that it submits when it has come back', async () => {
    const all = await stage();
    const { served, sessions, submits, answers } = all;
    expect(submits.map(seenOf)).toEqual([[1, 5, 8n, 3]]);
    const next = await anew(all);
    expect(sessions[0]!.capabilities).toBeUndefined();
    expect(await heardInWords(next, 42, [submit4(7, 3)])).toEqual([]);
    expect(submits.slice(1).map(seenOf)).toEqual([[7, undefined, undefined, undefined]]);
    for (const text of ['a', 'b', 'c']) answers[1]!.next(text);
    expect(await heardInWords(next, 42)).toEqual(Array(3).fill(['PARTIAL_RESULT', 7]));
    submits[1]!.degrade({ limitUnits: 1 });
    expect(await heardInWords(next, 42)).toEqual([['DEGRADE_PROFILE', 7]]);
    expect(served.violations).toEqual([]);
  });

  it('still bounds what was under way', async () => {
    const all = await stage();
    const next = await anew(all);
    await heardInWords(next, 42, [submit4(7, 3)]);
    for (const text of ['a', 'b', 'c']) all.answers[0]!.next(text);
    expect(await heardInWords(next, 42)).toEqual([
      ['PARTIAL_RESULT', 1],
      ['PARTIAL_RESULT', 1],
      ['RESULT_DROP_REASON', 1, 6],
    ]);
  });
});

it('counts on for a client that has not forgotten it', async () => {
  const hello = marked(clientHello(), 'preview4');
  const all = await stage(hello, open(42).resumable().announced());
  const next = await again(all, hello, open(42).resuming(all.token).announced({ receivedResults: 0 }));
  await heardInWords(next, 42, [submit4(7, 107)]);
  // What it has said of a frame it says again with its submit, or has no use for it any more.
  expect(all.submits.map(seenOf)).toEqual([
    [1, 5, 8n, 3],
    [7, 5, 8n, 3],
  ]);
  expect(all.sessions[0]!.capabilities?.mayDegrade).toBe(false);
});

it('is not said by another client, that has taken the session over with a ticket', async () => {
  const served = new Served();
  const { client, server } = await served.session({ allowResume: true }, { revision: 'preview4' });
  await client.negotiate({ mayDegrade: false });
  expect(server.capabilities?.mayDegrade).toBe(false);
  const ticket = await firstValueFrom(client.ticket$);
  await (await served.connect({ revision: 'preview4' })).resumeSession(ticket);
  expect(server.capabilities).toBeUndefined();
});
