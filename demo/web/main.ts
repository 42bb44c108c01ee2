import { build } from 'esbuild';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createWebServer, type Server as WebServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { firstValueFrom, fromEvent, merge } from 'rxjs';
import { webSocket } from '../../src';
import { hostOption, modelOptions, portOption, type ModelFlags } from '../cli/flags';
import { exitOnInterrupt, interrupt$ } from '../cli/interrupts';
import { program } from '../cli/program';
import { loadModel, serve } from '../server';

interface WebFlags extends ModelFlags {
  readonly host: string;
  readonly port?: number;
}

const PORT = 8080;
const PAGE = join(__dirname, 'page');

interface File {
  readonly type: string;
  readonly body: string;
}

/** The page, which is made of its sources at start; that takes some hundredths of a second. */
async function pageFiles(): Promise<ReadonlyMap<string, File>> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGE, 'app.ts')],
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    // Of the kit the page takes what draws marbles, none of which needs Node.
    external: ['node:*'],
    target: 'es2022',
  });
  const text = (name: string): Promise<string> => readFile(join(PAGE, name), 'utf8');
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: await text('index.html') }],
    ['/style.css', { type: 'text/css; charset=utf-8', body: await text('style.css') }],
    ['/app.js', { type: 'text/javascript; charset=utf-8', body: outputFiles[0]!.text }],
  ]);
}

function serveFiles(files: ReadonlyMap<string, File>): WebServer {
  return createWebServer(({ url = '/' }, response) => {
    const file = files.get(url);
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' });
    response.end(file?.body ?? 'there is no such page');
  });
}

async function run({ host, port = PORT, ...flags }: WebFlags): Promise<void> {
  const model = await loadModel(flags);
  const web = serveFiles(await pageFiles());
  await once(web.listen(port, host), 'listening');
  const server = serve(webSocket({ server: web, path: '/nnrp' }), model, () => undefined);
  server.failures$.subscribe(({ message }) => console.error(message));
  console.log(`open http://${host}:${(web.address() as AddressInfo).port}/ in a browser; Ctrl-C ends`);
  await firstValueFrom(merge(interrupt$, fromEvent(process, 'SIGTERM')));
  exitOnInterrupt();
  web.close();
  web.closeIdleConnections();
  await server.close();
}

if (require.main === module) {
  program({
    name: 'npm run demo:web --',
    description: 'Serves a page that asks a language model over NNRP, and shows what goes over the wire.',
    options: [
      hostOption,
      portOption(`where the page is, 0 for any that is free (default: ${PORT})`, { min: 0 }),
      ...modelOptions,
    ],
    run,
  });
}
