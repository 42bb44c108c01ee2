import { hostAndPort, peerPlace } from '../../src/transport/place';

describe('hostAndPort', () => {
  it.each([
    ['127.0.0.1', 4433, '127.0.0.1:4433'],
    ['localhost', 0, 'localhost:0'],
    ['::1', 4433, '[::1]:4433'],
    ['::', 80, '[::]:80'],
  ])('writes %s and %d as %s', (host, port, expected) => {
    expect(hostAndPort(host, port)).toBe(expected);
  });
});

describe('peerPlace', () => {
  it('is the far end of a socket', () => {
    expect(peerPlace({ remoteAddress: '::1', remotePort: 4433 })).toBe('[::1]:4433');
  });

  it('is unknown where the peer is gone already', () => {
    expect(peerPlace({ remoteAddress: undefined, remotePort: undefined })).toBe('unknown:0');
  });
});
