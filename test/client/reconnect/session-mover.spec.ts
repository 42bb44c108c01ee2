import { NEVER } from 'rxjs';
import { MigrationRefusedError } from '../../../src/client/errors';
import { tcp } from '../../../src/transport/tcp/tcp';
import { endServed, Served } from '../../support/served';

afterEach(endServed);

describe('moving a session', () => {
  it('is refused by a server that cannot take it back: the session stays', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await served.connect();
    const session = await client.openSession();
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(MigrationRefusedError);
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(
      'the server refused to move session 1: accept code 3',
    );
    expect(session.state).toBe('open');
  });
});
