import { stage } from '../stage';
import { peers } from './peers';
import { streamOrWait } from './stream-or-wait';

const on = stage();
const start = peers();

describe('nnrp-py, with its native library', () => {
  it('is served: open, submit, stream, cancel, and by another process resume, submit, close', async () => {
    const { server, port, sessions } = await on.serve();
    const client = start.python(String(port));
    const session = await sessions.next();
    session.respond(streamOrWait);
    expect(await client.take(5)).toEqual([
      'opened',
      'part 1 of 101: one',
      'part 2 of 101: two',
      'result',
      'dropped 3 of 102',
    ]);
    const [, ticket] = (await client.next()).split(' ');
    await client.kill();

    const states: string[] = [];
    session.state$.subscribe((state) => states.push(state));
    expect(await start.python(String(port), ticket!).rest()).toEqual([
      'resumed',
      'part 1 of 103: one',
      'part 2 of 103: two',
      'result',
      'closed',
    ]);
    expect(states).toEqual(expect.arrayContaining(['resumed', 'closed']));
    expect(server.sessionCount).toBe(0);
  });
});
