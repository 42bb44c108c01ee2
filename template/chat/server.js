import { readFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { build } from 'esbuild';
import { createServer, webSocket } from 'nnrp-rx';
import { answer } from './model.js';

const { PORT = '8080', ORIGIN } = process.env;

// The page's script is bundled once, at start.
const { outputFiles } = await build({ entryPoints: ['page.js'], bundle: true, format: 'esm', write: false });
const files = new Map([
  ['/', { type: 'text/html; charset=utf-8', body: await readFile('index.html') }],
  ['/page.js', { type: 'text/javascript; charset=utf-8', body: outputFiles[0].contents }],
]);

const web = createWebServer(({ url }, response) => {
  const file = files.get(url);
  response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' });
  response.end(file?.body ?? 'there is no such page');
});

const server = createServer({
  // A page of any site can reach a WebSocket: where it is deployed, say which may.
  listen: webSocket({ server: web, path: '/nnrp', ...(ORIGIN && { origins: [ORIGIN] }) }),
  // Answers are kept for pages that are loaded again.
  retain: {},
});
server.sessions$.subscribe((session) => {
  session.respond((submit, { signal }) => answer(submit.text, signal));
});
server.failures$.subscribe(({ message }) => console.error(message));

web.listen(Number(PORT), () => console.log(`open http://localhost:${web.address().port}/ in a browser`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    console.log(
      'answers end, and pages that are away may fetch theirs, for 10 s at most; once more to stop at once',
    );
    web.close();
    void server.close();
  });
}
