import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { asyncScheduler } from 'rxjs';
import { VirtualTime } from '../../support/virtual-time';
import { afterReading } from '../../../src/transport/time/after-reading';
import { monotonicScheduler } from '../../../src/transport/time/monotonic-scheduler';
import { marbles } from '../../support/marbles';

/** A process that connects and says something when it is told to, after a while. */
const PEER = `
  const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
  socket.on('data', () => setTimeout(() => socket.write('alive'), 20));
`;

describe('afterReading', () => {
  it.each([
    ['the default scheduler', monotonicScheduler],
    ['asyncScheduler', asyncScheduler],
  ])('reads what came while the process stood still, by %s', async (_name, scheduler) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = spawn(process.execPath, ['-e', PEER, String((server.address() as AddressInfo).port)]);
    const [socket] = (await once(server, 'connection')) as [Socket];
    const seen: string[] = [];
    socket.on('data', (bytes: Buffer) => seen.push(bytes.toString()));
    socket.write('alive?');
    await new Promise<void>((resolve) => {
      // Many are due when the process goes on: one that asks for no delay is due at once among them.
      for (let timer = 0; timer < 50; timer++) scheduler.schedule(() => seen.push('due'), 100);
      scheduler.schedule(() => {
        afterReading(scheduler, () => {
          seen.push('judged');
          resolve();
        });
      }, 100);
      const until = performance.now() + 300;
      while (performance.now() < until);
    });
    expect(seen.filter((each) => each !== 'due')).toEqual(['alive', 'judged']);
    socket.destroy();
    server.close();
    peer.kill();
  });

  it('comes after what is to happen at the same moment of virtual time', () => {
    const time = new VirtualTime();
    const order: string[] = [];
    afterReading(time, () => order.push('judged'));
    time.schedule(() => order.push('read'));
    time.advance(0);
    expect(order).toEqual(['read', 'judged']);
  });

  it('takes no time under TestScheduler.run', () => {
    marbles(({ flush }) => {
      const at: number[] = [];
      monotonicScheduler.schedule(() => {
        afterReading(monotonicScheduler, () => at.push(monotonicScheduler.now()));
      }, 25_000);
      flush();
      expect(at).toEqual([25_000]);
    });
  });

  it('does nothing once it is unsubscribed', async () => {
    const work = jest.fn();
    afterReading(monotonicScheduler, work).unsubscribe();
    const later = afterReading(monotonicScheduler, work);
    setImmediate(() => {
      later.unsubscribe();
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(work).not.toHaveBeenCalled();
  });
});
