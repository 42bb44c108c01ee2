import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as index from '../../operators';

const folder = join(__dirname, '../../operators');
// What a folder has is shared by them, and nobody else's.
const modules = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts');

describe('operators/index', () => {
  it.each(modules)('exports all of %s', (name) => {
    const module = jest.requireActual<Readonly<Record<string, unknown>>>(join(folder, name));
    expect(Object.keys(module)).not.toEqual([]);
    expect(index).toMatchObject(module);
  });
});
