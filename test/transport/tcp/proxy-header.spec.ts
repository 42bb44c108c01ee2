import fc from 'fast-check';
import { readProxyHeader } from '../../../src/transport/tcp/proxy-header';
import { proxyHeader, tcp4, tcp6 } from '../../support/proxy-header';

const V6 = '20010db8000000000000000000000007';

const NO_HEADER = 'it does not begin with a header of version 2, as what `trustProxy` names must';

describe('a PROXY header', () => {
  it.each([
    ['of IPv4', proxyHeader(), '203.0.113.7:51234'],
    ['of IPv6', proxyHeader({ family: 0x21, addresses: tcp6(V6, 443) }), '[2001:db8::7]:443'],
    ['with more behind the addresses', proxyHeader({ more: Buffer.alloc(200, 3) }), '203.0.113.7:51234'],
    ['of the proxy itself', proxyHeader({ command: 0x20 }), undefined],
    [
      'of the proxy itself, of no family',
      proxyHeader({ command: 0x20, family: 0, addresses: Buffer.of() }),
      undefined,
    ],
    ['of a client that it does not know', proxyHeader({ family: 0, addresses: Buffer.of() }), undefined],
    [
      'of a socket of its own machine',
      proxyHeader({ family: 0x31, addresses: Buffer.alloc(216) }),
      undefined,
    ],
  ])('%s is read', (_, header, client) => {
    const whole = { kind: 'whole', length: header.length, client };
    expect(readProxyHeader(header)).toEqual(whole);
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('what follows')]))).toEqual(whole);
    for (let length = 0; length < header.length; length++) {
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ kind: 'unfinished' });
    }
  });

  it.each([
    ['another beginning', Buffer.from('GET'), NO_HEADER],
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 51234 4433\r\n'), NO_HEADER],
    ['another version', proxyHeader({ command: 0x31 }), 'its command 0x31 is none'],
    ['another command', proxyHeader({ command: 0x22 }), 'its command 0x22 is none'],
    ['a family of datagrams', proxyHeader({ family: 0x12 }), 'its family 0x12 is not that of a stream'],
    ['too few bytes', proxyHeader({ length: 11 }), 'its header is too short for its addresses'],
    ['too few bytes of IPv6', proxyHeader({ family: 0x21 }), 'its header is too short for its addresses'],
    [
      'too many bytes',
      proxyHeader({ length: 2049 }).subarray(0, 16),
      'its header has 2049 bytes, 2048 is the most',
    ],
  ])('with %s is broken', (_, header, reason) => {
    expect(readProxyHeader(header)).toEqual({ kind: 'broken', reason });
  });

  it('is judged the same however it is cut, and asks for no more than one may have', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(
          proxyHeader(),
          proxyHeader({ family: 0x21, addresses: tcp6(V6, 1) }),
          proxyHeader({ addresses: tcp4('10.1.2.3', 9), more: Buffer.alloc(99) }),
        ),
        fc.nat(300),
        fc.nat(255),
      )
      .map(([header, at, byte]) => {
        const copy = Buffer.from(header);
        copy[at % copy.length] = byte;
        return copy;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const verdicts = Array.from({ length: bytes.length + 1 }, (_, length) =>
            readProxyHeader(bytes.subarray(0, length)),
          );
          const first = verdicts.findIndex(({ kind }) => kind !== 'unfinished');
          expect(first === -1 ? 0 : first).toBeLessThanOrEqual(16 + 2048);
          // What was said once is said of everything that begins so.
          if (first !== -1)
            for (const verdict of verdicts.slice(first)) expect(verdict).toEqual(verdicts[first]);
        },
      ),
    );
  });
});
