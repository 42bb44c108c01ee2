import { tap } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import { sharedObjects } from '../../../src/client/session/shared-objects';
import { SessionRejectedError } from '../../../src/client/errors';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { nameOf } from '../records';
import type { Random } from '../random';
import type { ClientScenario } from '../scenario';
import { SessionActor } from './session-actor';
import { SimulatedTransport } from '../network/simulated-transport';
import { Process } from '../time/process';
import type { WireWatch } from '../wire/wire-watch';
import { sleep, type World } from '../world';

/** Milliseconds between two attempts of somebody who is not connected. */
const PAUSE_MS = 15;

/** A program that connects, opens sessions, works with them, and starts anew when it lost them. */
export class ClientActor {
  readonly process: Process;
  private readonly random: Random;
  private readonly endpoints: readonly ConnectEndpoint[];
  private readonly sessions = new Set<SessionActor>();
  private client: Client | undefined;

  constructor(
    private readonly world: World,
    private readonly scenario: ClientScenario,
    watch: WireWatch,
  ) {
    this.random = world.random.fork(scenario.name);
    this.process = new Process(world.scheduler);
    watch.runs(scenario.name, this.process);
    this.endpoints = world.endpoints.map((endpoint) =>
      owned(endpoint.from(this.process), scenario.name, watch),
    );
  }

  get name(): string {
    return this.scenario.name;
  }

  /** Works until faults stop. */
  async live(): Promise<void> {
    const { world, random } = this;
    await sleep(this.process, random.int(0, 30));
    while (world.isActive) {
      const client = await this.connect();
      if (client !== undefined) await this.use(client);
      await sleep(this.process, PAUSE_MS);
    }
  }

  /** Gives up what would never end. */
  settle(): void {
    for (const session of this.sessions) session.settle();
  }

  /** Closes everything. */
  async finish(): Promise<void> {
    if (this.scenario.closesSessions) await Promise.all([...this.sessions].map((session) => session.close()));
    await this.client?.close();
  }

  private async connect(): Promise<Client | undefined> {
    const { world, random, scenario } = this;
    const endpoint = random.pick(this.endpoints);
    try {
      const client = await connect(endpoint, {
        scheduler: this.process.scheduler,
        wallClock: world.wallClock,
        random: () => random.next(),
        connectTimeoutMs: scenario.connectTimeoutMs,
        keepAlive: scenario.keepAlive,
        revision: scenario.revision,
      });
      world.clients.push(client);
      this.client = client;
      this.follow(client);
      return client;
    } catch (error) {
      world.ledger.tell(this.name, `cannot connect: ${messageOf(error)}`);
      return undefined;
    }
  }

  private follow(client: Client): void {
    const { ledger } = this.world;
    ledger.follow(client.violations$, (error) => {
      ledger.count(`violation at a client: ${error.kind}`);
      ledger.tell(this.name, `server at fault: ${error.message}`);
      if (error.kind === 'internal') ledger.violated(0, `${this.name} failed at a packet: ${error.message}`);
    });
    ledger.follow(client.errors$, () => {
      ledger.count('ERRORs of connection scope');
    });
    const ended = (): void => {
      ledger.tell(this.name, 'its client has ended');
      if (this.client === client) this.client = undefined;
    };
    client.ended$.subscribe({ error: ended, complete: ended });
  }

  /** Until the client is lost, closed, or faults stop. */
  private async use(client: Client): Promise<void> {
    const { world, random, scenario } = this;
    while (world.isActive && this.client === client) {
      const living = [...this.sessions].filter((session) => session.isAlive).length;
      if (living < scenario.sessions) await this.open(client);
      await sleep(this.process, random.int(5, 60));
      if (!world.isActive || !random.chance(0.01)) continue;
      world.ledger.tell(this.name, 'closes its client');
      world.ledger.count('clients closed');
      await client.close();
    }
  }

  private async open(client: Client): Promise<void> {
    const { world, random, scenario, name } = this;
    const { reconnect, maxInFlight, maxBufferedBytes, slowConsumerMs, objects } = scenario;
    const record = world.ledger.openSession({
      actor: name,
      isObedient: true,
      isReconnecting: reconnect !== undefined,
      maxBufferedBytes,
    });
    try {
      const session = await client.openSession({
        requestedSessionId: random.chance(0.1) ? 1000 + random.int(1, 3) : 0,
        clientSessionTag: record.tag,
        maxInFlightOperations: maxInFlight,
        defaultDeadlineMs: 0,
        auth: new TextEncoder().encode(name),
        ...(maxBufferedBytes !== undefined && { maxBufferedBytes }),
        ...(slowConsumerMs !== undefined && { slowConsumerMs }),
        ...(objects !== undefined && { objects: sharedObjects(objects) }),
        ...(reconnect === undefined ? { allowResume: random.chance(0.3) } : { reconnect }),
      });
      world.ledger.count(`sessions of ${session.revision}`);
      world.ledger.goesOver(record, session);
      const actor = new SessionActor(world, record.tag, session, {
        client,
        process: this.process,
        random: random.fork(`session ${record.tag}`),
        paceMs: scenario.paceMs,
        endpoints: this.endpoints,
        scenario,
      });
      this.sessions.add(actor);
      void actor.live().then(() => this.sessions.delete(actor));
    } catch (error) {
      world.ledger.tell(name, `cannot open ${nameOf(record)}: ${messageOf(error)}`);
      world.ledger.count(error instanceof SessionRejectedError ? 'opens refused' : 'opens lost');
    }
  }
}

/** An endpoint whose connections are known to be an actor's. */
export function owned(endpoint: ConnectEndpoint, actor: string, watch: WireWatch): ConnectEndpoint {
  return {
    kind: endpoint.kind,
    url: endpoint.url,
    connect: () =>
      endpoint.connect().pipe(
        tap((transport) => {
          if (transport instanceof SimulatedTransport) watch.belongs(transport.connectionId, actor);
        }),
      ),
  };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
