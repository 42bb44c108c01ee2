import {
  NEVER,
  Observable,
  ReplaySubject,
  Subject,
  takeUntil,
  type GroupedObservable,
  type Observer,
  type OperatorFunction,
} from 'rxjs';
import { NnrpError } from '../src/wire/errors';
import { MessageType } from '../src/wire/message-type';
import { CloseStatus, SessionCloseAckMetadata } from '../src/wire/messages/session-close';
import type { Packet } from '../src/wire/packet';

export interface SplitBySessionOptions {
  /**
   * Ids of sessions that ended without a SESSION_CLOSE_ACK in the source: a server's own acks go out and
   * are not among the packets that come in. Default: there are none.
   */
  readonly closed$?: Observable<number>;
}

/**
 * Splits packets into one stream for each session, whose id is its `key`; 0 is what concerns the
 * connection.
 *
 * A stream is emitted when the first packet of its session arrives. Subscribe to it at once: packets
 * that nobody listens for are not kept. It completes after a SESSION_CLOSE_ACK that says `closed`, or
 * when `closed$` names it; a later packet of that id begins another stream. So what is held does not
 * grow with the sessions that came and went. Others end with the source. As with `groupBy`,
 * whoever leaves the stream of streams and stays with one of them goes on to receive its packets; the
 * source is unsubscribed when the last has left.
 *
 * @example
 * packets$.pipe(splitBySession()).subscribe((session$) => {
 *   session$.subscribe({ complete: () => console.log(`session ${session$.key} is over`) });
 * });
 *
 * @returns Streams by session id. The source's error is theirs too; an error of `closed$` counts as one
 * of the source.
 */
export function splitBySession(
  options: SplitBySessionOptions = {},
): OperatorFunction<Packet, GroupedObservable<number, Packet>> {
  const { closed$ = NEVER } = options;
  // Not groupBy: there, what ends a group by its own packets also keeps the source subscribed for good.
  return (source) =>
    new Observable((subscriber) => {
      const sessions = new Map<number, Subject<Packet>>();
      const abandoned$ = new ReplaySubject<void>(1);
      let listeners = 1;
      const leave = (): void => {
        if (--listeners === 0) abandoned$.next();
      };

      const begin = (sessionId: number): Subject<Packet> => {
        const packets$ = new Subject<Packet>();
        const session$ = new Observable<Packet>((listener) => {
          listeners++;
          listener.add(leave);
          return packets$.subscribe(listener);
        });
        sessions.set(sessionId, packets$);
        subscriber.next(Object.assign(session$, { key: sessionId }));
        return packets$;
      };
      const end = (sessionId: number, lastPacket?: Packet): void => {
        const packets$ = sessions.get(sessionId);
        // First: what its listeners cause may already be the next session of this id.
        sessions.delete(sessionId);
        if (lastPacket !== undefined) packets$?.next(lastPacket);
        packets$?.complete();
      };
      const settle = (notify: (sink: Pick<Observer<unknown>, 'error' | 'complete'>) => void): void => {
        const open = [...sessions.values()];
        sessions.clear();
        open.forEach(notify);
        notify(subscriber);
      };
      const error = (fault: unknown): void => {
        settle((sink) => {
          sink.error(fault);
        });
      };

      subscriber.add(leave);
      closed$.pipe(takeUntil(abandoned$)).subscribe({ next: (sessionId) => end(sessionId), error });
      source.pipe(takeUntil(abandoned$)).subscribe({
        next: (packet) => {
          const { sessionId } = packet.header;
          const packets$ = sessions.get(sessionId) ?? begin(sessionId);
          if (endsSession(packet)) end(sessionId, packet);
          else packets$.next(packet);
        },
        error,
        complete: () => {
          settle((sink) => {
            sink.complete();
          });
        },
      });
    });
}

/** Whether a packet is the last of its session. A broken ack ends nothing. */
function endsSession({ header, metadata }: Packet): boolean {
  if (header.messageType !== MessageType.SessionCloseAck) return false;
  try {
    return SessionCloseAckMetadata.decode(metadata).closeStatus === CloseStatus.Closed;
  } catch (error) {
    if (error instanceof NnrpError) return false;
    throw error;
  }
}
