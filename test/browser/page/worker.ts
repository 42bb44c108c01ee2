import { firstValueFrom, toArray } from 'rxjs';
import { connect, decodeText } from '../../../src/browser';

// A worker of either kind: asks once a message, and answers with the tokens or with what went wrong.
interface Scope {
  onmessage: ((event: { data: string; ports: readonly MessagePort[] }) => void) | null;
}

(globalThis as unknown as Scope).onmessage = ({ data: url, ports: [port] }) => {
  ask(url).then(
    (tokens) => port?.postMessage(tokens),
    (error: unknown) => port?.postMessage(String(error)),
  );
};

async function ask(url: string): Promise<string[]> {
  const client = await connect(url);
  const session = await client.openSession();
  const tokens = await firstValueFrom(session.submit({ body: '5' }).pipe(decodeText(), toArray()));
  await client.close();
  return tokens;
}
