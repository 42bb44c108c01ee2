import { spawnSync } from 'node:child_process';

/** Installs a package of Debian's, as root or by sudo; whether that has worked, its caller finds out. */
export function installDebian(name: string): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const step of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', name],
  ]) {
    const [command, ...args] = [...sudo, 'apt-get', ...step];
    spawnSync(command!, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
}
