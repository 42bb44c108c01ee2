import type { HeldObject } from '../../../src/objects/held-object';
import type { ObjectTable } from '../../../src/objects/object-table';
import type { Fact } from '../facts';
import { clientObjects, serverObjects, type ServerInnards } from '../innards';
import {
  isOverForClient,
  isOverForServer,
  nameOf,
  nameOfOperation,
  type OperationRecord,
  type SessionRecord,
} from '../records';
import type { World } from '../world';
import { sameBytes } from './bodies';
import { firstOf, type Finding } from './invariant';

// Of what preview4 says of operations, and of what its sessions share.

/** 27 */
export function notBeforeItsDeadline(fact: Fact): Finding {
  if (fact.kind !== 'ended-early') return undefined;
  return `${nameOfOperation(fact.operation)} was called late ${fact.leftMs} ms before its deadline`;
}

/** 27: and not after it. */
export function notPastItsDeadline({ ledger, serverProcess }: World): Finding {
  return firstOf(ledger.working, (operation) => {
    const { overdueAt = Infinity, deadlineAt } = operation.heard;
    // What a process that stands still has not done yet is not late.
    if (serverProcess.doneUntil <= overdueAt) return undefined;
    return `${nameOfOperation(operation)} goes on past ${deadlineAt}, its deadline`;
  });
}

/** 27: a cancel ends what it cancels, as it comes. */
export function endsWhenTakenBack(fact: Fact): Finding {
  if (fact.kind !== 'taken-back' || fact.operation.ends.length > 0) return undefined;
  return `${nameOfOperation(fact.operation)} was taken back, and goes on`;
}

/** 28 */
export function withinBudget(fact: Fact): Finding {
  if (fact.kind !== 'over-budget') return undefined;
  const { tokens, bytes } = fact.left;
  return `${nameOfOperation(fact.operation)} was sent what goes beyond its budget: ${tokens} tokens, ${bytes} bytes`;
}

/** 28: and ends for it only where it would have. */
export function poorForAReason(fact: Fact): Finding {
  if (fact.kind !== 'ended-poor') return undefined;
  const { operation, used } = fact;
  const { least } = operation.heard;
  if (used.tokens > least.tokens || used.bytes > least.bytes) return undefined;
  return `${nameOfOperation(operation)} ended for its budget with ${used.tokens} tokens and ${used.bytes} bytes`;
}

/** 29 */
export function firstOfThoseThatWait(fact: Fact): Finding {
  if (fact.kind !== 'started') return undefined;
  const { operation, waiting } = fact;
  return firstOf(waiting, (other) =>
    comesBefore(other, operation)
      ? `${nameOfOperation(operation)} started before ${nameOfOperation(other)}, which was to`
      : undefined,
  );
}

function comesBefore(one: OperationRecord, other: OperationRecord): boolean {
  const [first, second] = [classOf(one), classOf(other)];
  return first < second || (first === second && one.heard.arrival < other.heard.arrival);
}

function classOf({ heard, session }: OperationRecord): number {
  return heard.priority ?? session.server?.open.priorityClass ?? 0;
}

/** 30 */
export function objectsWithinBounds(session: SessionRecord, _held: ServerInnards, now: number): Finding {
  const table = session.server && serverObjects(session.server);
  return table === undefined ? undefined : boundsOf(table, `${nameOf(session)}, at the server,`, now);
}

function boundsOf(table: ObjectTable, where: string, now: number): Finding {
  const { maxObjects, maxBytes } = table['limits'];
  for (const side of ['here', 'there'] as const) {
    const held = table.all.filter(({ declaredBy }) => declaredBy === side);
    const bytes = held.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (held.length > maxObjects) return `${where} has ${held.length} objects of ${maxObjects}`;
    if (bytes > maxBytes) return `${where} has ${bytes} bytes of objects of ${maxBytes}`;
  }
  const late = table.all.find(({ endsAt }) => endsAt < now);
  return late && `${where} has object ${late.objectId}, whose time was over at ${late.endsAt} ms`;
}

/** 30: what is over for its owner is over for the other end, and what is not is the same for both. */
export function objectsAgree({ ledger }: World): Finding {
  return firstOf(ledger.sessions, (session) => {
    const { client, server, link, attachedTo } = session;
    const [here, there] = [client && clientObjects(client), server && serverObjects(server)];
    // A client that shares nothing does not listen.
    if (here === undefined || server === undefined || link === undefined || link !== attachedTo)
      return undefined;
    if (isOverForClient(session) || isOverForServer(session)) return undefined;
    const name = nameOf(session);
    const more = there?.all.find(({ objectId }) => here.get(objectId) === undefined);
    if (more !== undefined) return `object ${more.objectId} of ${name} is the server's alone`;
    return firstOf(here.all, (object) => {
      const other = there?.all.find(({ objectId }) => objectId === object.objectId);
      if (other === undefined) return `object ${object.objectId} of ${name} is its client's alone`;
      const differs = differenceOf(object, other);
      return differs && `object ${object.objectId} of ${name} has ${differs}`;
    });
  });
}

function differenceOf(one: HeldObject, other: HeldObject): Finding {
  if (one.owner === other.owner) return `${one.owner} for an owner at both ends`;
  if (one.declaredBy === other.declaredBy) return `been declared ${one.declaredBy} at both ends`;
  if (one.sequence !== other.sequence) return `seen ${one.sequence} changes, and ${other.sequence}`;
  if (!sameBytes(one.bytes, other.bytes)) return 'other bytes at either end';
  if (one.referenceCount !== other.referenceCount)
    return `${one.referenceCount} references, and ${other.referenceCount}`;
  return undefined;
}

/** 30: and nothing outlives its session. */
export function noObjectIsLeft({ ledger }: World): Finding {
  return firstOf(ledger.sessions, (session) => {
    const { client, server } = session;
    const left = [client && clientObjects(client), server && serverObjects(server)].find(
      (table) => table?.all.length,
    );
    return left && `${left.all.length} objects of ${nameOf(session)} are left`;
  });
}

/** 31 */
export function progressInOrder(operation: OperationRecord): Finding {
  const { progress, progressHeard } = operation;
  let at = -1;
  for (const text of progressHeard) {
    const next = progress.indexOf(text, at + 1);
    if (next < 0)
      return `${nameOfOperation(operation)} was said to be at ${text}, after ${progress[at] ?? 'nothing'}`;
    at = next;
  }
  return undefined;
}

/** 31 */
export function noProgressAfterEnd(fact: Fact): Finding {
  if (fact.kind !== 'progress-after-end') return undefined;
  return `${nameOfOperation(fact.operation)} was said to be further after its end`;
}
