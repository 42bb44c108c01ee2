import type { IncomingMessage } from 'node:http';
import { forwardedFor } from '../../../src/transport/web-socket/forwarded-for';
import { TrustedProxies } from '../../../src/transport/tcp/trusted-proxies';

const OURS = new TrustedProxies(['10.0.0.0/8', '::1']);

function from(
  remoteAddress: string | undefined,
  header?: string | string[],
  proxies: TrustedProxies | undefined = OURS,
) {
  const headers = header === undefined ? {} : { 'x-forwarded-for': header };
  return forwardedFor({ headers, socket: { remoteAddress } } as unknown as IncomingMessage, proxies);
}

describe('X-Forwarded-For', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4433', '203.0.113.7'],
    ['  203.0.113.7  ', '203.0.113.7'],
    ['2001:db8::7', '[2001:db8::7]'],
    ['[2001:db8::7]', '[2001:db8::7]'],
    ['[2001:db8::7]:443', '[2001:db8::7]'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    // What a client says of itself comes before what the proxy says of it.
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['not an address, 203.0.113.7', '203.0.113.7'],
    // Proxies of ours behind each other.
    ['198.51.100.1, 203.0.113.7, 10.0.0.2, 10.0.0.3', '203.0.113.7'],
    ['10.0.0.9', '10.0.0.9'],
    ['10.0.0.8,10.0.0.9', '10.0.0.8'],
  ])('%j is from %s', (header, peer) => {
    expect(from('10.1.1.1', header)).toEqual({ kind: 'client', peer });
    expect(from('::ffff:10.1.1.1', header)).toEqual({ kind: 'client', peer });
  });

  it.each([
    [undefined],
    [''],
    [','],
    ['unknown'],
    ['203.0.113.7,'],
    ['203.0.113.7, nobody'],
    ['300.1.1.1'],
    ['x, 10.0.0.2'],
  ])('%j does not say who', (header) => {
    expect(from('10.1.1.1', header)).toEqual({ kind: 'broken' });
  });

  it('is nothing from anybody else, nor where nobody is named', () => {
    expect(from('203.0.113.1', '198.51.100.1')).toEqual({ kind: 'direct' });
    expect(from(undefined, '198.51.100.1')).toEqual({ kind: 'direct' });
    expect(
      forwardedFor(
        {
          headers: { 'x-forwarded-for': '198.51.100.1' },
          socket: { remoteAddress: '10.1.1.1' },
        } as unknown as IncomingMessage,
        undefined,
      ),
    ).toEqual({ kind: 'direct' });
  });

  it('is read from its end, so far and no further', () => {
    const long = Array.from({ length: 10_000 }, () => '10.0.0.2').join(', ');
    expect(from('10.1.1.1', `203.0.113.7, ${long}`)).toEqual({ kind: 'client', peer: '10.0.0.2' });
    expect(from('10.1.1.1', `${long}, 203.0.113.7`)).toEqual({ kind: 'client', peer: '203.0.113.7' });
  });
});
