import { spawnSync } from 'node:child_process';
import { chromiumPath } from './chromium-path';

/** Where there is no Chromium, Debian's own is installed, as root or by sudo. */
export default function install(): void {
  if (chromiumPath() !== undefined) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const step of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
  ]) {
    const [command, ...args] = [...sudo, 'apt-get', ...step];
    spawnSync(command!, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  if (chromiumPath() !== undefined) return;
  throw new Error('these tests need Chromium; install it, or say where it is in CHROMIUM=/path/to/chromium');
}
