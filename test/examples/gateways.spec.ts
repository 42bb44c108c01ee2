import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { firstValueFrom } from 'rxjs';
import { openAiFront } from '../../examples/openai-front';
import { createTokenServer } from '../../examples/token-server';
import { connect, tcp, type Client, type ClientSession, type OperationError, type Server } from '../../src';
import { until } from '../support/until';
import { Upstream, type Manner } from './upstream';

const upstream = new Upstream();
let server: Server;
let client: Client;
let session: ClientSession;
let front: ReturnType<typeof openAiFront>;
let openai: OpenAI;

beforeAll(async () => {
  server = createTokenServer(tcp({ port: 0 }), await upstream.start(), { stallMs: 1000 });
  const [address] = await server.listening();
  client = await connect(address!.url);
  session = await client.openSession();
  front = openAiFront(session);
  await once(front.listen(0, '127.0.0.1'), 'listening');
  const { port } = front.address() as AddressInfo;
  openai = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await client.close();
  await server.close({ graceMs: 0 });
  await upstream.stop();
});

async function failed(manner: Manner): Promise<{ readonly text: string; readonly error: OperationError }> {
  let text = '';
  try {
    for await (const each of session.submit({ body: manner }).text$) text += each;
  } catch (error) {
    return { text, error: error as OperationError };
  }
  throw new Error('it did not fail');
}

describe('a token server before an API like OpenAI’s', () => {
  it('gives the text, and what there is to say of it', async () => {
    const usage = { inputTokens: 3, outputTokens: 2 };
    const whole = { text: 'Call me', usage, model: 'small', finishReason: 'length' };
    expect(await session.submit({ body: 'whole' }).whole()).toEqual(whole);
  });

  it.each<[Manner, string, Partial<OperationError>]>([
    ['not-found', '', { status: 404, text: '404 no such model', retryAfterMs: 0 }],
    ['busy', '', { status: 429, text: '429 slow down', retryAfterMs: 2000 }],
    ['cut', 'Call me', { status: 502, text: 'the model’s answer has broken off' }],
    ['stall', 'Call me', { status: 504, text: 'the model has stopped' }],
  ])('says why there is no more of it: %s', async (manner, text, error) => {
    expect(await failed(manner)).toMatchObject({ text, error });
    await until(() => upstream.open === 0, 'the end of the upstream’s answer');
  });

  it('stops the upstream where nobody reads on', async () => {
    expect(await firstValueFrom(session.submit({ body: 'stall' }).text$)).toBe('Call');
    await until(() => upstream.open === 0, 'the end of the upstream’s answer');
  });
});

describe('an API like OpenAI’s before an NNRP server', () => {
  const asked = (manner: Manner) => ({
    model: 'small',
    messages: [{ role: 'user' as const, content: manner }],
  });

  it('answers the client that everybody has, in a stream', async () => {
    const stream = await openai.chat.completions.create({ ...asked('whole'), stream: true });
    const chunks = [];
    for await (const { choices, usage } of stream)
      chunks.push([choices[0]?.delta.content, choices[0]?.finish_reason, usage?.total_tokens]);
    expect(chunks).toEqual([
      ['Call', null, undefined],
      [' me', null, undefined],
      [undefined, 'length', 5],
    ]);
  });

  it('answers it whole', async () => {
    const { choices, usage } = await openai.chat.completions.create(asked('whole'));
    expect([choices[0]?.message.content, choices[0]?.finish_reason, usage?.completion_tokens]).toEqual([
      'Call me',
      'length',
      2,
    ]);
  });

  it('passes on why there is none, and when to come again', async () => {
    const [missing, busy] = await Promise.all(
      (['not-found', 'busy'] as const).map(async (manner) =>
        openai.chat.completions
          .create({ ...asked(manner), stream: true })
          .catch((error: unknown) => error as InstanceType<typeof OpenAI.APIError>),
      ),
    );
    expect(missing).toMatchObject({ status: 404 });
    expect(busy).toMatchObject({ status: 429 });
    expect((busy as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('2');
  });

  it('breaks off where the answer does, and stops it where its reader goes', async () => {
    const read = async (manner: Manner, enough: number) => {
      const stream = await openai.chat.completions.create({ ...asked(manner), stream: true });
      let count = 0;
      for await (const _ of stream) if ((count += 1) === enough) break;
      return count;
    };
    await expect(read('cut', Infinity)).rejects.toThrow();
    expect(await read('stall', 1)).toBe(1);
    await until(() => upstream.open === 0, 'the end of the upstream’s answer');
  });
});
