import fc from 'fast-check';
import {
  firstValueFrom,
  isObservable,
  lastValueFrom,
  of,
  takeUntil,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import * as everything from '../../../src/index';
import type { Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import {
  accept,
  check,
  checkEvents,
  connect,
  createServer,
  decodeTensor,
  decodeText,
  decodeTokens,
  describeError,
  encodeParts,
  encodeSummary,
  encodeTensor,
  encodeTokens,
  failure,
  give,
  ipc,
  memory,
  refuse,
  sharedObjects,
  tcp,
  tls,
  webSocket,
  type RefusalReason,
  type StandardSchema,
} from '../../../src/index';
import type { Server } from '../../../src/server/server';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import type { ServerSession } from '../../../src/server/session/session';
import type { MigrateRequest, PatchRequest, Submit } from '../../../src/server/session/session-message';
import { FlowScope } from '../../../src/wire/messages/flow-update';
import { CacheObjectKind } from '../../../src/wire/messages/cache';
import { SessionMigrateMetadata, TransportId } from '../../../src/wire/messages/session-migrate';
import { settled } from '../../support/async';
import { endServed, Served, told } from '../../support/served';
import { CALLBACKS, valuesOf } from './candidates';
import { expectNothingUncaught, soon, watchUncaught } from './visits';

const RUNS = 40;

watchUncaught();
afterEach(endServed);

/** Both ends of a session, and one of each request that its application answers. */
interface Sides {
  readonly client: Client;
  readonly session: ClientSession;
  readonly server: Server;
  readonly served: ServerSession;
  readonly submit: Submit;
  readonly patch: PatchRequest;
  readonly migration: MigrateRequest;
  readonly endpoint: ConnectEndpoint;
}

async function sides(): Promise<Sides> {
  const all = new Served({ supportedCacheObjects: [CacheObjectKind.CameraBlock] });
  const { server } = all;
  const opened = firstValueFrom(server.sessions$);
  const client = await all.connect({ answerTimeoutMs: 20, closeTimeoutMs: 20 });
  told(client.ended$);
  const session = await client.openSession({ requestedSessionId: 1 });
  const served = await opened;
  const submit = firstValueFrom(served.submits$);
  const patch = firstValueFrom(served.patches$);
  const migration = firstValueFrom(served.migrations$);
  told(session.submit({}));
  session.patch({}).catch(() => undefined);
  const { Tcp, Quic } = TransportId;
  const move = SessionMigrateMetadata.of({ oldTransportId: Tcp, newTransportId: Quic });
  session.migrate(move).catch(() => undefined);
  return {
    client,
    session,
    server,
    served,
    submit: await submit,
    patch: await patch,
    migration: await migration,
    endpoint: all.endpoint,
  };
}

/** Resolves with nothing where an answer has not come soon. */
function inTime(answer: Promise<unknown>): Promise<unknown> {
  answer.catch(() => undefined);
  return Promise.race([answer, firstValueFrom(timer(5))]);
}

type Call = (sides: Sides, value: never) => unknown;
const BYTES = new Uint8Array(2);
const SCHEMA: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** Every function and method with arguments, each in the place of one of these. */
const CALLS: Readonly<Record<string, Call>> = {
  'connect, the endpoint': (_, value) => connect(value),
  'createServer, the options': (_, value) => createServer(value),
  'client.openSession, the options': ({ client }, value) => client.openSession(value),
  'session.submit, the request': ({ session }, value) => session.submit(value),
  'session.submit, the body': ({ session }, body) => session.submit({ body }),
  'session.submit, the metadata': ({ session }, metadata) => session.submit({ metadata }),
  'session.submit, the signal': ({ session }, signal) => session.submit({ signal }),
  'session.submit, the trace': ({ session }, traceId) => session.submit({ traceId }),
  'session.submit, the deadline': ({ session }, deadlineAt) => session.submit({ deadlineAt }),
  'session.submit, the priority': ({ session }, priority) => session.submit({ priority }),
  'session.submit, the route hint': ({ session }, routeHint) => session.submit({ routeHint }),
  'session.submit, the execution hint': ({ session }, executionHint) => session.submit({ executionHint }),
  'session.submit, what it makes do with': ({ session }, degraded) => session.submit({ degraded }),
  'client.resumeSession, the ticket': ({ client }, value) => client.resumeSession(value),
  'client.resumeSession, the options': ({ client, session }, value) =>
    firstValueFrom(session.ticket$, { defaultValue: '' }).then((ticket) =>
      client.resumeSession(ticket, value),
    ),
  'session.cancel, the operation': ({ session }, value) => session.cancel(value),
  'session.patch, the fields': ({ session }, value) => session.patch(value),
  'session.patch, the body': ({ session }, value) => session.patch({}, value),
  'session.cachePut, the fields': ({ session }, value) => session.cachePut(value, BYTES),
  'session.cachePut, the object': ({ session }, value) => session.cachePut({}, value),
  'session.cacheInvalidate': ({ session }, value) => session.cacheInvalidate(value),
  'session.cacheReference': ({ session }, value) => session.cacheReference(value),
  'session.cacheReference, the metadata': ({ session }, value) => session.cacheReference({}, value),
  'session.negotiate': ({ session }, value) => session.negotiate(value),
  'session.migrate': ({ session }, value) => session.migrate(value),
  'session.moveTo': ({ session }, value) => session.moveTo(value),
  'session.close': ({ session }, value) => session.close(value),
  'server.close': async ({ server }, value) => {
    const closed = server.close(value);
    await server.close({ graceMs: 0 });
    await closed;
  },
  'respond, the handler': ({ served }, value) => served.respond(value).unsubscribe(),
  'respond, the options': ({ served }, value) => served.respond(() => 'x', value).unsubscribe(),
  sendResult: ({ served }, value) => served.sendResult(value),
  'results.next': ({ served }, value) => served.results.next(value),
  'results.error': ({ served }, value) => served.results.error(value),
  'cancel, the operation': ({ served }, value) => served.cancel(value),
  'cancel, the scope': ({ served }, value) => served.cancel(1, value),
  'grant, the credit': ({ served }, value) => served.grant(value),
  'grant, the target': ({ served }, value) => served.grant(3, value),
  'grant, the scope': ({ served }, scope) => served.grant(3, { scope }),
  'grant, the operation': ({ served }, frameId) => served.grant(3, { scope: FlowScope.Operation, frameId }),
  'pause, the target': ({ served }, value) => served.pause(value),
  'unpause, the credit': ({ served }, value) => served.unpause(value),
  'unpause, the target': ({ served }, value) => served.unpause(3, value),
  close: ({ served }, value) => served.close(value),
  'sendHint, the operation': ({ served }, value) => served.sendHint(value, {}),
  'sendHint, the fields': ({ served }, value) => served.sendHint(1, value),
  'sendTrace, the trace': ({ served }, value) => served.sendTrace(value),
  'sendTrace, the trace id': ({ served }, traceId) => served.sendTrace({ traceId, spanId: 1n }),
  'sendTrace, the operation': ({ served }, value) => served.sendTrace({ traceId: 1n, spanId: 1n }, value),
  sendFlowUpdate: ({ served }, value) => served.sendFlowUpdate(value),
  'submit.partial, the body': ({ served, submit }, value) => served.sendResult(submit.partial(value)),
  'submit.partial, the fields': ({ served, submit }, value) =>
    served.sendResult(submit.partial(BYTES, value)),
  'submit.complete, the body': ({ served, submit }, value) => served.sendResult(submit.complete(value)),
  'submit.complete, the fields': ({ served, submit }, value) =>
    served.sendResult(submit.complete(BYTES, value)),
  'submit.drop, the reason': ({ served, submit }, value) => served.sendResult(submit.drop(value)),
  'submit.degrade': ({ submit }, value) => submit.degrade(value),
  'submit.progress': ({ submit }, value) => submit.progress(value),
  'submit.progress, the percent': ({ submit }, percent) => submit.progress({ percent }),
  'submit.tool': ({ submit }, value) => inTime(submit.tool(value)),
  'submit.tool, the name': ({ submit }, name) => inTime(submit.tool({ name })),
  'submit.tool, the arguments': ({ submit }, given) => inTime(submit.tool({ name: 'it', arguments: given })),
  'call.answer': async ({ session, served }, value) => {
    const responding = served.respond((each) => each.tool({ name: 'it' }).then(() => 'answer'));
    const answer = session.submit({});
    answer.tools$.subscribe((call) => {
      call.answer(value);
    });
    try {
      await inTime(answer.whole());
    } finally {
      responding.unsubscribe();
    }
  },
  'submit.relate': ({ submit }, value) => submit.relate(value),
  'submit.relate, the parent': ({ submit }, parentId) => submit.relate({ parentId }),
  'submit.relate, the group': ({ submit }, groupId) => submit.relate({ groupId }),
  'submit.keepSlotUntil': ({ submit }, value) => submit.keepSlotUntil(value),
  'patch.ack, the fields': ({ patch }, value) => patch.ack(value),
  'patch.ack, the body': ({ patch }, value) => patch.ack({}, value),
  'patch.reject, the reason': ({ patch }, value) => patch.reject(value),
  'patch.reject, the fields': ({ patch }, value) => patch.reject(1, value),
  'migration.ack': ({ migration }, value) => migration.ack(value),
  'migration.reject': ({ migration }, value) => migration.reject(value),
  'accept, the context': (_, value) => accept(value),
  'accept, the options': (_, value) => accept(1, value),
  'refuse, the reason': (_, value) => refuse(value),
  'refuse, the text': (_, value) => refuse('auth-failed' satisfies RefusalReason, value),
  'failure, the status': (_, value) => failure(value),
  'failure, the text': (_, value) => failure(500, value),
  'failure, the options': (_, value) => failure(500, '', value),
  give: (_, value) => give(value),
  sharedObjects: (_, value) => sharedObjects(value),
  'session.objects.declare, the fields': ({ served }, value) => served.objects.declare(value),
  'session.objects.declare, the bytes': ({ served }, value) => served.objects.declare({}, value),
  encodeTokens: (_, value) => encodeTokens(value),
  decodeTokens: (_, value) => decodeTokens(value),
  decodeText: (_, value) => lastValueFrom(of<never>(value).pipe(decodeText(), toArray())),
  encodeSummary: (_, value) => encodeSummary(value),
  'encodeParts, the parts': (_, value) => encodeParts(value),
  'encodeParts, a part': (_, value) => encodeParts([value]),
  'encodeParts, a kind': (_, kind) => encodeParts([{ kind } as never]),
  'encodeParts, a text': (_, text) => encodeParts([{ kind: 'text', text }]),
  'encodeParts, a value': (_, value) => encodeParts([{ kind: 'event', value }]),
  'encodeParts, bytes': (_, bytes) => encodeParts([{ kind: 'audio', bytes }]),
  'encodeParts, a tensor': (_, body) => encodeParts([{ ...encodeTensor({ sections: [] }), body }]),
  'encodeParts, what a tensor is': (_, metadata) =>
    encodeParts([{ ...encodeTensor({ sections: [] }), metadata }]),
  'encodeParts, the options': (_, value) => encodeParts([], value),
  'encodeParts, the references': (_, references) => encodeParts([], { references }),
  'encodeParts, a reference': (_, value) => encodeParts([], { references: [value] }),
  encodeTensor: (_, value) => encodeTensor(value),
  'encodeTensor, a section': (_, value) => encodeTensor({ sections: [value] }),
  'encodeTensor, tiles': (_, tiles) => encodeTensor({ sections: [{ tiles }] }),
  'encodeTensor, tile ids': (_, tileIds) => encodeTensor({ sections: [], tileIds }),
  decodeTensor: (_, value) => decodeTensor(value),
  'check, the schema': (_, value) => check(value, 1),
  'check, the value': (_, value) => check(SCHEMA, value),
  'check, the options': (_, value) => check(SCHEMA, 1, value),
  'checkEvents, the schema': (_, value) => checkEvents(value),
  'checkEvents, the options': (_, value) => checkEvents(SCHEMA, value),
  'submit.json, the schema': ({ submit }, value) => submit.json(value),
  'submit.json, the options': ({ submit }, value) => submit.json(SCHEMA, value),
  describeError: (_, value) => describeError(value),
  'tcp, the options': (_, value) => tcp(value),
  'tls, the options': (_, value) => tls(value),
  'ipc, the options': (_, value) => ipc(value),
  'ipc, the path': (_, path) => ipc({ path }),
  'webSocket, where': (_, value) => webSocket(value),
  'memory, the options': (_, value) => memory(value),
  'operation.with, the changes': async ({ endpoint }, value) => {
    const client = await connect(endpoint, { interceptors: [(each, next) => next(each.with(value))] });
    try {
      await inTime((await client.openSession()).submit({}).whole());
    } finally {
      await client.close();
    }
  },
};

/** What the engine says of a slip in the library, where the library has nothing to say. */
const OF_THE_ENGINE =
  /cannot (read|destructure|convert|use|mix|set|access)|is not (a function|iterable|a constructor|defined)|where a stream was expected|null or undefined|serialize a BigInt|circular structure|invalid (array|typed|time)/i;

/** Objects whose every part throws: what they throw is the caller's own. */
const OWN = 'ask somebody else';
const HOSTILE: readonly unknown[] = [
  { then: () => raise() },
  Object.defineProperty({}, 'then', { get: raise, enumerable: true }),
  new Promise<never>(() => {}),
  '\ud800',
  2 ** 53,
  Symbol('s'),
  new Date(NaN),
  new DataView(new ArrayBuffer(4)),
];

const NOTHING = new Proxy({}, { get: raise, ownKeys: raise, has: raise, getPrototypeOf: raise });

/** In a function: fast-check itself looks at what it draws. */
const anything = fc.oneof(
  { weight: 9, arbitrary: valuesOf([...HOSTILE, ...CALLBACKS]).map((value) => () => value) },
  { weight: 1, arbitrary: fc.constant(() => NOTHING) },
);

/** What is tried of each call, whatever else is drawn. */
const ALWAYS: readonly unknown[] = [
  undefined,
  null,
  NaN,
  Infinity,
  -1,
  '',
  'text',
  {},
  [],
  5n,
  Object.create(null),
  true,
];
const examples: [() => unknown][] = [
  ...[...ALWAYS, ...HOSTILE].map((value): [() => unknown] => [() => value]),
  [() => NOTHING],
];

function raise(): never {
  throw new Error(OWN);
}

/** What a call has thrown, or what it gives has ended with. */
async function failureOf(name: string, call: () => unknown): Promise<unknown> {
  try {
    const given = call();
    if (isObservable(given)) await soon(name, lastOf(given));
    else await soon(name, Promise.resolve(given));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A submit that is right is not answered here: it is given up after a while. */
function lastOf(given: Observable<unknown>): Promise<unknown> {
  return lastValueFrom(given.pipe(takeUntil(timer(5))), { defaultValue: undefined });
}

describe.each(Object.entries(CALLS))('what is given to %s', (name, call) => {
  it('is taken, or refused in words; no call hangs, nobody dies, and the session goes on', () =>
    fc.assert(
      fc.asyncProperty(anything, async (make) => {
        const all = await sides();
        const error = await failureOf(name, () => call(all, make() as never));
        if (error !== undefined) expectWords(error);
        if (all.session.state === 'open') {
          // Whatever the call has said of credit.
          all.served.unpause(4);
          all.served.respond(() => 'answer');
          await settled();
          const { text } = await soon('a submit', all.session.submit({ body: 'x' }).whole());
          expect(text).toBe('answer');
        }
        await endServed();
        await expectNothingUncaught();
      }),
      { numRuns: RUNS, examples },
    ));
});

describe('the functions that anybody may call', () => {
  it('are all of them above', () => {
    const given = new Set(Object.keys(CALLS).map((name) => name.split(',')[0]));
    const functions = Object.entries(everything).flatMap(([name, value]) =>
      // Classes are made by the library, and theirs to extend.
      typeof value === 'function' && /^[a-z]/.test(name) ? [name] : [],
    );
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((name) => !given.has(name))).toEqual([]);
  });
});

describe('what a handler answers', () => {
  it('is an answer, or fails its operation in words; the session goes on', () =>
    fc.assert(
      fc.asyncProperty(anything, fc.constantFrom('at once', 'later', 'yielded'), async (make, when) => {
        const { session, served, client } = await sides();
        const handlers = {
          'at once': () => make(),
          later: async () => make(),
          yielded: function* () {
            yield make();
          },
        };
        const responding = served.respond(handlers[when] as never);
        const error = await failureOf('a submit', () => session.submit({ body: 'x' }));
        if (error !== undefined) expect(error).toMatchObject({ name: 'OperationError' });
        responding.unsubscribe();
        served.respond(() => 'answer');
        const { text } = await soon('a submit', session.submit({ body: 'x' }).whole());
        expect(text).toBe('answer');
        expect(client.usage.operationsInFlight).toBe(1);
        await endServed();
        await expectNothingUncaught();
      }),
    ));
});

function expectWords(error: unknown): void {
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toMatch(OF_THE_ENGINE);
}
