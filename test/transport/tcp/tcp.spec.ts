import { Socket } from 'node:net';
import { tcp } from '../../../src/transport/tcp/tcp';
import { describeConnecting } from '../connecting';
import { closedLater, leavesNothingOpen, Reception } from '../support';

leavesNothingOpen();

describe('tcp', () => {
  describeConnecting({
    endpoint: tcp,
    target: (place) => place,
    url: (place) => `tcp://${place}`,
  });

  it('has the kind tcp, and a url', () => {
    expect(tcp({ port: 4433 })).toMatchObject({ kind: 'tcp', url: 'tcp://127.0.0.1:4433' });
    expect(tcp({ host: '::1', port: 1 }).url).toBe('tcp://[::1]:1');
    expect(tcp({ port: 0 }).listen().kind).toBe('tcp');
  });

  it('connects without delay, and has the system notice a peer that is gone', async () => {
    const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
    const keepAlive = jest.spyOn(Socket.prototype, 'setKeepAlive');
    const reception = closedLater(new Reception(tcp({ port: 0 }).listen()));
    const { port } = await reception.address();
    closedLater((await reception.link(tcp({ port }))).connected);
    expect(noDelay).toHaveBeenCalledWith();
    expect(keepAlive).toHaveBeenCalledWith(true, 15_000);
    noDelay.mockRestore();
    keepAlive.mockRestore();
  });
});
