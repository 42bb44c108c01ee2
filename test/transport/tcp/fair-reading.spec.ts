import { Socket } from 'node:net';
import { FairReading } from '../../../src/transport/tcp/fair-reading';
import { settled } from '../../support/async';

const CHUNK = 64 * 1024;

/** A socket that nothing comes from, and how its reading is held back. */
function reader(): { readonly reading: FairReading; readonly isPaused: () => boolean } {
  const socket = new Socket();
  socket.resume();
  return { reading: new FairReading(socket), isPaused: () => socket.isPaused() };
}

/** Reads whole chunks until it is held back; how many it took. */
function readAll({ reading, isPaused }: ReturnType<typeof reader>, most = 1000): number {
  let chunks = 0;
  while (chunks < most && !isPaused()) {
    reading.took(CHUNK);
    chunks += 1;
  }
  return chunks;
}

describe('fair reading', () => {
  beforeEach(async () => {
    // One turn with one reader: what the next one finds does not depend on who read before.
    reader().reading.took(CHUNK);
    await settled();
  });

  it('holds back who has read its share of a turn, until the next', async () => {
    const one = reader();
    expect(readAll(one)).toBe(16);
    await settled();
    expect(one.isPaused()).toBe(false);
    expect(readAll(one)).toBe(16);
    await settled();
  });

  it('shares the turn among those that read in the one before', async () => {
    const readers = Array.from({ length: 4 }, reader);
    for (const each of readers) readAll(each, 1);
    await settled();
    expect(readers.map((each) => readAll(each))).toEqual([4, 4, 4, 4]);
    await settled();
    expect(readers.map(({ isPaused }) => isPaused())).toEqual([false, false, false, false]);
  });

  it('leaves everybody one read, however many there are', async () => {
    const readers = Array.from({ length: 100 }, reader);
    for (const each of readers) readAll(each, 1);
    await settled();
    expect(readers.map((each) => readAll(each))).toEqual(readers.map(() => 1));
    await settled();
  });

  it('never holds back who reads little at a time', async () => {
    const one = reader();
    for (let read = 0; read < 10_000; read++) one.reading.took(CHUNK - 1);
    expect(one.isPaused()).toBe(false);
  });
});
