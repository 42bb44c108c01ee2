// Suggestions while somebody types: only the newest of a field is worked on: npx ts-node supersede.ts
import { interval, map, take } from 'rxjs';
import { connect, createServer, OperationError, tcp } from 'nnrp-rx';
import { supersedeMap } from 'nnrp-rx/operators';

async function run(): Promise<void> {
  const server = createServer({ listen: tcp({ port: 0 }), maxInFlightOperations: 4 });
  server.sessions$.subscribe((session) => {
    session.submits$
      .pipe(
        supersedeMap(
          ({ traceId }) => traceId || undefined,
          (submit) =>
            interval(50).pipe(
              take(2),
              map((index) => `${submit.text}${'…'.repeat(index + 1)} `),
            ),
        ),
      )
      .subscribe(session.results);
  });
  const [address] = await server.listening();

  const client = await connect(address!.url);
  const session = await client.openSession();
  // The trace id is the application's: here it tells the fields of a page apart.
  const field = 1n;
  const typed = ['Call', 'Call me', 'Call me Ish'].map((body) =>
    session
      .submit({ body, traceId: field })
      .whole()
      .then(
        ({ text }) => console.log(text),
        (error: unknown) =>
          console.log(`${body}: ${error instanceof OperationError ? error.reason : 'failed'}`),
      ),
  );
  await Promise.all(typed);

  await client.close();
  await server.close();
}

void run();
