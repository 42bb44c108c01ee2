import { until } from '../support/until';

/** What a program says that is run by being imported. */
async function said(program: () => void, last: string): Promise<string> {
  let text = '';
  const log = jest.spyOn(console, 'log').mockImplementation((line = '') => {
    text += `${String(line)}\n`;
  });
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  try {
    program();
    await until(() => text.endsWith(last), last);
  } finally {
    log.mockRestore();
    write.mockRestore();
  }
  return text;
}

it('tiles come back brighter, by weights that are cached', async () => {
  const program = (): void => void jest.requireActual('../../examples/tiles');
  expect(await said(program, '120\n')).toBe('{"factor":3,"tiles":2}\n3,6 90,120\n');
});

it('an agent has two tools at once', async () => {
  const program = (): void => void jest.requireActual('../../examples/agent');
  expect(await said(program, 'fog.\n')).toBe(
    'Looking out of a window in Nantucket … it is noon, and there is fog.\n',
  );
});
