import { hostAndPort } from '../../src/transport/place';

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
