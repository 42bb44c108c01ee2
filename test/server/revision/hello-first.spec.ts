import { startWith, Subject } from 'rxjs';
import { clientHello, inPreview4, open, submit } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import {
  SessionErrorCode,
  SessionOpenAckMetadata,
  SessionStatus,
} from '../../../src/wire/messages/session-open';
import type { Packet } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';

afterEach(endServed);

function statusOf(ack: Packet | undefined): readonly number[] {
  const { sessionStatus, sessionErrorCode } = SessionOpenAckMetadata.decode(ack!.metadata);
  return [sessionStatus, sessionErrorCode];
}

async function answers(peer: Peer, count: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const { messageType, frameId } = (await peer.next())!.header;
    seen.push([messageTypeName(messageType), frameId]);
  }
  return seen;
}

/** A peer that says hello, though it may speak preview3. */
async function greeted(served: Served): Promise<Peer> {
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello());
  await peer.next();
  return peer;
}

/** A server that says a word at once, and no more before it is told. */
function servedWords(words$ = new Subject<string>()): Served {
  const served = new Served({ grantedOperationCredit: 4 });
  served.server.sessions$.subscribe((session) => session.respond(() => words$.pipe(startWith('text'))));
  return served;
}

/** Ends the peer's connection, and lets the server say another word meanwhile. */
async function cut(peer: Peer, words$: Subject<string>): Promise<void> {
  peer.destroy();
  await settled();
  words$.next('meanwhile');
}

describe('a client of preview3 that says hello first', () => {
  it('has operations without names: any number of them at a time', async () => {
    const served = servedWords();
    const peer = await greeted(served);
    peer.send(open(42), submit(42, 1), submit(42, 2), submit(42, 3));
    expect(statusOf(await peer.next())).toEqual([SessionStatus.Opened, 0]);
    expect(await answers(peer, 3)).toEqual([
      ['RESULT_PUSH', 1],
      ['RESULT_PUSH', 2],
      ['RESULT_PUSH', 3],
    ]);
    expect(served.violations).toEqual([]);
  });

  it.each([
    ['auth', open(42).auth('secret')],
    ['an extension', open(42).announced()],
  ])('may open with a block of %s', async (_, opening) => {
    const served = servedWords();
    const peer = await greeted(served);
    peer.send(opening, submit(42, 1));
    expect(statusOf(await peer.next())).toEqual([SessionStatus.Opened, 0]);
    expect(await answers(peer, 1)).toEqual([['RESULT_PUSH', 1]]);
    expect(served.violations).toEqual([]);
  });

  it('has its session back, with what waits for it in preview3', async () => {
    const words$ = new Subject<string>();
    const served = servedWords(words$);
    const peer = await greeted(served);
    peer.send(open(42).resumable());
    const { body: token } = (await peer.next())!;
    peer.send(submit(42, 1));
    expect(await answers(peer, 1)).toEqual([['RESULT_PUSH', 1]]);
    await cut(peer, words$);
    const again = await greeted(served);
    again.send(open(42).resuming(token), submit(42, 2));
    expect(statusOf(await again.next())).toEqual([SessionStatus.Resumed, 0]);
    expect(await answers(again, 2)).toEqual([
      ['RESULT_PUSH', 1],
      ['RESULT_PUSH', 2],
    ]);
    expect(served.violations).toEqual([]);
  });

  it('has its session back though the connection that has it has not ended', async () => {
    const served = servedWords();
    const peer = await greeted(served);
    peer.send(open(42).resumable());
    const { body: token } = (await peer.next())!;
    peer.send(submit(42, 1));
    await answers(peer, 1);
    const again = await greeted(served);
    again.send(open(42).resuming(token));
    expect(statusOf(await again.next())).toEqual([SessionStatus.Resumed, 0]);
  });
});

describe('a session of preview4', () => {
  it('is had back by who says no hello, in preview4', async () => {
    const words$ = new Subject<string>();
    const served = servedWords(words$);
    const named = (frameId: number): Packet =>
      inPreview4(MessageType.FrameSubmit, { sessionId: 42, frameId }, { operationId: BigInt(frameId) });
    const peer = await Peer.connect(served.listen);
    peer.send(open(42).resumable());
    const { body: token } = (await peer.next())!;
    peer.send(named(1));
    expect(await answers(peer, 1)).toEqual([['PARTIAL_RESULT', 1]]);
    await cut(peer, words$);
    const again = await Peer.connect(served.listen);
    again.send(open(42).resuming(token));
    expect(statusOf(await again.next())).toEqual([SessionStatus.Resumed, 0]);
    again.send(named(2));
    expect(await answers(again, 2)).toEqual([
      ['PARTIAL_RESULT', 1],
      ['PARTIAL_RESULT', 2],
    ]);
  });

  it('is not had by a connection that has a session of preview3', async () => {
    const served = servedWords();
    const peer = await greeted(served);
    peer.send(open(42).resumable());
    const { body: token } = (await peer.next())!;
    peer.send(inPreview4(MessageType.FrameSubmit, { sessionId: 42, frameId: 1 }, { operationId: 1n }));
    await answers(peer, 1);
    peer.destroy();
    const other = await greeted(served);
    other.send(open(7), submit(7, 1));
    expect(statusOf(await other.next())).toEqual([SessionStatus.Opened, 0]);
    await answers(other, 1);
    other.send(open(42).resuming(token));
    expect(statusOf(await other.next())).toEqual([SessionStatus.Rejected, SessionErrorCode.ResumeRejected]);
  });
});
