import { spawnSync } from 'node:child_process';
import { redisServerPath } from './redis-server';

/** Where there is no redis-server, Debian's own is installed, as root or by sudo. */
export default function install(): void {
  if (redisServerPath() !== undefined) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const step of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
  ]) {
    const [command, ...args] = [...sudo, 'apt-get', ...step];
    spawnSync(command!, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (redisServerPath() !== undefined) return;
  throw new Error(
    'these tests need redis-server 7; install it, or say where it is in REDIS_SERVER=/path/to/it',
  );
}
