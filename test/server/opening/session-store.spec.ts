import { hashToken } from '../../../src/server/opening/resume-token';
import { memoryStore, type ResumeRecord } from '../../../src/server/opening/session-store';
import { connect } from '../../../src/client/client';
import { createServer } from '../../../src/server/server';
import { memory } from '../../../src/transport/memory';
import { settled } from '../../support/async';
import { cuttable } from '../../support/cuttable';
import { VirtualTime } from '../../support/virtual-time';

function record(sessionId: number): ResumeRecord {
  return { sessionId, tokens: { current: hashToken(Uint8Array.of(sessionId)), previous: undefined } };
}

describe('memoryStore', () => {
  it('keeps a record for each session', () => {
    const store = memoryStore();
    store.set(record(1));
    store.set(record(2));
    expect(store.get(1)).toEqual(record(1));
    store.delete(1);
    expect(store.get(1)).toBeUndefined();
    expect(store.get(2)).toEqual(record(2));
    store.delete(99);
  });

  it('keeps the last record of a session', () => {
    const store = memoryStore();
    store.set(record(1));
    const later = { sessionId: 1, tokens: record(5).tokens };
    store.set(later);
    expect(store.get(1)).toBe(later);
  });

  it('is nobody else’s', () => {
    memoryStore().set(record(1));
    expect(memoryStore().get(1)).toBeUndefined();
  });
});

describe('what a server writes into its store', () => {
  it('is hashes of tokens, never a token, from the open through resumes to the end', async () => {
    const issued: Uint8Array[] = [];
    const written: ResumeRecord[] = [];
    const store = memoryStore();
    const listen = memory();
    const server = createServer({
      listen,
      randomBytes: (length) => {
        issued.push(new Uint8Array(length).fill(issued.length + 65));
        return issued.at(-1)!;
      },
      store: {
        ...store,
        set: (each) => {
          written.push(each);
          store.set(each);
        },
      },
    });
    server.sessions$.subscribe((session) => session.respond(() => 'answer'));
    const lossy = cuttable(listen);
    const time = new VirtualTime();
    const client = await connect(lossy, { scheduler: time, random: () => 0 });
    const session = await client.openSession({ reconnect: {} });
    for (const _ of [1, 2]) {
      lossy.cut();
      await settled();
      time.advance(1000);
      await settled();
    }
    expect(issued).toHaveLength(3);
    expect(store.get(session.sessionId)?.tokens).toEqual({
      current: hashToken(issued[2]!),
      previous: hashToken(issued[1]!),
    });
    // Once the client is heard, it has the newest: the one before is of no more use.
    session.submit({ body: 'x' }).subscribe();
    await settled();
    expect(store.get(session.sessionId)?.tokens).toEqual({
      current: hashToken(issued[2]!),
      previous: undefined,
    });
    for (const { tokens } of written) {
      for (const hash of [tokens.current, tokens.previous ?? tokens.current]) {
        expect(hash).toHaveLength(32);
        for (const token of issued) expect(Buffer.from(hash).includes(Buffer.from(token))).toBe(false);
      }
    }
    await session.close();
    expect(store.get(session.sessionId)).toBeUndefined();
    await client.close();
    await server.close();
  });
});
