import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { connectBearer, serveBearers, type Bearer } from '../../examples/jwt';
import { memory, type Client, type ClientSession, type Submit } from '../../src';
import { pause } from '../support/until';

const AUDIENCE = 'https://chat.example';
/** Seconds that the first of several tokens is good for: on a machine that is slow, too, an open takes less. */
const FIRST_SECONDS = 4;

let sign: (lasting: string, audience?: string) => Promise<string>;
const endpoint = memory();
const clients: Client[] = [];
let server: ReturnType<typeof serveBearers>;

async function* answer({ text }: Submit, { name }: Bearer): AsyncGenerator<string> {
  yield `${name} says:`;
  for (const letter of text) {
    if (text === 'slowly') await pause((FIRST_SECONDS * 1000) / 5);
    yield ` ${letter}`;
  }
}

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  server = serveBearers(endpoint, createLocalJWKSet({ keys: [await exportJWK(publicKey)] }), answer);
  sign = (lasting, audience = AUDIENCE) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256' })
      .setSubject('Ishmael')
      .setAudience(audience)
      .setExpirationTime(lasting)
      .sign(privateKey);
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.close({ graceMs: 0 });
});

async function opened(fetchToken: () => Promise<string>): Promise<ClientSession> {
  const client = await connectBearer(endpoint, fetchToken);
  clients.push(client);
  return client.openSession();
}

const says = async (session: ClientSession): Promise<string> =>
  (await session.submit({ body: 'x' }).whole()).text;

describe('sessions of the bearers of tokens', () => {
  it('are their owners’', async () => {
    expect(await says(await opened(() => sign('1 minute')))).toBe('Ishmael says: x');
  });

  it('are refused in words', async () => {
    await expect(opened(() => sign('-1 minute'))).rejects.toMatchObject({ text: 'the token has expired' });
    await expect(opened(() => sign('1 minute', 'others'))).rejects.toMatchObject({
      text: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    });
    await expect(opened(async () => 'whale')).rejects.toMatchObject({ text: 'ERR_JWS_INVALID' });
  });

  it('outlive their tokens, in the middle of an answer', async () => {
    let tokens = 0;
    const session = await opened(() => sign(`${(tokens += 1) * FIRST_SECONDS} seconds`));
    const { text } = await session.submit({ body: 'slowly' }).whole();
    expect(text).toBe('Ishmael says: s l o w l y');
    expect(tokens).toBeGreaterThan(1);
    expect(session.ended).toBeUndefined();
  });
});
