import { CreditEpoch } from '../../../src/protocol/flow/credit-epoch';

describe('CreditEpoch', () => {
  it('takes any epoch first, then orders what comes', () => {
    const epoch = new CreditEpoch();
    expect(epoch.latest).toBeUndefined();
    expect([0, 0, 7, 6, 7, 8, 0].map((next) => epoch.observe(next))).toEqual([
      'newer',
      'same',
      'newer',
      'older',
      'same',
      'newer',
      'older',
    ]);
    expect(epoch.latest).toBe(8);
  });

  it('rises by one with every update to send', () => {
    const epoch = new CreditEpoch();
    expect([epoch.next(), epoch.next(), epoch.next()]).toEqual([1, 2, 3]);
    expect(epoch.latest).toBe(3);
  });

  it('goes on from what it observed', () => {
    const epoch = new CreditEpoch();
    epoch.observe(41);
    expect(epoch.next()).toBe(42);
  });

  it('never leaves u32', () => {
    const epoch = new CreditEpoch();
    epoch.observe(0xffff_fffe);
    expect([epoch.next(), epoch.next()]).toEqual([0xffff_ffff, 0xffff_ffff]);
  });
});
