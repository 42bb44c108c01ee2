import { NEVER } from 'rxjs';
import { MigrationRefusedError } from '../../../src/client/errors';
import { tcp } from '../../../src/transport/tcp/tcp';
import type { ConnectEndpoint } from '../../../src/transport/endpoint';
import { settled } from '../../support/async';
import { endServed, Served, told } from '../../support/served';

afterEach(endServed);

describe('moving a session', () => {
  it('is refused by a server that cannot take it back: the session stays', async () => {
    const served = new Served();
    served.server.sessions$.subscribe((session) => session.respond(() => NEVER));
    const client = await served.connect();
    const session = await client.openSession({ requestedSessionId: 1 });
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(MigrationRefusedError);
    await expect(session.moveTo(tcp({ port: 1 }))).rejects.toThrow(
      'the server refused to move session 1: accept code 3',
    );
    expect(session.state).toBe('open');
  });

  it('to what is no endpoint is refused by name, and the server hears nothing of it', async () => {
    const served = new Served();
    const { client, server } = await served.session({ allowResume: true });
    const asked = told(server.migrations$);
    await expect(client.moveTo({ kind: 'tcp' } as ConnectEndpoint)).rejects.toThrow(
      new TypeError('the endpoint must be one to connect to, as tcp({ port }) is, got an object with kind'),
    );
    await settled();
    expect(asked).toEqual([]);
  });
});
