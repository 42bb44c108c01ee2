import type { IncomingMessage } from 'node:http';
import { refusalOf, type UpgradeRules } from '../../../src/transport/web-socket/upgrade-rules';
import { webSocket } from '../../../src/transport/web-socket/web-socket';

const request = (headers: Record<string, string>, url = '/nnrp'): IncomingMessage =>
  ({ url, headers }) as unknown as IncomingMessage;

const rules = (given: Partial<UpgradeRules>): UpgradeRules => ({
  path: '/nnrp',
  subProtocol: undefined,
  origins: undefined,
  proxies: undefined,
  ...given,
});

describe('origins', () => {
  it('that are none are named, with what they may be', () => {
    const origins = ['https://a.example', 'https://chat.example/'];
    expect(() => webSocket({ port: 0, origins })).toThrow(
      /^origins must be a list, each item an origin such as "\S+", with nothing behind its host and port, .*, got a list of 2 whose item 1 is "https:\/\/chat.example\/"$/,
    );
  });

  const list = ['https://app.example', 'http://localhost:8080'];

  it.each([
    ['one of a list', 'https://app.example', list, true],
    ['one of a list, written otherwise', 'HTTPS://App.Example', list, true],
    ['one of a list, with its port', 'http://localhost:8080', list, true],
    ['another', 'https://evil.example', list, false],
    ['another scheme', 'http://app.example', list, false],
    ['another port', 'https://app.example:8443', list, false],
    ['a longer name', 'https://app.example.evil.example', list, false],
    ['a page without an origin', 'null', list, false],
    ['an empty one', '', list, false],
    ['any, of an empty list', 'https://app.example', [], false],
    ['any, where nobody asks', 'https://evil.example', undefined, true],
  ] as const)('%s: %s', (_, origin, origins, isAllowed) => {
    const refusal = refusalOf(request({ origin }), rules({ origins }));
    expect(refusal).toEqual(
      isAllowed ? undefined : { status: 403, text: 'web pages of this origin may not connect' },
    );
  });

  it('are those of browsers: who sends none passes a list, and a function is asked', () => {
    expect(refusalOf(request({}), rules({ origins: list }))).toBeUndefined();
    const asked: unknown[] = [];
    const origins = (origin: string | undefined): boolean => {
      asked.push(origin);
      return origin !== undefined;
    };
    expect(refusalOf(request({}), rules({ origins }))).toMatchObject({ status: 403 });
    expect(refusalOf(request({ origin: 'https://a.example' }), rules({ origins }))).toBeUndefined();
    expect(asked).toEqual([undefined, 'https://a.example']);
  });

  it('are refused by a function that throws', () => {
    const origins = (): boolean => {
      throw new Error('no database');
    };
    expect(refusalOf(request({ origin: 'x' }), rules({ origins }))).toMatchObject({ status: 403 });
  });

  it('are not looked at where the path is another', () => {
    const origins = jest.fn(() => false);
    const refusal = refusalOf(request({ origin: 'x' }, '/else'), rules({ origins }));
    expect(refusal).toEqual({ status: 404, text: 'NNRP is served at /nnrp' });
    expect(origins).not.toHaveBeenCalled();
  });
});
