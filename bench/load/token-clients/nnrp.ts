import { connect, decodeTokens, tcp, webSocket } from '../../../src';
import { TokenReader } from './reader';

const reader = new TokenReader();
const { port, protocol, connections, answers, revision, reconnects } = reader.asked;

async function read(): Promise<void> {
  for (let connection = 0; connection < connections; connection++) {
    const client = await connect(protocol === 'nnrp' ? tcp({ port }) : webSocket({ port }), {
      revision,
      ...(reconnects && { reconnect: {} }),
    });
    const session = await client.openSession({ maxInFlightOperations: answers });
    for (let answer = 0; answer < answers; answer++) {
      session.submit({ body: 'Call me' }).subscribe((result) => {
        for (const text of decodeTokens(result)) reader.take(text);
      });
    }
  }
  reader.ready();
}

void read();
