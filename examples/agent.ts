import { connect, createServer, failure, memory, type ToolCall } from 'nnrp-rx';

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

const tools = new Map<string, (call: ToolCall) => unknown>([
  [
    'weather',
    async ({ signal }) => {
      signal.throwIfAborted();
      return 'fog';
    },
  ],
  ['time', () => 'noon'],
]);

/** What it throws is a failure of the tool, which the handler is told: there is always an answer. */
function run(call: ToolCall): unknown {
  const tool = tools.get(call.name);
  if (tool === undefined) throw failure(404, `there is no tool ${call.name}`);
  return tool(call);
}

async function main(): Promise<void> {
  const client = await connect(endpoint);
  const session = await client.openSession();
  const answer = session.submit({ body: 'Nantucket' });
  answer.tools$.subscribe((call) => {
    call.answer(() => run(call));
  });
  for await (const text of answer.text$) process.stdout.write(text);
  console.log();
  await client.close();
  await server.close();
}

void main();
