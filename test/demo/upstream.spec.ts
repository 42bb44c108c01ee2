import { FakeUpstream, refused } from './fake-upstream';
import { Programs } from './programs';

describe('npm run demo with --upstream', () => {
  const programs = new Programs();
  let server: FakeUpstream;
  let flags: string[];

  jest.setTimeout(60_000);
  beforeEach(async () => {
    server = await FakeUpstream.start();
    flags = ['--upstream', server.url, '--model', 'small', '--prompt', 'Who is it?'];
  });
  afterEach(() => server.end());
  afterAll(() => programs.endAll());

  it('streams what another server answers', async () => {
    const { code, stdout, stderr } = await programs.run('main', flags);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Call me Ishmael.\n' });
    expect(stderr).toMatch(/^3 tokens, /);
  });

  it('says what that one says is wrong', async () => {
    server.answer = refused(404, 'there is no model "small"');
    const { code, stderr } = await programs.run('main', flags);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: operation \d+ .*404 there is no model "small"\n$/);
  });

  it('says in one line which flag is missing', async () => {
    const { code, stderr } = await programs.run('main', flags.slice(0, 2));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: --upstream needs --model: what that server calls its model\n',
    });
  });
});
