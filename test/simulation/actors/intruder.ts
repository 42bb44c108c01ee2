import { catchError, EMPTY as EMPTY_STREAM, firstValueFrom, timeout } from 'rxjs';
import { encodeSessionExtension } from '../../../src/protocol/session/session-extension';
import { MessageType } from '../../../src/wire/message-type';
import { FrameSubmitMetadata } from '../../../src/wire/messages/frame-submit';
import { InFlightPolicy, SessionCloseMetadata } from '../../../src/wire/messages/session-close';
import { SessionOpenAckMetadata } from '../../../src/wire/messages/session-open';
import { EMPTY, packet, type Packet } from '../../../src/wire/packet';
import { sessionOpen } from '../../../src/client/options';
import { openBody } from '../../../src/protocol/session/open-blocks';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { drawAnswer } from './answers';
import { bodyFor } from './application';
import { owned } from './client-actor';
import { isOverForServer, type OperationRecord, type SessionRecord } from '../records';
import type { Random } from '../random';
import type { SimulatedTransport } from '../network/simulated-transport';
import { fieldsOf } from './submit-fields';
import type { WireWatch } from '../wire/wire-watch';
import { sleep, type World } from '../world';

/** Milliseconds that somebody waits for a connection. */
const PATIENCE_MS = 100;

/** Connects without a client of this library; undefined where that fails. */
async function rawConnection(world: World, random: Random, actor: string, watch: WireWatch) {
  const endpoint = owned(random.pick(world.endpoints), actor, watch);
  return firstValueFrom(
    endpoint.connect().pipe(
      timeout({ first: PATIENCE_MS, scheduler: world.scheduler }),
      catchError(() => EMPTY_STREAM),
    ),
    { defaultValue: undefined },
  );
}

/** Tries to take up the sessions of others, with every token that must not do. */
export async function thieve(world: World, name: string, watch: WireWatch): Promise<void> {
  const random = world.random.fork(name);
  while (world.isActive) {
    await sleep(world, random.int(10, 60));
    const victim = anyVictim(world, random);
    if (victim === undefined) continue;
    const transport = await rawConnection(world, random, name, watch);
    if (transport === undefined) continue;
    const reading = transport.packets$.subscribe({ error: () => undefined });
    // Drawn now: what counts is whether it is good when it arrives, and none of these ever is again.
    const token = wrongToken(world, victim, random);
    const extension = random.chance(0.5) ? encodeSessionExtension({ receivedResults: 0 }) : EMPTY;
    const blocks = { resumeToken: token, auth: new TextEncoder().encode(name), extension };
    const { sessionId } = victim;
    const options = {
      requestedSessionId: sessionId,
      allowResume: true,
      clientSessionTag: 0n,
      maxInFlightOperations: 1,
    };
    const open = sessionOpen({ ...options, resumeTokenBytes: Math.max(1, token.length) }, blocks);
    world.ledger.count('thefts tried');
    world.ledger.tell(name, `tries a token of ${token.length} B on session ${sessionId}`);
    transport.send(
      packet({ messageType: MessageType.SessionOpen }, SessionOpenMetadata.encode(open), openBody(blocks)),
    );
    await sleep(world, random.int(1, 80));
    reading.unsubscribe();
  }
}

function anyVictim({ ledger }: World, random: Random): SessionRecord | undefined {
  const sessions = [...ledger.sessionsById.values()].filter(({ tokens }) => tokens.length > 0);
  // Those that were resumed and live have the most to lose.
  const worthy = sessions.filter((session) => session.tokens.length > 1 && !isOverForServer(session));
  if (sessions.length === 0) return undefined;
  return random.pick(worthy.length > 0 && random.chance(0.8) ? worthy : sessions);
}

/** A token that no server may take for this session's: none at all, of another session, of old, cut short. */
function wrongToken({ ledger, scenario }: World, victim: SessionRecord, random: Random): Uint8Array {
  const old = victim.tokens.filter(({ isAccepted }) => !isAccepted);
  // A server that came up anew may have given the id to another session meanwhile.
  const others = ledger.sessions.filter(({ sessionId }) => sessionId !== victim.sessionId);
  const tokens = others.flatMap((session) => session.tokens);
  const newest = victim.tokens.at(-1);
  // One that is right will not do where the session is somebody's.
  const right = scenario.policy.hasOwners ? 3 : 0;
  switch (random.weighted({ old: 6, other: 2, random: 1, cut: 1, none: 1, right })) {
    case 'right':
      ledger.count('right tokens tried');
      return newest === undefined ? EMPTY : bytesOf(newest.hex);
    case 'old': {
      const last = old.at(-1);
      if (last === undefined) return random.bytes(16);
      return bytesOf((random.chance(0.6) ? last : random.pick(old)).hex);
    }
    case 'other':
      return tokens.length === 0 ? random.bytes(16) : bytesOf(random.pick(tokens).hex);
    case 'cut':
      return newest === undefined ? EMPTY : bytesOf(newest.hex).subarray(0, 8);
    case 'random':
      return random.bytes(16);
    case 'none':
      return EMPTY;
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

/** Submits more than it may, the same twice, and what makes no sense. */
export async function flood(world: World, name: string, watch: WireWatch): Promise<void> {
  const random = world.random.fork(name);
  while (world.isActive) {
    await sleep(world, random.int(10, 60));
    const transport = await rawConnection(world, random, name, watch);
    if (transport === undefined) continue;
    const record = world.ledger.openSession({ actor: name, isObedient: false, isReconnecting: false });
    let sessionId = 0;
    const reading = transport.packets$.subscribe({
      next: ({ header, metadata }) => {
        if (header.messageType === MessageType.SessionOpenAck) {
          sessionId = SessionOpenAckMetadata.decode(metadata).sessionId;
        }
      },
      error: () => undefined,
    });
    const extension = random.chance(0.5) ? encodeSessionExtension({}) : EMPTY;
    const blocks = { resumeToken: EMPTY, auth: EMPTY, extension };
    const open = sessionOpen(
      {
        requestedSessionId: 0,
        clientSessionTag: record.tag,
        allowResume: random.chance(0.5),
        maxInFlightOperations: 1,
      },
      blocks,
    );
    transport.send(
      packet({ messageType: MessageType.SessionOpen }, SessionOpenMetadata.encode(open), openBody(blocks)),
    );
    await sleep(world, random.int(5, 60));
    if (sessionId !== 0) {
      const count = random.int(3, 14);
      for (let frameId = 1; frameId <= count; frameId++) {
        transport.send(nonsense(world, record, sessionId, frameId, random));
      }
      await sleep(world, random.int(1, 150));
    }
    if (random.chance(0.5)) void transport.close();
    reading.unsubscribe();
  }
}

function nonsense(
  world: World,
  record: SessionRecord,
  sessionId: number,
  frameId: number,
  random: Random,
): Packet {
  switch (random.weighted({ submit: 12, again: 2, cancel: 2, close: 0.3, misplaced: 0.5 })) {
    case 'again':
      return submitPacket(anyOf(record, random) ?? newOperation(world, record, random), sessionId, frameId);
    case 'cancel':
      return packet({ messageType: MessageType.FrameCancel, sessionId, frameId: random.int(1, frameId) });
    case 'close':
      return closePacket(sessionId, random.int(0, 0xffffffff));
    case 'misplaced':
      return packet({ messageType: MessageType.ResultDrop, sessionId, frameId });
    case 'submit':
      return submitPacket(newOperation(world, record, random), sessionId, frameId);
  }
}

function newOperation(world: World, record: SessionRecord, random: Random): OperationRecord {
  return world.ledger.addOperation(record, drawAnswer(random), bodyFor(random.int(0, 60)), {
    origin: 'flood',
  });
}

function anyOf({ operations }: SessionRecord, random: Random): OperationRecord | undefined {
  return operations.size === 0 ? undefined : random.pick([...operations]);
}

/** A submit; of one that was sent before, under the same frame id. */
function submitPacket(operation: OperationRecord, sessionId: number, frameId: number): Packet {
  return packet(
    { messageType: MessageType.FrameSubmit, sessionId, frameId: operation.frameId || frameId },
    FrameSubmitMetadata.encode(FrameSubmitMetadata.of(fieldsOf(operation))),
    operation.body,
  );
}

function closePacket(sessionId: number, drainTimeoutMs: number): Packet {
  const close = SessionCloseMetadata.of({ inFlightPolicy: InFlightPolicy.Drain, drainTimeoutMs });
  return packet({ messageType: MessageType.SessionClose, sessionId }, SessionCloseMetadata.encode(close));
}

/** Speaks for a session over the connection that it has left. */
export function haunt(world: World, session: SessionRecord, from: SimulatedTransport): void {
  const random = world.random.fork(`ghost of ${session.tag} on ${from.connectionId}`);
  const { sessionId } = session;
  const [first] = session.outstanding;
  const ghost = world.ledger.addOperation(session, drawAnswer(random), bodyFor(8), { origin: 'ghost' });
  world.scheduler.schedule(
    () => {
      if (!from.isWritable) return;
      world.ledger.count('ghosts');
      // A ghost's submit is nobody's: its client knows nothing of it.
      from.send(submitPacket(ghost, sessionId, 0xffff));
      from.send(packet({ messageType: MessageType.FrameCancel, sessionId, frameId: first?.frameId ?? 1 }));
      if (random.chance(0.3)) from.send(closePacket(sessionId, 0));
    },
    random.int(0, 30),
  );
}
