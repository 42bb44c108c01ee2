import { lastValueFrom, tap, toArray } from 'rxjs';
import { connect, type ConnectEndpoint } from 'nnrp-rx';
import { decodeText } from 'nnrp-rx/operators';

/** Asks a server once, and resolves with the whole answer; `write` is given each part as it comes. */
export async function ask(
  endpoint: ConnectEndpoint,
  prompt: string,
  write: (text: string) => void,
): Promise<string> {
  const client = await connect(endpoint);
  try {
    const session = await client.openSession();
    const text$ = session.submit({ body: prompt }).pipe(decodeText(), tap(write), toArray());
    return (await lastValueFrom(text$)).join('');
  } finally {
    await client.close();
  }
}
