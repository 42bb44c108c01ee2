import { NODE_TTL_MS } from '../../../src/cluster/directory';
import type { Invariant } from '../invariants/invariant';
import { nameOfOperation, type ClusterLedger, type LateRecord, type OperationRecord } from './ledger';
import type { ClusterWorld } from './world';

/** What holds of several nodes, whatever goes wrong, besides that nothing fails that nobody has made fail. */
export const CLUSTER_INVARIANTS: readonly Pick<Invariant, 'number' | 'text'>[] = [
  { number: 20, text: 'what a client is given is each part once and in order, whichever nodes gave them' },
  { number: 21, text: 'each operation ends, once and for a reason' },
  { number: 22, text: 'a session has one owner, and what an earlier one says is not kept' },
  { number: 23, text: 'a handler starts at most once per operation, whatever node it comes to' },
  { number: 24, text: 'a node that is not the owner any more stops its handlers as soon as it can know' },
  { number: 25, text: 'once faults stop everything ends, and nothing is left' },
  {
    number: 26,
    text: 'who comes with a ticket is given kept answers from their first part on, and none with a gap',
  },
  {
    number: 32,
    text: 'nobody is given what a node says that stood still, of a session that another had taken by then',
  },
];

/** Milliseconds in which a node asks whose its sessions are, and hears of it, once it can. */
const LEARNS_MS = 2500;

/** Milliseconds that a node may stand still, and be believed yet; and for which it says nothing then, unless it hears. */
const SUSPECT_MS = NODE_TTL_MS / 3;
const SILENT_MS = NODE_TTL_MS;

/** 20: of a text, as it comes. */
export function surfaced(ledger: ClusterLedger, operation: OperationRecord, text: string): void {
  const before = partsOf(operation.surfaced).length;
  operation.surfaced += text;
  const fault = faultOf(operation.surfaced, before, 0);
  if (fault !== undefined) ledger.violated(20, `${nameOfOperation(operation)} ${fault}`);
  operation.farthest = Math.max(operation.farthest, partsOf(operation.surfaced).length);
}

/** 32: of a text, as it comes. A node that the store does not answer goes on as if there was none. */
export function saidByOwner(
  { ledger, owners, scheduler }: ClusterWorld,
  operation: OperationRecord,
  text: string,
): void {
  const owner = owners.of(operation.session.sessionId);
  for (const part of partsOf(text)) {
    const run = operation.runs.find(({ letter }) => letter === part.slice(-1));
    if (owner === undefined || run === undefined || run.node === owner.node) continue;
    const gaveAt = run.gaveAt.get(Number(part.slice(0, -1))) ?? -Infinity;
    const still = run.node.stills.find(
      ({ from, until }) => until - from > SUSPECT_MS && from < owner.since && owner.since <= until,
    );
    if (still === undefined || gaveAt < still.until || scheduler.now() >= still.until + SILENT_MS) continue;
    ledger.violated(
      32,
      `${run.node.name} stood still, and has given ${part} of ${nameOfOperation(operation)}, of which ${owner.node.name} was the owner by then`,
    );
  }
}

/** 26: of a text that a page is given which has come with a ticket. */
export function lateSurfaced(ledger: ClusterLedger, late: LateRecord, text: string): void {
  const { operation, had } = late;
  const before = partsOf(late.text).length;
  late.text += text;
  const first = firstOf(late);
  const fault =
    first > had ? `was given again from ${first} on, after ${had}` : faultOf(late.text, before, first);
  if (fault !== undefined) ledger.violated(26, `${nameOfOperation(operation)} ${fault}`);
  operation.farthest = Math.max(operation.farthest, first + partsOf(late.text).length);
}

/** The number of the first part that a page is given. */
function firstOf({ isWhole, had, text }: LateRecord): number {
  const [first] = partsOf(text);
  if (isWhole) return 0;
  return first === undefined ? had : Number(first.slice(0, -1));
}

/** What is wrong with the parts of a text, but for so many, that begin with a number. */
function faultOf(text: string, before: number, first: number): string | undefined {
  const parts = partsOf(text);
  for (let index = before; index < parts.length; index++) {
    const part = parts[index] ?? '';
    if (Number(part.slice(0, -1)) !== first + index)
      return `was given ${part} as its part ${first + index}: ${text}`;
    if (part.slice(-1) < (parts[index - 1] ?? 'a').slice(-1))
      return `was given ${part} of a node that had lost it: ${text}`;
  }
  return undefined;
}

function partsOf(text: string): readonly string[] {
  return text.split(' ').slice(0, -1);
}

/** 20, 21, 23: of an operation that has ended. */
export function judgeOperation(ledger: ClusterLedger, operation: OperationRecord): void {
  const { outcome, starts, runs, count, session, page, surfaced: text, endedAt, detail } = operation;
  const name = nameOfOperation(operation);
  if (starts > 1) ledger.violated(23, `${name} started ${starts} times`);
  switch (outcome) {
    case 'complete':
      if (partsOf(text).length !== count) {
        ledger.violated(20, `${name} completed with ${partsOf(text).length} of ${count} parts: ${text}`);
      }
      return;
    case undefined:
      ledger.violated(21, `${name} has no outcome`);
      return;
    case 'unsubscribed':
      return;
    case 'node-lost':
      if (!ledger.taken.has(session.sessionId))
        ledger.violated(21, `${name} was lost with a node, and none was lost`);
      return;
    case 'taken-over':
      if (session.reloads <= page) ledger.violated(21, `${name} was taken over by nobody`);
      return;
    case 'draining':
    case 'session-closed':
    case 'connection-lost':
      if (session.isForsaken || endedAt >= session.handedOverAt) return;
      // The last two tokens are known: who was away while two others came hears that there is no such session.
      if (outcome === 'connection-lost' && session.reloads > page + 1) return;
      // So does who was away while one other came, to whom it was closed since: nobody knows it any more.
      if (outcome === 'connection-lost' && session.ends.some((end) => end.page > page && end.at <= endedAt))
        return;
      // What comes as it is asked to end is for another one.
      if (session.handedOverAt < Infinity && runs.length === 0) return;
      ledger.violated(21, `${name} ended ${outcome}, and its session lives: ${detail}`);
      return;
    default:
      ledger.violated(21, `${name} ended ${outcome} for no reason: ${detail}`);
  }
}

/** 26: of what a page was given, in the end. */
export function judgeLate(ledger: ClusterLedger, late: LateRecord): void {
  const { operation, outcome, text } = late;
  const name = nameOfOperation(operation);
  if (outcome === undefined) ledger.violated(26, `${name} has no outcome for who came late`);
  const end = firstOf(late) + partsOf(text).length;
  if (outcome === 'complete' && end !== operation.count) {
    ledger.violated(26, `${name} completed at ${end} of ${operation.count} for who came late: ${text}`);
  }
}

/** 24 */
export function staleHandlers({ ledger, owners, scheduler, store }: ClusterWorld): void {
  const now = scheduler.now();
  for (const { node, operation } of ledger.running) {
    const { sessionId } = operation.session;
    const owner = owners.of(sessionId);
    if (owner === undefined || owner.node === node) continue;
    if (now - Math.max(owner.since, node.ableSince, store.answersSince(sessionId)) <= LEARNS_MS) continue;
    ledger.violated(
      24,
      `${node.name} still answers ${nameOfOperation(operation)}, of which ${owner.node.name} is the owner`,
    );
  }
}

/** 25 */
export function nothingIsLeft({ ledger, network, links, scheduler, nodes }: ClusterWorld): void {
  const left = (what: string): void => {
    ledger.violated(25, what);
  };
  if (scheduler.pendingCount > 0) left(`${scheduler.pendingCount} timers are left`);
  if (network.openCount > 0) left(`${network.openCount} connections are left`);
  if (links.openCount > 0) left(`${links.openCount} links are left`);
  for (const run of ledger.running) left(`a handler of ${nameOfOperation(run.operation)} is left`);
  for (const { server, record } of nodes) {
    const kept = record.isGone ? undefined : Object.entries(server.usage).find(([, count]) => count !== 0);
    if (kept !== undefined) left(`${record.name} has ${String(kept[1])} ${kept[0]} left`);
  }
}
