import { setTimeout } from 'node:timers/promises';
import { lastValueFrom, of, toArray } from 'rxjs';
import { connect, type Client } from '../../src/client/client';
import { decodeTokens } from '../../src/protocol/content/token-decoder';
import { encodeTokens } from '../../src/protocol/content/token-delta';
import { markOf, marked } from '../../src/protocol/revision/mark';
import type { RuntimeError } from '../../src/protocol/runtime-error';
import { clientHello, inPreview4, serverHelloAck } from '../../src/testing';
import type { RevisionName } from '../../src/wire/message';
import { MessageType } from '../../src/wire/message-type';
import type { Packet } from '../../src/wire/packet';
import { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import { endServed, Served } from '../support/served';
import { settled } from '../support/async';
import { accept, PlayedPlace, greeted } from './support';

afterEach(endServed);

const BOTH: readonly RevisionName[] = ['preview3', 'preview4'];

async function words(client: Client, body: string): Promise<string> {
  const session = await client.openSession();
  const results = await lastValueFrom(session.submit({ body }).pipe(toArray()));
  return results.flatMap((result) => decodeTokens(result)).join('');
}

describe('the revision of a client', () => {
  it.each([
    ['auto', BOTH],
    ['auto', ['preview3']],
    ['auto', ['preview4']],
    ['preview3', BOTH],
    ['preview3', ['preview3']],
    ['preview4', BOTH],
    ['preview4', ['preview4']],
  ] as const)('%s is understood by a server of %p', async (revision, revisions) => {
    const served = new Served({ revisions });
    served.server.sessions$.subscribe((session) =>
      session.respond((submit) => of('you say ', submit.text, new TextEncoder().encode('!'))),
    );
    const client = await served.connect({ revision });
    expect(await words(client, 'Call me')).toBe('you say Call me!');
    expect(served.violations).toEqual([]);
  });

  it.each(BOTH)('%s loses no part, whatever its bytes look like', async (revision) => {
    const served = new Served();
    // As a typed body with one reference of 16 bytes, which those of preview4 have not.
    const body = new Uint8Array(32 + 16 + 24 + 2);
    const view = new DataView(body.buffer);
    [16, 24, 2].forEach((length, index) => view.setUint32(4 + 4 * index, length, true));
    served.server.sessions$.subscribe((session) => session.respond(() => of('one', body, 'three')));
    const client = await served.connect({ revision });
    const session = await client.openSession();
    const results = await lastValueFrom(session.submit({ body: 'ask' }).pipe(toArray()));
    expect(results.map((result) => result.body.length)).toEqual([56 + 3, body.length, 56 + 5, 0]);
    expect(results[1]!.body).toEqual(body);
  });

  it.each([
    ['preview3', [206, 206, 418]],
    ['preview4', [200, 200, 418]],
  ] as const)(
    '%s tells the fields of a part, or what its body says of itself',
    async (revision, statuses) => {
      const served = new Served();
      const { body, fields } = encodeTokens(['one', 'two']);
      served.server.sessions$.subscribe((session) =>
        session.respond((submit) =>
          of(
            submit.partial(body, { ...fields, statusCode: 206 }),
            submit.partial(new Uint8Array([1]), { statusCode: 206 }),
            submit.complete(body, { ...fields, statusCode: 418 }),
          ),
        ),
      );
      const client = await served.connect({ revision });
      const session = await client.openSession();
      const results = await lastValueFrom(session.submit({ body: 'ask' }).pipe(toArray()));
      expect(results.map(({ metadata }) => metadata.statusCode)).toEqual(statuses);
      expect(results.map(({ metadata }) => metadata.payloadFrameCount)).toEqual([2, 0, 2]);
      expect(decodeTokens(results[0]!)).toEqual(['one', 'two']);
    },
  );

  it.each(BOTH)('%s survives a cut, each result once', async (revision) => {
    const served = new Served({ maxInFlightOperations: 8 });
    const parts = Array.from({ length: 40 }, (_, index) => `${index} `);
    served.server.sessions$.subscribe((session) =>
      session.respond(async function* () {
        for (const part of parts) {
          await setTimeout(1);
          yield part;
        }
      }),
    );
    const client = await served.connect({ revision });
    const session = await client.openSession({ reconnect: { minDelayMs: 1, maxDelayMs: 2 } });
    const answer = lastValueFrom(session.submit({ body: 'count' }).pipe(toArray()));
    const cutting = setInterval(() => served.endpoint.cut(), 15);
    const results = await answer;
    clearInterval(cutting);
    expect(results.flatMap((result) => decodeTokens(result))).toEqual(parts);
    expect(served.violations).toEqual([]);
  });

  it('is said in a hello that is marked, and preview4 where its ack is, too', async () => {
    const place = new PlayedPlace();
    const connecting = connect(place.endpoint, { revision: 'auto' });
    await settled();
    const [peer] = place.peers;
    const hello = await peer!.next();
    expect(hello!.header.messageType).toBe(MessageType.ClientHello);
    expect(markOf(hello!)).toBe('preview4');
    peer!.send(marked(serverHelloAck(), 'preview4'));
    const client = await connecting;
    const opening = client.openSession();
    const open = SessionOpenMetadata.decode((await peer!.next())!.metadata);
    expect(open.sessionExtensionBytes).toBeGreaterThan(0);
    peer!.send(accept(1));
    const session = await opening;
    const asked = session.submit({ body: 'ask' }).subscribe();
    const submit = await peer!.next();
    expect(submit!.metadata[40]).toBe(1);
    asked.unsubscribe();
    expect((await peer!.next())!.header).toMatchObject({ messageType: MessageType.Cancel, frameId: 1 });
    await client.close();
  });

  it('keeps to what the reference takes where the ack has no mark', async () => {
    const { peer, client } = await greeted(serverHelloAck());
    const told = await client.openSession({ auth: 'secret' }).catch((error: unknown) => error);
    expect((told as RuntimeError).message).toContain('takes no auth block');
    expect(peer.waiting).toBe(0);
    void client.openSession().catch(() => undefined);
    const open = await peer.next();
    expect(SessionOpenMetadata.decode(open!.metadata)).toMatchObject({
      authBytes: 0,
      sessionExtensionBytes: 0,
    });
    peer.destroy();
    await client.close();
  });

  it('is what client and session say, also where the session is between two connections', async () => {
    const served = new Served();
    for (const revision of ['auto', 'preview3'] as const) {
      const client = await served.connect({ revision });
      const session = await client.openSession({ reconnect: {} });
      const name = revision === 'auto' ? 'preview4' : 'preview3';
      expect([client.revision, session.revision]).toEqual([name, name]);
      served.endpoint.cut();
      await settled();
      expect([client.revision, session.revision]).toEqual([name, name]);
    }
  });

  it('takes no part and no end of an operation with the id of another', async () => {
    const place = new PlayedPlace();
    const connecting = connect(place.endpoint, { revision: 'preview4' });
    await settled();
    const [peer] = place.peers;
    peer!.send(marked(serverHelloAck(), 'preview4'));
    const client = await connecting;
    const told: RuntimeError[] = [];
    client.violations$.subscribe((error) => told.push(error));
    const opening = client.openSession();
    peer!.send(accept(1));
    const seen: string[] = [];
    (await opening)
      .submit({ body: 'ask' })
      .subscribe({ next: (result) => seen.push(...decodeTokens(result)), error: () => seen.push('dropped') });
    const operation = { sessionId: 1, frameId: 1 };
    const part = (operationId: bigint, body: string): Packet =>
      inPreview4(MessageType.PartialResult, operation, { operationId, resultSequence: 1n }, body);
    const drop = (operationId: bigint): Packet =>
      inPreview4(MessageType.ResultDropReason, operation, { operationId, dropReasonCode: 3 });
    peer!.send(part(2n, 'no'), part(0x1_0000_0001n, 'no'), drop(2n), part(1n, 'yes'), drop(1n));
    await settled();
    expect(seen).toEqual(['yes', 'dropped']);
    expect(told).toHaveLength(3);
    await client.close();
  });

  it('is none that a server has not been asked for: an ack that nobody waits for is a fault', async () => {
    const served = new PlayedPlace();
    const client = await connect(served.endpoint, { revision: 'preview3' });
    const told: RuntimeError[] = [];
    client.violations$.subscribe((error) => told.push(error));
    served.peers[0]!.send(serverHelloAck(), clientHello());
    await settled();
    expect(told).toHaveLength(2);
    await client.close();
  });
});
