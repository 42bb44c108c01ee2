// The connection is cut in the middle of an answer, which arrives whole: npx ts-node resume.ts
import { createServer as createProxy, connect as dial, type AddressInfo, type Socket } from 'node:net';
import { interval, map, take, tap } from 'rxjs';
import { connect, createServer, decodeText, tcp } from 'nnrp-rx';

async function run(): Promise<void> {
  const server = createServer({ listen: tcp({ port: 0 }) });
  server.sessions$.subscribe((session) => {
    session.respond(() =>
      interval(20).pipe(
        take(20),
        map((index) => `${index} `),
      ),
    );
  });
  const [address] = await server.listening();

  // Stands in for a network: what runs through it can be cut.
  const sockets = new Set<Socket>();
  const proxy = createProxy((near) => {
    const far = dial(address!.port);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    }
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });

  const client = await connect(tcp({ port: (proxy.address() as AddressInfo).port }));
  const session = await client.openSession({ reconnect: {} });
  session.state$.subscribe((state) => {
    console.log(`session is ${state}`);
  });
  const text: string[] = [];
  await session
    .submit({ body: 'count' })
    .pipe(
      decodeText(),
      tap(() => {
        if (text.length === 5) for (const socket of sockets) socket.destroy();
      }),
    )
    .forEach((token) => text.push(token));
  console.log(text.join(''));

  await client.close();
  proxy.close();
  await server.close();
}

void run();
