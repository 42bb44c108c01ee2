import { Stopwatch } from './bytes/stopwatch';
import { figure } from './support/figure';
import { startBystander, startServer } from './support/stage';
import { endWorkers } from './support/worker-process';

describe('what the hostile tests stand on', () => {
  afterEach(endWorkers);

  it.each([
    ['above', { value: 2.01, atMost: 2 }],
    ['below', { value: 0.99, atLeast: 1 }],
    ['no number', { value: NaN, atMost: 2 }],
    ['without a bound', { value: 1 }],
  ])('a figure that is %s fails', (_, { value, ...bounds }) => {
    expect(() => {
      figure({ name: 'planted', value, unit: 'x', ...bounds });
    }).toThrow(/planted/);
  });

  it('a stopwatch sees what is slow each time, not what was slow once', () => {
    const spin = (ms: number): void => {
      for (const start = performance.now(); performance.now() - start < ms;);
    };
    const once = new Stopwatch();
    let runs = 0;
    once.run(() => {
      if (runs++ === 0) spin(30);
    });
    expect(runs).toBe(1);
    expect(once.slowestMs()).toBeLessThan(10);

    const always = new Stopwatch();
    for (let ms = 0; ms < 40; ms += 2) {
      always.run(() => {
        spin(ms);
      });
    }
    expect(always.slowestMs()).toBeGreaterThan(20);
  });

  it('a bystander of a server that nobody attacks completes every operation', async () => {
    const server = await startServer({ handler: 'echo' });
    await server.ask('watch');
    const bystander = await startBystander({ port: server.ready.port });
    const measured = await bystander.ask('measure', { ms: 500 });
    figure({ name: 'operations in peace', value: measured.completed, unit: 'operations', atLeast: 50 });
    expect(measured.failed).toBe(0);
    expect(measured.p99).toBeGreaterThan(0);
    expect(await server.ask('tally')).toMatchObject({
      runs: measured.completed,
      violations: [],
      failures: [],
    });
    expect((await server.ask('watched')).peakRss).toBeGreaterThan(1024 * 1024);
    expect((await server.ask('usage')).sessions).toBe(0);
    expect((await server.kill('SIGTERM')).signal).toBe('SIGTERM');
    await expect(server.ask('usage')).rejects.toThrow('has ended');
  });
});
