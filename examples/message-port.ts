// A transport of one's own, over a MessagePort: a server in the main thread, its client in a worker or here.
// npx ts-node message-port.ts
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { NEVER, Observable, of } from 'rxjs';
import { connect, createServer, decodeText } from 'nnrp-rx';
import { Listener, type Transport } from 'nnrp-rx/testing';
import { decodePacket, encodePacket } from 'nnrp-rx/wire';

/** One message is one packet, and a port has no end that the other side could fail to take. */
function transportOf(port: MessagePort): Transport {
  const closed = new Promise<void>((resolve) => {
    port.once('close', resolve);
  });
  return {
    kind: 'message-port',
    peer: 'the other end of the channel',
    packets$: new Observable((subscriber) => {
      port.on('message', (message: Uint8Array) => {
        subscriber.next(decodePacket(message));
      });
      port.on('close', () => {
        subscriber.complete();
      });
    }),
    pressure$: NEVER,
    queuedBytes: 0,
    send: (packet) => {
      port.postMessage(encodePacket(packet));
    },
    close: () => {
      port.close();
      return closed;
    },
    destroy: () => {
      port.close();
    },
  };
}

async function run(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const server = createServer({
    listen: {
      kind: 'message-port',
      listen: () =>
        new Listener('message-port', (sink) => {
          sink.listening({ kind: 'message-port', host: 'here', port: 0, url: 'message-port://here' });
          sink.accept(transportOf(port1));
        }),
    },
  });
  server.sessions$.subscribe((session) => {
    session.respond(({ body }) => ['You', ' said: ', new TextDecoder().decode(body)]);
  });
  await server.listening();

  const client = await connect({
    kind: 'message-port',
    url: 'message-port://here',
    connect: () => of(transportOf(port2)),
  });
  const session = await client.openSession();
  await session
    .submit({ body: 'Call me Ishmael.' })
    .pipe(decodeText())
    .forEach((part) => process.stdout.write(part));
  console.log();

  await client.close();
  await server.close();
}

void run();
