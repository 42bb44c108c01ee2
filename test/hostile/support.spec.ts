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
