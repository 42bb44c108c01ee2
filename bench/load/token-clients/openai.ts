import OpenAI from 'openai';
import { TokenReader } from './reader';

const reader = new TokenReader();
const { port, connections, answers } = reader.asked;
const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${port}` });

async function answer(): Promise<() => Promise<void>> {
  const messages = [{ role: 'user', content: 'Call me' }] as const;
  const stream = await client.chat.completions.create({
    model: 'bench',
    messages: [...messages],
    stream: true,
  });
  return async () => {
    for await (const chunk of stream) reader.take(chunk.choices[0]?.delta.content ?? '');
  };
}

async function read(): Promise<void> {
  const streams = await Promise.all(Array.from({ length: connections * answers }, answer));
  for (const each of streams) void each();
  reader.ready();
}

void read();
