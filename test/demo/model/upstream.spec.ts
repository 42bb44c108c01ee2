import { firstValueFrom, toArray, type Observable } from 'rxjs';
import { upstream } from '../../../demo/model/upstream';
import type { LanguageModel } from '../../../demo/model/language-model';
import { until } from '../../support/until';
import { FakeUpstream, refused, streamed } from '../fake-upstream';

const OPTIONS = { seed: 7, maxTokens: 40 };

describe('a model behind an API', () => {
  let server: FakeUpstream;
  let model: LanguageModel;

  beforeEach(async () => {
    server = await FakeUpstream.start();
    model = upstream({ url: server.url, model: 'small', apiKey: 'key-1' });
  });
  afterEach(() => server.end());

  const answerTo = (prompt: string): Observable<string> => model(prompt, OPTIONS) as Observable<string>;

  it('is asked as OpenAI is, and streams', async () => {
    expect(await firstValueFrom(answerTo('Who?').pipe(toArray()))).toEqual(['Call ', 'me ', 'Ishmael.']);
    expect(server.asked).toEqual([
      {
        url: '/v1/chat/completions',
        authorization: 'Bearer key-1',
        body: {
          model: 'small',
          max_completion_tokens: 40,
          messages: [{ role: 'user', content: 'Who?' }],
          stream: true,
        },
      },
    ]);
  });

  it('says no more than it may, also of a server that does not know how much that is', async () => {
    const brief = model('Who?', { ...OPTIONS, maxTokens: 2 }) as Observable<string>;
    expect(await firstValueFrom(brief.pipe(toArray()))).toEqual(['Call ', 'me ']);
  });

  it('is left when nobody listens any more, also where it is silent', async () => {
    server.answer = streamed(['Call '], 'open');
    const pieces: string[] = [];
    const answer = answerTo('Who?').subscribe((piece) => pieces.push(piece));
    await until(() => pieces.length === 1, 'a piece');
    answer.unsubscribe();
    await until(() => server.left === 1, 'the request to end');
  });

  it('fails with its status, its words and its time to try again in', async () => {
    server.answer = refused(429, 'one at a time', { 'retry-after': '2' });
    await expect(firstValueFrom(answerTo('Who?'))).rejects.toMatchObject({
      name: 'Failure',
      status: 429,
      text: expect.stringContaining('one at a time') as string,
      retryAfterMs: 2_000,
    });
    expect(server.asked).toHaveLength(1);
  });

  it('fails as a gateway does at a status that is no failure', async () => {
    server.answer = (response) => void response.writeHead(304).end();
    await expect(firstValueFrom(answerTo('Who?'))).rejects.toMatchObject({ name: 'Failure', status: 502 });
  });

  it('fails as a gateway does where nobody answers, or the answer breaks off', async () => {
    server.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"error":{"message":"out of memory"}}\n\n');
    };
    await expect(firstValueFrom(answerTo('Who?'))).rejects.toMatchObject({
      status: 502,
      text: expect.stringContaining('out of memory') as string,
    });
    const nowhere = upstream({ url: 'http://127.0.0.1:1/v1', model: 'small', apiKey: undefined });
    await expect(firstValueFrom(nowhere('Who?', OPTIONS) as Observable<string>)).rejects.toMatchObject({
      status: 502,
    });
  });
});
