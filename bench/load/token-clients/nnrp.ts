import { filter, firstValueFrom, tap } from 'rxjs';
import {
  connect,
  decodeTokens,
  tcp,
  webSocket,
  type ClientSession,
  type ConnectEndpoint,
} from '../../../src';
import type { Transport } from '../../../src/transport/transport';
import { TokenReader } from './reader';

const reader = new TokenReader();
const { port, protocol, connections, answers, revision, reconnects, relay, sessions = 1 } = reader.asked;
const endpointAt = (at: number): ConnectEndpoint =>
  protocol === 'nnrp' ? tcp({ port: at }) : webSocket({ port: at });

/** Leads to one place, and after a move to another. */
class Moving implements ConnectEndpoint {
  private transport: Transport | undefined;
  private now: ConnectEndpoint;

  constructor(
    from: ConnectEndpoint,
    private readonly to: ConnectEndpoint,
  ) {
    this.now = from;
  }

  get kind(): ConnectEndpoint['kind'] {
    return this.now.kind;
  }

  get url(): string {
    return this.now.url;
  }

  connect(): ReturnType<ConnectEndpoint['connect']> {
    return this.now.connect().pipe(
      tap((transport) => {
        this.transport = transport;
      }),
    );
  }

  /** Resolves once the sessions go on by the other. */
  async move(sessions: readonly ClientSession[]): Promise<void> {
    this.now = this.to;
    const moved = sessions.map(({ state$ }) =>
      firstValueFrom(state$.pipe(filter((state) => state === 'resumed'))),
    );
    this.transport?.destroy();
    await Promise.all(moved);
  }
}

async function read(): Promise<void> {
  for (let connection = 0; connection < connections; connection++) {
    const endpoint = new Moving(endpointAt(port), endpointAt(relay ?? port));
    const client = await connect(endpoint, { revision, ...(reconnects && { reconnect: {} }) });
    const opened: ClientSession[] = [];
    while (opened.length < sessions) {
      const session = await client.openSession({ maxInFlightOperations: answers });
      opened.push(session);
      for (let answer = 0; answer < answers; answer++) {
        session.submit({ body: 'Call me' }).subscribe((result) => {
          for (const text of decodeTokens(result)) reader.take(text);
        });
      }
    }
    if (relay !== undefined) await endpoint.move(opened);
  }
  reader.ready();
}

void read();
