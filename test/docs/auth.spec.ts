import { compileFunction } from 'node:vm';
import { filter, firstValueFrom } from 'rxjs';
import ts from 'typescript';
import * as library from '../../src';
import { snippetsOf } from './check-snippets';

/** Runs a block of a page as a program of its own, and returns what it declares by these names. */
async function run(
  code: string | undefined,
  given: Readonly<Record<string, unknown>>,
  names: string,
): Promise<unknown> {
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(code ?? '', { compilerOptions });
  const body = `return (async () => { ${outputText}\nreturn { ${names} }; })();`;
  const program = compileFunction(body, ['exports', ...Object.keys(given)]) as (
    ...values: unknown[]
  ) => Promise<unknown>;
  return program({}, ...Object.values(given));
}

it('the programs of the page do what it says, with a token that expires time and again', async () => {
  const place = library.memory();
  // As they are written, over sockets.
  const inMemory = {
    ...library,
    webSocket: () => place,
    connect: (_: string, options: library.ClientOptions) =>
      library.connect(place, { ...options, revision: 'preview3' }),
  };
  const [clientPage, serverPage] = snippetsOf('docs/auth.md');
  const asked: string[] = [];
  const verify = async (token: string): Promise<unknown> => {
    asked.push(token);
    return { sub: 'ada', exp: (Date.now() + 50) / 1000 };
  };
  let issued = 0;
  const fetch = async (): Promise<Pick<Response, 'text'>> => ({
    text: async () => `token ${(issued += 1)}`,
  });
  const require = (): unknown => inMemory;
  const { server } = (await run(serverPage?.code, { require, verify }, 'server')) as {
    server: library.Server;
  };
  const { client, session } = (await run(clientPage?.code, { require, fetch }, 'client, session')) as {
    client: library.Client;
    session: library.ClientSession;
  };
  for (let times = 0; times < 3; times += 1) {
    await firstValueFrom(session.state$.pipe(filter((state) => state === 'reconnecting')));
    await firstValueFrom(session.state$.pipe(filter((state) => state === 'resumed')));
    expect((await session.submit({}).whole()).text).toBe('hello ada');
  }
  expect(asked.slice(0, 4)).toEqual(['token 1', 'token 2', 'token 3', 'token 4']);
  expect(server.connectionCount).toBe(1);
  await client.close();
  await server.close();
});
