import { firstValueFrom, lastValueFrom, NEVER, of } from 'rxjs';
import { OperationError } from '../../../src/client/errors';
import { clientHello, inPreview4, open, submit } from '../../../src/testing';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { DropReason, ResultDropReasonMetadata } from '../../../src/wire/preview4/results';
import { Peer } from '../../support/peer';
import { endServed, Served } from '../../support/served';
import { settled } from '../../support/async';

afterEach(endServed);

const SESSION = { sessionId: 42 };

function submit4(frameId: number) {
  return inPreview4(MessageType.FrameSubmit, { ...SESSION, frameId }, { operationId: BigInt(frameId) });
}

async function openedPeer(served: Served): Promise<Peer> {
  const peer = await Peer.connect(served.listen);
  peer.send(clientHello(), open(42));
  await peer.next();
  await peer.next();
  return peer;
}

describe('an operation that its client ends', () => {
  it.each([
    ['CANCEL', MessageType.Cancel, [1]],
    ['ABORT', MessageType.Abort, [1, 2]],
  ] as const)('by %s: its slot', async (_, messageType, started) => {
    const served = new Served({ maxInFlightOperations: 1 });
    const begun: number[] = [];
    const stopped: number[] = [];
    served.server.sessions$.subscribe((session) =>
      session.respond(({ frameId }, { signal }) => {
        begun.push(frameId);
        signal.addEventListener('abort', () => stopped.push(frameId));
        // A promise cannot be stopped.
        return firstValueFrom(NEVER);
      }),
    );
    const peer = await openedPeer(served);
    peer.send(submit4(1), submit4(2));
    peer.send(inPreview4(messageType, { ...SESSION, frameId: 1 }, { operationId: 1n }));
    const dropped = await peer.next();
    expect(ResultDropReasonMetadata.decode(dropped!.metadata).dropReasonCode).toBe(DropReason.PeerCancelled);
    await settled();
    expect(stopped).toEqual([1]);
    expect(begun).toEqual(started);
  });
});

describe('the reason of a drop', () => {
  it('is the application’s, and a client has it', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => of(asked.drop(DropReason.ObjectInvalidated))),
    );
    const session = await served.open();
    const error = await firstValueFrom(session.submit({})).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ reason: 'dropped', dropReason: DropReason.ObjectInvalidated });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ dropReason: DropReason.ObjectInvalidated });
  });

  it('is no word that nothing has run: an application gives it after parts, too', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => of('half', asked.drop(DropReason.Backpressure))),
    );
    const session = await served.open();
    const error = await lastValueFrom(session.submit({})).catch((thrown: unknown) => thrown);
    const dropReason = DropReason.Backpressure;
    expect(error).toMatchObject({ reason: 'dropped', outcome: 'given-up', dropReason });
  });

  it('is none that there is not', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => of(asked.drop(77 as DropReason))),
    );
    const session = await served.open();
    await expect(firstValueFrom(session.submit({}))).rejects.toMatchObject({ reason: 'failed' });
    expect(String(served.failures[0])).toContain('the reason of submit.drop');
  });

  it('is not told in preview3', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) =>
      session.respond((asked) => of(asked.drop(DropReason.BudgetExceeded))),
    );
    const peer = await Peer.connect(served.listen);
    peer.send(open(42), submit(42, 1, 'ask'));
    await peer.next();
    expect(messageTypeName((await peer.next())!.header.messageType)).toBe('RESULT_DROP');
  });

  it('of a client that takes an operation’s place is told to it', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const peer = await openedPeer(served);
    const ids = { oldOperationId: 1n, newOperationId: 2n };
    peer.send(submit4(1), inPreview4(MessageType.Supersede, { ...SESSION, frameId: 1 }, ids));
    const dropped = await peer.next();
    expect(ResultDropReasonMetadata.decode(dropped!.metadata)).toMatchObject({
      operationId: 1n,
      dropReasonCode: DropReason.Superseded,
    });
  });
});
