import {
  connect,
  createServer,
  type Client,
  type ClientOptions,
  type ClientSession,
  type Server,
  type ServerOptions,
  type ServerSession,
  type SessionOptions,
  type Submit,
} from '../../../src';
import { PERFECT, type NetworkConditions } from '../network/conditions';
import { elapse } from '../time/elapse';
import { Random } from '../random';
import { SimulatedNetwork, type NetworkWatcher } from '../network/simulated-network';
import { type SimulatedTransport } from '../network/simulated-transport';
import { VirtualScheduler } from '../time/virtual-scheduler';
import type { Observable } from 'rxjs';
import type { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';

export const RECONNECT = { minDelayMs: 1, maxDelayMs: 5, jitter: 0, reopen: false };

/** The connection of a number, from 1, by its two ends. */
interface Ends {
  readonly client: SimulatedTransport;
  readonly server: SimulatedTransport;
}

/** What is to happen to packets of a type at an end of a connection, once. */
interface Trap {
  readonly when: 'sending' | 'delivering';
  readonly side: SimulatedTransport['side'];
  readonly connection: number;
  readonly messageType: MessageType;
  readonly spring: () => void;
}

export interface VirtualStageOptions {
  readonly server?: Partial<ServerOptions>;
  readonly conditions?: Partial<NetworkConditions>;
}

/** A server, clients, and a network between them that breaks where a test wants it to, in virtual time. */
export class VirtualStage {
  readonly scheduler = new VirtualScheduler(1_000_000);
  readonly connections: Ends[] = [];
  /** Every packet that was sent, in order. */
  readonly sent: { readonly end: SimulatedTransport; readonly packet: Packet }[] = [];
  readonly network: SimulatedNetwork;
  readonly server: Server;
  readonly tcp;
  readonly webSocket;
  private readonly traps: Trap[] = [];

  constructor({ server, conditions }: VirtualStageOptions = {}) {
    const { scheduler } = this;
    const watcher: NetworkWatcher = {
      connected: (client, accepted) => this.connections.push({ client, server: accepted }),
      sending: (end, packet) => {
        this.sent.push({ end, packet });
        this.spring('sending', end, packet);
      },
      delivering: (end, packet) => {
        this.spring('delivering', end, packet);
      },
    };
    const random = new Random(1);
    this.network = new SimulatedNetwork({
      scheduler,
      random,
      conditions: { ...PERFECT, ...conditions },
      watcher,
    });
    this.tcp = this.network.endpoint('tcp');
    this.webSocket = this.network.endpoint('websocket');
    this.server = createServer({
      listen: [this.tcp, this.webSocket],
      scheduler,
      randomBytes: (length) => random.bytes(length),
      ...server,
    });
  }

  elapse(ms: number): Promise<void> {
    return elapse(this.scheduler, ms);
  }

  /** Lets time go by until a promise is settled; not more than a minute of it. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    const waiting = { isOver: false };
    const settle = (): void => {
      waiting.isOver = true;
    };
    promise.then(settle, settle);
    for (let waited = 0; !waiting.isOver && waited < 60_000; waited++) await this.elapse(1);
    if (!waiting.isOver) throw new Error('nothing came of it within a minute');
    return promise;
  }

  connect(options: ClientOptions = {}): Promise<Client> {
    return this.settled(
      connect(this.tcp, { scheduler: this.scheduler, random: () => 0, revision: 'preview3', ...options }),
    );
  }

  /** The server answers each submit so. Gives its sessions, as they come. */
  answer(respond: (submit: Submit) => Observable<Uint8Array>): readonly ServerSession[] {
    const sessions: ServerSession[] = [];
    this.server.sessions$.subscribe((session) => {
      sessions.push(session);
      session.respond(respond);
    });
    return sessions;
  }

  /** A client with a session that comes back, unless the options say otherwise. */
  async open(options: SessionOptions = {}): Promise<{ client: Client; session: ClientSession }> {
    const client = await this.connect();
    const session = await this.settled(
      client.openSession({ defaultDeadlineMs: 0, reconnect: RECONNECT, ...options }),
    );
    return { client, session };
  }

  /** Everything ends, and nothing is left. */
  async end(): Promise<void> {
    await this.settled(this.server.close());
    await this.elapse(200_000);
    expect([this.scheduler.pendingCount, this.network.openCount, this.server.sessionCount]).toEqual([
      0, 0, 0,
    ]);
  }

  /** The client's end of a connection is gone, from now on. */
  cut(connection: number): void {
    this.ends(connection).client.destroy();
  }

  /** Does something when a packet of a type is sent or arrives, before anybody looks at it; once. */
  on(
    [when, side, connection, messageType]: readonly [Trap['when'], Trap['side'], number, MessageType],
    spring: () => void,
  ): void {
    this.traps.push({ when, side, connection, messageType, spring });
  }

  ends(connection: number): Ends {
    const ends = this.connections[connection - 1];
    if (ends === undefined) throw new Error(`there is no connection ${connection}`);
    return ends;
  }

  private spring(when: Trap['when'], end: SimulatedTransport, { header }: Packet): void {
    const index = this.traps.findIndex(
      (trap) =>
        trap.when === when &&
        trap.side === end.side &&
        trap.connection === end.connectionId &&
        trap.messageType === header.messageType,
    );
    if (index >= 0) this.traps.splice(index, 1)[0]?.spring();
  }
}
