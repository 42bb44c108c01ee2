import { defer, delay, filter, firstValueFrom, NEVER, tap, throwError, timer, type Observable } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import type { ClientOptions } from '../../../src/client/options';
import type { ClientSession } from '../../../src/client/session/session';
import type { Cluster, NodeEndpoint } from '../../../src/cluster/cluster';
import { memoryCluster, type MemoryCluster } from '../../../src/cluster/memory-cluster';
import type { ServerOptions } from '../../../src/server/options';
import { createServer, type Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { memory } from '../../../src/transport/memory';
import type { Transport } from '../../../src/transport/transport';
import type { Packet } from '../../../src/wire/packet';
import type { LogEnd, LogUpdate, LogVerdict, SessionLog } from '../../../src/cluster/session-log';
import { settled } from '../../support/async';
import { PausableTime, VirtualTime } from '../../support/virtual-time';

const RECONNECT = { minDelayMs: 10, maxDelayMs: 100 };
const tokenKey = 'a key that every node of this cluster has';

type Said = LogUpdate | LogEnd;

/** A session, as the log has it. */
interface LoggedState {
  readonly epoch: number;
  readonly fields: ReadonlyMap<string, Uint8Array>;
  readonly results: readonly { readonly packets: Uint8Array }[];
}

/** A server whose process may stand still, or be gone: nothing of it runs then, and nobody reaches it. */
export class VirtualNode {
  readonly time = new PausableTime();
  readonly server: Server;
  readonly failures: unknown[] = [];
  readonly sessions: ServerSession[] = [];
  readonly listen;
  /** Connections of clients, and links. */
  readonly transports = new Set<Transport>();
  state: 'runs' | 'stopped' | 'dead' = 'runs';

  constructor(cluster: Cluster, shared: VirtualTime, options: Partial<ServerOptions>) {
    this.listen = memory({ scheduler: shared });
    const { time: scheduler, listen } = this;
    this.server = createServer({ listen, cluster, tokenKey, scheduler, ...options });
    this.server.failures$.subscribe((failure) => this.failures.push(failure));
    this.server.violations$.subscribe(({ error }) => this.failures.push(error));
  }

  serve(respond: (session: ServerSession) => void): void {
    this.server.sessions$.subscribe((session) => {
      this.sessions.push(session);
      respond(session);
    });
  }
}

/** Nodes of one cluster in virtual time, each with a clock of its own, and clients that go round those that are there. */
export class VirtualNodes {
  readonly time = new VirtualTime();
  readonly cluster: MemoryCluster;
  readonly nodes: VirtualNode[] = [];
  readonly clients: Promise<Client>[] = [];
  /** What the log was told, call by call. */
  readonly calls: (readonly Said[])[] = [];
  /** Milliseconds that an owner's words take over links that are made from now on. */
  linkMs = 0;
  /** Milliseconds until the store answers who takes a session over. */
  takeoverMs = 0;
  /** Milliseconds until the store answers what is said to it. */
  answerMs = 0;
  private isPlugged = true;
  private isLosing = false;
  private unheard: readonly number[] = [];
  /** Connections of clients that carry nothing any more. */
  private readonly silent = new WeakSet<Transport>();
  private stoppedMs = 0;
  private preferred: VirtualNode | undefined;
  private areSettled = false;

  constructor(count: number, options: Partial<ServerOptions> = {}) {
    this.cluster = memoryCluster({ scheduler: this.time, log: true });
    for (let index = 0; index < count; index++) this.add(options);
  }

  add(options: Partial<ServerOptions> = {}): void {
    this.nodes.push(new VirtualNode(this.joining(), this.time, options));
  }

  /** What the log has of a session. */
  logged(sessionId: number): LoggedState {
    const { log } = this.cluster as unknown as {
      readonly log: { readonly sessions: Map<number, LoggedState> };
    };
    return log.sessions.get(sessionId)!;
  }

  serve(respond: (session: ServerSession) => void): void {
    for (const node of this.nodes) node.serve(respond);
  }

  async open(options: ClientOptions = {}, requestedSessionId = 0): Promise<ClientSession> {
    return this.opened(options, (client) => client.openSession({ requestedSessionId, reconnect: RECONNECT }));
  }

  /** Clients that connect from now on come to this node, as long as it runs. */
  sendTo(node: VirtualNode): void {
    this.preferred = node;
  }

  /** Of another client, which knows nothing of the session. */
  async resume(ticket: string, options: ClientOptions = {}): Promise<ClientSession> {
    return this.opened(options, (client) => client.resumeSession(ticket, { reconnect: RECONNECT }));
  }

  private async opened(
    options: ClientOptions,
    open: (client: Client) => Promise<ClientSession>,
  ): Promise<ClientSession> {
    await this.settle();
    const connecting = connect(this.endpoint, { scheduler: this.time, ...options });
    this.clients.push(connecting);
    const opening = connecting.then(open);
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    opening.then(over, over);
    await this.passUntil(() => isOver);
    return opening;
  }

  /** They have been there for a while before the first client comes: one that has just started takes nothing over. */
  private async settle(): Promise<void> {
    if (this.areSettled) return;
    this.areSettled = true;
    await this.pass(5);
    for (const time of [this.time, ...this.nodes.map((node) => node.time)]) time.advance(3000);
    await this.pass(5);
  }

  /** Which node has the clients: the one that they are sent to, or the first that runs. */
  get first(): VirtualNode {
    if (this.preferred?.state === 'runs') return this.preferred;
    return this.nodes.find(({ state }) => state === 'runs')!;
  }

  /** Nothing of a node runs any more, and its connections are cut. */
  crash(node: VirtualNode): void {
    node.state = 'dead';
    for (const transport of node.transports) transport.destroy();
  }

  /** Its process stands still; the network has it yet. */
  stop(node: VirtualNode): void {
    node.state = 'stopped';
    this.stoppedMs = 0;
  }

  continue(node: VirtualNode): void {
    node.state = 'runs';
    node.time.standStill(this.stoppedMs);
  }

  /** Clients reach nobody. */
  unplug(): void {
    this.isPlugged = false;
  }

  plug(): void {
    this.isPlugged = true;
  }

  /** What clients and a node send each other from now on is lost, and nobody says so. */
  hush(node: VirtualNode): void {
    for (const transport of node.transports) this.silent.add(transport);
  }

  storeIs(how: 'up' | 'down'): void {
    this.cluster.isUp = how === 'up';
  }

  cut(node: VirtualNode): void {
    for (const transport of node.transports) transport.destroy();
    node.transports.clear();
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed++) {
      this.time.advance(1);
      this.stoppedMs += 1;
      for (const { time, state } of this.nodes) if (state === 'runs') time.advance(1);
      await settled();
    }
  }

  /** A server ends, as fast as it may. */
  async close(node: VirtualNode): Promise<void> {
    let isOver = false;
    void node.server.close({ graceMs: 0 }).then(() => {
      isOver = true;
    });
    await this.passUntil(() => isOver);
    this.crash(node);
  }

  private async passUntil(holds: () => boolean, ms = 20_000): Promise<void> {
    for (let passed = 0; passed < ms && !holds(); passed++) await this.pass(1);
  }

  async end(): Promise<void> {
    const closing = Promise.all([
      ...this.clients.map((client) => client.then((each) => each.close())),
      ...this.nodes.filter(({ state }) => state === 'runs').map(({ server }) => server.close({ graceMs: 0 })),
    ]);
    let isOver = false;
    void closing.then(() => {
      isOver = true;
    });
    await this.passUntil(() => isOver);
  }

  private get endpoint(): ConnectEndpoint {
    return {
      kind: 'memory',
      url: 'memory:',
      connect: () =>
        defer(() => {
          if (!this.isPlugged) return throwError(() => new Error('the network is down'));
          return this.connectTo(this.first, this.first.listen).pipe(
            tap((transport) => this.carry(transport)),
          );
        }),
    };
  }

  private connectTo(node: VirtualNode | undefined, endpoint: ConnectEndpoint): Observable<Transport> {
    if (node?.state === 'dead') return throwError(() => new Error('nobody is there'));
    if (node?.state === 'stopped') return NEVER;
    return endpoint.connect().pipe(
      tap((transport) => {
        node?.transports.add(transport);
      }),
    );
  }

  private carry(transport: Transport): void {
    const { packets$ } = transport;
    const send = transport.send.bind(transport);
    const isCarried = (): boolean => !this.silent.has(transport);
    Object.assign(transport, {
      packets$: packets$.pipe(filter(isCarried)),
      send: (packet: Packet) => {
        if (isCarried()) send(packet);
      },
    });
  }

  /** The store says that it has what it is told, and has not. */
  losesTail(does: boolean): void {
    this.isLosing = does;
  }

  /** Of the servers of the store the one is away that has these sessions. */
  silence(...sessionIds: readonly number[]): void {
    this.unheard = sessionIds;
  }

  private async appendTo(log: SessionLog, updates: readonly Said[]): Promise<(LogVerdict | undefined)[]> {
    if (this.isLosing) return updates.map(() => ({ kind: 'kept' }));
    const heard = updates.filter(({ sessionId }) => !this.unheard.includes(sessionId));
    if (heard.length === 0) throw new Error('no server of the store answers');
    this.calls.push(heard);
    const verdicts = await log.append(heard);
    if (this.answerMs > 0) await firstValueFrom(timer(this.answerMs, this.time));
    const byUpdate = new Map(heard.map((update, index) => [update, verdicts[index]]));
    return updates.map((update) => byUpdate.get(update));
  }

  private joining(): Cluster {
    return {
      join: () => {
        const access = this.cluster.join();
        const log = access.log!;
        const append: typeof log.append = (updates) => this.appendTo(log, updates);
        const endpoint: NodeEndpoint = {
          ...access.endpoint,
          connect: (address) => this.link(access.endpoint, address),
        };
        const takeOver: typeof log.takeOver = async (...given) => {
          const taken = await log.takeOver(...given);
          if (this.takeoverMs > 0) await firstValueFrom(timer(this.takeoverMs, this.time));
          return taken;
        };
        return { ...access, log: { ...log, append, takeOver }, endpoint };
      },
    };
  }

  private link(endpoint: NodeEndpoint, address: string): ConnectEndpoint {
    const node = this.nodes[Number(address.split('//')[1]) - 1];
    const inner = endpoint.connect(address);
    const slow = (transport: Transport): void => {
      const { packets$ } = transport;
      if (this.linkMs > 0)
        Object.assign(transport, { packets$: packets$.pipe(delay(this.linkMs, this.time)) });
    };
    return { ...inner, connect: () => this.connectTo(node, inner).pipe(tap(slow)) };
  }
}
