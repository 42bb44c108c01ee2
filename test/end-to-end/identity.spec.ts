import { firstValueFrom, from, toArray } from 'rxjs';
import {
  connect,
  createServer,
  decodeTokens,
  SessionErrorCode,
  SessionRejectedError,
  tls,
  webSocket,
  type Client,
  type ConnectEndpoint,
  type PeerIdentity,
  type SecureEndpoint,
  type Server,
  type TlsSettings,
} from '../../src';
import { Authority, type Issued } from '../support/certificates';

let authority: Authority;
let certificate: Issued;
let alice: Issued;
let bob: Issued;

beforeAll(async () => {
  authority = await Authority.make('Lab CA');
  [certificate, alice, bob] = await Promise.all([
    authority.issue({ name: 'server' }),
    authority.issue({ name: 'alice', uris: ['spiffe://lab/alice'] }),
    authority.issue({ name: 'bob', uris: ['spiffe://lab/bob'] }),
  ]);
});

const transports: Readonly<Record<string, (port: number, settings: TlsSettings) => SecureEndpoint>> = {
  tls: (port, settings) => tls({ port, ...settings }),
  wss: (port, settings) => webSocket({ port, tls: settings }),
};

describe.each(Object.entries(transports))('a policy by certificates, over %s', (_, endpointAt) => {
  let server: Server;
  let seen: (PeerIdentity | undefined)[];
  let listening: SecureEndpoint;
  const clients: Client[] = [];

  beforeEach(() => {
    seen = [];
    listening = endpointAt(0, { ...certificate, ca: authority.cert, clientCertificates: 'request' });
    server = createServer({
      listen: listening,
      policy: ({ identity }) => {
        seen.push(identity);
        return identity?.subjectAltNames.includes('URI:spiffe://lab/alice') === true
          ? SessionErrorCode.None
          : SessionErrorCode.AuthFailed;
      },
    });
    server.sessions$.subscribe((session) => {
      session.respond((submit) => from(['you said ', new TextDecoder().decode(submit.body)]));
    });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await server.close();
  });

  async function connectAs(shown: Partial<Issued>): Promise<Client> {
    const [address] = await server.listening();
    const endpoint: ConnectEndpoint = endpointAt(address!.port, { ca: authority.cert, ...shown });
    const client = await connect(endpoint);
    clients.push(client);
    return client;
  }

  it('opens for the one whose certificate it knows: submit to result', async () => {
    const session = await (await connectAs(alice)).openSession();
    const results = await firstValueFrom(session.submit({ body: 'hello' }).pipe(toArray()));
    expect(results.flatMap(decodeTokens).join('')).toBe('you said hello');
    expect(seen.map((identity) => identity?.commonName)).toEqual(['alice']);
  });

  it('opens for nobody else', async () => {
    for (const shown of [bob, {}]) {
      await expect((await connectAs(shown)).openSession()).rejects.toBeInstanceOf(SessionRejectedError);
    }
    expect(seen.map((identity) => identity?.commonName)).toEqual(['bob', undefined]);
  });

  it('goes on while the certificate is replaced', async () => {
    const session = await (await connectAs(alice)).openSession();
    listening.replaceCertificate(await authority.issue({ name: 'renewed' }));
    const next = await (await connectAs(alice)).openSession();
    for (const each of [session, next]) {
      const results = await firstValueFrom(each.submit({ body: 'again' }).pipe(toArray()));
      expect(results.flatMap(decodeTokens).join('')).toBe('you said again');
    }
  });
});

it('tells a client what it lacks where certificates are required, at once or with the first that it reads', async () => {
  for (const endpointAt of Object.values(transports)) {
    const required = { ...certificate, ca: authority.cert, clientCertificates: 'require' } as const;
    const server = createServer({ listen: endpointAt(0, required) });
    const [address] = await server.listening();
    const attempt = async (): Promise<unknown> => {
      const client = await connect(endpointAt(address!.port, { ca: authority.cert }));
      try {
        return await client.openSession();
      } finally {
        await client.close();
      }
    };
    await expect(attempt()).rejects.toThrow('it requires a client certificate; give `cert` and `key`');
    await server.close();
  }
});
