import type { StoredSession } from '../../cluster/session-log';
import type { IdRange } from '../../protocol/operation/id-ranges';
import type { SessionExtension } from '../../protocol/session/session-extension';
import { MessageType } from '../../wire/message-type';
import { REVISIONS } from '../../wire/message';
import { EMPTY, packet, type Packet } from '../../wire/packet';
import { PacketDecoder } from '../../wire/packet-decoder';
import { PartialResultMetadata } from '../../wire/preview4/results';
import type { TokenPair } from '../opening/resume-token';
import type { Opening } from '../opening/opening';
import type { ServerContext } from '../server-context';
import { frameOf, kept } from '../session/results/outgoing';
import { SessionClaim } from '../session/session-claim';
import { SessionCore } from '../session/session-core';
import { ReceivedSubmit } from '../session/submits/submit';
import { LAST_OPERATION_FIELD, type LoggedSession, SESSION_FIELD } from './logged-session';
import { LostOperations } from './lost-operations';
import { decodeOperation, decodeSession, type OperationRecord } from './session-record';
import { LoggedAnswer } from './sent-before';

/** What a session is made of that was another node's. */
export interface Taken {
  readonly stored: StoredSession;
  readonly claim: { readonly tokens: TokenPair; readonly isTakenOver: boolean };
  /** Of the client that has come for it. */
  readonly opening: Opening;
  readonly server: ServerContext;
  /** How it is logged from now on. */
  readonly log: (core: SessionCore) => LoggedSession;
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
  const results = lastRun(stored);
  const unlogged = Math.max(0, (shown.receivedResults ?? 0) - stored.last);
  if (unlogged > 0) core.outlet.restore(stored.last + unlogged, []);
  else core.outlet.restore(stored.last - results.length, results.map(kept));
  restoreOperations(core, stored, { results, unlogged, told: extension ?? {} }, log);
  core.connectionLost(connection);
  return core;
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
  readonly results: readonly Packet[];
  /** Results that its client has, and the log not. */
  readonly unlogged: number;
  /** What the client says of it. */
  readonly told: SessionExtension;
}

function restoreOperations(
  core: SessionCore,
  stored: StoredSession,
  { results, unlogged, told }: Progress,
  log: (core: SessionCore) => LoggedSession,
): void {
  const records = operationsOf(stored);
  const lastLogged = Number(new TextDecoder().decode(stored.fields.get(LAST_OPERATION_FIELD)) || 0);
  const { wantedOperations: wanted = [], lastOperationId: lastGiven = Infinity } = told;
  const unknown = wanted.filter((frameId) => frameId > lastLogged);
  // Where several run, or may have, nobody knows whose they are.
  const isOfOne = records.size === 1 && lastGiven <= lastLogged;
  const first = stored.last - results.length;
  const answers = new Map(
    [...records].map(([frameId, { since, hasBody }]) => {
      const own = results.filter((each) => frameOf(each) === frameId);
      const beyond = unlogged === 0 || isOfOne ? unlogged : undefined;
      return [frameId, new LoggedAnswer(own, since, beyond, hasBody && first <= since)];
    }),
  );
  core.lost = new LostOperations(core, answers, unknown);
  core.operations.startAnew(between([...records.keys()], Math.max(lastLogged, ...unknown)));
  core.outlet.log = log(core);
  for (const [frameId, record] of records) {
    const submit = submitOf(core, frameId, record);
    submit.partCount = lastPart(results, frameId);
    core.operations.submit(submit);
    core.names?.add(submit, core.operations);
    // What clients with a ticket get is whole.
    core.outlet.retained?.forget(frameId);
  }
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
function lastPart(results: readonly Packet[], frameId: number): number {
  for (let index = results.length - 1; index >= 0; index--) {
    const { header, metadata } = results[index]!;
    if (header.frameId !== frameId || header.messageType !== MessageType.PartialResult) continue;
    return Number(PartialResultMetadata.decode(metadata).resultSequence);
  }
  return 0;
}
