import { firstValueFrom, from, lastValueFrom, type Subscription } from 'rxjs';
import type { Client } from '../../src/client/client';
import type { ClientSession } from '../../src/client/session/session';
import type { MigrateRequest, PatchRequest } from '../../src/server/session/session-message';
import type { ServerSession } from '../../src/server/session/session';
import { FlowScope, FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import { CacheObjectKind } from '../../src/wire/messages/cache';
import { SessionMigrateMetadata, TransportId } from '../../src/wire/messages/session-migrate';
import { settled } from '../support/async';
import { text } from '../support/packets';
import { endServed, Served, told } from '../support/served';

afterEach(endServed);

interface Sides {
  readonly client: Client;
  readonly session: ClientSession;
  readonly server: ServerSession;
  /** The requests that the server's application has not answered. */
  readonly patches: PatchRequest[];
  readonly migrations: MigrateRequest[];
}

async function sides(): Promise<Sides> {
  const served = new Served({ supportedCacheObjects: [CacheObjectKind.CameraBlock] });
  const opened = firstValueFrom(served.server.sessions$);
  const client = await served.connect();
  const session = await client.openSession({ requestedSessionId: 1 });
  const server = await opened;
  const [patches, migrations]: [PatchRequest[], MigrateRequest[]] = [[], []];
  server.patches$.subscribe((request) => patches.push(request));
  server.migrations$.subscribe((request) => migrations.push(request));
  return { client, session, server, patches, migrations };
}

/** What no field of any width holds. */
const NO_FIELD = 2 ** 64;
/** Bytes by their type only. */
const NO_BYTES = { length: 70_000 } as unknown as Uint8Array;

const MIGRATION = SessionMigrateMetadata.of({
  oldTransportId: TransportId.Tcp,
  newTransportId: TransportId.Quic,
});
const OBJECT = { invalidateScope: 3, cacheNamespace: 0, cacheKeyHi: 0, cacheKeyLo: 0 } as const;
const GRANT = FlowUpdateMetadata.of({ scopeKind: FlowScope.Session, creditEpoch: 1 });

/** One call with arguments that cannot be sent, and whether the same call still works with others. */
interface Call {
  readonly bad: (sides: Sides) => unknown;
  readonly good: (sides: Sides) => unknown;
}

function answered({ server }: Sides): Subscription {
  return server.respond(() => 'x');
}

const OF_THE_CLIENT: Readonly<Record<string, Call>> = {
  'openSession, a field': {
    bad: ({ client }) => client.openSession({ requestedSessionId: 2, defaultDeadlineMs: NO_FIELD }),
    good: ({ client }) => client.openSession({ requestedSessionId: 2 }),
  },
  'openSession, an id': {
    bad: ({ client }) => client.openSession({ requestedSessionId: NO_FIELD }),
    good: ({ client }) => client.openSession({ requestedSessionId: 2 }),
  },
  'submit, a field': {
    bad: ({ session }) => lastValueFrom(session.submit({ metadata: { latencyBudgetMs: NO_FIELD } })),
    good: (all) => answered(all) && lastValueFrom(all.session.submit({})),
  },
  'submit, a body': {
    bad: ({ session }) => lastValueFrom(session.submit({ body: NO_BYTES })),
    good: (all) => answered(all) && lastValueFrom(all.session.submit({})),
  },
  'patch, a field': {
    bad: ({ session }) => session.patch({ qualityTier: NO_FIELD }),
    good: patched,
  },
  'patch, a body': {
    bad: ({ session }) => session.patch({}, NO_BYTES),
    good: patched,
  },
  'cachePut, a field': {
    bad: ({ session }) => session.cachePut({ ttlMs: NO_FIELD }, text('x')),
    good: ({ session }) => session.cachePut({ objectKind: CacheObjectKind.CameraBlock }, text('x')),
  },
  'cachePut, an object': {
    bad: ({ session }) => session.cachePut({}, NO_BYTES),
    good: ({ session }) => session.cachePut({ objectKind: CacheObjectKind.CameraBlock }, text('x')),
  },
  cacheInvalidate: {
    bad: ({ session }) => {
      session.cacheInvalidate({ ...OBJECT, cacheKeyHi: NO_FIELD });
    },
    good: ({ session }) => {
      session.cacheInvalidate(OBJECT);
    },
  },
  migrate: {
    bad: ({ session }) => session.migrate({ ...MIGRATION, clientMigrateTsUs: -1n }),
    good: migrated,
  },
  'close, a field': {
    bad: ({ session }) => session.close({ drainTimeoutMs: -1 }),
    good: ({ session }) => session.close(),
  },
  'close, a reason': {
    bad: ({ session }) => session.close({ closeReason: 77 as 0 }),
    good: ({ session }) => session.close(),
  },
};

const OF_THE_SERVER: Readonly<Record<string, Call>> = {
  sendHint: {
    bad: ({ server }) => {
      server.sendHint(1, { retryAfterMs: NO_FIELD });
    },
    good: async ({ server, session }) => {
      const hinted = firstValueFrom(session.hints$);
      server.sendHint(1, { retryAfterMs: 1 });
      return hinted;
    },
  },
  'sendHint, an operation': {
    bad: ({ server }) => {
      server.sendHint(NO_FIELD, {});
    },
    good: async ({ server, session }) => {
      const hinted = firstValueFrom(session.hints$);
      server.sendHint(1, {});
      return hinted;
    },
  },
  sendFlowUpdate: {
    bad: ({ server }) => {
      server.sendFlowUpdate({ ...GRANT, sessionCredit: NO_FIELD });
    },
    good: async ({ server, session }) => {
      const flow = firstValueFrom(session.flowUpdates$);
      server.sendFlowUpdate(GRANT);
      return flow;
    },
  },
  grant: {
    bad: ({ server }) => {
      server.grant(NO_FIELD);
    },
    good: async ({ server, session }) => {
      const flow = firstValueFrom(session.flowUpdates$);
      server.grant(3);
      expect(await flow).toMatchObject({ sessionCredit: 3, creditEpoch: 1 });
    },
  },
  resume: {
    bad: ({ server }) => {
      server.unpause(-1);
    },
    good: async ({ server, session }) => {
      const flow = firstValueFrom(session.flowUpdates$);
      server.unpause();
      expect(await flow).toMatchObject({ creditEpoch: 1 });
    },
  },
  'patch.ack': {
    bad: (all) => withPatch(all, (request) => request.ack({ retryAfterMs: NO_FIELD })),
    good: (all) => withPatch(all, (request) => request.ack()),
  },
  'patch.ack, a body': {
    bad: (all) => withPatch(all, (request) => request.ack({}, NO_BYTES)),
    good: (all) => withPatch(all, (request) => request.ack()),
  },
  'patch.reject': {
    bad: (all) => withPatch(all, (request) => request.reject(77 as 0)),
    good: (all) => withPatch(all, (request) => request.reject(1)),
  },
  'migrate.ack': {
    bad: (all) => withMigration(all, (request) => request.ack({ graceWindowMs: NO_FIELD })),
    good: (all) => withMigration(all, (request) => request.ack()),
  },
  'migrate.reject': {
    bad: (all) => withMigration(all, (request) => request.reject(NO_FIELD)),
    good: (all) => withMigration(all, (request) => request.reject(1)),
  },
  sendResult: {
    bad: (all) =>
      withSubmit(all, () => ({ type: 'push', frameId: 1, metadata: {} as never, body: text('x') })),
    good: ({ session, server }) => {
      server.cancel(1);
      return answered({ server } as Sides) && lastValueFrom(session.submit({}));
    },
  },
  'sendResult, a body': {
    bad: (all) => withSubmit(all, (submit) => submit.partial(NO_BYTES)),
    good: ({ session, server }) => {
      server.cancel(1);
      return answered({ server } as Sides) && lastValueFrom(session.submit({}));
    },
  },
  close: {
    bad: ({ server }) => server.close({ drainTimeoutMs: -1 }),
    good: ({ server }) => server.close(),
  },
  'close, a code': {
    bad: ({ server }) => server.close({ sessionErrorCode: NO_FIELD }),
    good: ({ server }) => server.close(),
  },
};

async function patched({ session, patches }: Sides): Promise<unknown> {
  const patch = session.patch({ qualityTier: 1 });
  await settled();
  expect(patches).toHaveLength(1);
  patches[0]!.ack();
  return patch;
}

async function migrated({ session, migrations }: Sides): Promise<unknown> {
  const migration = session.migrate(MIGRATION);
  await settled();
  expect(migrations).toHaveLength(1);
  migrations[0]!.ack();
  return migration;
}

/** What the application does with the request that waits, or with one that is made. */
async function withPatch(
  { session, patches }: Sides,
  answer: (request: PatchRequest) => void,
): Promise<void> {
  if (patches.length === 0) told(from(session.patch({})));
  await settled();
  answer(patches[0]!);
}

async function withMigration(
  { session, migrations }: Sides,
  answer: (request: MigrateRequest) => void,
): Promise<void> {
  if (migrations.length === 0) told(from(session.migrate(MIGRATION)));
  await settled();
  answer(migrations[0]!);
}

type ServerResult = Parameters<ServerSession['sendResult']>[0];
type Submitted = Parameters<Parameters<ServerSession['respond']>[0]>[0];

async function withSubmit(
  { session, server }: Sides,
  resultOf: (submit: Submitted) => ServerResult,
): Promise<void> {
  const submits: Submitted[] = [];
  const taking = server.submits$.subscribe((submit) => submits.push(submit));
  told(session.submit({}));
  await settled();
  taking.unsubscribe();
  server.sendResult(resultOf(submits[0]!));
}

describe.each([
  ['client', OF_THE_CLIENT],
  ['server', OF_THE_SERVER],
])('what cannot be encoded, at the %s,', (_, calls) => {
  it.each(Object.entries(calls))('costs its own call and nothing else: %s', async (__, { bad, good }) => {
    const all = await sides();
    const ended = told(all.client.ended$);
    const before = all.client.usage;
    await expect((async () => bad(all))()).rejects.toThrow(/must be|is no /);
    await settled();
    if (calls === OF_THE_CLIENT) expect(all.client.usage).toEqual(before);
    expect([all.session.state, all.server.state]).toEqual(['open', 'open']);
    await good(all);
    expect(ended).toEqual([]);
  });
});
