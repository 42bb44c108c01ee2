import { mergeMap, Observable, of, take, type GroupedObservable } from 'rxjs';
import { splitByMessageType } from '../../operators/split-by-message-type';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { marbles } from '../support/marbles';
import { cancelPacket, closePacket, submitPacket } from '../support/packets';

const { FrameSubmit, FrameCancel } = MessageType;

const packets = {
  s: submitPacket({ frameId: 1 }),
  t: submitPacket({ frameId: 2 }),
  c: cancelPacket({ frameId: 1 }),
  d: cancelPacket({ frameId: 2 }),
  x: closePacket(),
};

describe('splitByMessageType', () => {
  it('gives a stream for each type, at its first packet', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--s--c--t--d--x--|', packets);
      const subs = '       ^----------------!';
      const expected = '   --S--C--------X--|';
      const submits$ = cold('s-----t--------|', packets);
      const cancels$ = cold('   c-----d-----|', packets);
      const closes$ = cold('            x--|', packets);

      const streams = { S: submits$, C: cancels$, X: closes$ };
      expectObservable(source$.pipe(splitByMessageType())).toBe(expected, streams);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('gives each stream its type as key', () => {
    const keys: MessageType[] = [];
    of(packets.s, packets.c, packets.t)
      .pipe(splitByMessageType())
      .subscribe(({ key }) => keys.push(key));
    expect(keys).toEqual([FrameSubmit, FrameCancel]);
  });

  it('never ends where the source does not', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<Packet>('-');
      const subs = '                ^';
      const expected = '            -';

      expectObservable(source$.pipe(splitByMessageType())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('completes where the source is empty', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<Packet>('|');
      const subs = '                (^!)';
      const expected = '            |';

      expectObservable(source$.pipe(splitByMessageType())).toBe(expected);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('passes the error of the source to every stream', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source$ = hot('--s--c--#', packets);
      const expected = '   --S--C--#';
      const submits$ = cold('s-----#', packets);
      const cancels$ = cold('   c--#', packets);

      expectObservable(source$.pipe(splitByMessageType())).toBe(expected, { S: submits$, C: cancels$ });
    });
  });

  it('unsubscribes the source when nobody listens any more', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--s--c--t--d--|', packets);
      const subs = '       ^------!';
      const expected = '   --s--c---';
      const unsub = '      -------!';

      const result$ = source$.pipe(
        splitByMessageType(),
        mergeMap((type$) => type$),
        mergeMap((packet) => of(packet)),
      );
      expectObservable(result$, unsub).toBe(expected, packets);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('goes on for a stream that is still listened to', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('--s--c--t--d--|', packets);
      const subs = '       ^-------!';
      const expected = '   --s-----(t|)';

      const result$ = source$.pipe(
        splitByMessageType(),
        take(1),
        mergeMap((type$) => type$),
        take(2),
      );
      expectObservable(result$).toBe(expected, packets);
      expectSubscriptions(source$.subscriptions).toBe(subs);
    });
  });

  it('keeps nothing for a stream that nobody subscribed to in time', () => {
    marbles(({ hot, expectObservable }) => {
      const source$ = hot('--s--s--t--|', packets);
      const expected = '   --------t--|';

      let submits$: GroupedObservable<MessageType, Packet> | undefined;
      source$.pipe(splitByMessageType()).subscribe((type$) => {
        submits$ = type$;
      });
      const late$ = new Observable<Packet>((subscriber) => submits$?.subscribe(subscriber));
      expectObservable(late$, '------^').toBe(expected, packets);
    });
  });

  it('stops a source that emits synchronously', () => {
    const emitted: number[] = [];
    const source$ = new Observable<Packet>((subscriber) => {
      for (let frameId = 1; !subscriber.closed && frameId < 10; frameId++) {
        emitted.push(frameId);
        subscriber.next(submitPacket({ frameId }));
      }
    });
    const taken: number[] = [];
    source$
      .pipe(
        splitByMessageType(),
        mergeMap((type$) => type$),
        take(3),
      )
      .subscribe(({ header }) => taken.push(header.frameId));
    expect(emitted).toEqual([1, 2, 3]);
    expect(taken).toEqual([1, 2, 3]);
  });
});
