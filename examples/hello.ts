// A server and a client in one program: npx ts-node hello.ts
import { interval, map, take } from 'rxjs';
import { connect, createServer, decodeText, tcp } from 'nnrp-rx';

async function run(): Promise<void> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  server.sessions$.subscribe((session) => {
    session.respond(({ body }) => {
      const words = `Hello, ${new TextDecoder().decode(body)}!`.split(/(?= )/);
      return interval(50).pipe(
        take(words.length),
        map((index) => words[index]!),
      );
    });
  });
  const [address] = await server.listening();

  const client = await connect(address!.url);
  const session = await client.openSession();
  await session
    .submit({ body: 'Ishmael' })
    .pipe(decodeText())
    .forEach((word) => process.stdout.write(word));
  console.log();

  await client.close();
  await server.close();
}

void run();
