import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as index from '../../operators';

const folder = join(__dirname, '../../operators');
// What a folder of `application` has is shared by its operators, and nobody else's.
const modules = ['', 'application'].flatMap((part) =>
  readdirSync(join(folder, part))
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .map((name) => join(part, name)),
);

describe('operators/index', () => {
  it.each(modules)('exports all of %s', (name) => {
    const module = jest.requireActual<Readonly<Record<string, unknown>>>(join(folder, name));
    expect(Object.keys(module)).not.toEqual([]);
    expect(index).toMatchObject(module);
  });

  it('has no operator for applications that no example uses', () => {
    const examples = join(__dirname, '../../examples');
    const programs = readdirSync(examples).filter((name) => name.endsWith('.ts'));
    const used = programs.flatMap((name) =>
      readFileSync(join(examples, name), 'utf8').match(/import \{[^}]*\} from 'nnrp-rx\/operators'/g),
    );
    const operators = readdirSync(join(folder, 'application'), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name.replace('.ts', '').replace(/-./g, ([, letter = '']) => letter.toUpperCase()));
    expect(operators.filter((name) => !used.join().includes(name))).toEqual([]);
  });
});
