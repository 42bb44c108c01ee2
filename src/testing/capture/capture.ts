import { map, tap, type Observable, type SchedulerLike } from 'rxjs';
import { Listener, type ConnectEndpoint, type ListenEndpoint } from '../../transport/endpoint';
import type { PeerName, Transport, TransportKind } from '../../transport/transport';
import { CommonHeader } from '../../wire/header';
import type { Packet } from '../../wire/packet';

/** Which way a packet went. */
export type CaptureDirection = 'sent' | 'received';

/** What happened on a transport. */
export type CapturedEvent =
  | {
      readonly kind: 'packet';
      readonly direction: CaptureDirection;
      /** Milliseconds since the capture began. */
      readonly at: number;
      readonly packet: Packet;
    }
  | {
      /** The connection ended: in good order, or by a failure. */
      readonly kind: 'end' | 'cut';
      /** Who ended it: this side, or the other. */
      readonly direction: CaptureDirection;
      readonly at: number;
    };

/** What a capture goes by. */
export interface CaptureOptions {
  /** The clock. Default `Date`. */
  readonly clock?: Pick<SchedulerLike, 'now'>;
  /** Events after which nothing more is recorded. Default 100,000. */
  readonly maxEvents?: number;
}

const DEFAULT_MAX_EVENTS = 100_000;

/** A transport that remembers what went over it. */
export interface CapturedTransport extends Transport {
  /** So far, in order. */
  readonly events: readonly CapturedEvent[];
}

/**
 * Wraps a transport so that it remembers its packets and when they came and went; nothing else about it
 * changes. What `toMarbles` makes a string of.
 *
 * @example
 * const captured = capture(transport);
 * …
 * console.log(toMarbles(captured.events).sent);
 */
export function capture(transport: Transport, options: CaptureOptions = {}): CapturedTransport {
  return new RecordingTransport(transport, options);
}

/** An endpoint whose connections are captured. */
export interface CapturedEndpoint<E> {
  readonly endpoint: E;
  /** Every connection so far, in order. */
  readonly captures: readonly CapturedTransport[];
}

/**
 * Captures every connection of an endpoint, whether a server listens on it or a client connects to it.
 *
 * @example
 * const { endpoint, captures } = captureEndpoint(tcp({ port: 4433 }));
 * const client = await connect(endpoint);
 */
export function captureEndpoint<E extends Partial<ListenEndpoint> & Partial<ConnectEndpoint>>(
  endpoint: E,
  options: CaptureOptions = {},
): CapturedEndpoint<E> {
  const captures: CapturedTransport[] = [];
  const captured = (transport: Transport): CapturedTransport => {
    const recording = capture(transport, options);
    captures.push(recording);
    return recording;
  };
  const { listen, connect, kind = 'captured' } = endpoint;
  const watched = {
    ...endpoint,
    ...(listen && { listen: () => capturedListener(kind, listen.call(endpoint), captured) }),
    ...(connect && { connect: () => connect.call(endpoint).pipe(map(captured)) }),
  };
  return { endpoint: watched, captures };
}

function capturedListener(
  kind: TransportKind,
  inner: Listener,
  captured: (transport: Transport) => Transport,
): Listener {
  return new Listener(kind, (sink) => {
    const fail = (error: unknown): void => {
      sink.error(error instanceof Error ? error : new Error(String(error)));
    };
    const accepting = inner.subscribe({
      next: (transport) => {
        sink.accept(captured(transport));
      },
      error: fail,
    });
    accepting.add(
      inner.address$.subscribe({
        next: (address) => {
          sink.listening(address);
        },
        // The listener says so as well.
        error: () => undefined,
      }),
    );
    return accepting;
  });
}

class RecordingTransport implements CapturedTransport {
  readonly kind: TransportKind;
  readonly peer: PeerName;
  readonly packets$: Observable<Packet>;
  readonly pressure$: Observable<boolean>;
  readonly probe?: (onAnswer: () => void) => void;
  readonly events: CapturedEvent[] = [];
  private readonly clock: Pick<SchedulerLike, 'now'>;
  private readonly start: number;
  private readonly maxEvents: number;
  private isOver = false;

  constructor(
    private readonly inner: Transport,
    { clock = { now: () => Date.now() }, maxEvents = DEFAULT_MAX_EVENTS }: CaptureOptions,
  ) {
    this.clock = clock;
    this.start = clock.now();
    this.maxEvents = maxEvents;
    this.kind = inner.kind;
    this.peer = inner.peer;
    this.pressure$ = inner.pressure$;
    const { probe } = inner;
    if (probe !== undefined) this.probe = (onAnswer) => probe.call(inner, onAnswer);
    this.packets$ = inner.packets$.pipe(
      tap({
        next: (packet) => {
          this.note('received', packet);
        },
        error: () => {
          this.over('cut', 'received');
        },
        complete: () => {
          this.over('end', 'received');
        },
      }),
    );
  }

  get queuedBytes(): number {
    return this.inner.queuedBytes;
  }

  send(packet: Packet): void {
    // Only what could be sent.
    this.inner.send(packet);
    this.note('sent', packet);
  }

  close(): Promise<void> {
    this.over('end', 'sent');
    return this.inner.close();
  }

  destroy(): void {
    this.over('cut', 'sent');
    this.inner.destroy();
  }

  private note(direction: CaptureDirection, { header, metadata, body }: Packet): void {
    if (this.isOver || this.events.length >= this.maxEvents) return;
    // Copies: a packet may be a view of a much larger buffer.
    const packet = { header: CommonHeader.of(header), metadata: metadata.slice(), body: body.slice() };
    this.events.push({ kind: 'packet', direction, at: this.elapsed(), packet });
  }

  private over(kind: 'end' | 'cut', direction: CaptureDirection): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.push({ kind, direction, at: this.elapsed() });
  }

  private elapsed(): number {
    return this.clock.now() - this.start;
  }
}
