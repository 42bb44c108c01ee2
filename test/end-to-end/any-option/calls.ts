import { firstValueFrom, lastValueFrom, of, timer, toArray } from 'rxjs';
import type { Client } from '../../../src/client/client';
import type { ClientSession } from '../../../src/client/session/session';
import type { ResultStream } from '../../../src/client/submissions/results/result-stream';
import type { SharedObject } from '../../../src/objects/shared-object';
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
  TokenDecoder,
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
import { Served, told } from '../../support/served';

/** Both ends of a session, and one of each request that its application answers. */
export interface Sides {
  readonly client: Client;
  readonly session: ClientSession;
  readonly server: Server;
  readonly served: ServerSession;
  readonly submit: Submit;
  readonly patch: PatchRequest;
  readonly migration: MigrateRequest;
  readonly endpoint: ConnectEndpoint;
}

export async function sides(): Promise<Sides> {
  const all = new Served({ supportedCacheObjects: [CacheObjectKind.CameraBlock] });
  const { server } = all;
  const opened = firstValueFrom(server.sessions$);
  const client = await all.connect({ answerTimeoutMs: 20, closeTimeoutMs: 20 });
  told(client.ended$);
  const session = await client.openSession({ requestedSessionId: 1, objects: sharedObjects() });
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

export type Call = (sides: Sides, value: never) => unknown;
const BYTES = new Uint8Array(2);
const SCHEMA: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};

/** Of an object of either end. */
function ofEach(call: (object: SharedObject, value: never) => void): Call {
  return ({ session, served }, value) => {
    for (const objects of [served.objects, session.objects!]) call(objects.declare({}, BYTES), value);
  };
}

/** What is asked, and not answered. */
function inFlight(session: ClientSession): ResultStream {
  const answer = session.submit({});
  answer.subscribe({ error: () => undefined });
  return answer;
}

/** Every function and method with arguments, each in the place of one of these. */
export const CALLS: Readonly<Record<string, Call>> = {
  'connect, the endpoint': (_, value) => connect(value),
  'createServer, the options': (_, value) => createServer(value),
  'Client.openSession, the options': ({ client }, value) => client.openSession(value),
  'ClientSession.submit, the request': ({ session }, value) => session.submit(value),
  'ClientSession.submit, the body': ({ session }, body) => session.submit({ body }),
  'ClientSession.submit, the metadata': ({ session }, metadata) => session.submit({ metadata }),
  'ClientSession.submit, the signal': ({ session }, signal) => session.submit({ signal }),
  'ClientSession.submit, the trace': ({ session }, traceId) => session.submit({ traceId }),
  'ClientSession.submit, the deadline': ({ session }, deadlineAt) => session.submit({ deadlineAt }),
  'ClientSession.submit, the priority': ({ session }, priority) => session.submit({ priority }),
  'ClientSession.submit, the route hint': ({ session }, routeHint) => session.submit({ routeHint }),
  'ClientSession.submit, the execution hint': ({ session }, executionHint) =>
    session.submit({ executionHint }),
  'ClientSession.submit, what it makes do with': ({ session }, degraded) => session.submit({ degraded }),
  'Client.resumeSession, the ticket': ({ client }, value) => client.resumeSession(value),
  'Client.resumeSession, the options': ({ client, session }, value) =>
    firstValueFrom(session.ticket$, { defaultValue: '' }).then((ticket) =>
      client.resumeSession(ticket, value),
    ),
  'ClientSession.cancel, the operation': ({ session }, value) => session.cancel(value),
  'ClientSession.patch, the fields': ({ session }, value) => session.patch(value),
  'ClientSession.patch, the body': ({ session }, value) => session.patch({}, value),
  'ClientSession.cachePut, the fields': ({ session }, value) => session.cachePut(value, BYTES),
  'ClientSession.cachePut, the object': ({ session }, value) => session.cachePut({}, value),
  'ClientSession.cacheInvalidate': ({ session }, value) => session.cacheInvalidate(value),
  'ClientSession.cacheReference': ({ session }, value) => session.cacheReference(value),
  'ClientSession.cacheReference, the metadata': ({ session }, value) => session.cacheReference({}, value),
  'ClientSession.negotiate': ({ session }, value) => session.negotiate(value),
  'ClientSession.migrate': ({ session }, value) => session.migrate(value),
  'ClientSession.moveTo': ({ session }, value) => session.moveTo(value),
  'ClientSession.close': ({ session }, value) => session.close(value),
  'Server.close': async ({ server }, value) => {
    const closed = server.close(value);
    await server.close({ graceMs: 0 });
    await closed;
  },
  'ServerSession.respond, the handler': ({ served }, value) => served.respond(value).unsubscribe(),
  'ServerSession.respond, the options': ({ served }, value) => served.respond(() => 'x', value).unsubscribe(),
  'ServerSession.sendResult': ({ served }, value) => served.sendResult(value),
  'ServerSession.results.next': ({ served }, value) => served.results.next(value),
  'ServerSession.results.error': ({ served }, value) => served.results.error(value),
  'ServerSession.cancel, the operation': ({ served }, value) => served.cancel(value),
  'ServerSession.cancel, the scope': ({ served }, value) => served.cancel(1, value),
  'ServerSession.grant, the credit': ({ served }, value) => served.grant(value),
  'ServerSession.grant, the target': ({ served }, value) => served.grant(3, value),
  'ServerSession.grant, the scope': ({ served }, scope) => served.grant(3, { scope }),
  'ServerSession.grant, the operation': ({ served }, frameId) =>
    served.grant(3, { scope: FlowScope.Operation, frameId }),
  'ServerSession.pause, the target': ({ served }, value) => served.pause(value),
  'ServerSession.unpause, the credit': ({ served }, value) => served.unpause(value),
  'ServerSession.unpause, the target': ({ served }, value) => served.unpause(3, value),
  'ServerSession.close': ({ served }, value) => served.close(value),
  'ServerSession.sendHint, the operation': ({ served }, value) => served.sendHint(value, {}),
  'ServerSession.sendHint, the fields': ({ served }, value) => served.sendHint(1, value),
  'ServerSession.sendTrace, the trace': ({ served }, value) => served.sendTrace(value),
  'ServerSession.sendTrace, the trace id': ({ served }, traceId) => served.sendTrace({ traceId, spanId: 1n }),
  'ServerSession.sendTrace, the operation': ({ served }, value) =>
    served.sendTrace({ traceId: 1n, spanId: 1n }, value),
  'ServerSession.sendFlowUpdate': ({ served }, value) => served.sendFlowUpdate(value),
  'Submit.partial, the body': ({ served, submit }, value) => served.sendResult(submit.partial(value)),
  'Submit.partial, the fields': ({ served, submit }, value) =>
    served.sendResult(submit.partial(BYTES, value)),
  'Submit.complete, the body': ({ served, submit }, value) => served.sendResult(submit.complete(value)),
  'Submit.complete, the fields': ({ served, submit }, value) =>
    served.sendResult(submit.complete(BYTES, value)),
  'Submit.drop, the reason': ({ served, submit }, value) => served.sendResult(submit.drop(value)),
  'Submit.degrade': ({ submit }, value) => submit.degrade(value),
  'Submit.progress': ({ submit }, value) => submit.progress(value),
  'Submit.progress, the percent': ({ submit }, percent) => submit.progress({ percent }),
  'Submit.tool': ({ submit }, value) => inTime(submit.tool(value)),
  'Submit.tool, the name': ({ submit }, name) => inTime(submit.tool({ name })),
  'Submit.tool, the arguments': ({ submit }, given) => inTime(submit.tool({ name: 'it', arguments: given })),
  'ToolCall.answer': async ({ session, served }, value) => {
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
  'Submit.relate': ({ submit }, value) => submit.relate(value),
  'Submit.relate, the parent': ({ submit }, parentId) => submit.relate({ parentId }),
  'Submit.relate, the group': ({ submit }, groupId) => submit.relate({ groupId }),
  'Submit.keepSlotUntil': ({ submit }, value) => submit.keepSlotUntil(value),
  'PatchRequest.ack, the fields': ({ patch }, value) => patch.ack(value),
  'PatchRequest.ack, the body': ({ patch }, value) => patch.ack({}, value),
  'PatchRequest.reject, the reason': ({ patch }, value) => patch.reject(value),
  'PatchRequest.reject, the fields': ({ patch }, value) => patch.reject(1, value),
  'MigrateRequest.ack': ({ migration }, value) => migration.ack(value),
  'MigrateRequest.reject': ({ migration }, value) => migration.reject(value),
  'accept, the context': (_, value) => accept(value),
  'accept, the options': (_, value) => accept(1, value),
  'refuse, the reason': (_, value) => refuse(value),
  'refuse, the text': (_, value) => refuse('auth-failed' satisfies RefusalReason, value),
  'failure, the status': (_, value) => failure(value),
  'failure, the text': (_, value) => failure(500, value),
  'failure, the options': (_, value) => failure(500, '', value),
  give: (_, value) => give(value),
  sharedObjects: (_, value) => sharedObjects(value),
  'SessionObjects.declare, the fields': ({ served }, value) => served.objects.declare(value),
  'SessionObjects.declare, the bytes': ({ served }, value) => served.objects.declare({}, value),
  'SessionObjects.declare, the metadata': ({ served }, value) => served.objects.declare({}, BYTES, value),
  'SessionObjects.declare, at the client': ({ session }, value) => session.objects!.declare(value, BYTES),
  'SessionObjects.declare, the bytes at the client': ({ session }, value) =>
    session.objects!.declare({}, value),
  'SessionObjects.get': ({ session, served }, value) => [
    session.objects!.get(value),
    served.objects.get(value),
  ],
  'SharedObject.refer, by what': ofEach((object, value) => object.refer(value)),
  'SharedObject.refer, the operation': ofEach((object, frameId) => object.refer({ frameId })),
  'SharedObject.refer, the fields': ofEach((object, value) => object.refer({ frameId: 0 }, value)),
  'SharedObject.refer, the metadata': ofEach((object, value) => object.refer({ frameId: 0 }, {}, value)),
  'SharedObject.patch, the bytes': ofEach((object, value) => object.patch(value)),
  'SharedObject.patch, the region': ofEach((object, value) => object.patch(BYTES, value)),
  'SharedObject.patch, the offset': ofEach((object, offset) => object.patch(BYTES, { offset })),
  'SharedObject.patch, the metadata': ofEach((object, metadata) => object.patch(BYTES, { metadata })),
  'SharedObject.append, the bytes': ofEach((object, value) => object.append(value)),
  'SharedObject.append, what is said of them': ofEach((object, value) => object.append(BYTES, value)),
  'SharedObject.release': ofEach((object, value) => object.release(value)),
  'ResultStream.update': ({ session }, value) => inFlight(session).update(value),
  'ResultStream.update, the deadline': ({ session }, deadlineAt) => inFlight(session).update({ deadlineAt }),
  'ResultStream.update, the priority': ({ session }, priority) => inFlight(session).update({ priority }),
  'ResultStream.update, the budget': ({ session }, budget) => inFlight(session).update({ budget }),
  'ResultStream.update, the trace': ({ session }, trace) => inFlight(session).update({ trace }),
  'ResultStream.update, the route hint': ({ session }, routeHint) => inFlight(session).update({ routeHint }),
  'ResultStream.update, what it makes do with': ({ session }, degraded) =>
    inFlight(session).update({ degraded }),
  'SecureEndpoint.replaceCertificate': (_, value) => tls({ port: 0 }).replaceCertificate(value),
  'TokenDecoder.decode': (_, value) => new TokenDecoder().decode(value),
  'TokenDecoder.take': (_, value) => new TokenDecoder().take(value),
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
  'Submit.json, the schema': ({ submit }, value) => submit.json(value),
  'Submit.json, the options': ({ submit }, value) => submit.json(SCHEMA, value),
  describeError: (_, value) => describeError(value),
  'tcp, the options': (_, value) => tcp(value),
  'tls, the options': (_, value) => tls(value),
  'ipc, the options': (_, value) => ipc(value),
  'ipc, the path': (_, path) => ipc({ path }),
  'webSocket, where': (_, value) => webSocket(value),
  'memory, the options': (_, value) => memory(value),
  'ClientOperation.with, the changes': async ({ endpoint }, value) => {
    const client = await connect(endpoint, { interceptors: [(each, next) => next(each.with(value))] });
    try {
      await inTime((await client.openSession()).submit({}).whole());
    } finally {
      await client.close();
    }
  },
};
