import type { StoredSession } from '../../cluster/session-log';
import { isPart } from '../../protocol/operation/result-packet';
import type { IdRange } from '../../protocol/operation/id-ranges';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { MessageType } from '../../wire/message-type';
import { REVISIONS } from '../../wire/message';
import { EMPTY, packet, type Packet } from '../../wire/packet';
import { PacketDecoder } from '../../wire/packet-decoder';
import { PartialResultMetadata } from '../../wire/preview4/results';
import type { SessionTokens } from '../opening/resume-token';
import type { Opening } from '../opening/opening';
import type { ServerContext } from '../server-context';
import { frameOf, kept, type Outgoing } from '../session/results/outgoing';
import { SessionClaim } from '../session/session-claim';
import { SessionCore } from '../session/session-core';
import { ReceivedSubmit } from '../session/submits/submit';
import {
  FIRST_FIELD,
  LAST_OPERATION_FIELD,
  type LoggedSession,
  SENT_FIELD,
  SESSION_FIELD,
} from './logged-session';
import { LostOperations } from './lost-operations';
import { decodeOperation, decodeSession, hasBody, type OperationRecord } from './session-record';
import { LoggedAnswer } from './sent-before';

/** What a session is made of that was another node's. */
export interface Taken {
  readonly stored: StoredSession;
  readonly claim: { readonly tokens: SessionTokens; readonly isTakenOver: boolean };
  /** Of the client that has come for it. */
  readonly opening: Opening;
  readonly server: ServerContext;
  /** How it is logged from now on, by the results that the log has before the first of each operation. */
  readonly log: (core: SessionCore, since: ReadonlyMap<number, number>) => LoggedSession;
}

/**
 * A session out of the log, as it was at the node that is gone: its results that the client may lack, and its
 * operations, which wait for whoever serves it. It waits for its client, as after the loss of a connection.
 */
export function takenSession({ stored, claim: proof, opening, server, log }: Taken): SessionCore {
  const { connection, extension, proof: shown } = opening;
  const { settings, scheduler } = server;
  const { open, granted, revision, owner } = decodeSession(stored.fields.get(SESSION_FIELD) ?? EMPTY);
  const claim = new SessionClaim(
    proof.tokens,
    // Until it is taken up, which is to come.
    { verdict: 'accept', owner, auth: EMPTY, identity: undefined },
    { wallClock: settings.wallClock, scheduler },
    proof.isTakenOver,
  );
  const core = new SessionCore(server, open, granted, connection, claim, extension);
  core.revised(REVISIONS[revision]);
  const { receivedResults = 0 } = shown;
  const results = lastRun(stored).map(kept);
  const first = stored.last - results.length;
  const unlogged = Math.max(0, receivedResults - stored.last);
  // Some may be there for those with a ticket only, which its client has had long ago.
  const released = Math.max(first, numberIn(stored, FIRST_FIELD) ?? 0, receivedResults);
  const sent = Math.max(receivedResults, numberIn(stored, SENT_FIELD) ?? Infinity);
  core.outlet.restore(released, results.slice(released - first), sent);
  restoreOperations(core, stored, { results, first, unlogged, told: extension ?? {} }, log);
  core.connectionLost(connection);
  return core;
}

function numberIn({ fields }: StoredSession, name: string): number | undefined {
  const value = fields.get(name);
  return value === undefined ? undefined : Number(new TextDecoder().decode(value));
}

/** The newest results without a gap between them. */
function lastRun({ results, last }: StoredSession): readonly Packet[] {
  const run: Packet[] = [];
  let end = 0;
  for (const entry of results) {
    const packets = new PacketDecoder({ maxBodyBytes: Infinity }).push(entry.packets);
    if (entry.last - packets.length !== end) run.length = 0;
    for (const each of packets) run.push(each);
    end = entry.last;
  }
  return end === last ? run : [];
}

/** How far a session had come. */
interface Progress {
  /** Those behind number `first`. */
  readonly results: readonly Outgoing[];
  readonly first: number;
  /** Results that its client has, and the log not. */
  readonly unlogged: number;
  /** What the client says of it. */
  readonly told: SessionExtension;
}

function restoreOperations(
  core: SessionCore,
  stored: StoredSession,
  { results, first, unlogged, told }: Progress,
  log: Taken['log'],
): void {
  const logged = operationsOf(stored);
  const records = new Map([...logged].filter(([, { until }]) => until === undefined));
  const lastLogged = numberIn(stored, LAST_OPERATION_FIELD) ?? 0;
  const { wantedOperations: wanted = [], receivedParts = [] } = told;
  const received = new Map(wanted.map((frameId, index) => [frameId, receivedParts[index]]));
  const partsOf = (frameId: number): number | undefined => {
    if (unlogged === 0) return 0;
    const parts = received.get(frameId);
    return parts === Infinity ? undefined : parts;
  };
  const own = byOperation(results);
  // Also of an operation that the log has heard of: its end is logged behind its results, which had not all come.
  const hasEnded = (frameId: number): boolean =>
    own.get(frameId)?.some(({ packet }) => !isPart(packet)) === true;
  const unknown = wanted.filter((frameId) => !records.has(frameId) && !hasEnded(frameId));
  const answers = new Map(
    [...records].map(([frameId, { since, canGoOn = false }]) => {
      const packets = (own.get(frameId) ?? []).map(({ packet }) => packet);
      return [frameId, new LoggedAnswer(packets, partsOf(frameId), canGoOn && first <= since)];
    }),
  );
  const bodiless = [...records].filter(([, record]) => !hasBody(record)).map(([frameId]) => frameId);
  core.lost = new LostOperations(core, answers, new Set(bodiless), unknown);
  core.operations.startAnew(between([...records.keys()], Math.max(lastLogged, ...unknown)));
  core.outlet.log = log(core, new Map([...logged].map(([frameId, { since }]) => [frameId, since])));
  for (const [frameId, record] of logged) {
    const given = own.get(frameId) ?? [];
    // What clients with a ticket get is whole.
    const isWhole = record.isRetained === true && first <= record.since;
    if (record.until !== undefined) {
      restoreEnded(core, frameId, record, isWhole ? given : undefined);
      continue;
    }
    const submit = submitOf(core, frameId, record);
    submit.partCount = lastPart(given);
    core.operations.submit(submit);
    core.names?.add(submit, core.operations);
    if (!isWhole || unlogged > 0) core.outlet.retained?.forget(frameId);
    else for (const result of given) core.outlet.retained?.add(frameId, result);
  }
}

/** The answer of an operation that has ended is kept on, where it is whole and its time is not over. */
function restoreEnded(
  { outlet, server }: SessionCore,
  frameId: number,
  { sent, until = 0 }: OperationRecord,
  results: readonly Outgoing[] | undefined,
): void {
  const leftMs = until - server.settings.wallClock.now();
  if (results !== undefined && leftMs > 0) outlet.retained?.restore({ frameId, sent }, results, leftMs);
  if (outlet.retained?.has(frameId) !== true) outlet.log?.changed(frameId);
}

function byOperation(results: readonly Outgoing[]): ReadonlyMap<number, Outgoing[]> {
  const found = new Map<number, Outgoing[]>();
  for (const result of results) {
    const frameId = frameOf(result.packet);
    const own = found.get(frameId);
    if (own === undefined) found.set(frameId, [result]);
    else own.push(result);
  }
  return found;
}

/** The ids up to `last` but for some of them, ascending. */
function between(ids: readonly number[], last: number): readonly IdRange[] {
  const ends = [...ids, last + 1];
  return ends.map((end, index) => ({ first: (ids[index - 1] ?? 0) + 1, last: end - 1 }));
}

/** In the order of their ids. */
function operationsOf({ fields }: StoredSession): ReadonlyMap<number, OperationRecord> {
  const found = [...fields].flatMap(([name, value]) => {
    const frameId = Number(name);
    return Number.isInteger(frameId) ? [[frameId, decodeOperation(value)] as const] : [];
  });
  return new Map(found.sort(([one], [other]) => one - other));
}

function submitOf(core: SessionCore, frameId: number, { deadline, sent }: OperationRecord): ReceivedSubmit {
  const { settings, scheduler } = core.server;
  const now = scheduler.now();
  const fields = { messageType: MessageType.FrameSubmit, sessionId: core.sessionId, frameId };
  const context = {
    record: core.dialect.submit,
    objects: [],
    arrivedAt: now,
    deadline: deadline === undefined ? Infinity : now + deadline - settings.wallClock.now(),
  };
  return new ReceivedSubmit(packet(fields, sent.metadata, sent.body), context, core.operations);
}

/** The number that the newest part of an operation has in preview4, 0 where there is none. */
function lastPart(results: readonly Outgoing[]): number {
  for (let index = results.length - 1; index >= 0; index--) {
    const { header, metadata } = results[index]!.packet;
    if (header.messageType !== MessageType.PartialResult) continue;
    return Number(PartialResultMetadata.decode(metadata).resultSequence);
  }
  return 0;
}
