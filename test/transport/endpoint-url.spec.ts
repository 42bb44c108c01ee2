import { parseEndpointUrl } from '../../src/transport/endpoint-url';
import { connect } from '../../src';

describe('the URL of an endpoint', () => {
  const read = (text: string) => parseEndpointUrl(text, ['tcp', 'tls', 'ws', 'wss']);

  it.each([
    ['tcp://127.0.0.1:4433', { scheme: 'tcp', host: '127.0.0.1', port: 4433, path: '' }],
    ['tls://nnrp.example:4433', { scheme: 'tls', host: 'nnrp.example', port: 4433, path: '' }],
    ['tcp://[::1]:1', { scheme: 'tcp', host: '::1', port: 1, path: '' }],
    ['ws://chat.example', { scheme: 'ws', host: 'chat.example', port: 80, path: '/' }],
    [
      'wss://chat.example/nnrp?room=1',
      { scheme: 'wss', host: 'chat.example', port: 443, path: '/nnrp?room=1' },
    ],
    ['wss://chat.example:8443/a', { scheme: 'wss', host: 'chat.example', port: 8443, path: '/a' }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['', /must begin with one of tcp:\/\/, tls:\/\/, ws:\/\/, wss:\/\//],
    ['chat.example:443', /must begin with/],
    ['http://chat.example', /must begin with/],
    ['tcp://nnrp.example', /needs a host and a port/],
    ['tcp://:4433', /must begin|needs a host and a port/],
    ['wss://host:99999', /must begin/],
    ['tcp://127.0.0.1:4433/nnrp', /a path, a query or a fragment, which a socket has none of/],
    ['tls://127.0.0.1:4433?room=1', /a path, a query or a fragment/],
    ['tcp://127.0.0.1:4433#top', /a path, a query or a fragment/],
    ['wss://chat.example/nnrp#top', /has a fragment/],
  ])('%p is none', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('with a password is refused, and the password is not told', () => {
    expect(() => read('wss://me:secret@chat.example')).toThrow(/give it to openSession as `auth`/);
    expect(() => read('wss://me:secret@chat.example')).not.toThrow(/secret/);
    expect(() => read('htp://me:secret@chat.example?token=secret')).toThrow('"htp://…@chat.example?…"');
    expect(() => read('wss://chat.example?token=secret#top')).toThrow('"wss://chat.example?…#top"');
  });

  it('is taken by connect, which rejects with what is wrong with it', async () => {
    await expect(connect('http://127.0.0.1')).rejects.toThrow(TypeError);
    await expect(connect('tcp://127.0.0.1:1')).rejects.toMatchObject({ kind: 'io' });
  });
});
