import type { Fact } from '../facts';
import type { ServerInnards } from '../innards';
import { nameOf, type SessionRecord } from '../records';
import type { Finding } from './invariant';

/** 15 */
export function readsFirst(fact: Fact): Finding {
  if (fact.kind !== 'cut-unread') return undefined;
  const { who, connectionId, unreadBytes } = fact;
  return `${who} woke and cut connection ${connectionId}, with ${unreadBytes} bytes of its peer unread`;
}

/** 16: nobody has a session for longer than the policy has given, by the date. */
export function notOverdue(session: SessionRecord, _held: ServerInnards, now: number): Finding {
  if (session.overdueAt === undefined || now <= session.overdueAt) return undefined;
  return `${nameOf(session)} goes on at ${now} ms, past what the policy has given`;
}

/** 16: and not before. */
export function notEarly(fact: Fact): Finding {
  if (fact.kind !== 'revoked-early') return undefined;
  return `${nameOf(fact.session)} was taken ${fact.leftMs} ms before its time`;
}
