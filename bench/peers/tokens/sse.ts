import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Model } from './model';

// Server-sent events as OpenAI's API writes them: a response for each answer.
const model = new Model();
const created = Math.floor(Date.now() / 1000);
const server = http.createServer((request, response) => {
  const id = `chatcmpl-${request.url?.slice(1) ?? ''}`;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  const stop = model.answer((token) => {
    const chunk = {
      id,
      object: 'chat.completion.chunk',
      created,
      model: 'bench',
      choices: [{ index: 0, delta: { content: token }, finish_reason: null }],
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  });
  response.on('close', stop);
});
server.listen(0, '127.0.0.1', 4096, () => {
  model.serve((server.address() as AddressInfo).port);
});
