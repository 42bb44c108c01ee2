import type { Random } from '../../simulation/random';
import {
  cachePut,
  cacheInvalidate,
  cacheReference,
  cancel,
  clientHello,
  close,
  migrate,
  open,
  patch,
  ping,
  pong,
  probe,
  raw,
  sessionClose,
  sessionCloseAck,
  submit,
  type CacheName,
} from '../../../src/testing';
import { MessageType, packet, type Packet } from '../../../src/wire';
import { CacheInvalidateScope, CacheObjectKind } from '../../../src/wire/messages/cache';
import { CloseStatus } from '../../../src/wire/messages/session-close';
import { CACHED_KINDS } from './terms';

const TYPES = Object.values(MessageType);
/** Edges of a field of one or of four bytes. */
const EDGES = [0, 1, 2, 3, 4, 5, 0x10, 0x7f, 0x80, 0xff];

/** What a client may do, each as often as its weight says. */
const KINDS = (
  [
    ['open', 10],
    ['resume', 9],
    ['submit', 30],
    ['refer', 6],
    ['cancel', 14],
    ['close', 4],
    ['closeAck', 2],
    ['patch', 2],
    ['migrate', 2],
    ['cachePut', 7],
    ['cacheInvalidate', 2],
    ['ping', 2],
    ['pong', 1],
    ['probe', 1],
    ['hello', 2],
    ['end', 1],
    ['any', 4],
  ] as const
).flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind));

/** What a client can build on. */
export interface Known {
  /** The tokens that clients were given, by session; old ones among them. */
  readonly tokens: ReadonlyMap<number, readonly Uint8Array[]>;
  /** The sessions of the connection. */
  readonly sessionIds: readonly number[];
}

/** A packet of a client that may do anything, of ids so few that it meets what it did before. */
export function drawPacket(random: Random, known: Known): Packet {
  const whole = drawWhole(random, known);
  return random.chance(0.15) ? mutilated(random, whole) : whole;
}

function drawWhole(random: Random, { tokens, sessionIds }: Known): Packet {
  // Without a session there is not much else to do.
  if (sessionIds.length === 0 && random.chance(0.5)) return drawOpen(random);
  const isOwn = sessionIds.length > 0 && random.chance(0.85);
  const sessionId = isOwn ? random.pick(sessionIds) : random.int(0, 3);
  const frameId = random.int(0, 12);
  switch (random.pick(KINDS)) {
    case 'open':
      return drawOpen(random);
    case 'resume':
      return drawResume(random, tokens);
    case 'submit':
      return submit(sessionId, frameId, Uint8Array.of(random.int(0, 3)));
    case 'refer':
      return drawReference(random, sessionId, frameId);
    case 'cancel':
      return cancel(sessionId, frameId);
    case 'close': {
      const whole = sessionClose(sessionId);
      return random.chance(0.3) ? whole.abort() : whole.draining(random.pick([0, 1, 50, 5000, 2 ** 32 - 1]));
    }
    case 'closeAck':
      return sessionCloseAck(sessionId).with({ closeStatus: random.pick(Object.values(CloseStatus)) });
    case 'patch':
      return patch(sessionId, { patchMask: random.int(0, 0x7f) });
    case 'migrate':
      return migrate(sessionId, frameId);
    case 'cachePut':
      return drawPut(random, sessionId);
    case 'cacheInvalidate':
      return cacheInvalidate(sessionId, drawName(random), {
        invalidateScope: random.pick(Object.values(CacheInvalidateScope)),
      });
    case 'ping':
      return ping(frameId);
    case 'pong':
      return pong(frameId);
    case 'probe':
      return probe(frameId, random.bytes(random.int(0, 4)));
    case 'hello':
      return clientHello(random.chance(0.3) ? { supportedProfileBitmap: 1 } : {});
    case 'end':
      return close();
    case 'any':
      return raw(random.pick(TYPES), { sessionId, frameId }, random.bytes(random.int(0, 80)));
  }
}

function drawOpen(random: Random): Packet {
  let whole = open(random.int(0, 3));
  if (random.chance(0.6)) whole = whole.resumable();
  if (random.chance(0.3)) whole = whole.announced();
  if (random.chance(0.1)) whole = whole.auth(random.bytes(3));
  if (random.chance(0.1)) whole = whole.with({ profileId: random.int(0, 3) });
  if (random.chance(0.1)) whole = whole.with({ maxInFlightOperations: random.int(3, 6) });
  if (random.chance(0.1)) whole = whole.with({ schemaVersion: random.int(2, 4) });
  return whole.withHeader({ sessionId: random.chance(0.1) ? random.int(1, 3) : 0 });
}

/** Mostly with a token that was good once, for the session or for another; a good one now and then. */
function drawResume(random: Random, tokens: Known['tokens']): Packet {
  const sessionId = random.int(0, 3);
  const ofSession = tokens.get(random.chance(0.9) ? sessionId : random.int(0, 3)) ?? [];
  const newest = ofSession.slice(-2);
  let token = random.bytes(24);
  if (newest.length > 0 && random.chance(0.7)) token = random.pick(newest);
  else if (ofSession.length > 0 && random.chance(0.7)) token = random.pick(ofSession);
  if (random.chance(0.1)) token = token.slice(0, random.int(1, 23));
  let whole = open(sessionId).resuming(token);
  if (random.chance(0.3)) whole = whole.announced();
  if (random.chance(0.05)) whole = whole.with({ sessionFlags: 0 });
  if (random.chance(0.05)) whole = whole.with({ resumeTokenBytes: 25 });
  // Announced and not carried, as the reference's clients do.
  if (random.chance(0.05)) return packet(whole.header, whole.metadata);
  return whole;
}

function drawName(random: Random): CacheName {
  return { objectKind: random.pick([...CACHED_KINDS, CacheObjectKind.ToolSchema]), key: random.int(0, 2) };
}

function drawPut(random: Random, sessionId: number): Packet {
  const whole = cachePut(sessionId, drawName(random), random.bytes(random.int(0, 3)));
  if (random.chance(0.1)) return whole.with({ objectBytes: 9 });
  return random.chance(0.3) ? whole.with({ ttlMs: random.pick([0, 40]) }) : whole;
}

function drawReference(random: Random, sessionId: number, frameId: number): Packet {
  const names = Array.from({ length: random.int(1, 2) }, () => drawName(random));
  return submit(sessionId, frameId).referring(random.int(0, 3), ...names.map(cacheReference));
}

/** The same with a byte changed, or of other lengths, in a frame that is whole: what costs a packet. */
function mutilated(random: Random, { header, metadata, body }: Packet): Packet {
  const fields = { messageType: header.messageType, sessionId: header.sessionId, frameId: header.frameId };
  switch (random.pick(['byte', 'byte', 'cut', 'grow', 'body', 'type'] as const)) {
    case 'byte': {
      const changed = metadata.slice();
      if (changed.length > 0) changed[random.int(0, changed.length - 1)] = random.pick(EDGES);
      return packet(fields, changed, body);
    }
    case 'cut':
      return packet(fields, metadata.slice(0, random.int(0, metadata.length)), body);
    case 'grow':
      return packet(fields, new Uint8Array([...metadata, ...random.bytes(random.int(1, 9))]), body);
    case 'body':
      return packet(fields, metadata, random.bytes(random.int(0, 40)));
    case 'type':
      return packet({ ...fields, messageType: random.pick(TYPES) }, metadata, body);
  }
}
