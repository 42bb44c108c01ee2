import { Observable, type SchedulerLike, type Subscription } from 'rxjs';
import {
  Listener,
  type ConnectEndpoint,
  type ListenEndpoint,
  type ListenerSink,
} from '../../../src/transport/endpoint';
import { connectError } from '../../../src/transport/network-errors';
import type { TransportKind } from '../../../src/transport/transport';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Packet } from '../../../src/wire/packet';
import { within, type FaultKind, type NetworkConditions } from './conditions';
import { Pipe } from './pipe';
import type { Random } from '../random';
import { SimulatedTransport, type Side, type TransportWatcher } from './simulated-transport';
import type { Host } from '../time/process';

/** Who looks on at all that the network carries. */
export interface NetworkWatcher {
  sending?(end: SimulatedTransport, packet: Packet): void;
  /** Before an end hands a packet over. */
  delivering?(end: SimulatedTransport, packet: Packet): void;
  /** After. */
  delivered?(end: SimulatedTransport, packet: Packet): void;
  connected?(client: SimulatedTransport, server: SimulatedTransport): void;
  /** Somebody asked for a connection and did not get one. */
  notConnected?(url: string, why: 'refused' | 'ignored'): void;
  broken?(connectionId: number, how: FaultKind): void;
  /** An end cuts its connection, with bytes of the other that have arrived and were not read. */
  destroying?(end: SimulatedTransport, unreadBytes: number): void;
  ended?(end: SimulatedTransport): void;
}

/** A place to listen and to connect to. */
export interface SimulatedEndpoint extends ListenEndpoint, ConnectEndpoint {
  /** The same place, to connect to from another process than the network's scheduler runs. */
  from(host: Host): ConnectEndpoint;
}

export interface SimulatedNetworkOptions {
  readonly scheduler: SchedulerLike;
  /** Where servers run. Default: nowhere in particular. */
  readonly server?: Host;
  readonly random: Random;
  readonly conditions: NetworkConditions;
  readonly watcher?: NetworkWatcher;
  /** Whether a packet is one that whoever sends it should see lost now and then. */
  readonly isPrecious?: (packet: Packet) => boolean;
}

/**
 * A network without sockets or clocks, that fails the way a seed has drawn: late, in pieces, in the
 * middle of a packet, without a word.
 *
 * @example
 * const network = new SimulatedNetwork({ scheduler, random, conditions });
 * const endpoint = network.endpoint('tcp');
 * const server = createServer({ listen: endpoint, scheduler });
 * const client = await connect(endpoint, { scheduler });
 */
export class SimulatedNetwork {
  private readonly connections = new Map<number, Connection>();
  private readonly listeners = new Map<string, { readonly sink: ListenerSink; readonly host: Host }>();
  private connectionCount = 0;
  private endpointCount = 0;
  private isHealed = false;

  constructor(private readonly options: SimulatedNetworkOptions) {}

  /** Connections of which at least one end does not know that they are over. */
  get openCount(): number {
    return this.connections.size;
  }

  /** Ends of the server's side that somebody reads from, or waits for the end of. */
  get servedCount(): number {
    let count = 0;
    for (const { server } of this.connections.values()) if (server.isRead || server.isClosing) count += 1;
    return count;
  }

  /** Bytes that the ends of one side have sent and that have not arrived. */
  queuedBytes(side: 'client' | 'server'): number {
    let bytes = 0;
    for (const connection of this.connections.values()) bytes += connection[side].queuedBytes;
    return bytes;
  }

  /** A place to connect to, and to listen at, in a process that runs servers. */
  endpoint(kind: TransportKind, host: Host = this.serverHost): SimulatedEndpoint {
    const url = `${kind}://simulated:${++this.endpointCount}`;
    const { scheduler } = this.options;
    return {
      kind,
      url,
      from: (host) => ({ kind, url, connect: () => this.connect(kind, url, host) }),
      listen: () =>
        new Listener(kind, (sink) => {
          this.listeners.set(url, { sink, host });
          sink.listening({ kind, host: 'simulated', port: this.endpointCount, url });
          return () => this.listeners.delete(url);
        }),
      connect: () => this.connect(kind, url, { scheduler, sockets: scheduler }),
    };
  }

  /** Faults stop: what is broken without a word is known to be, and nothing new breaks. */
  heal(): void {
    this.isHealed = true;
    for (const connection of this.connections.values()) connection.heal();
  }

  /** Whoever listens is gone: all that is connected breaks. */
  cutAll(): void {
    for (const connection of this.connections.values()) connection.breakAnyhow();
  }

  /** A process is gone: its kernel says so to whoever it is connected with, or its machine is gone, too. */
  crash(host: Host, how: 'reset' | 'silence'): void {
    for (const connection of [...this.connections.values()]) connection.lose(host, how);
  }

  /** Every connection that a process has made breaks. */
  cut(client: Host): void {
    for (const connection of [...this.connections.values()]) connection.cut(client);
  }

  private get serverHost(): Host {
    const { scheduler, server = { scheduler, sockets: scheduler } } = this.options;
    return server;
  }

  private connect(kind: TransportKind, url: string, host: Host): Observable<SimulatedTransport> {
    const { random, conditions, watcher } = this.options;
    return new Observable((subscriber) => {
      if (!this.isHealed && random.chance(conditions.ignoreChance)) {
        watcher?.notConnected?.(url, 'ignored');
        return undefined;
      }
      const listening = this.listeners.get(url)?.host ?? this.serverHost;
      // Nobody says so for one that is gone.
      const answering = listening.isGone === true ? this.options.scheduler : listening.sockets;
      return answering.schedule(
        () => {
          const listener = this.listeners.get(url);
          // It has not lived to see the answer.
          if (host.isGone === true) return;
          if (
            listener === undefined ||
            listener.host.isGone === true ||
            (!this.isHealed && random.chance(conditions.refuseChance))
          ) {
            watcher?.notConnected?.(url, 'refused');
            subscriber.error(connectError(url, new Error('refused')));
            return;
          }
          const { client, server } = this.join(kind, url, { client: host, server: listener.host });
          listener.sink.accept(server);
          const hand = (): void => {
            subscriber.next(client);
            subscriber.complete();
          };
          if (!host.isStandingStill) {
            hand();
            return;
          }
          // Nobody may have the patience until it wakes.
          subscriber.add(() => {
            if (!client.isRead) client.destroy();
          });
          subscriber.add(host.sockets.schedule(hand));
        },
        within(random, conditions.latencyMs),
      );
    });
  }

  private join(kind: TransportKind, url: string, hosts: Readonly<Record<Side, Host>>): Connection {
    const id = ++this.connectionCount;
    const connection = new Connection(id, kind, url, hosts, this.options, () => this.connections.delete(id));
    this.connections.set(id, connection);
    this.options.watcher?.connected?.(connection.client, connection.server);
    if (this.isHealed) connection.heal();
    else connection.liveUntilFault();
    return connection;
  }
}

/** Two ends, the pipes between them, and what happens to those. */
class Connection implements TransportWatcher {
  readonly client: SimulatedTransport;
  readonly server: SimulatedTransport;
  private readonly toServer: Pipe;
  private readonly toClient: Pipe;
  private fault: Subscription | undefined;
  private isHealed = false;

  constructor(
    private readonly id: number,
    kind: TransportKind,
    url: string,
    private readonly hosts: Readonly<Record<Side, Host>>,
    private readonly options: SimulatedNetworkOptions,
    private readonly over: () => void,
  ) {
    const { random, conditions } = options;
    this.toServer = new Pipe(hosts.server.sockets, random, conditions, () => {
      this.client.updatePressure();
    });
    this.toClient = new Pipe(hosts.client.sockets, random, conditions, () => {
      this.server.updatePressure();
    });
    const takes = { client: largestOf(random, conditions), server: largestOf(random, conditions) };
    const placeOf = (side: Side) => {
      const { scheduler } = hosts[side];
      const [largestPacket, peerTakes] = [takes[side], takes[side === 'client' ? 'server' : 'client']];
      return { connectionId: id, side, kind, scheduler, random, conditions, largestPacket, peerTakes };
    };
    this.client = new SimulatedTransport(
      {
        ...placeOf('client'),
        peer: url,
        outgoing: this.toServer,
        incoming: this.toClient,
      },
      this,
    );
    this.server = new SimulatedTransport(
      {
        ...placeOf('server'),
        peer: `peer#${id}`,
        outgoing: this.toClient,
        incoming: this.toServer,
      },
      this,
    );
  }

  /** Draws when something happens to the connection, and what. */
  liveUntilFault(): void {
    const { scheduler, random, conditions } = this.options;
    if (Object.values(conditions.faults).every((weight) => weight === 0)) return;
    this.fault = scheduler.schedule(
      () => {
        const kind = random.weighted(conditions.faults);
        if (kind === 'stall') {
          this.options.watcher?.broken?.(this.id, kind);
          for (const pipe of random.pick([
            [this.toServer],
            [this.toClient],
            [this.toServer, this.toClient],
          ])) {
            pipe.stall(within(random, conditions.stallMs));
          }
          this.liveUntilFault();
        } else {
          this.break(kind);
        }
      },
      within(random, conditions.lifetimeMs),
    );
  }

  breakAnyhow(): void {
    this.break(this.isHealed ? 'reset' : this.options.random.pick(['reset', 'truncate', 'silence']));
  }

  heal(): void {
    this.isHealed = true;
    this.fault?.unsubscribe();
    this.toServer.heal();
    this.toClient.heal();
  }

  cut(client: Host): void {
    if (client === this.hosts.client) this.break('reset');
  }

  /** What the host of an end has sent is on its way, and nothing comes after. */
  lose(host: Host, how: 'reset' | 'silence'): void {
    const side = host === this.hosts.client ? 'client' : 'server';
    if (host !== this.hosts[side]) return;
    const { random, conditions } = this.options;
    const pipe = side === 'client' ? this.toServer : this.toClient;
    const noticeMs = within(random, how === 'silence' ? conditions.silenceMs : conditions.noticeMs);
    pipe.cut({ keepBytes: random.int(0, pipe.queuedBytes), end: 'reset', noticeMs });
    this.fault?.unsubscribe();
    this[side].vanish();
  }

  sending(end: SimulatedTransport, packet: Packet): number | undefined {
    const { random, conditions, watcher, isPrecious } = this.options;
    watcher?.sending?.(end, packet);
    if (this.isHealed || isPrecious?.(packet) !== true || !random.chance(conditions.lastPacketChance)) {
      return undefined;
    }
    const length = HEADER_LENGTH + packet.metadata.length + packet.body.length;
    // All of it, none of it, or some.
    return random.pick([0, length, random.int(0, length)]);
  }

  delivering(end: SimulatedTransport, packet: Packet): void {
    this.options.watcher?.delivering?.(end, packet);
  }

  delivered(end: SimulatedTransport, packet: Packet): void {
    this.options.watcher?.delivered?.(end, packet);
  }

  breaking(end: SimulatedTransport, bytes: number): void {
    const { random } = this.options;
    const pipe = end.side === 'client' ? this.toServer : this.toClient;
    this.break(random.pick(['reset', 'truncate', 'silence']), { pipe, keepBytes: bytes });
  }

  destroying(end: SimulatedTransport, unreadBytes: number): void {
    this.options.watcher?.destroying?.(end, unreadBytes);
  }

  ended(end: SimulatedTransport): void {
    this.options.watcher?.ended?.(end);
    if (!this.client.isOver || !this.server.isOver) return;
    this.fault?.unsubscribe();
    this.over();
  }

  private break(how: Exclude<FaultKind, 'stall'>, at?: { pipe: Pipe; keepBytes: number }): void {
    const { random, conditions, watcher } = this.options;
    this.fault?.unsubscribe();
    watcher?.broken?.(this.id, how);
    for (const pipe of [this.toServer, this.toClient]) {
      const keepBytes = at?.pipe === pipe ? at.keepBytes : random.int(0, pipe.queuedBytes);
      // What is on its way takes longer than the end takes to hear of the other direction.
      if (random.chance(conditions.lagChance)) pipe.stall(within(random, conditions.stallMs));
      const noticeMs = within(random, how === 'silence' ? conditions.silenceMs : conditions.noticeMs);
      pipe.cut({ keepBytes, end: how === 'truncate' ? 'fin' : 'reset', noticeMs });
    }
  }
}

function largestOf(random: Random, { largestPacket }: NetworkConditions): number {
  return largestPacket === undefined ? 0xffffffff : within(random, largestPacket);
}
