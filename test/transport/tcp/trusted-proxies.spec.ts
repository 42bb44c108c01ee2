import { TrustedProxies } from '../../../src/transport/tcp/trusted-proxies';

describe('trusted proxies', () => {
  it.each([
    ['10.0.0.7', ['10.0.0.7'], true],
    ['10.0.0.8', ['10.0.0.7'], false],
    ['::ffff:10.0.0.7', ['10.0.0.7'], true],
    ['10.200.3.4', ['192.0.2.1', '10.0.0.0/8'], true],
    ['11.0.0.1', ['10.0.0.0/8'], false],
    ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
    ['fd00::1', ['fd00::/8'], true],
    ['fe80::1', ['fd00::/8'], false],
    ['::1', ['::1'], true],
    ['203.0.113.9', ['0.0.0.0/0'], true],
    ['fd00::1', ['0.0.0.0/0'], false],
    ['no address', ['0.0.0.0/0', '::/0'], false],
    [undefined, ['0.0.0.0/0'], false],
    ['10.0.0.7', [], false],
  ])('%s among %j: %s', (address, named, expected) => {
    expect(new TrustedProxies(named).has(address)).toBe(expected);
  });

  it.each([
    '',
    'proxy.example',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fd00::/129',
    '*',
    7,
    null,
  ])('are not %j', (name) => {
    expect(() => new TrustedProxies([name as string])).toThrow(
      new RangeError(
        `trustProxy must be a list of IP addresses and ranges, as '10.0.0.7' and '10.0.0.0/8', got ${String(name)}`,
      ),
    );
  });

  it('are a list', () => {
    expect(() => TrustedProxies.of('10.0.0.7' as unknown as string[])).toThrow(RangeError);
    expect(TrustedProxies.of(undefined)).toBeUndefined();
  });
});
