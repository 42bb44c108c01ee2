import type { ClientSession } from '../../../src/client/session/session';
import type { ResumedOperation } from '../../../src/client/session/resumed-operation';
import { lateSurfaced, saidByOwner } from './invariants';
import type { LateRecord } from './ledger';
import type { ClusterWorld } from './world';

/** What a page is given that has come with a ticket: of each operation what it shows, and how that ends. */
export function watchLate(world: ClusterWorld, session: ClientSession): void {
  for (const operation of session.operations) watch(world, operation);
}

function watch(world: ClusterWorld, { sent, isWhole, results }: ResumedOperation): void {
  const { ledger } = world;
  // Of what it is not told nothing can be known.
  const operation = sent === undefined ? undefined : ledger.operations[Number(sent.text)];
  if (operation === undefined) return;
  const late: LateRecord = { operation, isWhole, had: operation.farthest, text: '', outcome: undefined };
  ledger.lates.push(late);
  ledger.count(isWhole ? 'late: whole' : 'late: in part');
  if (isWhole && ledger.taken.has(operation.session.sessionId)) ledger.count('late: whole after a takeover');
  results.text$.subscribe({
    next: (text) => {
      lateSurfaced(ledger, late, text);
      saidByOwner(world, operation, text);
    },
    error: () => {
      late.outcome = 'failed';
    },
    complete: () => {
      late.outcome = 'complete';
    },
  });
}
