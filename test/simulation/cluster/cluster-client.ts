import { defer, throwError, type Subscription } from 'rxjs';
import { connect, type Client } from '../../../src/client/client';
import { OperationError } from '../../../src/client/errors';
import { FIRST_OWN_ID } from '../../../src/cluster/reserved-ids';
import type { ClientSession } from '../../../src/client/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { connectError } from '../../../src/transport/network-errors';
import { CloseReason } from '../../../src/wire/messages/session-close';
import { within } from '../network/conditions';
import type { Random } from '../random';
import { Process } from '../time/process';
import { sleep } from '../world';
import { saidByOwner, surfaced } from './invariants';
import { watchLate } from './late-joins';
import type { OperationRecord, SessionRecord } from './ledger';
import type { ClusterClientScenario } from './scenario';
import type { ClusterWorld } from './world';

/** Sooner than a server gives a session up. */
const RECONNECT = { minDelayMs: 20, maxDelayMs: 500, reopen: false };

/** Milliseconds that an answer takes at most. */
const LONGEST_ANSWER_MS = 15_000;

/** Milliseconds between two attempts of somebody who has no session. */
const PAUSE_MS = 50;

/** A program that asks, and comes back to any node. */
export class ClusterClient {
  private readonly random: Random;
  private readonly process: Process;
  private client: Client | undefined;
  /** Of pages that were loaded again. */
  private readonly pages: Client[] = [];
  private readonly reloads: Random;
  private awayUntil = 0;

  constructor(
    private readonly world: ClusterWorld,
    private readonly scenario: ClusterClientScenario,
  ) {
    this.random = world.random.fork(scenario.name);
    this.reloads = world.random.fork(`${scenario.name} reloads`);
    this.process = new Process(world.scheduler);
  }

  /** It reaches nobody for a while, and loses what it has. */
  goAway(ms: number): void {
    this.awayUntil = this.world.scheduler.now() + ms;
    this.world.network.cut(this.process);
  }

  comeBack(): void {
    this.awayUntil = 0;
  }

  live(): void {
    for (let session = 1; session <= this.scenario.sessions; session++) void this.use(session);
  }

  async finish(): Promise<void> {
    const clients = this.client === undefined ? this.pages : [this.client, ...this.pages];
    await Promise.all(clients.map((client) => client.close()));
  }

  /** One session after the other. */
  private async use(index: number): Promise<void> {
    const { world, scenario } = this;
    for (let life = 1; world.isActive; life++) {
      const record = world.ledger.openSession(`${scenario.name}/${index}.${life}`);
      let session = await this.open(record);
      while (session !== undefined) session = await this.ask(session, record);
      record.isOver = true;
      await sleep(this.process, PAUSE_MS);
    }
  }

  private async open(record: SessionRecord): Promise<ClientSession | undefined> {
    const { ledger } = this.world;
    try {
      this.client ??= await this.connect();
      const session = await this.client.openSession({
        requestedSessionId: 0,
        maxInFlightOperations: 4,
        defaultDeadlineMs: 0,
        reconnect: RECONNECT,
      });
      record.sessionId = session.sessionId;
      // No range was to be had: it is its own node's alone.
      record.isForsaken = session.sessionId >= FIRST_OWN_ID;
      ledger.tell(record.name, 'is open');
      ledger.count('sessions');
      return session;
    } catch (error) {
      ledger.tell(record.name, `cannot be opened: ${error instanceof Error ? error.name : String(error)}`);
      ledger.count('opens in vain');
      return undefined;
    }
  }

  private async connect(): Promise<Client> {
    const { world, scenario, random, process } = this;
    const client = await connect(this.endpoint, {
      scheduler: process.scheduler,
      wallClock: world.wallClock,
      random: () => random.next(),
      connectTimeoutMs: 1000,
      answerTimeoutMs: 4000,
      keepAlive: { idleMs: scenario.idleMs, timeoutMs: 1000 },
      revision: scenario.revision,
      reconnect: { ...RECONNECT, giveUpMs: Infinity },
    });
    const ended = (): void => {
      if (this.client === client) this.client = undefined;
    };
    client.ended$.subscribe({ error: ended, complete: ended });
    client.violations$.subscribe((error) => {
      world.ledger.violated(0, `${scenario.name} was sent what nobody sends: ${error.message}`);
    });
    return client;
  }

  /** Leads to any node that is said to be there. */
  private get endpoint(): ConnectEndpoint {
    const url = 'tcp://balancer';
    return {
      kind: 'tcp',
      url,
      connect: () =>
        defer(() => {
          const serving = this.world.nodes.filter(({ isServing }) => isServing);
          if (serving.length === 0 || this.world.scheduler.now() < this.awayUntil) {
            return throwError(() => connectError(url, new Error('nobody is there')));
          }
          return this.random.pick(serving).endpoint.from(this.process).connect();
        }),
    };
  }

  /** Resolves with the session as another page has it, where one was loaded in the place of this. */
  private async ask(session: ClientSession, record: SessionRecord): Promise<ClientSession | undefined> {
    const { world, scenario, random } = this;
    const over = { is: false };
    const page = record.reloads;
    session.state$.subscribe({
      complete: () => {
        over.is = true;
        if (session.ended?.closeReason !== CloseReason.ServerShutdown) return;
        record.ends.push({ page, at: world.scheduler.now() });
      },
      error: () => {
        over.is = true;
      },
    });
    let ticket = '';
    session.ticket$.subscribe((newest) => {
      ticket = newest;
    });
    const open = new Set<OperationRecord>();
    while (world.isActive && !over.is) {
      if (open.size < 4) this.submit(session, record, page, open);
      await sleep(this.process, within(random, scenario.paceMs));
      if (over.is || !this.reloads.chance(scenario.reloadChance)) continue;
      const next = await this.reload(ticket, record);
      if (next !== undefined) return next;
    }
    world.ledger.tell(record.name, over.is ? 'is over' : 'asks no more');
    return undefined;
  }

  /** Another page comes for the session, with its ticket; undefined where it is not given it. */
  private async reload(ticket: string, record: SessionRecord): Promise<ClientSession | undefined> {
    const { ledger } = this.world;
    record.reloads += 1;
    try {
      const page = await this.connect();
      this.pages.push(page);
      const session = await page.resumeSession(ticket, { reconnect: RECONNECT });
      ledger.tell(record.name, 'is had by another page');
      watchLate(this.world, session);
      return session;
    } catch (error) {
      ledger.tell(
        record.name,
        `is not given to a page: ${error instanceof Error ? error.name : String(error)}`,
      );
      ledger.count('late: not given');
      return undefined;
    }
  }

  private submit(
    session: ClientSession,
    record: SessionRecord,
    page: number,
    open: Set<OperationRecord>,
  ): void {
    const { scenario, random, world } = this;
    const { ledger } = world;
    const partMs = within(random, scenario.partMs);
    const count = Math.min(within(random, scenario.parts), Math.ceil(LONGEST_ANSWER_MS / (partMs + 1)));
    const operation = ledger.submit(record, { page, count, partMs });
    open.add(operation);
    const ended = (outcome: OperationRecord['outcome'], detail = ''): void => {
      open.delete(operation);
      if (operation.outcome !== undefined) {
        ledger.violated(
          21,
          `operation ${operation.index} ended as ${operation.outcome}, and then as ${outcome}`,
        );
      }
      operation.outcome = outcome;
      operation.endedAt = this.world.scheduler.now();
      operation.detail = detail;
      ledger.count(`outcome: ${outcome}`);
      ledger.tell(record.name, `${operation.index} ends: ${outcome}`);
    };
    const asking: Subscription = session.submit({ body: String(operation.index) }).text$.subscribe({
      next: (text) => {
        surfaced(ledger, operation, text);
        saidByOwner(world, operation, text);
      },
      error: (error: unknown) => {
        if (!(error instanceof OperationError)) {
          ledger.violated(0, `operation ${operation.index} failed: ${String(error)}`);
        } else ended(error.reason ?? 'failed', error.message);
      },
      complete: () => {
        ended('complete');
      },
    });
    if (!random.chance(scenario.cancelChance)) return;
    void sleep(this.process, random.int(1, 300)).then(() => {
      if (operation.outcome !== undefined) return;
      asking.unsubscribe();
      ended('unsubscribed');
    });
  }
}
