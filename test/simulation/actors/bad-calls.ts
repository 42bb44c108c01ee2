import type { Observable } from 'rxjs';
import type { Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import type { Result } from '../../../src/protocol/operation/result';
import type { ServerSession } from '../../../src/server/session/session';
import { FlowScope, FlowUpdateMetadata } from '../../../src/wire/messages/flow-update';
import { SessionMigrateMetadata } from '../../../src/wire/messages/session-migrate';
import { clientDigest, serverDigest } from '../innards';
import type { Random } from '../random';
import { nameOf, type SessionRecord } from '../records';
import type { World } from '../world';

/** Calls by what they are called, each with an argument that cannot be sent. */
type BadCalls = Readonly<Record<string, () => unknown>>;

/** What no field of a number holds, of any width. */
const NO_NUMBERS = [-1, 0.5, NaN, 2 ** 64, '7', {}];
/** Bytes by their type only. */
const NO_BYTES = { length: 30 } as unknown as Uint8Array;

/** Calls something of a client's that is to be refused, and notes what it has done besides. */
export function callClientBadly(
  world: World,
  record: SessionRecord,
  { session, client, random }: { session: ClientSession; client: Client; random: Random },
): void {
  const bad = random.pick(NO_NUMBERS) as number;
  const calls: BadCalls = {
    submit: () => session.submit({ metadata: { latencyBudgetMs: bad } }),
    'submit, a body': () => session.submit({ body: NO_BYTES }),
    'submit, a text': () => session.submit('text' as never),
    patch: () => session.patch({ qualityTier: bad }),
    'patch, a field that is none': () => session.patch({ tier: 1 } as never),
    'patch, a body': () => session.patch({}, NO_BYTES),
    cachePut: () => session.cachePut({ ttlMs: bad }, new Uint8Array(1)),
    'cachePut, an object': () => session.cachePut({}, NO_BYTES),
    cacheInvalidate: () => {
      session.cacheInvalidate({ invalidateScope: 77 as 0 });
    },
    migrate: () => session.migrate({ ...SessionMigrateMetadata.of(), clientMigrateTsUs: -1n }),
    close: () => session.close({ closeReason: 77 as 0 }),
    openSession: () => client.openSession({ requestedSessionId: bad }),
    'openSession, a tag': () => client.openSession({ clientSessionTag: -1n }),
  };
  call(world, record, calls, random, () => {
    const { operationsWaiting, acksAwaited, sessions } = client.usage;
    return [clientDigest(session), operationsWaiting, acksAwaited, sessions].join(' | ');
  });
}

/** Calls something of the server's that is to be refused, and notes what it has done besides. */
export function callServerBadly(
  world: World,
  record: SessionRecord,
  { session, random }: { session: ServerSession; random: Random },
): void {
  const bad = random.pick(NO_NUMBERS) as number;
  const flow = FlowUpdateMetadata.of({ scopeKind: FlowScope.Session });
  const calls: BadCalls = {
    'sendHint, of the server': () => {
      session.sendHint(1, { retryAfterMs: bad });
    },
    'sendFlowUpdate, of the server': () => {
      session.sendFlowUpdate({ ...flow, sessionCredit: bad });
    },
    'grant, of the server': () => {
      session.grant(random.pick([...NO_NUMBERS, undefined, null]) as number);
    },
    'cancel, of the server': () => session.cancel(bad),
    'sendResult, of the server': () => {
      session.sendResult(random.pick([undefined, null, 'text', { type: 'push', frameId: 1 }]) as Result);
    },
    'close, of the server': () => session.close({ sessionErrorCode: bad }),
  };
  call(world, record, calls, random, () => serverDigest(session));
}

function call(
  { ledger, scheduler }: World,
  record: SessionRecord,
  calls: BadCalls,
  random: Random,
  digest: () => string,
): void {
  const what = random.pick(Object.keys(calls));
  ledger.count('bad calls');
  ledger.tell(record.actor, `asks ${nameOf(record)} for what cannot be sent: ${what}`);
  let answer: 'refused' | 'taken' | 'unanswered' = 'unanswered';
  const refused = (): void => {
    answer = 'refused';
  };
  const taken = (): void => {
    answer = 'taken';
  };
  const [before, sent] = [digest(), ledger.sent];
  try {
    const given = calls[what]?.();
    if (given instanceof Promise) given.then(taken, refused);
    else if (isObservable(given)) given.subscribe({ next: taken, error: refused, complete: taken });
    else taken();
  } catch {
    refused();
  }
  const changed = before === digest() ? undefined : `${before} became ${digest()}`;
  const hasSent = ledger.sent > sent;
  // Its promise has until the next event to be rejected.
  scheduler.schedule(() => {
    ledger.facts.push({ kind: 'bad-call', session: record, what, answer, changed, hasSent });
  });
}

function isObservable(given: unknown): given is Observable<unknown> {
  return typeof given === 'object' && given !== null && 'subscribe' in given;
}
