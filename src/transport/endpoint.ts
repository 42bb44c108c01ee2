import { defer, Observable, ReplaySubject, type TeardownLogic } from 'rxjs';
import type { RuntimeError } from '../protocol/runtime-error';
import type { ConnectionGate } from './connection-gate';
import type { PeerName, Transport, TransportKind } from './transport';

/** Where a listener can be reached. */
export interface ListenAddress {
  readonly kind: TransportKind;
  readonly host: string;
  readonly port: number;
  /** As a client would write it: `tcp://127.0.0.1:4433`. */
  readonly url: string;
}

/** Takes what a listener tells while it runs. */
export interface ListenerSink {
  /** Bound: peers can connect now. */
  listening(address: ListenAddress): void;
  /** A peer has connected. */
  accept(transport: Transport): void;
  /** Cannot listen, or not any more. */
  error(error: Error): void;
}

/**
 * A stream of the transports of peers that connect. Subscribing binds, unsubscribing stops accepting;
 * transports accepted before live on. A transport of your own (QUIC, a pipe) is a listener made with
 * your function.
 *
 * @example
 * const listener = new Listener('quic', (sink) => {
 *   const socket = quic.listen(4433, () => sink.listening({ kind: 'quic', host: '::', port: 4433, url: 'quic://[::]:4433' }));
 *   socket.on('stream', (stream) => sink.accept(new QuicTransport(stream)));
 *   return () => socket.close();
 * });
 */
export class Listener extends Observable<Transport> {
  /**
   * The address, once bound; with port 0 it tells which port it became. Errors where the listener does,
   * completes when it stops.
   */
  readonly address$: Observable<ListenAddress>;

  constructor(
    readonly kind: TransportKind,
    listen: (sink: ListenerSink) => TeardownLogic,
  ) {
    let bound = new ReplaySubject<ListenAddress>(1);
    let isFresh = true;
    super((subscriber) => {
      // Whoever subscribes again, after a failure say, binds again, to another port perhaps.
      if (!isFresh) bound = new ReplaySubject(1);
      isFresh = false;
      const address = bound;
      subscriber.add(() => {
        address.complete();
      });
      const fail = (error: unknown): void => {
        address.error(error);
        subscriber.error(error);
      };
      try {
        return listen({
          listening: (at) => {
            address.next(at);
          },
          accept: (transport) => {
            if (subscriber.closed) transport.destroy();
            else subscriber.next(transport);
          },
          error: fail,
        });
      } catch (error) {
        fail(error);
        return undefined;
      }
    });
    this.address$ = defer(() => bound);
  }
}

/** Options of listening, from the server that listens. */
export interface ListenOptions {
  /** Where each connection is announced as it is accepted. Default none. */
  readonly gate?: ConnectionGate | undefined;
  /**
   * Hears of connections that never became a transport: a TLS handshake that failed or took too long, a
   * WebSocket that was refused. Default nobody.
   */
  readonly refused?: ((error: RuntimeError, peer: PeerName) => void) | undefined;
  /**
   * Whether a port is this process's alone: workers of `node:cluster` share theirs else, also one that the system chose.
   * Default false.
   */
  readonly exclusive?: boolean | undefined;
}

/** A place that a server can listen on. */
export interface ListenEndpoint {
  readonly kind: TransportKind;
  /** Binds once it is subscribed to; emits a transport for each peer that connects. */
  listen(options?: ListenOptions): Listener;
}

/** A place that a client can connect to. */
export interface ConnectEndpoint {
  readonly kind: TransportKind;
  /** As errors name it: `tcp://127.0.0.1:4433`. */
  readonly url: string;
  /** Connects on subscription; emits one transport and completes, or errors with a `RuntimeError`. */
  connect(): Observable<Transport>;
}
