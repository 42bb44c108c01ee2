import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createContext, runInContext } from 'node:vm';
import { install, lendNodeTypes, packed, write } from './consumer';
import { entryPoints } from './entry-points';
import { run, runTool } from './run';

// What the tarball is to the one who installs it. The names each entry point must have come from its
// source; the snapshot beside this file records them, so that none comes or goes unseen.

const entries = entryPoints();
const MAX_UNPACKED_BYTES = 3_980_000;
const MAX_PACKED_BYTES = 980_000;
const MAX_CLIENT_BYTES = 79_000;

const specifiers = entries.map(({ specifier }) => specifier);

const tarball = packed();
let consumer: string;

beforeAll(async () => {
  consumer = await install(tarball);
});

afterAll(() => {
  if (consumer) rmSync(consumer, { recursive: true, force: true });
});

async function listed(archive: string): Promise<string[]> {
  const listing = await run('tar', ['-tzf', archive]);
  return listing
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
}

/** The files of the repository that a page links to, relative to the page. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(consumer, 'node_modules/nnrp-rx', page), 'utf8');
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, link]) => link ?? '')
    .filter((link) => !/^[a-z]+:/.test(link));
}

function unpackedBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + statSync(join(entry.parentPath, entry.name)).size, 0);
}

describe('the public names', () => {
  it('has six entry points', () => {
    expect(specifiers).toEqual([
      'nnrp-rx',
      'nnrp-rx/wire',
      'nnrp-rx/operators',
      'nnrp-rx/testing',
      'nnrp-rx/react',
      'nnrp-rx/redis',
    ]);
  });

  it('nnrp-rx has so few that one can know them', () => {
    const { values, types } = entries.find(({ specifier }) => specifier === 'nnrp-rx')!;
    expect(values.length).toBeLessThanOrEqual(44);
    expect(values.length + types.length).toBeLessThanOrEqual(171);
  });

  it.each(entries)('$specifier exports what is recorded', ({ values, types }) => {
    expect({ values, types }).toMatchSnapshot();
  });

  it.each([
    ['nnrp-rx', ['NnrpError', 'connect', 'createServer', 'tcp', 'webSocket']],
    ['nnrp-rx/wire', ['NnrpError', 'PacketDecoder']],
  ])('%s has what the first page shows', (specifier, names) => {
    expect(entries.find((entry) => entry.specifier === specifier)?.values).toEqual(
      expect.arrayContaining(names),
    );
  });
});

describe('the tarball', () => {
  it('holds the build, the pages and nothing else', async () => {
    const files = await listed(tarball);

    const expected =
      /^(LICENSE|package\.json|(README|CHANGELOG|examples\/README|docs\/[\w-]+)\.md|examples\/[\w-]+\.ts|examples\/cluster\/[\w-]+(\.[a-z]+)?|template\/create\.mjs|template\/chat\/[\w-]+\.(js|json|html|md)|dist\/(cjs|esm|types)\/.+)$/;
    expect(files.filter((name) => !expected.test(name))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']));
    const modules = files.flatMap((name) => /^dist\/types\/(.+)\.d\.ts$/.exec(name)?.[1] ?? []);
    expect(modules.length).toBeGreaterThan(0);
    const built = [
      ...modules.map((module) => `dist/esm/${module}.js`),
      ...entries.map(({ module }) => `dist/cjs/${module}.js`),
    ];
    expect(built.filter((name) => !files.includes(name))).toEqual([]);
    // Declarations once: an entry point of the ES modules passes on those that there are.
    expect(files.filter((name) => /^dist\/cjs\/.+\.d\.ts$/.test(name))).toEqual([]);
    expect(files.filter((name) => /^dist\/esm\/.+\.d\.ts$/.test(name)).sort()).toEqual(
      [...entries.map(({ module }) => module), 'src/browser']
        .map((module) => `dist/esm/${module}.d.ts`)
        .sort(),
    );
  });

  it('has every page that its README and its pages link to', async () => {
    const files = await listed(tarball);
    const broken = files
      .filter((name) => name.endsWith('.md'))
      .flatMap((page) => linksOf(page).map((link) => [page, posix.join(posix.dirname(page), link)] as const))
      .filter(([, target]) => !files.includes(target));

    expect(broken).toEqual([]);
  });

  it.each([
    [
      '@redis/client',
      [
        'dist/cjs/src/cluster/redis/index.js',
        'dist/esm/src/cluster/redis/redis-connection.js',
        'dist/esm/src/cluster/redis/redis-fault.js',
        'dist/esm/src/cluster/redis/server-watch.js',
      ],
    ],
    ['react', ['dist/cjs/src/react/index.js', 'dist/esm/src/react/use-answer.js']],
    ['ai', []],
  ])('asks for %s, an optional peer, in no entry but its own', async (peer, entriesOfIts) => {
    const asking = (await listed(tarball)).filter(
      (name) =>
        name.startsWith('dist/') &&
        /[.](js|d[.]ts)$/.test(name) &&
        readFileSync(join(consumer, 'node_modules/nnrp-rx', name), 'utf8').includes(`'${peer}'`),
    );
    expect(asking.sort()).toEqual(entriesOfIts);
  });

  it('is small', () => {
    // Bounds to notice growth by: raised by hand, with what was worth it.
    expect(unpackedBytes(join(consumer, 'node_modules/nnrp-rx'))).toBeLessThan(MAX_UNPACKED_BYTES);
    expect(statSync(tarball).size).toBeLessThan(MAX_PACKED_BYTES);
  });

  it('passes publint, warnings counted as errors', async () => {
    expect(await runTool('publint', ['run', tarball, '--strict'])).toContain('All good!');
  });

  it('passes are-the-types-wrong in every resolution mode', async () => {
    const report = await runTool('attw', [
      tarball,
      '--no-definitely-typed',
      '--format',
      'ascii',
      '--no-emoji',
    ]);
    expect(report).toContain('No problems found');
  });
});

describe('in Node', () => {
  it.each(entries)('require of $specifier gives every name', async ({ specifier, values }) => {
    const script = `console.log(JSON.stringify(Object.keys(require('${specifier}'))));`;
    const names = JSON.parse(await run(process.execPath, [write(consumer, 'names.cjs', script)])) as string[];

    expect(names.sort()).toEqual(values);
  });

  it.each([
    [
      'nnrp-rx/react',
      'react',
      'this part of nnrp-rx needs react, which is not installed: npm install "react@',
    ],
    ['nnrp-rx/redis', '@redis/client', 'npm install "@redis/client@'],
  ])('%s says what to install where %s is missing', async (specifier, peer, advice) => {
    const without = mkdtempSync(join(tmpdir(), 'nnrp-rx-without-'));
    const modules = join(consumer, 'node_modules');
    for (const name of readdirSync(modules).filter((each) => !peer.startsWith(each)))
      cpSync(join(modules, name), join(without, 'node_modules', name), { recursive: true });
    const script = `
      import('${specifier}').catch(({ message, cause }) => console.log(JSON.stringify([message, cause.code])));`;
    const told = await run(process.execPath, [write(without, 'without.mjs', script)], without);
    expect(JSON.parse(told)).toEqual([expect.stringContaining(advice), 'MODULE_NOT_FOUND']);
  });

  it('import and require give one and the same module', async () => {
    const script = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const compared = {};
      for (const specifier of ${JSON.stringify(specifiers)}) {
        const imported = await import(specifier);
        const required = require(specifier);
        compared[specifier] = Object.keys(required).filter((name) => imported[name] === required[name]).sort();
      }
      compared.error = (await import('nnrp-rx')).NnrpError === require('nnrp-rx').NnrpError;
      compared.errorAcross = (await import('nnrp-rx/wire')).NnrpError === require('nnrp-rx').NnrpError;
      console.log(JSON.stringify(compared));`;

    expect(JSON.parse(await run(process.execPath, [write(consumer, 'same.mjs', script)]))).toEqual({
      ...Object.fromEntries(entries.map(({ specifier, values }) => [specifier, values])),
      error: true,
      errorAcross: true,
    });
  });

  it('the ES modules load as they are, by their own specifiers', async () => {
    const script = `
      const names = {};
      for (const path of ${JSON.stringify(entries.map(({ module }) => module))}) {
        names[path] = Object.keys(await import('./node_modules/nnrp-rx/dist/esm/' + path + '.js')).sort();
      }
      console.log(JSON.stringify(names));`;

    expect(JSON.parse(await run(process.execPath, [write(consumer, 'esm.mjs', script)]))).toEqual(
      Object.fromEntries(entries.map(({ module, values }) => [module, values])),
    );
  });
});

describe('in TypeScript', () => {
  const modes = [
    { name: 'node16', module: 'node16', moduleResolution: 'node16', type: 'commonjs', runs: true },
    { name: 'nodenext', module: 'nodenext', moduleResolution: 'nodenext', type: 'module', runs: true },
    { name: 'bundler', module: 'esnext', moduleResolution: 'bundler', type: 'module', runs: false },
  ];

  /** One module an entry point, that names all it exports; and one that looks at a type and a value. */
  function writeSources(folder: string, taken: typeof entries): void {
    taken.forEach(({ specifier, values, types }, index) => {
      const lines = [
        values.length > 0 ? `export { ${values.join(', ')} } from '${specifier}';` : '',
        types.length > 0 ? `export type { ${types.join(', ')} } from '${specifier}';` : '',
      ];
      write(folder, `entry-${index}.ts`, lines.join('\n'));
      write(
        folder,
        `use-${index}.ts`,
        `import * as all from '${specifier}';
         type IsAny<T> = 0 extends 1 & T ? true : false;
         const typed: IsAny<typeof all> = false;
         // What Node adds to the names of a CommonJS module that is imported.
         const added = ['default', 'module.exports', '__esModule'];
         const names = Object.keys(all).filter((name) => !added.includes(name));
         console.log(JSON.stringify({ typed: !typed, names }));`,
      );
    });
  }

  function writeConfig(folder: string, mode: (typeof modes)[number], types: readonly string[]): string {
    write(folder, 'package.json', JSON.stringify({ name: 'consumer', private: true, type: mode.type }));
    const { module, moduleResolution } = mode;
    const compilerOptions = {
      module,
      moduleResolution,
      types,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      rootDir: '.',
      outDir: 'out',
    };
    return write(folder, 'tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  }

  it.each(modes)('every name and type is there under $name', async (mode) => {
    const folder = join(consumer, mode.name);
    lendNodeTypes(folder);
    writeSources(folder, entries);
    await runTool('tsc', ['-p', writeConfig(folder, mode, ['node'])], folder);

    if (mode.runs) {
      for (const [index, { values }] of entries.entries()) {
        const printed = JSON.parse(await run(process.execPath, [join(folder, `out/use-${index}.js`)])) as {
          typed: boolean;
          names: string[];
        };
        expect({ typed: printed.typed, names: printed.names.sort() }).toEqual({ typed: true, names: values });
        // The names written out, which for `import` Node must find without running the module.
        await run(process.execPath, [join(folder, `out/entry-${index}.js`)]);
      }
    }
  });

  it('wire and operators need no types of Node', async () => {
    const folder = join(consumer, 'browser');
    const forBrowsers = entries.filter(({ specifier }) => /\/(wire|operators)$/.test(specifier));
    expect(forBrowsers).toHaveLength(2);
    writeSources(folder, forBrowsers);
    await runTool('tsc', ['-p', writeConfig(folder, { ...modes[2]!, name: 'browser' }, [])], folder);
  });

  it('nnrp-rx needs none where a page takes it', async () => {
    const folder = join(consumer, 'page');
    write(
      folder,
      'page.ts',
      "import { connect, webSocket, type Client } from 'nnrp-rx';\nexport { connect, webSocket, type Client };\n",
    );
    const config = writeConfig(folder, { ...modes[2]!, name: 'browser' }, []);
    await runTool('tsc', ['-p', config, '--customConditions', 'browser'], folder);
  });
});

describe('in a browser', () => {
  it.each(['nnrp-rx', 'nnrp-rx/wire', 'nnrp-rx/operators'])('%s bundles and loads', async (specifier) => {
    // A bundler that meets both import and require must still take one copy, that of ES modules.
    const source = `
      import * as imported from '${specifier}';
      const required = require('${specifier}');
      globalThis.names = Object.keys(imported).filter((name) => imported[name] === required[name]);`;
    const entry = write(consumer, 'browser.js', source);
    const bundle = join(consumer, 'bundle.js');
    const meta = join(consumer, 'meta.json');
    await runTool(
      'esbuild',
      [entry, '--bundle', '--platform=browser', '--format=iife', `--outfile=${bundle}`, `--metafile=${meta}`],
      consumer,
    );

    const { inputs } = JSON.parse(readFileSync(meta, 'utf8')) as { readonly inputs: Record<string, unknown> };
    const others = Object.keys(inputs).filter(
      (name) => !/^browser\.js$|node_modules\/(nnrp-rx\/dist\/esm|rxjs|tslib)\//.test(name),
    );
    expect(others).toEqual([]);

    // Loaded where there is nothing of Node: what a browser has and these layers may use, and no more;
    // and again under a policy that forbids code made from strings.
    for (const strings of [true, false]) {
      const globals = { TextEncoder, TextDecoder, setTimeout, clearTimeout, queueMicrotask };
      const browser = createContext(globals, { codeGeneration: { strings, wasm: false } });
      runInContext(readFileSync(bundle, 'utf8'), browser);
      const { names } = browser as { names: string[] };
      expect([...names].sort()).toEqual(
        entries.find((candidate) => candidate.specifier === specifier)?.values,
      );
    }
  });

  it('a client and the text of an answer are small', async () => {
    const source = `
      import { connect, decodeText } from 'nnrp-rx';
      const client = await connect('wss://chat.example/nnrp');
      const session = await client.openSession();
      session.submit({ body: new Uint8Array() }).pipe(decodeText()).subscribe(console.log);`;
    const entry = write(consumer, 'client.js', source);
    const bundle = join(consumer, 'client-bundle.js');
    await runTool(
      'esbuild',
      [entry, '--bundle', '--minify', '--format=esm', `--outfile=${bundle}`],
      consumer,
    );
    // With RxJS. A bound to notice growth by, which is lowered as it shrinks.
    expect(gzipSync(readFileSync(bundle)).length).toBeLessThan(MAX_CLIENT_BYTES);
  });

  it('a server that is bundled for Node as a module starts', async () => {
    const source = `
      import { connect, createServer, webSocket } from 'nnrp-rx';
      const server = createServer({ listen: webSocket({ port: 0 }) });
      server.sessions$.subscribe((session) => session.respond(() => 'from a bundle'));
      const [{ url }] = await server.listening();
      const client = await connect(url);
      const session = await client.openSession();
      console.log((await session.submit({}).whole()).text);
      await client.close();
      await server.close();`;
    const entry = write(consumer, 'server.js', source);
    const bundle = join(consumer, 'server-bundle.mjs');
    // `ws` requires Node's modules, which no module can.
    const options = ['--bundle', '--platform=node', '--format=esm', '--external:ws'];
    await runTool('esbuild', [entry, ...options, `--outfile=${bundle}`], consumer);
    expect(await run(process.execPath, [bundle], consumer)).toBe('from a bundle\n');
  });

  it('drops what is not used', async () => {
    const entry = write(consumer, 'unused.js', specifiers.map((name) => `import '${name}';`).join('\n'));
    const bundle = join(consumer, 'unused-bundle.js');
    await runTool(
      'esbuild',
      [entry, '--bundle', '--minify', '--platform=node', '--format=esm', `--outfile=${bundle}`],
      consumer,
    );
    expect(readFileSync(bundle, 'utf8').trim()).toBe('');
  });
});
