import { concatMap, delay, finalize, from, map, of, tap, type Observable } from 'rxjs';
import type { Cluster } from '../../../src/cluster/cluster';
import type { SentBefore } from '../../../src/server/log/sent-before';
import { createServer, type Server } from '../../../src/server/server';
import type { ServerSession } from '../../../src/server/session/session';
import type { SimulatedEndpoint } from '../network/simulated-network';
import { Process } from '../time/process';
import type { NodeRecord, OperationRecord } from './ledger';
import type { StoreLine } from './simulated-store';
import type { Surroundings } from './surroundings';

const tokenKey = 'what every node of the cluster has';

/** A process with a server, as a node of the cluster, and the application that answers there. */
export class SimulatedNode {
  readonly process: Process;
  readonly server: Server;
  readonly line: StoreLine;
  readonly endpoint: SimulatedEndpoint;
  readonly record: NodeRecord;
  /** Whether clients are sent to it. */
  isServing = true;

  constructor(
    private readonly world: Surroundings,
    name: string,
  ) {
    const { scheduler, network, links, store, scenario, wallClock, ledger } = world;
    this.record = { name, isGone: false, isLeaving: false, ableSince: scheduler.now(), stills: [] };
    this.process = new Process(scheduler);
    this.endpoint = network.endpoint('tcp', this.process);
    const linked = links.endpoint('tcp', this.process);
    world.linked.set(linked.url, linked);
    const { access, line } = store.join(this.record, this.process, {
      listen: linked,
      address: linked.url,
      connect: (address) => world.linked.get(address)!.from(this.process),
    });
    this.line = line;
    const cluster: Cluster = { join: () => access };
    const tokens = world.random.fork(`tokens of ${name}`);
    this.server = createServer({
      ...scenario.server,
      listen: this.endpoint,
      cluster,
      tokenKey,
      scheduler: this.process.scheduler,
      wallClock,
      randomBytes: (length) => tokens.bytes(length),
    });
    this.server.failures$.subscribe((failure) => {
      ledger.tell(name, failure.message.replace(/session \d+/, 'a session'));
      if (failure.kind === 'internal') ledger.violated(0, `${name} failed: ${failure.message}`);
    });
    this.server.sessions$.subscribe((session) => {
      this.serve(session);
    });
  }

  /** It is gone, from now on. */
  crash(how: 'reset' | 'silence'): void {
    this.isServing = false;
    this.gone();
    this.process.die();
    this.world.network.crash(this.process, how);
    this.world.links.crash(this.process, how);
  }

  /** Nothing of it is left that matters. */
  gone(): void {
    this.record.isGone = true;
    for (const run of [...this.world.ledger.running]) {
      if (run.node === this.record) this.world.ledger.stopped(run);
    }
  }

  private serve(session: ServerSession): void {
    const { scenario, ledger } = this.world;
    ledger.servedBy.set(session.sessionId, this.record);
    session.respond(
      ({ text }) => {
        const operation = this.operationOf(text);
        operation.starts += 1;
        return this.parts(operation, 0);
      },
      scenario.continues === 'not'
        ? {}
        : {
            continueWith: ({ text }, sent) => {
              ledger.count('continued');
              return this.parts(this.operationOf(text), this.countOf(sent));
            },
          },
    );
  }

  private operationOf(text: string): OperationRecord {
    return this.world.ledger.operations[Number(text)]!;
  }

  private countOf(sent: SentBefore): number {
    return this.world.scenario.continues === 'by count' ? sent.count : sent.text.split(' ').length - 1;
  }

  private parts(operation: OperationRecord, first: number): Observable<string> {
    const { ledger } = this.world;
    const run = ledger.run(operation, this.record);
    const { count, partMs } = operation;
    ledger.tell(this.record.name, `answers ${operation.index} from ${first} on`);
    const numbers = Array.from({ length: Math.max(0, count - first) }, (_, index) => first + index);
    return from(numbers).pipe(
      concatMap((number) => of(number).pipe(delay(partMs, this.process.scheduler))),
      tap((number) => run.gaveAt.set(number, this.process.scheduler.now())),
      map((number) => `${number}${run.letter} `),
      tap({
        complete: () => {
          ledger.tell(this.record.name, `has answered ${operation.index}`);
        },
      }),
      finalize(() => {
        ledger.stopped(run);
      }),
    );
  }
}
