import type { Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { acceptsOperations } from '../../../src/protocol/session/session-lifecycle';
import { InFlightPolicy } from '../../../src/wire/messages/session-close';
import { CacheAckStatus, CacheInvalidateScope } from '../../../src/wire/messages/cache';
import { drawAnswer, type AnswerKind } from './answers';
import { callClientBadly } from './bad-calls';
import { bodyFor } from './application';
import { within, type Span } from '../network/conditions';
import {
  isOpenForClient,
  isOverForClient,
  nameOf,
  type OperationRecord,
  type SessionRecord,
} from '../records';
import { OperationProbe } from './operation-probe';
import type { ResultStream } from '../../../src/client/submissions/results/result-stream';
import { ObjectUser } from './object-user';
import { pull } from './pulling';
import { drawTerms, drawUpdate } from './terms';
import { sayWord } from './words';
import type { Random } from '../random';
import type { Process } from '../time/process';
import { LONGEST_BODY, type ClientScenario } from '../scenario';
import { cacheKey, fieldsOf, REFERENCE_FIELDS, referenceBody } from './submit-fields';
import { sleep, type World } from '../world';

export interface SessionActorOptions {
  readonly client: Client;
  readonly process: Process;
  readonly random: Random;
  readonly paceMs: Span;
  readonly endpoints: readonly ConnectEndpoint[];
  readonly scenario: ClientScenario;
}

/** Operations that a session's program keeps going at once, those that wait for credit among them. */
const MAX_OPEN = 8;

/** Answers that may never come. */
const ENDLESS: readonly AnswerKind[] = ['hang', 'parked', 'late'];

/** A program's work with one session. */
export class SessionActor {
  private readonly probes = new Map<OperationRecord, OperationProbe>();
  private readonly streams = new WeakMap<OperationProbe, ResultStream>();
  private readonly objects: ObjectUser | undefined;
  private isMoving = false;

  constructor(
    private readonly world: World,
    private readonly tag: bigint,
    private readonly session: ClientSession,
    private readonly options: SessionActorOptions,
  ) {
    const { objects } = session;
    if (objects !== undefined) {
      const frames = (): number[] => [...this.record.outstanding].map(({ frameId }) => frameId);
      this.objects = new ObjectUser(
        world,
        this.record.actor,
        objects,
        options.random.fork('objects'),
        frames,
      );
    }
    let told = this.record;
    world.ledger.follow(session.state$, (state) => {
      const { record } = this;
      record.connectivity = state;
      if (state === 'reopened' || state === 'resumed') {
        world.ledger.facts.push({
          kind: 'told-again',
          session: record,
          as: state,
          isAnother: record !== told,
        });
        told = record;
      } else if (state !== 'open') record.link = undefined;
      world.ledger.count(`connectivity: ${state}`);
      world.ledger.tell(record.actor, `${nameOf(record)} is ${state}`);
    });
  }

  /** What is known of the session, which is another once it is opened anew. */
  private get record(): SessionRecord {
    const record = this.world.ledger.heldBy(this.tag);
    if (record === undefined) throw new Error(`no client has a session tagged ${this.tag}`);
    return record;
  }

  get isAlive(): boolean {
    return !isOverForClient(this.record);
  }

  /** Works until the session is over, or faults stop. */
  async live(): Promise<void> {
    const { world } = this;
    const { random, paceMs, process } = this.options;
    while (world.isActive && this.isAlive) {
      await sleep(process, within(random, paceMs));
      if (world.isActive && this.isAlive) this.step();
    }
    // What was begun goes on; the session stays until it is closed.
    while (this.isAlive) await sleep(process, 50);
  }

  /** Gives up what would never end. */
  settle(): void {
    for (const [{ plan }, probe] of this.probes) {
      if (ENDLESS.includes(plan.kind)) probe.unsubscribe();
    }
  }

  async close(): Promise<void> {
    const { random } = this.options;
    await this.ask('close', () =>
      this.session.close(
        random.chance(0.5)
          ? { inFlightPolicy: InFlightPolicy.Abort }
          : { drainTimeoutMs: random.int(0, 100) },
      ),
    );
  }

  private step(): void {
    const { random } = this.options;
    switch (
      random.weighted({
        submit: 60,
        reference: 6,
        unsubscribe: 8,
        cancel: 5,
        patch: 6,
        cache: 6,
        move: 3,
        update: 6,
        word: 8,
        object: 14,
        close: 1,
        bad: 6,
      })
    ) {
      case 'submit':
        this.submit(bodyFor(random.chance(0.1) ? random.int(40, LONGEST_BODY) : random.int(0, 40)));
        return;
      case 'reference':
        this.refer(random.int(1, 4));
        return;
      case 'unsubscribe':
        this.anyOpen()?.unsubscribe();
        return;
      case 'cancel':
        this.cancel();
        return;
      case 'patch':
        void this.patch();
        return;
      case 'cache':
        void this.cache();
        return;
      case 'move':
        void this.move();
        return;
      case 'update':
        this.update();
        return;
      case 'word':
        this.saySomething();
        return;
      case 'object':
        this.objects?.step();
        return;
      case 'close':
        void this.close();
        return;
      case 'bad':
        // One that is over, or asked to be, gives the same answer to all.
        if (acceptsOperations(this.session.state)) callClientBadly(this.world, this.record, this.callee);
    }
  }

  private get callee() {
    const { client, random } = this.options;
    return { session: this.session, client, random };
  }

  /** Submits what refers to a cached object, which may not be there. */
  private refer(key: number): void {
    this.submit(() => referenceBody(key, this.session.revision), key);
  }

  private submit(bodyOf: (index: number) => Uint8Array, reference?: number): void {
    const { world, record, session, probes } = this;
    this.forgetEnded();
    if (probes.size >= MAX_OPEN || !acceptsOperations(session.state)) return;
    const operation = world.ledger.addOperation(record, drawAnswer(this.options.random), bodyOf, {
      reference,
    });
    const metadata = { ...fieldsOf(operation), ...(reference !== undefined && REFERENCE_FIELDS) };
    const { process, random, scenario } = this.options;
    const probe = new OperationProbe(world.ledger, operation, process.scheduler, scenario.slowConsumerMs);
    probes.set(operation, probe);
    world.ledger.tell(record.actor, `submits operation ${operation.index}: ${operation.plan.kind}`);
    const terms = random.chance(scenario.termsChance) ? drawTerms(random, world.wallClock.now()) : {};
    const results = session.submit({ body: operation.body, metadata, ...terms });
    probe.add(results.progress$.subscribe(({ text = '' }) => probe.progressed(text)));
    this.streams.set(probe, results);
    if (random.chance(scenario.pullChance)) {
      void pull(results, operation, probe, { world, process, random, paceMs: scenario.pullMs });
    } else results.subscribe(probe);
  }

  /** Says another deadline, priority or budget of what it has submitted. */
  private update(): void {
    const { random } = this.options;
    const probe = this.anyOpen();
    if (probe === undefined) return;
    const changes = drawUpdate(random, this.world.wallClock.now());
    this.world.ledger.count(`updates: ${Object.keys(changes).join()}`);
    this.streams.get(probe)?.update(changes);
  }

  /** What another client of preview4 may say, and this one has no call for. */
  private saySomething(): void {
    const { process, random, scenario } = this.options;
    const { world, record, session } = this;
    if (session.revision !== 'preview4') return;
    // A loop says itself what it takes.
    sayWord({ world, process, random, session, record, maySayCredit: scenario.pullChance === 0 });
  }

  private anyOpen(): OperationProbe | undefined {
    this.forgetEnded();
    const open = [...this.probes.values()];
    return open.length === 0 ? undefined : this.options.random.pick(open);
  }

  private forgetEnded(): void {
    for (const operation of this.probes.keys()) {
      if (!isOpenForClient(operation)) this.probes.delete(operation);
    }
  }

  private cancel(): void {
    const sent = [...this.record.outstanding];
    if (sent.length === 0) return;
    const operation = this.options.random.pick(sent);
    operation.isCancelled = true;
    this.world.ledger.tell(this.record.actor, `cancels operation ${operation.index}`);
    this.session.cancel(operation.frameId);
  }

  private async patch(): Promise<void> {
    const targetCadenceX100 = this.options.random.int(1, 0xffffff);
    await this.ask('patch', async () => {
      const { metadata } = await this.session.patch({ targetCadenceX100, patchMask: 1 });
      const isOwn = metadata.effectiveTargetCadenceX100 === targetCadenceX100;
      // A rejection does not say what of.
      if (!isOwn && metadata.rejectedPatchMask === 0) this.record.wrongAcks += 1;
    });
  }

  private async cache(): Promise<void> {
    const { random } = this.options;
    const key = random.int(1, 4);
    if (random.chance(0.2)) {
      await this.ask('invalidate', () => {
        const { objectKind: _, ...place } = cacheKey(key);
        this.session.cacheInvalidate({ invalidateScope: CacheInvalidateScope.ObjectKey, ...place });
        return Promise.resolve();
      });
      return;
    }
    await this.ask('cache', async () => {
      this.record.cached.add(key);
      const { status, cacheKeyLo } = await this.session.cachePut(
        { ...cacheKey(key), ttlMs: random.int(1, 2000) },
        random.bytes(random.int(0, 50)),
      );
      if (cacheKeyLo !== key) this.record.wrongAcks += 1;
      this.world.ledger.count(status === CacheAckStatus.Rejected ? 'objects refused' : 'objects cached');
    });
  }

  private async move(): Promise<void> {
    if (this.isMoving) return;
    this.isMoving = true;
    await this.ask('move', () => this.session.moveTo(this.options.random.pick(this.options.endpoints)));
    this.isMoving = false;
  }

  /** Does what the session may refuse to do, because it is over, away, or the server says no. */
  private async ask(what: string, request: () => Promise<unknown>): Promise<void> {
    const { ledger } = this.world;
    const { actor } = this.record;
    ledger.tell(actor, `asks ${nameOf(this.record)} to ${what}`);
    try {
      await request();
      ledger.count(`${what}: done`);
      ledger.tell(actor, `${what} of ${nameOf(this.record)} is done`);
    } catch (error) {
      ledger.count(`${what}: refused`);
      const reason = error instanceof Error ? error.message : String(error);
      ledger.tell(actor, `${what} of ${nameOf(this.record)} fails: ${reason}`);
    }
  }
}
