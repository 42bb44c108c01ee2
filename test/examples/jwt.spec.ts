import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { connectBearer, serveBearers } from '../../examples/jwt';
import { memory, type Client, type ClientSession } from '../../src';

const AUDIENCE = 'https://chat.example';

let sign: (lasting: string, audience?: string) => Promise<string>;
const endpoint = memory();
const clients: Client[] = [];
let server: ReturnType<typeof serveBearers>;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  server = serveBearers(endpoint, createLocalJWKSet({ keys: [await exportJWK(publicKey)] }));
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

  it('end with a token that nobody renews', async () => {
    const token = await sign('1 second');
    const session = await opened(async () => token);
    expect(await says(session)).toBe('Ishmael says: x');
    await session.state$.forEach(() => undefined);
    expect(session.ended).toMatchObject({ by: 'server' });
  });
});
