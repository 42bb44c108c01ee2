import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { version as redisVersion } from '@redis/client/package.json';
import { version as reactVersion } from 'react/package.json';
import { version as rxjsVersion } from 'rxjs/package.json';
import { repository, run } from './run';

/** Builds and packs the package as a release would be; gives the path of the tarball. */
export async function pack(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nnrp-rx-pack-'));
  await run('npm', ['pack', '--pack-destination', folder]);
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (tarballs.length !== 1) throw new Error(`npm pack left ${tarballs.length} tarballs in ${folder}`);
  return join(folder, ...tarballs);
}

/** The tarball of this run. */
export function packed(): string {
  const tarball = process.env['TARBALL'];
  if (tarball === undefined) throw new Error('nothing was packed: the suite runs with its own configuration');
  return tarball;
}

/** An empty folder outside the repository with the tarball and its peers installed, as a user has them. */
export async function install(tarball: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nnrp-rx-consumer-'));
  write(folder, 'package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true }));
  await run(
    'npm',
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--prefix',
      folder,
      tarball,
      `rxjs@${rxjsVersion}`,
      `react@${reactVersion}`,
      `@redis/client@${redisVersion}`,
    ],
    folder,
  );
  return folder;
}

/** Lends a consumer the types of Node, which a Node program has and a browser program has not. */
export function lendNodeTypes(folder: string): void {
  const types = join(folder, 'node_modules/@types');
  mkdirSync(types, { recursive: true });
  symlinkSync(join(repository, 'node_modules/@types/node'), join(types, 'node'), 'junction');
}

/** Writes a file of a consumer; gives its path. */
export function write(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}
