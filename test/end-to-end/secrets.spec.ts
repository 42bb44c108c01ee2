import { inspect } from 'node:util';
import { firstValueFrom, isObservable } from 'rxjs';
import { accept } from '../../src/server/opening/policy';
import { tls } from '../../src/transport/tls/tls';
import { endServed, Served, told } from '../support/served';
import { settled } from '../support/async';

const AUTH = 'hunter2-hunter2';
const KEY = 'sixteen-bytes-or-more';
/** So many bytes are told from others. */
const TOKEN = Buffer.from('a-token-of-a-server-1234');

afterEach(endServed);

/** What somebody may log, by its name; and the streams of each. */
async function logged(): Promise<Map<string, unknown>> {
  const served = new Served({
    tokenKey: KEY,
    randomBytes: (length) => TOKEN.subarray(0, length),
    policy: () => accept(),
  });
  const opened = firstValueFrom(served.server.sessions$);
  const client = await served.connect({ auth: AUTH, reconnect: {} });
  const session = await client.openSession({ auth: AUTH });
  const server = await opened;
  const submitted = firstValueFrom(server.submits$);
  const results = session.submit({ body: AUTH });
  told(results);
  told(session.state$);
  told(session.credit$);
  const submit = await submitted;
  await settled();
  const things: Readonly<Record<string, object>> = {
    client,
    session,
    results,
    iterator: results[Symbol.asyncIterator](),
    server: served.server,
    serverSession: server,
    submit,
  };
  const all = new Map<string, unknown>([
    ['an endpoint', served.listen],
    ['an endpoint of tls', tls({ port: 1, passphrase: AUTH })],
  ]);
  for (const [name, thing] of Object.entries(things)) {
    all.set(name, thing);
    for (const [key, value] of membersOf(thing)) if (isObservable(value)) all.set(`${name}.${key}`, value);
  }
  return all;
}

/** Getters of its class, too. */
function membersOf(thing: object): [string, unknown][] {
  const prototype = Object.getPrototypeOf(thing) as object;
  const names = [...Object.keys(thing), ...Object.getOwnPropertyNames(prototype)];
  return names.filter((name) => name.endsWith('$')).map((name) => [name, Reflect.get(thing, name)]);
}

function bytesOf(secret: Uint8Array | string): RegExp {
  return new RegExp([...Buffer.from(secret)].slice(0, 6).join(',\\s+'));
}

describe('what is logged', () => {
  it('shows no secret, however deep the console looks', async () => {
    const all = await logged();
    expect([...all.keys()]).toEqual(expect.arrayContaining(['client.ended$', 'serverSession.submits$']));
    for (const [name, thing] of all) {
      for (const depth of [2, 6, Infinity]) {
        for (const showHidden of [false, true]) {
          const shown = inspect(thing, { depth, showHidden, maxArrayLength: null });
          expect({ name, size: shown.length < 100_000 }).toEqual({ name, size: true });
          for (const secret of [AUTH, KEY, TOKEN]) {
            expect(shown).not.toContain(secret.toString());
            expect(shown).not.toMatch(bytesOf(secret));
          }
        }
      }
    }
  });

  it('says what it is, and what is worth a line', async () => {
    const all = await logged();
    expect(inspect(all.get('client'))).toMatch(/^Client \{[^]*sessions: 1/);
    expect(inspect(all.get('session'))).toMatch(/^ClientSession \{[^]*operationsInFlight: 1/);
    expect(inspect(all.get('server'))).toMatch(/^Server \{[^]*connections: 1/);
    expect(inspect(all.get('serverSession'))).toMatch(/^ServerSession \{[^]*operations: \[/);
    expect(inspect(all.get('results'))).toBe('ResultStream {}');
  });
});
