// Sessions for the bearers of a token, as long as it is good. A client that stays fetches the next one:
// serveBearers(tcp({ port: 4433 }), createRemoteJWKSet(new URL('https://id.example/.well-known/jwks.json')))
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { accept, connect, createServer, refuse } from 'nnrp-rx';
import type { Client, ConnectEndpoint, ListenEndpoint, Server, SessionPolicy } from 'nnrp-rx';

const AUDIENCE = 'https://chat.example';

/** Whose a session is, and until when, is what its token says. */
function bearers(keys: JWTVerifyGetKey): SessionPolicy {
  return async ({ auth }) => {
    try {
      const { payload } = await jwtVerify(auth, keys, {
        audience: AUDIENCE,
        requiredClaims: ['sub', 'exp'],
      });
      const { sub = '', exp = 0 } = payload;
      return accept({ user: sub }, { owner: sub, expiresAt: 1000 * exp });
    } catch (error) {
      // That it has expired, or is not for us: its bearer may know. Keys that cannot be fetched are our own failure.
      if (error instanceof errors.JWTExpired) return refuse('auth-failed', 'the token has expired');
      if (error instanceof errors.JOSEError) return refuse('auth-failed', error.code);
      throw error;
    }
  };
}

export function serveBearers(listen: ListenEndpoint, keys: JWTVerifyGetKey): Server {
  const server = createServer({ listen, policy: bearers(keys) });
  server.sessions$.subscribe((session) => {
    const { user } = session.context as { readonly user: string };
    session.respond(({ text }) => `${user} says: ${text}`);
  });
  return server;
}

/** `fetchToken` is asked at each attempt to open a session, and to have it back. */
export function connectBearer(
  endpoint: string | ConnectEndpoint,
  fetchToken: () => Promise<string>,
): Promise<Client> {
  return connect(endpoint, { auth: fetchToken, reconnect: {} });
}
