import { createConnection } from 'node:net';
import { RuntimeError } from '../../src/protocol/runtime-error';
import {
  connectError,
  connectionError,
  endInsidePacket,
  handshakeError,
  handshakeTimedOut,
  listenError,
} from '../../src/transport/network-errors';

function coded(code: string, message = `syscall ${code}`): Error {
  return Object.assign(new Error(message), { code });
}

describe('listenError', () => {
  it.each([
    ['EADDRINUSE', 'the port is in use; choose another, or 0 for any free one'],
    ['EADDRNOTAVAIL', 'this machine has no such address'],
    ['EACCES', 'not permitted; ports below 1024 need privileges'],
    ['ENOTFOUND', 'the host name does not resolve'],
    ['EAI_AGAIN', 'the host name could not be looked up, try again'],
    ['ELSE', 'syscall ELSE'],
  ])('says what %s means', (code, reason) => {
    const cause = coded(code);
    const error = listenError('127.0.0.1:80', cause);
    expect(error).toBeInstanceOf(RuntimeError);
    expect(error).toMatchObject({ kind: 'io', reach: 'server', origin: 'local', cause });
    expect(error.message).toBe(`cannot listen on 127.0.0.1:80: ${reason}`);
  });
});

describe('connectError', () => {
  it.each([
    ['ECONNREFUSED', 'nothing listens there; is the server running?'],
    ['ECONNRESET', 'whoever listens there closed the connection at once; is it a server of this transport?'],
    ['ENOTFOUND', 'the host name does not resolve'],
    ['EAI_AGAIN', 'the host name could not be looked up, try again'],
    ['ETIMEDOUT', 'no answer in time'],
    ['EHOSTUNREACH', 'the host cannot be reached'],
    ['ENETUNREACH', 'the network cannot be reached'],
    ['EADDRNOTAVAIL', 'this machine has no address to connect from'],
    ['EACCES', 'not permitted by this machine'],
    ['EADDRINUSE', 'syscall EADDRINUSE'],
  ])('says what %s means', (code, reason) => {
    const cause = coded(code);
    const error = connectError('host:1', cause);
    expect(error).toMatchObject({ kind: 'io', reach: 'connection', origin: 'local', cause });
    expect(error.message).toBe(`cannot connect to host:1: ${reason}`);
  });

  it.each([
    ['both refused', ['ECONNREFUSED', 'ECONNREFUSED'], 'nothing listens there; is the server running?'],
    ['one has no route', ['ENETUNREACH', 'ECONNREFUSED'], 'nothing listens there; is the server running?'],
    ['one is silent', ['ECONNREFUSED', 'ETIMEDOUT'], 'nothing listens there; is the server running?'],
    ['none has a route', ['ENETUNREACH', 'EHOSTUNREACH'], 'the network cannot be reached'],
    ['nobody knows why', ['E1', 'E2'], 'syscall E1'],
  ])('says one thing of the addresses of a name: %s', (_, codes, reason) => {
    const cause = new AggregateError(codes.map((code) => coded(code)));
    expect(connectError('host:1', cause).message).toBe(`cannot connect to host:1: ${reason}`);
  });

  it('understands what Node reports of a name with two addresses', async () => {
    const cause = await new Promise<Error>((resolve) => {
      createConnection({
        host: 'both',
        port: 1,
        autoSelectFamily: true,
        lookup: (_host, _options, done) => {
          done(null, [
            { address: '127.0.0.1', family: 4 },
            { address: '::1', family: 6 },
          ]);
        },
      }).on('error', resolve);
    });
    expect(cause).toHaveProperty('errors');
    expect(connectError('both:1', cause).message).toBe(
      'cannot connect to both:1: nothing listens there; is the server running?',
    );
  });

  it.each([
    ['an error without a code', new Error('odd'), 'odd'],
    ['an error of another context', { message: 'foreign' }, 'foreign'],
    ['an aggregate of nothing', new AggregateError([], 'none'), 'none'],
    ['a text', 'broken', 'broken'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a code that is no text', { code: 7, message: 'seven' }, 'seven'],
  ])('says what it can of %s', (_, cause, reason) => {
    expect(connectError('host:1', cause).message).toBe(`cannot connect to host:1: ${reason}`);
  });
});

describe('what TLS says', () => {
  const openssl = (reason: string): string =>
    `80ACE31D697F0000:error:0A000460:SSL routines:ssl3_read_bytes:${reason}:../ssl/record/rec_layer_s3.c:1601:SSL alert number 120\n`;

  it.each([
    ['tlsv1 alert no application protocol', 'it does not agree on the protocol nnrp/1; is it an NNRP peer?'],
    ['tlsv1 alert unknown ca', 'it refused the certificate shown to it; it has to trust who signed it'],
    ['sslv3 alert bad certificate', 'it refused the certificate shown to it; it has to trust who signed it'],
    [
      'ssl/tls alert bad certificate',
      'it refused the certificate shown to it; it has to trust who signed it',
    ],
    ['wrong version number', 'it does not speak TLS'],
    ['no shared cipher', 'TLS failed: no shared cipher'],
  ])('is one line: %s', (reason, expected) => {
    for (const cause of [
      coded('ERR_SSL_X', openssl(reason)),
      coded('EPROTO', `write EPROTO ${openssl(reason)}`),
    ]) {
      expect(connectError('host:1', cause).message).toBe(`cannot connect to host:1: ${expected}`);
      expect(connectionError('host:1', cause).message).toBe(`the connection to host:1 failed: ${expected}`);
      expect(handshakeError('TLS', 'host:1', cause).message).toBe(
        `the TLS handshake with host:1 failed: ${expected}`,
      );
    }
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'its certificate has expired, and has to be renewed there'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet; are the clocks right?'],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      "its certificate is signed by nobody that is trusted here; give the signer's as `ca`",
    ],
  ])('of a certificate: %s', (code, expected) => {
    expect(connectError('host:1', coded(code)).message).toBe(`cannot connect to host:1: ${expected}`);
  });
});

describe('handshakeTimedOut', () => {
  it('names the peer and the time', () => {
    const error = handshakeTimedOut('WebSocket', 'host:1', 5_000);
    expect(error).toMatchObject({ kind: 'io', reach: 'connection', origin: 'peer' });
    expect(error.message).toBe('the WebSocket handshake with host:1 was not finished within 5000 ms');
  });
});

describe('connectionError', () => {
  it('names the peer, and blames it', () => {
    const cause = coded('ECONNRESET', 'read ECONNRESET');
    const error = connectionError('127.0.0.1:9', cause);
    expect(error).toMatchObject({ kind: 'io', reach: 'connection', origin: 'peer', cause });
    expect(error.message).toBe('the connection to 127.0.0.1:9 failed: read ECONNRESET');
  });
});

describe('endInsidePacket', () => {
  it('names the peer and what is missing', () => {
    const error = endInsidePacket('127.0.0.1:9', 'after 3 bytes of it');
    expect(error).toMatchObject({ kind: 'io', reach: 'connection', origin: 'peer' });
    expect(error.message).toBe('the connection to 127.0.0.1:9 ended inside a packet, after 3 bytes of it');
  });
});
