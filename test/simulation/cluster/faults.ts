import type { ClusterClient } from './cluster-client';
import type { ClusterFault } from './scenario';
import { SimulatedNode } from './simulated-node';
import type { ClusterWorld } from './world';

/** Milliseconds until all that a node has to say is logged again, after the store has failed it, or forgotten. */
const LOGGED_MS = 5000;

/** Milliseconds until a node that has crashed is replaced. */
const REPLACED_MS = 400;

type FaultOf<Kind extends ClusterFault['kind']> = Extract<ClusterFault, { readonly kind: Kind }>;

/** What goes wrong in a run, when its scenario says so. */
export class Faults {
  /** Nodes that nobody is sent to any more, and that have sessions yet. */
  private readonly leaving = new Set<SimulatedNode>();
  /** When the store is there again for all, or for a node. */
  private storeDownUntil = 0;
  private halfAwayUntil = 0;
  private readonly awayUntil = new Map<SimulatedNode, number>();
  private started = 0;

  constructor(
    private readonly world: ClusterWorld,
    private readonly clients: readonly ClusterClient[],
  ) {
    this.started = world.nodes.length;
  }

  /** Nodes whose process runs. */
  get living(): readonly SimulatedNode[] {
    return [...this.world.nodes, ...this.leaving].filter(({ record }) => !record.isGone);
  }

  plan(): void {
    const { scenario, scheduler } = this.world;
    for (const fault of scenario.faults) {
      scheduler.schedule(() => {
        if (this.world.isActive) this.happen(fault);
      }, fault.atMs);
    }
  }

  /** The store is there again, and clients reach the nodes. */
  heal(): void {
    this.storeDownUntil = 0;
    this.world.store.comeUp();
    this.world.store.mendHalf();
    for (const node of this.awayUntil.keys()) node.line.mend();
    this.awayUntil.clear();
    for (const client of this.clients) client.comeBack();
    this.look();
  }

  private happen(fault: ClusterFault): void {
    const { ledger, nodes } = this.world;
    ledger.count(`fault: ${fault.kind}`);
    const node = 'node' in fault ? nodes[fault.node] : undefined;
    ledger.tell(node?.record.name ?? 'store', `${fault.kind} ${JSON.stringify(fault)}`);
    switch (fault.kind) {
      case 'crash':
        if (node !== undefined && !node.record.isGone) this.crash(node, fault.node, fault.how);
        return;
      case 'pause':
        if (node !== undefined && !node.record.isGone) this.pause(node, fault.forMs);
        return;
      case 'hand-over':
        if (node !== undefined && !node.record.isGone) this.handOver(node, fault);
        return;
      case 'store away':
        if (node !== undefined && !node.record.isGone) this.away(node, fault.forMs);
        return;
      case 'half away':
        this.halfAway(fault);
        return;
      case 'store down':
      case 'store empty':
      case 'tail lost':
        this.storeFails(fault);
        return;
      case 'client away':
        this.clients[fault.client]?.goAway(fault.forMs);
        this.later(fault.forMs, () => this.clients[fault.client]?.comeBack());
    }
  }

  private crash(node: SimulatedNode, place: number, how: 'reset' | 'silence'): void {
    this.forsake(node);
    node.crash(how);
    this.later(REPLACED_MS, () => {
      this.start(place);
    });
  }

  private start(place: number): SimulatedNode {
    const node = new SimulatedNode(this.world, `node ${++this.started}`);
    this.world.nodes[place] = node;
    this.world.ledger.tell(node.record.name, 'starts');
    this.look();
    return node;
  }

  private pause(node: SimulatedNode, ms: number): void {
    this.forsake(node);
    const now = this.world.scheduler.now();
    const still = node.record.stills.at(-1);
    if (still !== undefined && still.until >= now) still.until = Math.max(still.until, now + ms);
    else node.record.stills.push({ from: now, until: now + ms });
    node.process.standStill(ms);
    this.look();
    this.later(ms, () => {
      this.look();
    });
  }

  /** One that follows is there before a node goes. */
  private handOver(node: SimulatedNode, { node: place, graceMs }: FaultOf<'hand-over'>): void {
    const { ledger, scheduler } = this.world;
    this.leaving.add(node);
    this.start(place);
    node.isServing = false;
    node.record.isLeaving = true;
    for (const session of ledger.sessionsOf(node.record)) {
      session.handedOverAt = Math.min(session.handedOverAt, scheduler.now() + graceMs);
    }
    void node.server.close({ handOver: true, graceMs }).then(() => {
      ledger.tell(node.record.name, 'has handed over');
      ledger.count('handed over');
      this.leaving.delete(node);
      node.gone();
    });
  }

  private away(node: SimulatedNode, ms: number): void {
    this.forsake(node);
    // Its lease may end meanwhile, and the log lacks what its clients are given.
    if (ms > LOGGED_MS / 2)
      for (const each of this.world.ledger.sessionsOf(node.record)) each.isForsaken = true;
    this.awayUntil.set(node, this.world.scheduler.now() + ms);
    node.line.cut();
    this.look();
    this.later(ms, () => {
      node.line.mend();
      this.awayUntil.delete(node);
      this.look();
    });
  }

  private storeFails(fault: FaultOf<'store down' | 'store empty' | 'tail lost'>): void {
    const { store, scheduler, ledger } = this.world;
    store.goDown();
    if (fault.kind === 'store empty') store.forget();
    if (fault.kind === 'tail lost') store.loseTail(fault.tailMs);
    if (fault.kind !== 'store down') {
      // Nobody says again what the store knew of those that are gone, or do not hear of it.
      for (const session of ledger.sessions) {
        const node = ledger.servedBy.get(session.sessionId);
        const isHeard = store.answersSince(session.sessionId) < Infinity;
        if (node === undefined || node.isGone || node.ableSince === Infinity || !isHeard)
          session.isForsaken = true;
      }
    }
    this.storeDownUntil = Math.max(this.storeDownUntil, scheduler.now() + fault.forMs);
    this.look();
    this.later(fault.forMs, () => {
      if (scheduler.now() < this.storeDownUntil) return;
      store.comeUp();
      this.look();
    });
  }

  private halfAway({ lost, forMs }: FaultOf<'half away'>): void {
    const { store, scheduler } = this.world;
    store.loseHalf(lost);
    this.halfAwayUntil = Math.max(this.halfAwayUntil, scheduler.now() + forMs);
    this.later(forMs, () => {
      if (scheduler.now() >= this.halfAwayUntil) store.mendHalf();
    });
  }

  /** What a node has not had the time to log goes with it. */
  private forsake({ record }: SimulatedNode): void {
    const { ledger, owners, scheduler, scenario, store } = this.world;
    for (const session of ledger.sessionsOf(record)) {
      const { sessionId } = session;
      const ableSince = Math.max(record.ableSince, store.answersSince(sessionId));
      const isBehind = scheduler.now() - ableSince < LOGGED_MS || scenario.store.lossChance > 0;
      if (isBehind || owners.of(sessionId)?.node !== record) session.isForsaken = true;
    }
  }

  /** Since when each node runs and reaches the store. */
  private look(): void {
    const now = this.world.scheduler.now();
    for (const node of this.living) {
      const { record, process, line } = node;
      const isAble = line.isUp && !process.isStandingStill;
      if (!isAble) record.ableSince = Infinity;
      else if (record.ableSince === Infinity) record.ableSince = now;
    }
  }

  private later(ms: number, work: () => void): void {
    this.world.scheduler.schedule(work, ms);
  }
}
