import { realPause, settled } from '../../../src/testing/time/settled';

describe('settled', () => {
  it('comes after every promise that settles by itself', async () => {
    let steps = 0;
    const chain = async (): Promise<void> => {
      for (; steps < 500; steps++) await Promise.resolve();
    };
    void chain();
    await settled();
    expect(steps).toBe(500);
  });
});

describe('realPause', () => {
  it('takes real time', async () => {
    const start = performance.now();
    await realPause(10);
    expect(performance.now() - start).toBeGreaterThan(8);
  });
});
