import { Observable, ReplaySubject, type TeardownLogic } from 'rxjs';
import type { Transport, TransportKind } from './transport';

/** Where a listener can be reached. */
export interface ListenAddress {
  readonly kind: TransportKind;
  readonly host: string;
  readonly port: number;
  /** As a client would write it: `tcp://127.0.0.1:4433`. */
  readonly url: string;
}

/** What a listener tells while it runs. */
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
  private readonly bound = new ReplaySubject<ListenAddress>(1);
  /** The address, once bound; with port 0 it tells which port it became. */
  readonly address$: Observable<ListenAddress> = this.bound.asObservable();

  constructor(
    readonly kind: TransportKind,
    listen: (sink: ListenerSink) => TeardownLogic,
  ) {
    super((subscriber) =>
      listen({
        listening: (address) => {
          this.bound.next(address);
        },
        accept: (transport) => {
          if (subscriber.closed) transport.destroy();
          else subscriber.next(transport);
        },
        error: (error) => {
          this.bound.error(error);
          subscriber.error(error);
        },
      }),
    );
  }
}

/** What a server can listen on. */
export interface ListenEndpoint {
  readonly kind: TransportKind;
  listen(): Listener;
}

/** What a client can connect to. */
export interface ConnectEndpoint {
  readonly kind: TransportKind;
  /** As errors name it: `tcp://127.0.0.1:4433`. */
  readonly url: string;
  /** Connects on subscription; emits one transport and completes, or errors with a `RuntimeError`. */
  connect(): Observable<Transport>;
}
