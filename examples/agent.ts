import { connect, createServer, memory, type ToolCall } from 'nnrp-rx';

// An agent that asks its client for two tools at once, and streams on until it has what they give.
const endpoint = memory();
const server = createServer({ listen: endpoint });
server.sessions$.subscribe((session) => {
  session.respond(async function* (submit) {
    const city = submit.text;
    const asked = Promise.all([
      submit.tool({ name: 'weather', arguments: { city } }),
      submit.tool({ name: 'time', arguments: { city } }),
    ]);
    yield `Looking out of a window in ${city} … `;
    const [weather, time] = await asked;
    yield `it is ${String(time)}, and there is ${String(weather)}.`;
  });
});

const tools: Readonly<Record<string, (call: ToolCall) => unknown>> = {
  weather: async ({ signal }) => {
    signal.throwIfAborted();
    return 'fog';
  },
  time: () => 'noon',
};

async function main(): Promise<void> {
  const client = await connect(endpoint);
  const session = await client.openSession();
  const answer = session.submit({ body: 'Nantucket' });
  answer.tools$.subscribe((call) => {
    call.answer(tools[call.name]?.(call));
  });
  for await (const text of answer.text$) process.stdout.write(text);
  console.log();
  await client.close();
  await server.close();
}

void main();
