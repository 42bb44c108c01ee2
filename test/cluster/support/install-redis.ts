import { installDebian } from '../../support/install-debian';
import { redisServerPath } from './redis-server';

/** Where there is no redis-server, Debian's own is installed. */
export default function install(): void {
  if (redisServerPath() === undefined) installDebian('redis-server');
  if (redisServerPath() !== undefined) return;
  throw new Error(
    'these tests need redis-server 7; install it, or say where it is in REDIS_SERVER=/path/to/it',
  );
}
