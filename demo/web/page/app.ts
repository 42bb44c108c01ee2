import { interval } from 'rxjs';
import { connect, describeError, webSocket } from '../../../src/browser';
import { Conversation } from './conversation';
import { MarbleStrip } from './marble-strip';
import { Network } from './network';

const CUT_MS = 2_000;
const REDRAW_MS = 100;
const SHOWN_MS = 1_200;

/** One connection, two sessions over it. */
async function run(): Promise<void> {
  const { hostname, port, protocol } = location;
  const isSecure = protocol === 'https:';
  const network = new Network(
    webSocket({
      host: hostname,
      port: Number(port) || (isSecure ? 443 : 80),
      path: '/nnrp',
      ...(isSecure && { tls: {} }),
    }),
  );
  const [left, right] = [new Conversation(byId('left'), 'left '), new Conversation(byId('right'), 'right')];
  const cut = byId('cut') as HTMLButtonElement;
  const state = byId('state');

  const client = await connect(network.endpoint);
  for (const conversation of [left, right]) {
    const session = await client.openSession({
      reconnect: { minDelayMs: 100, maxDelayMs: 500 },
    });
    conversation.use(session);
    session.state$.subscribe((now) => (state.textContent = now));
  }

  cut.disabled = false;
  cut.addEventListener('click', () => {
    network.cut();
    setTimeout(() => {
      network.restore();
    }, CUT_MS);
  });
  network.isCut$.subscribe((isCut) => {
    document.body.classList.toggle('cut', isCut);
    cut.disabled = isCut;
  });

  const strip = new MarbleStrip(
    byId('marbles'),
    byId('legend'),
    [left, right].map((each) => ({ name: each.name, sessionId: () => each.sessionId })),
  );
  interval(REDRAW_MS).subscribe(() => {
    strip.show(network.eventsSince(performance.now() - SHOWN_MS));
  });
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

run().catch((error: unknown) => {
  byId('state').textContent = describeError(error);
});
