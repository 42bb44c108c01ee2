import { installDebian } from '../../support/install-debian';
import { programPath } from '../../support/program-path';

/** Where there is no nginx or haproxy, Debian's own is installed. */
export default function install(): void {
  for (const name of ['nginx', 'haproxy']) {
    if (programPath(name) === undefined) installDebian(name);
    if (programPath(name) === undefined)
      throw new Error(`these tests need ${name}; install it, or say where it is in ${name.toUpperCase()}`);
  }
}
