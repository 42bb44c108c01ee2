import { firstValueFrom } from 'rxjs';
import type { Client, ClientSession } from '../../src';
import { FlowFlag, FlowUpdateReason } from '../../src/wire/messages/flow-update';
import { drop, flow, flowUpdate, open, openAck, result, submit } from '../../src/testing';
import { run } from './support';

const later = { flowFlags: FlowFlag.RetryAfterValid, updateReason: FlowUpdateReason.Reduce };
const packets = {
  o: open().announced(),
  /** A credit of two operations, of one, and of more than may be in flight. */
  A: openAck(),
  B: openAck().with({ grantedOperationCredit: 1 }),
  C: openAck().with({ grantedOperationCredit: 9, maxInFlightOperations: 2 }),
  s: submit(1, 1),
  t: submit(1, 2),
  u: submit(1, 3),
  S: result(1, 1),
  T: result(1, 2),
  D: drop(1, 1),
  G: flowUpdate(1).grant(3, 1),
  L: flowUpdate(1).with({ ...later, retryAfterMs: 7 }),
};

/** Another session, and the connection's credit. */
const other = { p: open(7).announced(), Q: openAck(7), x: submit(7, 1), L: flowUpdate().grant(1, 1) };
/** An operation that depends on another, and that one's credit. */
const dependent = {
  ...packets,
  x: submit(1, 2).with({ dependencyFrameId: 1 }),
  P: flowUpdate(1, 1).pause(1),
  R: flowUpdate(1, 1).resume(1, 2),
};

const credits = {
  a: { granted: 1, inFlight: 1, waiting: 1 },
  b: { granted: 1, inFlight: 1, waiting: 0 },
  c: { granted: 3, inFlight: 1, waiting: 0 },
};

async function openTwo(client: Client): Promise<readonly ClientSession[]> {
  return [await client.openSession(), await client.openSession({ requestedSessionId: 7 })];
}

/** Submits so often, each with the fields given. */
function ask(session: ClientSession, ...all: readonly object[]): void {
  run(...all.map((metadata) => session.submit({ metadata })));
}

describe('the credit of a client', () => {
  it('lets no more than were granted be in flight', () =>
    flow(async ({ serverPeer, openSession, expectQuiescent }) => {
      serverPeer(packets).sends('A--S--T').expects('(ost)');
      ask(await openSession(), {}, {});
      expectQuiescent();
    }));

  it.each(['S', 'D'])('comes back with the end of an operation: %s', (end) =>
    flow(async ({ serverPeer, openSession }) => {
      serverPeer(packets).sends(`B-----${end}--T`).expects('(os)--t--u');
      ask(await openSession(), {}, {}, {});
    }),
  );

  it('grows with a grant', () =>
    flow(async ({ serverPeer, openSession }) => {
      serverPeer(packets).sends('B-----G').expects('(os)--(tu)');
      ask(await openSession(), {}, {}, {}, {});
    }));

  it('never exceeds what the session may have in flight', () =>
    flow(async ({ serverPeer, openSession }) => {
      serverPeer(packets).sends('C-----S').expects('(ost)-u');
      ask(await openSession(), {}, {}, {});
    }));

  it('stops at a pause, and goes on at a resume', () =>
    flow(async ({ serverPeer, openSession }) => {
      const flows = { P: flowUpdate(1).pause(1), R: flowUpdate(1).resume(2, 2) };
      serverPeer({ ...packets, ...flows })
        .sends('B----PS--R')
        .expects('(os)-----(tu)');
      ask(await openSession(), {}, {}, {});
    }));

  it('stops hard where the server has no room, and goes on at a grant', () =>
    flow(async ({ serverPeer, openSession }) => {
      const flows = { H: [flowUpdate(1).hard(1), drop(1, 1)], L: flowUpdate(1).grant(1, 2) };
      serverPeer({ ...packets, ...flows })
        .sends('B-----H--L')
        .expects('(os)-----t');
      ask(await openSession(), {}, {});
    }));

  it('ignores an older epoch', () =>
    flow(async ({ serverPeer, openSession }) => {
      const grant = (credit: number, epoch: number) => flowUpdate(1).grant(credit, epoch);
      const peer = serverPeer({ ...packets, X: grant(1, 5), Y: grant(4, 4), Z: grant(2, 5) });
      peer.sends('B----XY--Z').expects('(os)-----t');
      ask(await openSession(), {}, {}, {});
    }));

  it('waits as long as a retry_after says', () =>
    flow(async ({ serverPeer, openSession, expectQuiescent }) => {
      serverPeer(packets).sends('B----LS-----T').expects('(os)--------t');
      ask(await openSession(), {}, {});
      expectQuiescent();
    }));

  it('of the connection is shared by its sessions', () =>
    flow(async ({ serverPeer, client }) => {
      serverPeer({ ...packets, ...other })
        .sends('A-Q-L---S')
        .expects('(op)s---x');
      const both = await openTwo(await client());
      await Promise.all(both.map(({ flowUpdates$ }) => firstValueFrom(flowUpdates$)));
      for (const session of both) ask(session, {});
    }));

  it('of an operation holds those back that depend on it', () =>
    flow(async ({ serverPeer, openSession }) => {
      serverPeer(dependent).sends('A--P--R').expects('(os)--x');
      const session = await openSession();
      ask(session, {});
      await firstValueFrom(session.flowUpdates$);
      ask(session, { dependencyFrameId: 1 });
    }));

  it('is shown', () =>
    flow(async ({ serverPeer, openSession, expectObservable }) => {
      serverPeer(packets).sends('B----S----G');
      const session = await openSession();
      ask(session, {}, {});
      expectObservable(session.credit$).toBe('a----b----c', credits);
    }));

  it('is not taken by a submit that is given up before it was sent', () =>
    flow(async ({ serverPeer, openSession, act }) => {
      serverPeer(packets).sends('B-----S').expects('(os)--t');
      const session = await openSession();
      ask(session, {});
      const givenUp = session.submit({ metadata: { latencyBudgetMs: 9 } }).subscribe();
      ask(session, {});
      act('--u', { u: () => givenUp.unsubscribe() });
    }));
});
