// A cancel is an unsubscribe, at both ends: npx ts-node cancel.ts
import { finalize, interval, map, take } from 'rxjs';
import { connect, createServer, decodeText, tcp } from 'nnrp-rx';

async function run(): Promise<void> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  const isTornDown = new Promise<void>((resolve) => {
    server.sessions$.subscribe((session) => {
      session.respond(() =>
        interval(20).pipe(
          map((index) => `token ${index}`),
          finalize(resolve),
        ),
      );
    });
  });
  const [address] = await server.listening();

  const client = await connect(address!.url);
  const session = await client.openSession();
  // `take` has enough after three and unsubscribes: the handler, which would go on for ever, is unsubscribed, too.
  await session
    .submit({ body: 'count' })
    .pipe(decodeText(), take(3))
    .forEach((token) => {
      console.log(token);
    });
  await isTornDown;
  console.log('the handler is unsubscribed');

  await client.close();
  await server.close();
}

void run();
