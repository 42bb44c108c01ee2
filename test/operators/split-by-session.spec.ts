import { mergeMap, Observable, of, Subject, take, throwError, type GroupedObservable } from 'rxjs';
import { splitBySession } from '../../operators/split-by-session';
import { MessageType } from '../../src/wire/message-type';
import { CloseStatus } from '../../src/wire/messages/session-close';
import type { Packet } from '../../src/wire/packet';
import { marbles } from '../support/marbles';
import { closeAckPacket, openPacket, rawPacket, submitPacket } from '../support/packets';

/** Letters of session 1 are small, those of session 2 capital; `0` is the connection's. */
const packets = {
  a: submitPacket({ sessionId: 1, frameId: 1 }),
  b: submitPacket({ sessionId: 1, frameId: 2 }),
  x: closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Closed } }),
  d: closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Draining } }),
  r: closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Rejected } }),
  k: closeAckPacket({ sessionId: 1, metadata: { closeStatus: CloseStatus.Acknowledged } }),
  m: rawPacket(MessageType.SessionCloseAck, { sessionId: 1, metaLen: 15 }),
  A: submitPacket({ sessionId: 2, frameId: 1 }),
  B: submitPacket({ sessionId: 2, frameId: 2 }),
  X: closeAckPacket({ sessionId: 2, metadata: { closeStatus: CloseStatus.Closed } }),
  0: openPacket(),
};

describe('splitBySession', () => {
  it('gives a stream for each session and one for the connection, at its first packet', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--0--a--A--b--B--|', packets);
      const subs = '       ^----------------!';
      const expected = '   --z--s--S--------|';
      const zero$ = cold('   0--------------|', packets);
      const first$ = cold('     a-----b-----|', packets);
      const second$ = cold('       A-----B--|', packets);

      const streams = { z: zero$, s: first$, S: second$ };
      expectObservable(source$.pipe(splitBySession())).toBe(expected, streams);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('gives each stream its session id as key', () => {
    const keys: number[] = [];
    of(packets[0], packets.a, packets.A, packets.b)
      .pipe(splitBySession())
      .subscribe(({ key }) => keys.push(key));
    expect(keys).toEqual([0, 1, 2]);
  });

  it('never ends where the source does not', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<Packet>('-');
      const subs = '                ^';
      const expected = '            -';

      expectObservable(source$.pipe(splitBySession())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('completes where the source is empty', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<Packet>('|');
      const subs = '                (^!)';
      const expected = '            |';

      expectObservable(source$.pipe(splitBySession())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('passes the error of the source to every stream', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const fault = new Error('the cable was cut');
      const source$ = hot('--a--A--#', packets, fault);
      const subs = '       ^-------!';
      const expected = '   --s--S--#';
      const first$ = cold('  a-----#', packets, fault);
      const second$ = cold('    A--#', packets, fault);

      expectObservable(source$.pipe(splitBySession())).toBe(expected, { s: first$, S: second$ }, fault);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  describe('a session that ends', () => {
    it('completes its stream after the SESSION_CLOSE_ACK that says so, and leaves the others', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--a--A--x--B--|', packets);
        const expected = '   --s--S--------|';
        const first$ = cold('  a-----(x|)', packets);
        const second$ = cold('    A-----B--|', packets);

        expectObservable(source$.pipe(splitBySession())).toBe(expected, { s: first$, S: second$ });
      });
    });

    it('begins another stream with a later packet of its id', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--a--x--b--|', packets);
        const expected = '   --s-----t--|';
        const first$ = cold('  a--(x|)', packets);
        const again$ = cold('        b--|', packets);

        expectObservable(source$.pipe(splitBySession())).toBe(expected, { s: first$, t: again$ });
      });
    });

    it('may have no other packet than the ack', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--x--x--|', packets);
        const expected = '   --s--t--|';
        const first$ = cold('  (x|)', packets);
        const again$ = cold('     (x|)', packets);

        expectObservable(source$.pipe(splitBySession())).toBe(expected, { s: first$, t: again$ });
      });
    });

    it('does not end with an ack that says anything else, nor with a broken one', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--k--d--r--m--b--x--|', packets);
        const expected = '   --s-----------------|';
        const first$ = cold('  k--d--r--m--b--(x|)', packets);

        expectObservable(source$.pipe(splitBySession())).toBe(expected, { s: first$ });
      });
    });

    it('can be named by closed$', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--A--b--a--B--|', packets);
        const closed$ = hot('---------1--7-----', { 1: 1, 7: 7 });
        const subs = '       ^----------------!';
        const expected = '   --s--S-----t-----|';
        const first$ = cold('  a-----b|', packets);
        const second$ = cold('    A--------B--|', packets);
        const again$ = cold('           a-----|', packets);

        const streams = { s: first$, S: second$, t: again$ };
        expectObservable(source$.pipe(splitBySession({ closed$ }))).toBe(expected, streams);
        expectSubscriptions(closed$.subscriptions).toBe(subs);
      });
    });

    it('ends with everything else where closed$ errors', () => {
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const fault = new Error('no more news');
        const source$ = hot('--a-----b--|', packets);
        const closed$ = hot<number>('-----#', {}, fault);
        const subs = '       ^----!';
        const expected = '   --s--#';
        const first$ = cold('  a--#', packets, fault);

        expectObservable(source$.pipe(splitBySession({ closed$ }))).toBe(expected, { s: first$ }, fault);
        expectSubscriptions(source$.subscriptions).toBe(subs);
        expectSubscriptions(closed$.subscriptions).toBe(subs);
      });
    });

    it('does not even begin where closed$ errors at once', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--|', packets);
        const closed$ = throwError(() => new Error('no news'));
        const expected = '   #';

        expectObservable(source$.pipe(splitBySession({ closed$ }))).toBe(expected, {}, new Error('no news'));
        expectSubscriptions(source$.subscriptions).toBe([]);
      });
    });

    it('lives on where closed$ completes', () => {
      marbles(({ hot, cold, expectObservable }) => {
        const source$ = hot('--a--b--|', packets);
        const closed$ = cold<number>('|');
        const expected = '   --s-----|';
        const first$ = cold('  a--b--|', packets);

        expectObservable(source$.pipe(splitBySession({ closed$ }))).toBe(expected, { s: first$ });
      });
    });

    it('lets its listener begin the next session of the same id', () => {
      const source$ = new Subject<Packet>();
      const told: string[] = [];
      source$.pipe(splitBySession()).subscribe((session$) => {
        const name = `stream ${told.filter((line) => line.endsWith('opens')).length + 1}`;
        told.push(`${name} opens`);
        session$.subscribe({
          next: (packet) => {
            told.push(`${name} ${packet === packets.x ? 'closes' : 'submits'}`);
            if (packet === packets.x) source$.next(packets.a);
          },
          complete: () => told.push(`${name} completes`),
        });
      });
      source$.next(packets.x);
      expect(told).toEqual([
        'stream 1 opens',
        'stream 1 closes',
        'stream 2 opens',
        'stream 2 submits',
        'stream 1 completes',
      ]);
    });

    it('is not held any more', () => {
      // Were it, the next packet of its id would go to its stream, and open no other.
      const opened = new Set<GroupedObservable<number, Packet>>();
      const source$ = new Subject<Packet>();
      let listening = 0;
      source$.pipe(splitBySession()).subscribe((session$) => {
        opened.add(session$);
        listening++;
        session$.subscribe({ complete: () => listening-- });
      });
      for (let round = 0; round < 1000; round++) {
        source$.next(packets.a);
        source$.next(packets.x);
      }
      expect(opened.size).toBe(1000);
      expect(listening).toBe(0);
    });
  });

  describe('listeners', () => {
    it('who leave unsubscribe the source and closed$', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--A--b--B--|', packets);
        const closed$ = hot('--------------');
        const subs = '       ^------!';
        const expected = '   --a--A---';
        const unsub = '      -------!';

        const result$ = source$.pipe(
          mergeMap((packet) => of(packet)),
          splitBySession({ closed$: closed$.pipe(mergeMap(() => of(1))) }),
          mergeMap((session$) => session$),
          mergeMap((packet) => of(packet)),
        );
        expectObservable(result$, unsub).toBe(expected, packets);
        expectSubscriptions(source$.subscriptions).toBe(subs);
        expectSubscriptions(closed$.subscriptions).toBe(subs);
      });
    });

    it('who leave when no session is listened to unsubscribe the source', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--x--A--|', packets);
        const subs = '       ^-------!';
        const expected = '   --1-----(2|)';

        const keys$ = source$.pipe(
          splitBySession(),
          take(2),
          mergeMap(({ key }) => of(key)),
        );
        expectObservable(keys$).toBe(expected, { 1: 1, 2: 2 });
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('of one session go on when nobody wants others, until it ends', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a--A--b--x--B--|', packets);
        const subs = '       ^----------!';
        const expected = '   --a-----b--(x|)';

        const result$ = source$.pipe(
          splitBySession(),
          take(1),
          mergeMap((session$) => session$),
        );
        expectObservable(result$).toBe(expected, packets);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });

    it('who come too late hear the rest of a session, or that it is over', () => {
      marbles(({ hot, expectObservable }) => {
        const source$ = hot('--a--b--x--|', packets);
        const inTime = '     ---^';
        const inTimeHear = ' -----b--(x|)';
        const late = '       ---------^';
        const lateHear = '   ---------|';

        let session$: Observable<Packet> | undefined;
        source$.pipe(splitBySession()).subscribe((opened$) => {
          session$ = opened$;
        });
        const packets$ = new Observable<Packet>((subscriber) => session$?.subscribe(subscriber));
        expectObservable(packets$, inTime).toBe(inTimeHear, packets);
        expectObservable(packets$, late).toBe(lateHear, packets);
      });
    });

    it('who come after the source was left hear the end, and do not wait for ever', () => {
      const source$ = new Subject<Packet>();
      let session$: Observable<Packet> | undefined;
      source$.pipe(splitBySession(), take(1)).subscribe((opened$) => {
        session$ = opened$;
      });
      source$.next(packets.a);
      expect(source$.observed).toBe(false);

      const told: string[] = [];
      session$?.subscribe({ next: () => told.push('packet'), complete: () => told.push('complete') });
      expect(told).toEqual(['complete']);
    });

    it('may be several of one session', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source$ = hot('--a---b---x---|', packets);
        const subs = '       ^---------!';
        const expected = '   --(aa)(bb)(xx|)';

        const twice$ = source$.pipe(
          splitBySession(),
          take(1),
          mergeMap((session$) => of(session$, session$)),
          mergeMap((session$) => session$),
        );
        expectObservable(twice$).toBe(expected, packets);
        expectSubscriptions(source$.subscriptions).toBe(subs);
      });
    });
  });

  it('stops a source that emits synchronously', () => {
    const emitted: number[] = [];
    const source$ = new Observable<Packet>((subscriber) => {
      for (let sessionId = 1; !subscriber.closed && sessionId < 10; sessionId++) {
        emitted.push(sessionId);
        subscriber.next(submitPacket({ sessionId }));
      }
    });
    const taken: number[] = [];
    source$
      .pipe(
        splitBySession(),
        mergeMap((session$) => session$),
        take(3),
      )
      .subscribe(({ header }) => taken.push(header.sessionId));
    expect(emitted).toEqual([1, 2, 3]);
    expect(taken).toEqual([1, 2, 3]);
  });
});
