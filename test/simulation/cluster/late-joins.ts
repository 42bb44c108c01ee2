import type { ClientSession } from '../../../src/client/session/session';
import type { ResumedOperation } from '../../../src/client/session/resumed-operation';
import { lateSurfaced } from './invariants';
import type { ClusterLedger, LateRecord } from './ledger';

/** What a page is given that has come with a ticket: of each operation what it shows, and how that ends. */
export function watchLate(ledger: ClusterLedger, session: ClientSession): void {
  for (const operation of session.operations) watch(ledger, operation);
}

function watch(ledger: ClusterLedger, { sent, isWhole, results }: ResumedOperation): void {
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
    },
    error: () => {
      late.outcome = 'failed';
    },
    complete: () => {
      late.outcome = 'complete';
    },
  });
}
