// A conversation that a session remembers, between a server and as many clients as there are: npx ts-node chat.ts
import { connect, createServer, decodeText, tcp, type ServerSession } from 'nnrp-rx';

/** What a session has been told so far; a model would be given all of it. */
const histories = new WeakMap<ServerSession, string[]>();

async function* answer(session: ServerSession, prompt: string): AsyncGenerator<string> {
  const history = histories.get(session) ?? [];
  histories.set(session, [...history, prompt]);
  yield `I have heard ${history.length + 1}: `;
  for (const said of [...history, prompt]) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    yield `“${said}” `;
  }
}

async function run(): Promise<void> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  server.sessions$.subscribe((session) => {
    session.respond(({ body }) => answer(session, new TextDecoder().decode(body)));
  });
  const [address] = await server.listening();

  const client = await connect(address!.url);
  const session = await client.openSession();
  for (const prompt of ['Call me Ishmael.', 'Some years ago']) {
    await session
      .submit({ body: prompt })
      .pipe(decodeText())
      .forEach((part) => process.stdout.write(part));
    console.log();
  }

  await client.close();
  await server.close();
}

void run();
