import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The program to test with: what the variable of its name says (`REDIS_SERVER`), or the first of these names that PATH
 * or /usr/sbin has.
 */
export function programPath(name: string, ...otherNames: readonly string[]): string | undefined {
  const said = process.env[name.toUpperCase().replace('-', '_')];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  const places = folders.flatMap((folder) => [name, ...otherNames].map((each) => join(folder, each)));
  return [...(said === undefined ? [] : [said]), ...places].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
