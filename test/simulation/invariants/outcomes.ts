import { TOO_LARGE_CODE } from '../../../src/server/connection/error-packet';
import { FAILURE_STATUS, useOf } from '../actors/answers';
import { HEADER_LENGTH } from '../../../src/wire/header';
import type { Fact } from '../facts';
import { isClosingForClient } from '../innards';
import { isOpenForClient, isOverForClient, nameOfOperation, type OperationRecord } from '../records';
import type { World } from '../world';
import { bodyOf, lastBody, sameBytes } from './bodies';
import { firstOf, type Finding } from './invariant';

/** 1: what a client is told of an operation ends once. */
export function nothingAfterTheEnd(operation: OperationRecord): Finding {
  const { seen, unsubscribedAt } = operation;
  const end = seen.findIndex(({ type }) => type === 'complete' || type === 'error');
  const last = seen.findIndex(({ type }) => type === 'last');
  if (end >= 0 && end < seen.length - 1) {
    return `${nameOfOperation(operation)} was told ${seen[end + 1]?.type} after ${seen[end]?.type}`;
  }
  if (last >= 0 && seen[last + 1] !== undefined && seen[last + 1]?.type !== 'complete') {
    return `${nameOfOperation(operation)} was told ${seen[last + 1]?.type} after its last result`;
  }
  if (unsubscribedAt !== undefined && seen.length > unsubscribedAt) {
    return `${nameOfOperation(operation)} was told ${seen.at(-1)?.type} after it was unsubscribed`;
  }
  return undefined;
}

/** 1: and there is a reason for what it is told. */
export function endsForAReason(operation: OperationRecord): Finding {
  const outcome = operation.seen.at(-1);
  if (outcome?.type !== 'error') return undefined;
  const name = nameOfOperation(operation);
  const { ends, session, isForgotten, isCancelled, isWithdrawn, isTooLate, isEarly, starts } = operation;
  switch (outcome.reason) {
    case 'cancelled':
      return isCancelled ? undefined : `${name} was cancelled by nobody`;
    case 'draining':
      return session.closing !== undefined && starts === 0 ? undefined : `${name} was not begun for nothing`;
    case 'late':
      // By its deadline, which is looked at where it ends.
      if (operation.heard.deadlineAt !== Infinity) return undefined;
      return ends[0]?.end === 'late' ? undefined : `${name} is called late, and has no deadline`;
    case 'superseded':
      if (starts === 0 && isWithdrawn) return undefined;
      return ends[0]?.end === outcome.reason ? undefined : `${name} is called superseded, and is not`;
    case 'failed': {
      const { retryAfterMs } = operation.plan;
      if (outcome.errorCode === FAILURE_STATUS && outcome.retryAfterMs !== retryAfterMs)
        return `${name} is to be asked again in ${outcome.retryAfterMs} ms, and not in ${retryAfterMs}`;
      return ends[0]?.end === 'failed' ? undefined : `${name} is called failed, and is not`;
    }
    case 'budget-exceeded':
      return ends[0]?.end === outcome.reason ? undefined : `${name} is called ${outcome.reason}, and is not`;
    case 'no-room':
    case 'over-credit':
    case 'dropped': {
      const end = ends[0]?.end;
      const isGivenUp = end !== undefined && end !== 'completed';
      // Where nobody listens, what does not fit in the queue has no place.
      const isRefused = starts === 0 && (session.closing !== undefined || isEarly);
      return isGivenUp || isWithdrawn || isRefused ? undefined : `${name} was dropped by nobody`;
    }
    case 'refused': {
      const isMiss = outcome.errorCode >= 0x30000 && outcome.errorCode < 0x40000;
      if (outcome.errorCode === TOO_LARGE_CODE) return hasTooLargeAnswer(operation);
      return isMiss || isTooLate ? undefined : `${name} was refused for nothing`;
    }
    case 'node-lost':
      return `${name} was lost with its node, and there is one server`;
    case 'taken-over':
      return `${name} was taken over, and nobody has a ticket`;
    case 'session-closed':
    case 'connection-lost': {
      const isOver = isOverForClient(session) || session.client?.state === undefined;
      const isClosing = session.client !== undefined && isClosingForClient(session.client);
      return isOver || isClosing || isForgotten
        ? undefined
        : `${name} ended ${outcome.reason}, and its session lives`;
    }
    case 'slow-consumer':
      return operation.pulled === undefined ? `${name} is called slow, and nobody pulls` : undefined;
    case 'too-large': {
      const isSo = HEADER_LENGTH + operation.body.length > session.least.server;
      return isSo ? undefined : `${name} was too large, and the server takes ${session.least.server} bytes`;
    }
    case 'undeliverable':
    case 'unreadable':
      return `${name} ended ${outcome.reason}, and every server says what it takes`;
    case undefined:
      return undefined;
  }
}

function hasTooLargeAnswer(operation: OperationRecord): Finding {
  const { emitted, offered, ends, session, plan } = operation;
  const bodies = [...emitted, offered, ...ends.map(({ body }) => body)];
  const { client } = session.least;
  if (bodies.some((body) => HEADER_LENGTH + (body?.length ?? 0) > client)) return undefined;
  // Those that were given while their client was away come in one packet.
  const gathered = emitted.reduce((sum, body) => sum + useOf(plan, body).bytes, HEADER_LENGTH);
  if (plan.isText && gathered > client) return undefined;
  return `the answer of ${nameOfOperation(operation)} was too large, and its client takes ${session.least.client} bytes`;
}

/** 1: sooner or later it ends. */
export function everyOneEnds({ ledger }: World): Finding {
  return firstOf(ledger.operations, (operation) =>
    operation.isOfClient && isOpenForClient(operation)
      ? `${nameOfOperation(operation)} has no outcome`
      : undefined,
  );
}

/** 2 */
export function startsOnce(operation: OperationRecord): Finding {
  if (operation.starts <= 1) return undefined;
  return `the handler of ${nameOfOperation(operation)} started ${operation.starts} times`;
}

/** 4: no part is missing, doubled or another's. */
export function partsInOrder(operation: OperationRecord): Finding {
  const { emitted, seen, plan } = operation;
  if (plan.isText) return textInOrder(operation);
  const surfaced = seen.filter(({ type }) => type === 'partial');
  const wrong = surfaced.findIndex((part, at) => !sameBytes(bodyOf(part), emitted[at]));
  if (wrong >= 0) return `part ${wrong + 1} of ${nameOfOperation(operation)} is not the one that was given`;
  if (seen.at(-1)?.type !== 'complete' || surfaced.length === emitted.length) return undefined;
  return `${nameOfOperation(operation)} completed with ${surfaced.length} of ${emitted.length} parts`;
}

/** 4: texts may come together that were given while their client was away. */
function textInOrder(operation: OperationRecord): Finding {
  const { emitted, seen } = operation;
  const given = textOf(emitted);
  const surfaced = textOf(seen.filter(({ type }) => type === 'partial').map(bodyOf));
  const name = nameOfOperation(operation);
  if (!given.startsWith(surfaced)) return `the text of ${name} is not the one that was given`;
  if (seen.at(-1)?.type !== 'complete' || surfaced === given) return undefined;
  return `${name} completed with ${surfaced.length} of ${given.length} characters`;
}

function textOf(bodies: readonly (Uint8Array | undefined)[]): string {
  return bodies.map((body) => new TextDecoder().decode(body)).join('');
}

/** 7: what a client takes for the answer is what the application answered. */
export function answerIsTheAnswer(operation: OperationRecord): Finding {
  const { ends, seen } = operation;
  if (seen.at(-1)?.type !== 'complete') return undefined;
  if (ends[0]?.end === 'completed' && sameBytes(lastBody(operation), ends[0].body)) return undefined;
  return `${nameOfOperation(operation)} completed with what nobody answered`;
}

/** 7: an operation that is over stays as it is. */
export function endsOnce(operation: OperationRecord): Finding {
  const { ends } = operation;
  if (ends.length <= 1) return undefined;
  return `${nameOfOperation(operation)} ended as ${ends.map(({ end }) => end).join(' and as ')}`;
}

/** 7 */
export function noAnswerAfterEnd(fact: Fact): Finding {
  if (fact.kind !== 'answered-after-end') return undefined;
  return `${nameOfOperation(fact.operation)} took an answer after its end`;
}

/** 7: one way to end is all that the client hears of. */
export function oneTerminalResult(fact: Fact): Finding {
  if (fact.kind !== 'terminal-sent' || fact.isFirst || !fact.operation.session.isObedient) return undefined;
  return `${nameOfOperation(fact.operation)} was sent ${fact.packet} after another last result`;
}
