import { createServer, type Server } from '../../src/server/server';
import type { SessionPolicy } from '../../src/server/opening/policy';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { Application } from './actors/application';
import { ClientActor } from './actors/client-actor';
import { flood, haunt, thieve } from './actors/intruder';
import { policyOf } from './actors/policy';
import { Ledger } from './ledger';
import { playOut, type Played } from './play-out';
import { Random } from './random';
import type { SimulationOptions, SimulationReport } from './report';
import { drawScenario, type Scenario } from './scenario';
import { SimulatedNetwork } from './network/simulated-network';
import { Process } from './time/process';
import { VirtualScheduler } from './time/virtual-scheduler';
import { WallClock } from './time/wall-clock';
import { Watchdog } from './time/watchdog';
import { WireWatch } from './wire/wire-watch';
import { sleep, type World } from './world';

/**
 * Runs a server, its application, clients and intruders on a network that fails, as a seed draws them,
 * and checks the invariants after every event. Nothing of it takes real time, and one seed runs the same
 * way every time.
 *
 * @example
 * const { violation, events } = await simulate(1234);
 * if (violation !== undefined) console.log(violation.text, marblesOf(events));
 */
export async function simulate(
  seed: number,
  { keepEvents = 50 }: SimulationOptions = {},
): Promise<SimulationReport> {
  const run = new Run(seed, keepEvents);
  run.begin();
  return playOut(run);
}

/** What the ends wait for: now and then, the connection breaks with one of these. */
const PRECIOUS: readonly MessageType[] = [
  MessageType.SessionOpen,
  MessageType.SessionOpenAck,
  MessageType.SessionClose,
  MessageType.SessionCloseAck,
  MessageType.SessionMigrateAck,
  MessageType.SessionPatchAck,
  MessageType.FrameCancel,
  MessageType.FrameSubmit,
  MessageType.ResultDrop,
  MessageType.ResultPush,
  MessageType.Error,
  MessageType.Pong,
];

function lastOf(servers: readonly Server[]): Server {
  const server = servers.at(-1);
  if (server === undefined) throw new Error('no server has begun');
  return server;
}

class Run implements Played {
  readonly invariantOfEnd = 12;
  private readonly scenario: Scenario;
  readonly scheduler = new VirtualScheduler();
  private readonly wallClock = new WallClock(this.scheduler);
  private readonly serverProcess = new Process(this.scheduler);
  readonly ledger: Ledger;
  private readonly world: World;
  private readonly watch: WireWatch;
  private readonly watchdog: Watchdog;
  private readonly application: Application;
  private readonly actors: readonly ClientActor[];
  private readonly servers: Server[] = [];
  private readonly tokens: Random;
  private readonly policy: SessionPolicy;
  private isActive = true;
  isFinished = false;
  private isRestarting = false;
  /** Past this time nothing may be left to happen. */
  endsBy = Infinity;

  constructor(
    readonly seed: number,
    keepEvents: number,
  ) {
    const random = new Random(seed);
    this.scenario = drawScenario(random.fork('scenario'));
    const { scenario, scheduler, wallClock, serverProcess } = this;
    this.ledger = new Ledger(scheduler, keepEvents);
    this.watch = new WireWatch({
      ledger: this.ledger,
      now: () => scheduler.now(),
      server: { hasOwners: scenario.policy.hasOwners, wallClock },
      serverProcess,
      moved: (session, from) => {
        haunt(this.world, session, from);
      },
    });
    const network = new SimulatedNetwork({
      scheduler,
      server: serverProcess,
      random: random.fork('network'),
      conditions: scenario.conditions,
      watcher: this.watch,
      isPrecious: ({ header }: Packet) => PRECIOUS.includes(header.messageType),
    });
    const endpoints = [network.endpoint('tcp'), network.endpoint('websocket')];
    const isActive = (): boolean => this.isActive;
    const { servers } = this;
    this.tokens = random.fork('tokens');
    this.policy = policyOf({
      scenario,
      ledger: this.ledger,
      random: random.fork('policy'),
      scheduler: serverProcess.scheduler,
      wallClock,
    });
    this.world = {
      scenario,
      scheduler,
      wallClock,
      serverProcess,
      network,
      ledger: this.ledger,
      random,
      endpoints,
      clients: [],
      get isActive() {
        return isActive();
      },
      servers,
      get server() {
        return lastOf(servers);
      },
    };
    servers.push(this.createServer());
    this.watchdog = new Watchdog(this.world);
    this.application = new Application(this.world);
    this.actors = scenario.clients.map((client) => new ClientActor(this.world, client, this.watch));
  }

  afterEvent(): void {
    this.watchdog.afterEvent();
  }

  end(): void {
    this.watchdog.end();
  }

  begin(): void {
    const { world, scenario, scheduler, serverProcess, watch } = this;
    this.application.serve(world.server);
    for (const actor of this.actors) void actor.live();
    for (let index = 1; index <= scenario.thieves; index++) void thieve(world, `thief ${index}`, watch);
    for (let index = 1; index <= scenario.flooders; index++) void flood(world, `flood ${index}`, watch);
    scheduler.schedule(() => {
      this.stopFaults();
    }, scenario.activeMs);
    this.disturb();
    for (const { atMs, graceMs, downMs } of scenario.restarts) {
      serverProcess.scheduler.schedule(() => void this.restart(graceMs, downMs), atMs);
    }
    const { earlyClose } = scenario;
    if (earlyClose === undefined) return;
    serverProcess.scheduler.schedule(() => {
      void this.closeServer(earlyClose.graceMs);
    }, earlyClose.atMs);
  }

  /** Sets the date, and lets processes stand still. */
  private disturb(): void {
    const { scenario, scheduler, ledger, wallClock, serverProcess, actors } = this;
    for (const { atMs, byMs } of scenario.clockSteps) {
      scheduler.schedule(() => {
        ledger.count('clock steps');
        ledger.tell('clock', `is set by ${byMs} ms`);
        wallClock.step(byMs);
      }, atMs);
    }
    for (const { atMs, forMs, who } of scenario.pauses) {
      const actor = actors[who - 1];
      scheduler.schedule(() => {
        ledger.count('pauses');
        ledger.tell(actor?.name ?? 'server', `stands still for ${forMs} ms`);
        (actor?.process ?? serverProcess).standStill(forMs);
      }, atMs);
    }
  }

  private stopFaults(): void {
    const { world, scheduler, scenario, ledger } = this;
    ledger.tell('network', 'faults stop');
    this.isActive = false;
    world.network.heal();
    this.application.relent();
    for (const actor of this.actors) actor.settle();
    scheduler.schedule(() => {
      ledger.tell('network', 'all is closed');
      this.watchdog.settled();
      this.endsBy = scheduler.now() + 2 * scenario.longestMs;
      void this.finish();
    }, 2 * scenario.longestMs);
  }

  private async finish(): Promise<void> {
    await Promise.all(this.actors.map((actor) => actor.finish()));
    await this.closeServer(0);
    this.isFinished = true;
  }

  /** Puts another server in the place of this one, which knows nothing of what that had. */
  private async restart(graceMs: number | undefined, downMs: number): Promise<void> {
    const { ledger, world, serverProcess } = this;
    if (this.isRestarting) return;
    this.isRestarting = true;
    ledger.count(graceMs === undefined ? 'crashes' : 'restarts');
    // It ends like any other, and nobody hears of that.
    if (graceMs === undefined) world.network.cutAll();
    await this.closeServer(graceMs ?? 0);
    await sleep(serverProcess, downMs);
    ledger.tell('server', 'begins anew');
    this.servers.push(this.createServer());
    this.application.serve(world.server);
    this.isRestarting = false;
  }

  private createServer(): Server {
    const { scenario, serverProcess, wallClock, policy, tokens, world } = this;
    return createServer({
      ...scenario.server,
      listen: world.endpoints,
      scheduler: serverProcess.scheduler,
      wallClock,
      randomBytes: (length) => tokens.bytes(length),
      policy,
    });
  }

  private async closeServer(graceMs: number): Promise<void> {
    const { world, application, ledger } = this;
    ledger.tell('server', `closes with ${graceMs} ms of grace`);
    for (const session of ledger.sessions)
      if (session.server !== undefined) application.closing(session, graceMs);
    await world.server.close({ graceMs });
    ledger.tell('server', 'has closed');
  }
}
