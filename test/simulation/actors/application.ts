import { Observable, type ObservableInput, type SchedulerLike } from 'rxjs';
import type { Answer } from '../../../operators/application/respond-to-submits';
import { FlowScope } from '../../../src/wire/messages/flow-update';
import { CloseReason, InFlightPolicy } from '../../../src/wire/messages/session-close';
import type { Server } from '../../../src/server/server';
import type { PatchRequest, Submit } from '../../../src/server/session/session-message';
import type { ServerSession } from '../../../src/server/session/session';
import { acceptsOperations } from '../../../src/protocol/session/session-lifecycle';
import {
  parked,
  partBody,
  pulled,
  streamed,
  submitBody,
  useOf,
  type AnswerContext,
  type AnswerLog,
} from './answers';
import { callServerBadly } from './bad-calls';
import { waitingFrames } from '../innards';
import { within } from '../network/conditions';
import {
  isOverForServer,
  nameOf,
  nameOfOperation,
  type OperationRecord,
  type SessionRecord,
} from '../records';
import { ObjectUser } from './object-user';
import { sayPressure } from './pressure';
import { operationOf } from './submit-fields';
import type { World } from '../world';

/** The server's application: answers as its clients' submits say, and meddles with its sessions. */
export class Application {
  private readonly random;
  private readonly atWork = new Map<OperationRecord, Submit>();

  private readonly objects = new Map<SessionRecord, ObjectUser>();
  private readonly scheduler: SchedulerLike;

  constructor(private readonly world: World) {
    this.random = world.random.fork('application');
    this.scheduler = world.serverProcess.scheduler;
  }

  /** Serves the sessions of a server. */
  serve(server: Server): void {
    const { ledger } = this.world;
    ledger.follow(server.sessions$, (session) => {
      this.take(session);
    });
    ledger.follow(server.violations$, ({ error, peer }) => {
      ledger.count(`violation: ${error.kind}`);
      ledger.tell('server', `${peer} at fault: ${error.message}`);
      if (error.kind === 'internal') ledger.violated(0, `the server failed at a packet: ${error.message}`);
    });
    ledger.follow(server.limits$, ({ limit }) => {
      ledger.count(`limit: ${limit}`);
    });
    ledger.follow(server.failures$, (error) => {
      ledger.tell('server', `failure: ${error.message}`);
    });
  }

  /** Nothing that the application has done holds a client back any more. */
  relent(): void {
    for (const { server } of this.world.ledger.sessions) {
      if (server === undefined || !acceptsOperations(server.state)) continue;
      server.unpause();
      server.grant(0xffff, { scope: FlowScope.Connection });
    }
  }

  /** Notes that a session closes and when it has to be over. */
  closing(record: SessionRecord, drainMs: number, by: 'client' | 'server' = 'server'): void {
    const { closing } = record;
    const deadline = Math.min(this.scheduler.now() + drainMs, closing?.deadline ?? Infinity);
    record.closing = { by: closing?.by ?? by, deadline };
  }

  private take(session: ServerSession): void {
    const { ledger, scenario } = this.world;
    const { scheduler } = this;
    const record = ledger.taken(session.open.clientSessionTag, ({ server }) => server !== undefined);
    if (record === undefined) {
      ledger.violated(0, `the server emitted a session of tag ${session.open.clientSessionTag}`);
      return;
    }
    record.server = session;
    const { context: expiresAt } = session;
    if (typeof expiresAt === 'number') record.expiresAt = expiresAt;
    ledger.tell('server', `has ${nameOf(record)}`);
    this.follow(record, session);
    const respond = (): void => {
      record.isServed = true;
      session.respond((submit) => this.answer(submit));
    };
    if (scenario.attentionMs === 0) respond();
    else scheduler.schedule(respond, scenario.attentionMs);
    if (scenario.patchMs !== undefined) {
      ledger.follow(session.patches$, (request) => {
        this.answerPatch(request);
      });
    }
    this.meddleLater(record, session);
  }

  private follow(record: SessionRecord, session: ServerSession): void {
    const { scheduler } = this;
    const { ledger } = this.world;
    ledger.follow(session.state$, (state) => {
      ledger.tell('server', `${nameOf(record)} is ${state}`);
      ledger.count(`attachment: ${state}`);
      if (state === 'expired') {
        const windowMs = session.granted.resumeWindowMs;
        const waitedMs = scheduler.now() - (record.detachedAt ?? scheduler.now());
        const isOverfull = record.overfullAt !== undefined;
        ledger.facts.push({ kind: 'expired', session: record, waitedMs, windowMs, isOverfull });
      }
      if (state === 'closed' && record.closing === undefined && this.hasRunOut(record))
        this.closing(record, 0);
      record.attachment = state;
      // Also where it waits for newer auth, and its connection lives: nothing by that is heard until it is resumed.
      if (state === 'reconnecting') record.attachedTo = undefined;
      record.detachedAt = state === 'reconnecting' ? scheduler.now() : undefined;
      record.overfullAt = undefined;
    });
    ledger.follow(session.closes$, ({ metadata }) => {
      ledger.tell('server', `takes the close of ${nameOf(record)}`);
      const drainMs = metadata.inFlightPolicy === InFlightPolicy.Abort ? 0 : metadata.drainTimeoutMs;
      this.closing(record, drainMs, 'client');
    });
  }

  private hasRunOut({ expiresAt = Infinity }: SessionRecord): boolean {
    return this.world.wallClock.now() >= expiresAt;
  }

  private answer(submit: Submit): ObservableInput<Answer> {
    const { scheduler } = this;
    const { ledger } = this.world;
    const operation = operationOf(ledger, submit.metadata);
    if (operation === undefined) {
      ledger.violated(0, `a handler started for a submit that nobody sent, frame ${submit.frameId}`);
      return [];
    }
    operation.starts += 1;
    ledger.working.add(operation);
    ledger.touched.add(operation);
    const isClosed = operation.session.closing !== undefined;
    const waiting = this.waitingWith(operation);
    ledger.facts.push({ kind: 'started', operation, isClosed, waiting });
    ledger.count(`answer: ${operation.plan.kind}`);
    ledger.tell('server', `starts ${nameOfOperation(operation)}: ${operation.plan.kind}`);
    this.checkBody(operation, submit);
    ledger.follow(submit.ended$, (end) => {
      const isDetached = operation.session.attachment === 'reconnecting';
      const body = end === 'completed' ? operation.offered : undefined;
      operation.ends.push({ end, body, isDetached });
      ledger.working.delete(operation);
      ledger.touched.add(operation);
      ledger.count(`end: ${end}`);
      if (isDetached && end === 'completed') ledger.count('completed while detached');
      ledger.tell('server', `ended ${nameOfOperation(operation)}: ${end}`);
      this.atWork.delete(operation);
      if (end === 'closed') this.noteDrain(operation);
      if (end === 'late') this.noteDeadline(operation);
      if (end === 'budget-exceeded') this.notePoor(operation);
      if (this.random.chance(0.05)) this.giveUpAnother(operation);
    });
    this.atWork.set(operation, submit);
    const { plan, index, session } = operation;
    const context: AnswerContext = { submit, index, plan, scheduler, log: this.logOf(operation) };
    switch (plan.kind) {
      case 'throw':
        throw new Error('the handler threw');
      case 'pull':
        return pulled(context);
      case 'late':
        return this.late(operation, context, session.server);
      case 'parked':
        return parked(context);
      default:
        return streamed(context);
    }
  }

  /** Those of its session that wait for a slot. */
  private waitingWith({ session }: OperationRecord): readonly OperationRecord[] {
    const frames = session.server === undefined ? [] : waitingFrames(session.server);
    return [...session.operations].filter(({ frameId }) => frames.includes(frameId));
  }

  /** The client may hear of it after the clock was set. */
  private noteDeadline({ heard }: OperationRecord): void {
    if (this.world.wallClock.now() >= heard.deadlineAt) heard.hasPassed = true;
  }

  private notePoor(operation: OperationRecord): void {
    const { emitted, offered, plan } = operation;
    const bodies = offered === undefined ? emitted : [...emitted, offered];
    const used = bodies.map((body) => useOf(plan, body));
    const tokens = used.reduce((sum, each) => sum + each.tokens, 0);
    const bytes = used.reduce((sum, each) => sum + each.bytes, 0);
    this.world.ledger.facts.push({ kind: 'ended-poor', operation, used: { tokens, bytes } });
  }

  private noteDrain(operation: OperationRecord): void {
    const { closing } = operation.session;
    // A close of the server's is over as soon as its client says so, and time that has run out is no close.
    if (this.hasRunOut(operation.session)) return;
    if (closing?.by !== 'client' || this.scheduler.now() >= closing.deadline) return;
    this.world.ledger.facts.push({ kind: 'cut-short', operation, deadline: closing.deadline });
  }

  /** One operation has ended, and the application thinks that another of its session is of no use either. */
  private giveUpAnother({ session }: OperationRecord): void {
    for (const [operation, submit] of this.atWork) {
      if (operation.session !== session) continue;
      const how = this.random.pick(['fail', 'cancel'] as const);
      this.world.ledger.count(`given up with another: ${how}`);
      this.world.ledger.tell('server', `${how} ${nameOfOperation(operation)} with it`);
      if (how === 'fail') submit.fail();
      else session.server?.cancel(submit.frameId);
      return;
    }
  }

  private checkBody(operation: OperationRecord, submit: Submit): void {
    const { body } = operation;
    if (body.length === submit.body.length && body.every((byte, at) => byte === submit.body[at])) return;
    this.world.ledger.violated(0, `the submit of ${nameOfOperation(operation)} arrived changed`);
  }

  private logOf(operation: OperationRecord): AnswerLog {
    return {
      started: () => {
        operation.isRunning = true;
      },
      stopped: () => {
        operation.isRunning = false;
      },
      progress: (text) => {
        operation.progress.push(text);
      },
      part: (body) => {
        operation.emitted.push(body);
        this.world.ledger.touched.add(operation);
      },
      offering: (body) => {
        operation.offered = body;
      },
    };
  }

  /** Answers by hand, and does not stop when it is told to. */
  private late(
    operation: OperationRecord,
    { submit, index, plan, log }: AnswerContext,
    server: ServerSession | undefined,
  ): Observable<Answer> {
    const { scheduler } = this;
    const { ledger } = this.world;
    scheduler.schedule(() => {
      const isOver = operation.ends.length > 0;
      const before = operation.offered;
      try {
        const body = partBody(index, 0, plan.partBytes);
        operation.offered = body;
        server?.sendResult(submit.complete(body));
        if (isOver) ledger.facts.push({ kind: 'answered-after-end', operation });
      } catch {
        operation.offered = before;
        ledger.count(isOver ? 'late answer refused' : 'answer refused');
      }
    }, plan.delayMs);
    return new Observable(() => {
      log.started();
      return () => {
        log.stopped();
      };
    });
  }

  private answerPatch(request: PatchRequest): void {
    const { scheduler } = this;
    const { scenario } = this.world;
    const ms = within(this.random, scenario.patchMs ?? [0, 0]);
    scheduler.schedule(() => {
      request.ack();
    }, ms);
  }

  private meddleLater(record: SessionRecord, session: ServerSession): void {
    const { scheduler } = this;
    const { scenario } = this.world;
    scheduler.schedule(
      () => {
        if (!this.world.isActive || isOverForServer(record)) return;
        this.meddle(record, session);
        this.meddleLater(record, session);
      },
      within(this.random, scenario.meddlingMs),
    );
  }

  private meddle(record: SessionRecord, session: ServerSession): void {
    const { random } = this;
    const { ledger } = this.world;
    const what = random.weighted({
      grant: 6,
      pause: 3,
      resume: 4,
      'connection-grant': 3,
      'connection-pause': 1,
      cancel: 4,
      close: 1,
      revoke: 1,
      bad: 3,
      pressure: 5,
      object: 14,
    });
    ledger.count(`meddling: ${what}`);
    ledger.tell('server', `${what} ${nameOf(record)}`);
    switch (what) {
      case 'grant':
        session.grant(random.int(1, 6));
        return;
      case 'pause':
        session.pause();
        return;
      case 'resume':
        session.unpause();
        return;
      case 'connection-grant':
        session.grant(random.int(1, 4), { scope: FlowScope.Connection });
        return;
      case 'connection-pause':
        session.pause({ scope: FlowScope.Connection });
        return;
      case 'pressure':
        sayPressure(session, random);
        return;
      case 'object':
        this.objectsOf(record, session).step();
        return;
      case 'cancel':
        this.withdraw(record, session);
        return;
      case 'close':
        this.close(record, session, random.chance(0.3) ? 0 : random.int(1, 100));
        return;
      case 'revoke':
        this.closing(record, 0);
        void session.revoke();
        return;
      case 'bad':
        if (acceptsOperations(session.state)) callServerBadly(this.world, record, { session, random });
    }
  }

  private objectsOf(record: SessionRecord, session: ServerSession): ObjectUser {
    const known = this.objects.get(record);
    if (known !== undefined) return known;
    const frames = (): number[] => session.operations.map(({ frameId }) => frameId);
    const user = new ObjectUser(this.world, 'server', session.objects, this.random, frames);
    this.objects.set(record, user);
    return user;
  }

  private withdraw(record: SessionRecord, session: ServerSession): void {
    const [first] = session.operations;
    if (first === undefined) return;
    for (const operation of record.operations) {
      if (operation.frameId === first.frameId) operation.isWithdrawn = true;
    }
    session.cancel(first.frameId);
  }

  private close(record: SessionRecord, session: ServerSession, drainTimeoutMs: number): void {
    this.closing(record, drainTimeoutMs);
    const inFlightPolicy = drainTimeoutMs === 0 ? InFlightPolicy.Abort : InFlightPolicy.Drain;
    void session.close({ closeReason: CloseReason.Normal, inFlightPolicy, drainTimeoutMs });
  }
}

/** What a submit of the simulation carries, made from what it is for. */
export function bodyFor(length: number): (index: number) => Uint8Array {
  return (index) => submitBody(index, length);
}
