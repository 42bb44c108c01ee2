import { EMPTY as NOTHING, NEVER, throwError, type Observable } from 'rxjs';
import { SessionFinder, type Found } from '../../../src/server/relay/session-finder';
import type { RelayingConnection } from '../../../src/server/relay/relayed-session';
import { memory } from '../../../src/transport/memory';
import type { Transport } from '../../../src/transport/transport';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { EMPTY } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { VirtualTime } from '../../support/virtual-time';

/** Searches for a session of a node that is in the directory, and to which a link comes about in this way. */
function searching(connect: () => Observable<Transport>) {
  const time = new VirtualTime();
  const told: string[] = [];
  const finder = new SessionFinder(
    { find: () => Promise.resolve({ kind: 'node', node: 'other', address: 'there:' }) },
    {
      endpoint: {
        listen: memory({ scheduler: time }),
        connect: (url) => {
          const connected = connect();
          return { kind: 'memory', url, connect: () => connected };
        },
      },
    },
    { node: 'one', key: EMPTY, scheduler: time },
    5000,
    (error) => told.push(String(error)),
  );
  const open = SessionOpenMetadata.of({ requestedSessionId: 5000 });
  // Nothing of it is asked for before there is a link.
  const connection = { pressure$: NOTHING } as unknown as RelayingConnection;
  const found: Found[] = [];
  const search = async (ms: number): Promise<void> => {
    finder.find(open, EMPTY, connection).subscribe((each) => found.push(each));
    await settled();
    time.advance(ms);
    await settled();
  };
  return { search, found, told, finder };
}

it('gives up a node that takes no link, and tries again for the next client', async () => {
  let tries = 0;
  const { search, found, finder } = searching(() =>
    ++tries === 1 ? NEVER : throwError(() => new Error('nobody is there')),
  );
  for (const ms of [2500, 10]) await search(ms);
  expect(found).toEqual([{ kind: 'later' }, { kind: 'later' }]);
  expect(tries).toBe(2);
  finder.close();
});

describe.each<[string, () => Observable<Transport>, RegExp]>([
  ['takes no link', () => NEVER, /node other lives, .*there: does not answer.*`address`/],
  [
    'refuses links',
    () => throwError(() => new Error('nobody is there')),
    /node other lives, .*nobody is there/,
  ],
  [
    'is at an address of no kind that is known',
    () => {
      throw new RangeError('say by the option connect how');
    },
    /node other lives, .*say by the option connect how/,
  ],
])('a node that %s', (_, connect, text) => {
  it('is told once, as it lives, by the directory', async () => {
    const { search, found, told, finder } = searching(connect);
    for (let tries = 0; tries < 20; tries++) await search(3000);
    expect(told).toEqual([expect.stringMatching(text)]);
    expect(found).toEqual(Array.from({ length: 20 }, () => ({ kind: 'later' })));
    finder.close();
  });

  it('is not told as long as it may be gone, and be in the directory yet', async () => {
    const { search, told, finder } = searching(connect);
    for (let tries = 0; tries < 4; tries++) await search(2500);
    expect(told).toEqual([]);
    finder.close();
  });
});
