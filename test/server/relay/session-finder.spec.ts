import { EMPTY as NOTHING, NEVER, throwError } from 'rxjs';
import { SessionFinder, type Found } from '../../../src/server/relay/session-finder';
import type { RelayingConnection } from '../../../src/server/relay/relayed-session';
import { memory } from '../../../src/transport/memory';
import { SessionOpenMetadata } from '../../../src/wire/messages/session-open';
import { EMPTY } from '../../../src/wire/packet';
import { settled } from '../../support/async';
import { VirtualTime } from '../../support/virtual-time';

it('gives up a node that takes no link, and tries again for the next client', async () => {
  const time = new VirtualTime();
  let tries = 0;
  const connect = () => ({
    kind: 'memory' as const,
    url: 'memory:',
    connect: () => (++tries === 1 ? NEVER : throwError(() => new Error('nobody is there'))),
  });
  const finder = new SessionFinder(
    { find: () => Promise.resolve({ kind: 'node', node: 'other', address: 'memory:' }) },
    { endpoint: { listen: memory({ scheduler: time }), connect } },
    { node: 'one', key: EMPTY, scheduler: time },
    5000,
    () => undefined,
  );
  const open = SessionOpenMetadata.of({ requestedSessionId: 5000 });
  // Nothing of it is asked for before there is a link.
  const connection = { pressure$: NOTHING } as unknown as RelayingConnection;
  const found: Found[] = [];
  for (const ms of [2500, 10]) {
    finder.find(open, EMPTY, connection).subscribe((each) => found.push(each));
    await settled();
    time.advance(ms);
    await settled();
  }
  expect(found).toEqual([{ kind: 'later' }, { kind: 'later' }]);
  expect(tries).toBe(2);
  finder.close();
});
