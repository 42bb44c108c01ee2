import type { Socket } from 'node:net';
import type { Subscription } from 'rxjs';
import type { RuntimeError } from '../../protocol/runtime-error';
import type { GateTicket } from '../connection-gate';
import type { ListenOptions } from '../endpoint';
import { handshakeError, handshakeTimedOut } from '../network-errors';
import { peerPlace } from '../place';
import { scheduleAwake } from '../time/awake';
import { monotonicScheduler } from '../time/monotonic-scheduler';
import { takeProxyHeader } from './take-proxy-header';
import { enterGate } from './gate';

/** Milliseconds; see `TlsOptions.handshakeTimeoutMs` and `WebSocketOptions.handshakeTimeoutMs`. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 5_000;

export type HandshakePhase = 'PROXY' | 'TLS' | 'WebSocket';

interface Waiting {
  readonly socket: Socket;
  /** The peer; the client, once a proxy has said who that is. */
  peer: string;
  readonly ticket: GateTicket | undefined;
  readonly timer: Subscription;
  phase: HandshakePhase;
}

/**
 * The connections of a listener that are no transports yet: on their way through a proxy's header, TLS,
 * WebSocket's upgrade, or several of them. Cuts those that take too long, and all that are left when the listener stops.
 */
export class Handshakes {
  // By their addresses: TLS makes a socket of its own on the one that was accepted, and Node does not say
  // which belong together.
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly options: ListenOptions,
    private readonly timeoutMs: number = DEFAULT_HANDSHAKE_TIMEOUT_MS,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  /** A connection was accepted; nothing of it was read yet. */
  begin(socket: Socket, phase: HandshakePhase): void {
    // It may be reset at any time, and an 'error' that nobody listens for would end the process.
    socket.on('error', () => undefined);
    const place = placeOf(socket);
    if (place === undefined) {
      socket.destroy();
      return;
    }
    const ticket = enterGate(this.options.gate, socket);
    if (socket.destroyed) return;
    const timer = scheduleAwake(monotonicScheduler, this.timeoutMs, () => {
      this.leave(place, waiting);
      this.tell(handshakeTimedOut(waiting.phase, waiting.peer, this.timeoutMs), waiting.peer);
      socket.destroy();
    });
    const waiting: Waiting = { socket, peer: peerPlace(socket), ticket, timer, phase };
    this.waiting.set(place, waiting);
    socket.once('close', () => {
      if (!this.leave(place, waiting) || waiting.phase !== 'TLS') return;
      // Also where the client's certificate is not trusted: Node then closes the connection without a word.
      const cause = new Error('the connection ended before it was finished, or its certificate was refused');
      this.tell(handshakeError(waiting.phase, waiting.peer, cause), waiting.peer);
    });
  }

  /** A connection of a proxy was accepted; `next` is called once it has said who its client is. */
  awaitHeader(socket: Socket, next: () => void): void {
    this.begin(socket, 'PROXY');
    if (socket.destroyed) return;
    takeProxyHeader(socket, {
      taken: (client) => {
        this.advance(socket, 'PROXY', client);
        next();
      },
      failed: (error) => {
        this.fail(socket, error);
      },
    });
  }

  /** What comes next has begun; `client` is whom a proxy has named. */
  advance(socket: Socket, phase: HandshakePhase, client?: string): void {
    const waiting = this.find(socket);
    if (waiting === undefined) return;
    waiting.phase = phase;
    waiting.peer = client ?? waiting.peer;
  }

  /** The handshake is done. Undefined where the connection was cut, or is gone. */
  finish(socket: Socket): { readonly ticket: GateTicket | undefined; readonly peer: string } | undefined {
    const place = placeOf(socket);
    const waiting = this.find(socket);
    if (place === undefined || waiting === undefined) return undefined;
    this.leave(place, waiting);
    return { ticket: waiting.ticket, peer: waiting.peer };
  }

  /** Tells why the connection cannot become a transport, and cuts it. */
  fail(socket: Socket, cause: unknown): void {
    const waiting = this.find(socket);
    if (waiting === undefined) return;
    this.finish(socket);
    this.tell(handshakeError(waiting.phase, waiting.peer, cause), waiting.peer);
    socket.destroy();
    waiting.socket.destroy();
  }

  /** The listener stops. */
  close(): void {
    for (const [place, waiting] of [...this.waiting]) {
      this.leave(place, waiting);
      waiting.socket.destroy();
    }
  }

  private find(socket: Socket): Waiting | undefined {
    const place = placeOf(socket);
    return place === undefined ? undefined : this.waiting.get(place);
  }

  private leave(place: string, waiting: Waiting): boolean {
    waiting.timer.unsubscribe();
    return this.waiting.get(place) === waiting && this.waiting.delete(place);
  }

  private tell(error: RuntimeError, peer: string): void {
    this.options.refused?.(error, peer);
  }
}

/** The four numbers that no two connections share. Undefined where the peer is gone already. */
function placeOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return `${localAddress ?? ''} ${localPort ?? 0} ${remoteAddress} ${remotePort}`;
}
