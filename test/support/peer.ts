import { Subject, firstValueFrom, type Subscription } from 'rxjs';
import type { ConnectEndpoint } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';
import type { Packet } from '../../src/wire/packet';

/** The other end of a connection, by hand: sends packets and takes what comes, one by one. */
export class Peer {
  private readonly arrived: Packet[] = [];
  private readonly changes = new Subject<void>();
  private readonly reading: Subscription;
  private isOver = false;
  private failure: unknown;

  constructor(readonly transport: Transport) {
    this.reading = transport.packets$.subscribe({
      next: (packet) => {
        this.arrived.push(packet);
        this.changes.next();
      },
      error: (error: unknown) => {
        this.isOver = true;
        this.failure = error;
        this.changes.next();
      },
      complete: () => {
        this.isOver = true;
        this.changes.next();
      },
    });
  }

  static async connect(endpoint: ConnectEndpoint): Promise<Peer> {
    return new Peer(await firstValueFrom(endpoint.connect()));
  }

  /** Packets that came and were not taken. */
  get waiting(): number {
    return this.arrived.length;
  }

  send(...packets: readonly Packet[]): this {
    for (const packet of packets) this.transport.send(packet);
    return this;
  }

  /** The next packet; undefined where the connection ended instead. */
  async next(timeoutMs = 2000): Promise<Packet | undefined> {
    await this.until(() => this.arrived.length > 0 || this.isOver, timeoutMs);
    return this.arrived.shift();
  }

  /** Waits for the end of the connection; the error that it ended with, if any. */
  async ended(timeoutMs = 2000): Promise<unknown> {
    await this.until(() => this.isOver, timeoutMs);
    return this.failure;
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.reading.unsubscribe();
    this.transport.destroy();
  }

  private async until(isDone: () => boolean, timeoutMs: number): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription.unsubscribe();
        reject(new Error(`the peer saw nothing for ${timeoutMs} ms`));
      }, timeoutMs);
      const subscription = this.changes.subscribe(() => {
        if (!isDone()) return;
        clearTimeout(timer);
        subscription.unsubscribe();
        resolve();
      });
    });
  }
}
