import { createHash } from 'node:crypto';
import { firstValueFrom, Observable, type Subscription } from 'rxjs';
import { RuntimeError } from '../../src/protocol/runtime-error';
import type { ConnectEndpoint, ListenAddress, Listener } from '../../src/transport/endpoint';
import type { Transport } from '../../src/transport/transport';
import { MessageType } from '../../src/wire/message-type';
import { packet, type Packet } from '../../src/wire/packet';
import { pause, until } from '../support/until';

/** A packet that can be told from others by its frame id, with as much body as wanted. */
export function numbered(frameId: number, bodyLength = 0): Packet {
  const body = new Uint8Array(bodyLength);
  for (let at = 0; at < bodyLength; at++) body[at] = (frameId * 31 + at * 7 + (at >> 8)) & 0xff;
  return packet(
    { messageType: MessageType.FrameSubmit, sessionId: 42, frameId },
    Uint8Array.of(frameId),
    body,
  );
}

export const frameIds = (packets: readonly Packet[]): number[] => packets.map(({ header }) => header.frameId);

/** A packet as something that is fast to compare, however large it is. */
export function fingerprint({ header, metadata, body }: Packet): unknown {
  return { header: { ...header }, metadata: digest(metadata), body: digest(body) };
}

function digest(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`;
}

/** As an operator with a fault does: RxJS contains what an observer throws, and not what a subscriber does. */
export function throwing(packets$: Observable<Packet>): Observable<Packet> {
  return new Observable((subscriber) => {
    subscriber.next = () => {
      throw new Error('a reader that throws');
    };
    return packets$.subscribe(subscriber);
  });
}

/** What a stream told, in the order in which it did; it is subscribed at once. */
export class Recording<T> {
  readonly values: T[] = [];
  /** How often it ended, which is at most once. */
  ends = 0;
  error: unknown;
  readonly subscription: Subscription;

  constructor(stream$: Observable<T>, onValue: (value: T) => void = () => undefined) {
    this.subscription = stream$.subscribe({
      next: (value) => {
        this.values.push(value);
        onValue(value);
      },
      error: (error: unknown) => {
        this.ends++;
        this.error = error;
      },
      complete: () => {
        this.ends++;
      },
    });
  }

  get isOver(): boolean {
    return this.ends > 0;
  }

  async count(count: number): Promise<readonly T[]> {
    await until(() => this.values.length >= count || this.isOver, `value ${count}`);
    return this.values;
  }

  /** Waits for the end, and then for another that must not come. */
  async over(): Promise<{ readonly values: readonly T[]; readonly error: unknown }> {
    await until(() => this.isOver, 'the end of the stream');
    await pause(5);
    expect(this.ends).toBe(1);
    return this;
  }
}

/** Asserts what a stream of packets or a connection attempt failed with. */
export function expectFault(error: unknown, expected: Partial<RuntimeError>): void {
  expect(error).toBeInstanceOf(RuntimeError);
  expect(error).toMatchObject(expected);
}

/** Two ends of one connection. */
export interface Link {
  readonly accepted: Transport;
  readonly connected: Transport;
}

/** Listens, and keeps what connects. */
export class Reception {
  readonly transports: Transport[] = [];
  readonly subscription: Subscription;
  error: unknown;
  private taken = 0;

  constructor(readonly listener: Listener) {
    this.subscription = listener.subscribe({
      next: (transport) => this.transports.push(transport),
      error: (error: unknown) => (this.error = error),
    });
  }

  address(): Promise<ListenAddress> {
    return firstValueFrom(this.listener.address$);
  }

  async accept(): Promise<Transport> {
    await until(() => this.transports.length > this.taken, 'a transport');
    return this.transports[this.taken++]!;
  }

  async link(endpoint: ConnectEndpoint): Promise<Link> {
    const connected = await firstValueFrom(endpoint.connect());
    return { connected, accepted: await this.accept() };
  }

  close(): void {
    this.subscription.unsubscribe();
    for (const transport of this.transports) transport.destroy();
  }
}

const closers: (() => unknown)[] = [];

/** Has something closed after the test, whatever becomes of it. */
export function closedLater<T extends { close(): unknown } | { destroy(): unknown }>(subject: T): T {
  closers.push(() => ('destroy' in subject ? subject.destroy() : subject.close()));
  return subject;
}

const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'TCPConnectWrap', 'ConnectWrap', 'Timeout'];

/** How many of each are open. */
function open(): ReadonlyMap<string, number> {
  const counts = new Map(WATCHED.map((kind) => [kind, 0]));
  for (const kind of process.getActiveResourcesInfo()) {
    const count = counts.get(kind);
    if (count !== undefined) counts.set(kind, count + 1);
  }
  return counts;
}

/**
 * After each test, closes what is to be closed, and asserts that no socket, server, connection attempt
 * or timer is left of it.
 */
export function leavesNothingOpen(): void {
  let before: ReadonlyMap<string, number>;
  beforeEach(() => {
    before = open();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    const left = (): unknown[] => [...open()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    for (let tries = 0; left().length > 0 && tries < 100; tries++) await pause(5);
    expect(left()).toEqual([]);
  });
}
