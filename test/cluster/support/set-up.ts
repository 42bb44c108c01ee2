import * as path from 'node:path';
import { bundled } from '../../support/bundled';
import { installDebian } from '../../support/install-debian';
import { redisServerPath } from './redis-server';

/** Where there is no redis-server, Debian's own is installed; and what a node is, is bundled. */
export default async function setUp(): Promise<void> {
  if (redisServerPath() === undefined) installDebian('redis-server');
  if (redisServerPath() === undefined) {
    throw new Error(
      'these tests need redis-server 7; install it, or say where it is in REDIS_SERVER=/path/to/it',
    );
  }
  process.env['CLUSTER_PROGRAMS'] = await bundled(path.join(__dirname, 'node.ts'));
}
