import { NEVER, Subject } from 'rxjs';
import { createServer } from '../../../src';
import { Listener, ping, type Transport } from '../../../src/testing';
import { VirtualScheduler } from '../../simulation/time/virtual-scheduler';
import { MessageType, type Packet } from '../../../src/wire';

/** A connection that takes as long to close as its peer likes. */
class Lingering implements Transport {
  readonly kind = 'lingering';
  readonly peer = 'lingering#1';
  readonly packets$ = new Subject<Packet>();
  readonly pressure$ = NEVER;
  readonly queuedBytes = 0;
  readonly sent: Packet[] = [];
  isDestroyed = false;
  private closed: (() => void) | undefined;

  send(packet: Packet): void {
    this.sent.push(packet);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closed = resolve;
    });
  }

  destroy(): void {
    this.isDestroyed = true;
    this.closed?.();
  }

  /** The peer has ended its side. */
  finish(): void {
    this.closed?.();
  }
}

describe('a peer that has met a limit', () => {
  function served() {
    const transport = new Lingering();
    const scheduler = new VirtualScheduler();
    const server = createServer({
      listen: {
        kind: 'lingering',
        listen: () =>
          new Listener('lingering', (sink) => {
            sink.accept(transport);
            return undefined;
          }),
      },
      scheduler,
      keepAlive: { idleMs: 0 },
      limits: { pings: { burst: 2, perSecond: 0 } },
    });
    for (const number of [1, 2, 3]) transport.packets$.next(ping(number));
    return { transport, scheduler, server };
  }

  function pass(scheduler: VirtualScheduler, ms: number): void {
    const end = scheduler.now() + ms;
    while ((scheduler.nextTime ?? Infinity) <= end) scheduler.runNext();
    scheduler.skipTo(end);
  }

  it('has half a second to hear of it, and is cut then, whatever its connection would wait for', async () => {
    const { transport, scheduler, server } = served();
    const { Pong, Error } = MessageType;
    expect(transport.sent.map(({ header }) => header.messageType)).toEqual([Pong, Pong, Error]);
    pass(scheduler, 499);
    expect(transport.isDestroyed).toBe(false);
    pass(scheduler, 1);
    expect(transport.isDestroyed).toBe(true);
    await new Promise(setImmediate);
    expect(server.connectionCount).toBe(0);
  });

  it('is not cut where it ends its side in time', async () => {
    const { transport, scheduler, server } = served();
    transport.finish();
    await new Promise(setImmediate);
    expect(server.connectionCount).toBe(0);
    pass(scheduler, 1000);
    expect(transport.isDestroyed).toBe(false);
  });
});
