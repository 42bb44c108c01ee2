import { NEVER, of, concat, queueScheduler, throwError } from 'rxjs';
import { createServer, memory, type RuntimeError, type Server, type Submit } from '../../../src';
import type { Transport } from '../../../src/testing';
import type { Random } from '../../simulation/random';
import { VirtualScheduler } from '../../simulation/time/virtual-scheduler';
import { MessageType, SessionOpenAckMetadata, type Packet } from '../../../src/wire';
import { ServerModel } from './model';
import { ConnectionModel } from './session-model';
import { HandlerKind, handlerKind, TERMS } from './terms';

interface Connected {
  readonly transport: Transport;
  readonly model: ConnectionModel;
  readonly received: Packet[];
  isOver: boolean;
}

/** How often packets came to what, over all sequences. */
export interface SequenceTally {
  packets: number;
  refused: number;
  opened: number;
  resumed: number;
  ended: number;
}

/**
 * A server in the process and the model of it, side by side. Packets are delivered within `send`, and
 * time passes only in `pass`, so that after each step the two can be compared.
 */
export class Stage {
  readonly tokens = new Map<number, Uint8Array[]>();
  private readonly scheduler = new VirtualScheduler();
  private readonly endpoint = memory({ scheduler: queueScheduler });
  private readonly server: Server;
  private readonly model = new ServerModel(() => this.scheduler.now());
  private readonly connections: Connected[] = [];
  private readonly failures: RuntimeError[] = [];
  private violations = 0;

  constructor(
    random: Random,
    private readonly tally: SequenceTally,
  ) {
    this.server = createServer({
      listen: this.endpoint,
      scheduler: this.scheduler,
      randomBytes: (length) => random.bytes(length),
      // The model has the rules of this revision; bytes at random may be a packet of the other.
      revisions: ['preview3'],
      ...TERMS,
    });
    this.server.violations$.subscribe(() => (this.violations += 1));
    this.server.failures$.subscribe((failure) => this.failures.push(failure));
    this.server.sessions$.subscribe((session) => {
      session.respond(handle);
    });
  }

  /** Connections that are not over. */
  get open(): readonly number[] {
    return this.connections.flatMap(({ isOver }, index) => (isOver ? [] : [index]));
  }

  /** The sessions of a connection. */
  sessionsOf(index: number): readonly number[] {
    return [...this.connections[index]!.model.sessions.keys()];
  }

  connect(): void {
    this.endpoint.connect().subscribe((transport) => {
      const connected: Connected = { transport, model: new ConnectionModel(), received: [], isOver: false };
      transport.packets$.subscribe({
        next: (packet) => connected.received.push(packet),
        complete: () => (connected.isOver = true),
      });
      this.connections.push(connected);
    });
    this.compare('a connection');
  }

  /** Sends a packet and requires that it comes to what the model says. */
  send(index: number, packet: Packet): void {
    const connected = this.connections[index]!;
    const before = this.violations;
    connected.received.length = 0;
    const expected = this.model.receive(connected.model, packet);
    connected.transport.send(packet);
    const isRefused = this.violations > before;
    if (isRefused !== expected.isRefused || this.violations > before + 1) {
      throw new Error(`${isRefused ? 'refused' : 'taken'}, which the rules do not say`);
    }
    if (connected.isOver !== expected.endsConnection) {
      throw new Error(`the connection ${connected.isOver ? 'ended' : 'did not end'}, against the rules`);
    }
    this.learn(connected);
    this.tally.packets += 1;
    if (isRefused) this.tally.refused += 1;
    if (connected.isOver) this.tally.ended += 1;
    this.compare('the packet');
  }

  disconnect(index: number): void {
    const connected = this.connections[index]!;
    connected.isOver = true;
    this.model.disconnected(connected.model);
    connected.transport.destroy();
    this.compare('the end of a connection');
  }

  /** Lets milliseconds pass. */
  pass(ms: number): void {
    const end = this.scheduler.now() + ms;
    while ((this.scheduler.nextTime ?? Infinity) <= end) this.scheduler.runNext();
    this.scheduler.skipTo(end);
    this.model.expire();
    this.compare(`${ms} ms`);
  }

  /** Ends what is left; nothing may be left of it. */
  end(): void {
    for (const index of this.open) this.disconnect(index);
    this.pass(200_000);
    if (this.server.sessionCount > 0) throw new Error('sessions are left of connections that are gone');
    if (this.scheduler.pendingCount > 0) throw new Error('timers are left of sessions that are gone');
    void this.server.close();
  }

  /** Compares the ack that came, if one was to come, and tells the model what only the server knows. */
  private learn({ received }: Connected): void {
    const { expectedAck } = this.model;
    this.model.expectedAck = undefined;
    const packet = received.find(({ header }) => header.messageType === MessageType.SessionOpenAck);
    if ((packet !== undefined) !== (expectedAck !== undefined)) {
      throw new Error(packet === undefined ? 'no ack came' : 'an ack came for nothing');
    }
    if (packet === undefined || expectedAck === undefined) return;
    const ack = SessionOpenAckMetadata.decode(packet.metadata);
    const { status, errorCode, sessionId = ack.sessionId } = expectedAck;
    if (ack.sessionStatus !== status || ack.sessionErrorCode !== errorCode || ack.sessionId !== sessionId) {
      throw new Error(
        `the ack says ${ack.sessionStatus}, ${ack.sessionErrorCode}, the rules ${status}, ${errorCode}`,
      );
    }
    this.model.opened(ack, packet.body);
    if (ack.sessionStatus === 0) this.tally.opened += 1;
    if (ack.sessionStatus === 3) this.tally.resumed += 1;
    if (ack.resumeTokenBytes === 0) return;
    const token = packet.body.slice(0, ack.resumeTokenBytes);
    this.tokens.set(ack.sessionId, [...(this.tokens.get(ack.sessionId) ?? []), token]);
  }

  /** Requires that server and model hold the same, and that nothing failed but handlers that throw. */
  private compare(after: string): void {
    const { server, model } = this;
    const { operationsInFlight, operationsQueued } = server.usage;
    const held = { sessions: server.sessionCount, operationsInFlight, operationsQueued };
    const expected = {
      sessions: model.sessionCount,
      operationsInFlight: model.inFlightCount,
      operationsQueued: model.queuedCount,
    };
    if (
      held.sessions !== expected.sessions ||
      held.operationsInFlight !== expected.operationsInFlight ||
      held.operationsQueued !== expected.operationsQueued
    ) {
      throw new Error(
        `after ${after} the server holds ${JSON.stringify(held)}, the model ${JSON.stringify(expected)}`,
      );
    }
    const failure = this.failures.find(({ message }) => !message.includes('a planned failure'));
    if (failure !== undefined) throw new Error(`after ${after}: ${failure.message}`);
  }
}

function handle(submit: Submit) {
  switch (handlerKind(submit.body)) {
    case HandlerKind.Echo:
      return of(submit.body);
    case HandlerKind.Silent:
      return NEVER;
    case HandlerKind.Started:
      return concat(of(submit.body), NEVER);
    case HandlerKind.Throwing:
      return throwError(() => new Error('a planned failure'));
  }
}
