import { Subject } from 'rxjs';
import { splitBySession, type SplitBySessionOptions } from '../../operators/split-by-session';
import { protocolError, RuntimeError, unexpectedMessage } from '../../src/protocol/runtime-error';
import { NnrpError } from '../../src/wire/errors';
import type { Packet } from '../../src/wire/packet';
import { marbles } from '../support/marbles';
import { itIsAnOperator } from '../support/operator-cases';
import { cancelPacket, openAckPacket, openPacket, pingPacket, submitPacket } from '../support/packets';

const packets = {
  s: submitPacket({ frameId: 1 }),
  c: cancelPacket({ frameId: 2 }),
  f: submitPacket({ sessionId: 7, frameId: 1 }),
  p: pingPacket({ frameId: 1 }),
  o: openPacket(),
  a: openAckPacket({ sessionId: 42 }),
};

const foreign = unexpectedMessage('server received submit for another session');

/** Session 42, and what it has received. */
function session(options: SplitBySessionOptions = {}) {
  const received$ = new Subject<Packet>();
  const sessions = new Map([[42, received$]]);
  return {
    received$,
    sessions,
    split: splitBySession(sessions, (each, packet) => each.next(packet), options),
  };
}

describe('splitBySession', () => {
  itIsAnOperator<Packet, Packet>({
    create: () => session().split,
    inputs: { a: packets.p, b: packets.o, c: packets.a },
    outputs: { a: packets.p, b: packets.o, c: packets.a },
  });

  it('gives a session its packets, and passes on those of the connection', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Packet>('-s-p-(sc)-o-|', packets);
      const subs = '               ^-----------!';
      const ofSession = '          -s---(sc)----';
      const expected = '           ---p------o-|';

      const { split, received$ } = session();
      expectObservable(received$).toBe(ofSession, packets);
      expectObservable(source$.pipe(split)).toBe(expected, packets);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('passes on what opens a session that there is', () => {
    marbles(({ hot, expectObservable }) => {
      const { split, received$ } = session();
      expectObservable(received$).toBe('---', packets);
      expectObservable(hot<Packet>('-a-|', packets).pipe(split)).toBe('-a-|', packets);
    });
  });

  it('finds those that come and go meanwhile', () => {
    marbles(({ hot, expectObservable, flush }) => {
      const { split, sessions, received$ } = session();
      const other$ = new Subject<Packet>();
      const source$ = hot<Packet>('-o-f-p-f-|', packets);
      source$.pipe(split).subscribe({
        next: (packet) => {
          if (packet === packets.o) sessions.set(7, other$);
          else sessions.delete(7);
        },
        error: () => undefined,
      });
      expectObservable(other$).toBe('---f', packets);
      expectObservable(received$).toBe('-');
      flush();
    });
  });

  it('errors at the first packet of another session, and unsubscribes the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot<Packet>('-s-p-f-s-|', packets);
      const subs = '               ^----!';
      const expected = '           ---p-#';

      expectObservable(source$.pipe(session().split)).toBe(expected, packets, foreign);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('tells of each fault and goes on, where somebody is told', () => {
    marbles(({ hot, expectObservable, flush }) => {
      const source$ = hot<Packet>('-f-p-f-s-|', packets);
      const told: unknown[] = [];
      const { split, received$ } = session({
        onViolation: (fault, packet) => told.push([fault.message, packet]),
      });
      expectObservable(received$).toBe('-------s', packets);
      expectObservable(source$.pipe(split)).toBe('---p-----|', packets);
      flush();
      expect(told).toEqual([
        [foreign.message, packets.f],
        [foreign.message, packets.f],
      ]);
    });
  });

  it('drops what is late without a word', () => {
    marbles(({ hot, expectObservable }) => {
      const isLate = ({ header }: Packet): boolean => header.sessionId === 7;
      const { split } = session({ isLate });
      expectObservable(hot<Packet>('-f-p-|', packets).pipe(split)).toBe('---p-|', packets);
    });
  });

  it('takes what a session throws for a fault of the packet', () => {
    marbles(({ hot, expectObservable }) => {
      const unknown = new NnrpError({ kind: 'UnknownSession', sessionId: 42 });
      const bug = new Error('a bug');
      const source$ = hot<Packet>('-s-|', packets);
      const raise = (error: Error) => () => {
        throw error;
      };
      const { sessions } = session();
      const broken$ = source$.pipe(splitBySession(sessions, raise(unknown)));
      expectObservable(broken$).toBe('-#', packets, protocolError(unknown));
      const buggy$ = source$.pipe(splitBySession(sessions, raise(bug)));
      const internal = new RuntimeError('internal', 'a bug', {
        reach: 'packet',
        origin: 'local',
        cause: bug,
      });
      expectObservable(buggy$).toBe('-#', packets, internal);
    });
  });

  it('errors with what onViolation throws', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const bug = new Error('a bug');
      const { split } = session({
        onViolation: () => {
          throw bug;
        },
      });
      const source$ = hot<Packet>('-p-f-p-|', packets);
      expectObservable(source$.pipe(split)).toBe('-p-#', packets, bug);
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });
});
