// Sessions for the bearers of a token, as long as it is good. A client that stays shows the next one in time:
// serveBearers(tcp({ port: 4433 }), createRemoteJWKSet(new URL('https://id.example/.well-known/jwks.json')))
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { accept, connect, createServer, refuse, type Acceptance, type Refusal } from 'nnrp-rx';
import type { Answers, Client, ConnectEndpoint, ListenEndpoint, Server, Submit } from 'nnrp-rx';

const AUDIENCE = 'https://chat.example';

/** Whose a session is, and until when. */
export interface Bearer {
  readonly name: string;
}

/** As the token says. */
async function judge(token: Uint8Array, keys: JWTVerifyGetKey): Promise<Acceptance<Bearer> | Refusal> {
  try {
    const rules = { audience: AUDIENCE, requiredClaims: ['sub', 'exp'] };
    const { payload } = await jwtVerify(token, keys, rules);
    const { sub = '', exp = 0 } = payload;
    return accept({ name: sub }, { owner: sub, expiresAt: 1000 * exp });
  } catch (error) {
    // That it has expired, or is for others, its bearer may know. Keys that cannot be fetched are a failure of ours.
    if (error instanceof errors.JWTExpired) return refuse('auth-failed', 'the token has expired');
    if (error instanceof errors.JOSEError) return refuse('auth-failed', error.code);
    throw error;
  }
}

export function serveBearers(
  listen: ListenEndpoint,
  keys: JWTVerifyGetKey,
  answer: (submit: Submit, bearer: Bearer) => Answers,
): Server<Bearer> {
  const server = createServer({ listen, policy: ({ auth }) => judge(auth, keys) });
  server.sessions$.subscribe((session) => {
    session.respond((submit) => answer(submit, session.context));
  });
  return server;
}

/** `fetchToken` is asked as a session is opened, and whenever the server wants a newer one. */
export function connectBearer(
  endpoint: string | ConnectEndpoint,
  fetchToken: () => Promise<string>,
): Promise<Client> {
  return connect(endpoint, { auth: fetchToken, reconnect: {} });
}
