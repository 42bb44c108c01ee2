import { ask, serve, whole } from '../log/answers';
import { VirtualNodes, type VirtualNode } from '../log/support';

let nodes: VirtualNodes;

afterEach(() => nodes.end());

it('has a client go on that came again before its owner was heard', async () => {
  nodes = new VirtualNodes(2);
  nodes.linkMs = 200;
  serve(nodes);
  const [owner, relay] = nodes.nodes as [VirtualNode, VirtualNode];
  const session = await nodes.open();
  nodes.sendTo(relay);
  nodes.cut(owner);
  await nodes.pass(1000);
  const opens = relay.transports.size;
  // The answer to the first attempt is under way as its connection is lost, and the next attempt is, too.
  nodes.cut(relay);
  await nodes.pass(50);
  expect([opens, relay.transports.size]).toEqual([1, 1]);
  nodes.cut(relay);
  const told = ask(session, '3 1');
  await nodes.pass(1500);

  expect(told).toEqual({ text: whole(3), end: 'complete' });
  expect([...owner.failures, ...relay.failures]).toEqual([]);
});
