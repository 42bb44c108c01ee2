import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Packet } from '../../../src/wire/packet';
import { ClientWire } from './client-wire';
import type { FaultKind } from '../network/conditions';
import { clientDigest, serverDigest } from '../innards';
import type { Ledger } from '../ledger';
import { describePacket } from './packet-text';
import type { SessionRecord } from '../records';
import { ServerWire, type ServerWireOptions } from './server-wire';
import type { Process } from '../time/process';
import type { NetworkWatcher } from '../network/simulated-network';
import type { Side, SimulatedTransport } from '../network/simulated-transport';

export interface WireWatchOptions {
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly server: ServerWireOptions;
  readonly serverProcess: Process;
  /** A client has its session on another connection now. */
  readonly moved: (session: SessionRecord, from: SimulatedTransport) => void;
}

/** Reads along at both ends of every connection, and writes down what the invariants are about. */
export class WireWatch implements NetworkWatcher {
  /** Who connected, by connection id. */
  private readonly actors = new Map<number, string>();
  private readonly processes = new Map<string, Process>();
  private readonly clientEnds = new Map<number, SimulatedTransport>();
  private readonly server: ServerWire;
  private readonly client: ClientWire;
  /** What the packet that is being delivered must not change. */
  private digest: string | undefined;

  constructor(private readonly options: WireWatchOptions) {
    this.server = new ServerWire(options.ledger, options.server);
    this.processes.set('server', options.serverProcess);
    this.client = new ClientWire(options.ledger, options.now);
  }

  /** Says whose connection it is. */
  belongs(connectionId: number, actor: string): void {
    this.actors.set(connectionId, actor);
  }

  /** Says where somebody's ends run. */
  runs(actor: string, process: Process): void {
    this.processes.set(actor, process);
  }

  destroying(end: SimulatedTransport, unreadBytes: number): void {
    const who = this.nameOf(end);
    if (unreadBytes === 0 || this.processes.get(who)?.isBehind !== true) return;
    this.options.ledger.facts.push({ kind: 'cut-unread', who, connectionId: end.connectionId, unreadBytes });
  }

  connected(client: SimulatedTransport): void {
    this.clientEnds.set(client.connectionId, client);
    this.options.ledger.count('connections');
  }

  notConnected(url: string, why: string): void {
    this.options.ledger.tell('network', `a connection to ${url} is ${why}`);
  }

  broken(connectionId: number, how: FaultKind): void {
    this.options.ledger.count(`fault: ${how}`);
    this.options.ledger.tell('network', `#${connectionId}: ${how}`);
  }

  ended(end: SimulatedTransport): void {
    const { ledger } = this.options;
    ledger.tell(this.nameOf(end), `#${end.connectionId} has ended`);
    if (end.side === 'server') return;
    for (const session of ledger.sessions) if (session.link === end.connectionId) session.link = undefined;
    this.clientEnds.delete(end.connectionId);
  }

  sending(end: SimulatedTransport, packet: Packet): void {
    const { connectionId } = end;
    this.options.ledger.sent += 1;
    this.tell(end, packet, '>');
    this.judgeLength(end, packet);
    if (end.side === 'server') this.server.sends(connectionId, packet, this.actorOf(connectionId));
    else this.client.sends(connectionId, packet);
  }

  delivering(end: SimulatedTransport, packet: Packet): void {
    const { connectionId } = end;
    this.tell(end, packet, '<');
    if (end.side === 'server') this.digest = this.server.receives(connectionId, packet);
    else if (packet.header.messageType === MessageType.SessionOpenAck) this.noteMove(end, packet);
    else this.digest = this.client.receives(connectionId, packet, this.actorOf(connectionId));
  }

  delivered({ side }: SimulatedTransport, { header }: Packet): void {
    const before = this.digest;
    if (before === undefined) return;
    this.digest = undefined;
    const { ledger } = this.options;
    const session = ledger.sessionsById.get(header.sessionId);
    const after = session === undefined ? undefined : digestOf(session, side);
    if (session === undefined || after === undefined) return;
    ledger.count(`stray packet at the ${side}`);
    const packet = messageTypeName(header.messageType);
    ledger.facts.push({ kind: 'stray', session, at: side, packet, before, after });
  }

  private noteMove(end: SimulatedTransport, packet: Packet): void {
    const session = this.client.acknowledged(end.connectionId, packet);
    if (session === undefined) return;
    session.least.server = Math.min(session.least.server, end.peerTakes);
    session.least.client = Math.min(session.least.client, end.largestPacket);
    const former = session.lastLink === undefined ? undefined : this.clientEnds.get(session.lastLink);
    session.lastLink = end.connectionId;
    if (former !== undefined && former !== end) this.options.moved(session, former);
  }

  private judgeLength(end: SimulatedTransport, packet: Packet): void {
    const bytes = HEADER_LENGTH + packet.body.length;
    // Intruders do not say what they take.
    if (bytes <= end.peerTakes || !this.processes.has(this.actorOf(end.connectionId))) return;
    const text = describePacket(packet);
    const who = `${this.nameOf(end)} of #${end.connectionId}`;
    this.options.ledger.facts.push({ kind: 'too-large', who, packet: text, bytes, most: end.peerTakes });
  }

  private actorOf(connectionId: number): string {
    return this.actors.get(connectionId) ?? 'somebody';
  }

  private nameOf({ side, connectionId }: SimulatedTransport): string {
    return side === 'server' ? 'server' : this.actorOf(connectionId);
  }

  private tell(end: SimulatedTransport, packet: Packet, direction: '<' | '>'): void {
    const text = `#${end.connectionId} ${direction} ${describePacket(packet)}`;
    this.options.ledger.tell(this.nameOf(end), text);
  }
}

function digestOf({ server, client }: SessionRecord, side: Side): string | undefined {
  if (side === 'server') return server === undefined ? undefined : serverDigest(server);
  return client === undefined ? undefined : clientDigest(client);
}
