import { filter, firstValueFrom, Observable, Subject, tap, type SchedulerLike } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import type { SessionOptions } from '../../src/client/options';
import type { ClientSession } from '../../src/client/session/session';
import type { ResultStream } from '../../src/client/submissions/results/result-stream';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit } from '../../src/server/session/session-message';
import {
  Listener,
  type ConnectEndpoint,
  type ListenEndpoint,
  type ListenerSink,
} from '../../src/transport/endpoint';
import { memory } from '../../src/transport/memory';
import { connectionError } from '../../src/transport/network-errors';
import type { Transport } from '../../src/transport/transport';
import { InFlightPolicy } from '../../src/wire/messages/session-close';
import type { Packet } from '../../src/wire/packet';
import { settled } from '../support/async';
import { text } from '../support/packets';
import { Peer } from '../support/peer';
import { Served } from '../support/served';

/** Both ends in the process, and hands on all that can happen between them. */
export class House {
  readonly place = memory({ pressure: { highWaterMark: 64, lowWaterMark: 16 } });
  readonly served: Served;
  readonly submits: Submit[] = [];
  /** Of the client, the newest last. */
  readonly transports: Transport[] = [];
  /** What comes to the client beside what its server sends. */
  readonly wire = new Subject<Packet>();
  /** Of the client, where its time is not everybody's. */
  scheduler: SchedulerLike | undefined;
  private sink: ListenerSink | undefined;
  private connected: Promise<Client> | undefined;
  private isPaused = false;

  constructor() {
    const failing: ListenEndpoint = {
      kind: 'memory',
      listen: () =>
        new Listener('memory', (sink) => {
          this.sink = sink;
        }),
    };
    this.served = new Served({ listen: [this.place, failing], limits: { maxConnections: 2 } });
  }

  get server(): Served['server'] {
    return this.served.server;
  }

  client(): Promise<Client> {
    const { scheduler } = this;
    return (this.connected ??= connect(this.endpoint(), {
      closeTimeoutMs: 50,
      ...(scheduler !== undefined && { scheduler }),
    }));
  }

  /** Both ends of a session. */
  async session(
    options: SessionOptions = {},
  ): Promise<{ readonly served: ServerSession; readonly asked: ClientSession }> {
    const asked = this.openSession(options);
    return { served: await firstValueFrom(this.server.sessions$), asked: await asked };
  }

  async openSession(options: SessionOptions = {}): Promise<ClientSession> {
    const client = await this.client();
    return client.openSession({ reconnect: { minDelayMs: 0 }, ...options });
  }

  /** A session whose submits are taken. */
  async taking(): Promise<{ readonly served: ServerSession; readonly asked: ClientSession }> {
    const ends = await this.session();
    ends.served.submits$.subscribe((submit) => this.submits.push(submit));
    return ends;
  }

  /** Both ends of an operation. */
  async operation(): Promise<{
    readonly served: ServerSession;
    readonly submit: Submit;
    readonly answer: ResultStream;
  }> {
    const { served, asked } = await this.taking();
    const answer = asked.submit({ body: 'x' });
    answer.subscribe({ error: () => undefined });
    await this.quiet();
    const [submit] = this.submits;
    if (submit === undefined) throw new Error('no submit has come');
    return { served, submit, answer };
  }

  /** The client does not read, and then does. */
  turnPressure(served: ServerSession): void {
    this.isPaused = !this.isPaused;
    const transport = this.transports.at(-1);
    if (this.isPaused) transport?.pause?.();
    else transport?.resume?.();
    if (this.isPaused) for (let frame = 1; frame < 5; frame += 1) served.sendHint(frame, {});
  }

  /** The connection is lost, and the session resumed. */
  async cut(asked: ClientSession): Promise<void> {
    this.transports.at(-1)?.destroy();
    for (const wanted of ['reconnecting', 'resumed']) {
      await firstValueFrom(asked.state$.pipe(filter((state) => state === wanted)));
    }
  }

  failListener(): void {
    this.sink?.error(connectionError('memory:', new Error('the network is gone')));
  }

  failConnection(): void {
    this.wire.error(connectionError('memory:', new Error('the network is gone')));
  }

  async abort(asked: ClientSession): Promise<void> {
    await asked.close({ inFlightPolicy: InFlightPolicy.Abort });
  }

  /** Answers in part, or to the end. */
  answer(served: ServerSession, part: 'partial' | 'complete'): void {
    for (const submit of this.submits) if (!submit.hasEnded) served.sendResult(submit[part](text('word')));
  }

  async stranger(): Promise<Peer> {
    return Peer.connect(this.place);
  }

  async quiet(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await settled();
  }

  /** The client, if there is one, goes. */
  async leave(): Promise<void> {
    await (await this.connected)?.close();
  }

  async end(): Promise<void> {
    await this.leave();
    await this.served.end();
  }

  private endpoint(): ConnectEndpoint {
    return {
      ...this.place,
      connect: () =>
        this.place.connect().pipe(
          tap((transport) => {
            this.transports.push(transport);
            this.join(transport);
          }),
        ),
    };
  }

  private join(transport: Transport): void {
    const { packets$ } = transport;
    const value = new Observable<Packet>((subscriber) => {
      subscriber.add(this.wire.subscribe(subscriber));
      return packets$.subscribe(subscriber);
    });
    Object.defineProperty(transport, 'packets$', { value });
  }
}
