import { of } from 'rxjs';
import { createServer, memory, type Server, type ServerOptions } from '../../../src';
import { accept, refuse, type ContextOf } from '../../../src/server/opening/policy';
import { holds, type Same } from '../../support/types';

/** The context of the sessions of a server. */
type Of<S> = S extends Server<infer Context> ? Context : never;

interface User {
  readonly name: string;
}

async function userOf(_: unknown): Promise<User | undefined> {
  return { name: 'ada' };
}

describe('the context of a session', () => {
  const listen = memory();

  it('has the type of what the policy accepts with', () => {
    const make = () =>
      createServer({
        listen,
        policy: async ({ auth }) => {
          const user = await userOf(auth);
          return user === undefined ? refuse('auth-failed') : accept(user, { owner: user.name });
        },
      });
    holds<Same<Of<ReturnType<typeof make>>, User>>();
    const serve = (): void => {
      make().sessions$.subscribe((session) => session.respond(() => session.context.name));
    };
    expect(serve).toBeDefined();
  });

  it('may be undefined where a plain yes may come', () => {
    const plain = () => createServer({ listen, policy: ({ auth }) => auth.length > 0 });
    holds<Same<Of<ReturnType<typeof plain>>, undefined>>();
    const either = () => createServer({ listen, policy: ({ auth }) => auth.length === 0 || accept(7) });
    holds<Same<Of<ReturnType<typeof either>>, number | undefined>>();
    const streamed = () => createServer({ listen, policy: () => of(accept('a')) });
    holds<Same<Of<ReturnType<typeof streamed>>, string>>();
    const refusing = () => createServer({ listen, policy: () => (Math.random() > 2 ? accept('a') : false) });
    holds<Same<Of<ReturnType<typeof refusing>>, string>>();
    const bare = () => createServer({ listen, policy: () => accept() });
    holds<Same<Of<ReturnType<typeof bare>>, undefined>>();
    expect([plain, either, streamed, refusing, bare]).toHaveLength(5);
  });

  it('is anything where the policy is any, or there is none', () => {
    const none = () => createServer({ listen });
    holds<Same<Of<ReturnType<typeof none>>, unknown>>();
    const some = (options: ServerOptions) => createServer(options);
    holds<Same<Of<ReturnType<typeof some>>, unknown>>();
    holds<Same<ContextOf<NonNullable<ServerOptions['policy']>>, unknown>>();
    expect([none, some]).toHaveLength(2);
  });
});
