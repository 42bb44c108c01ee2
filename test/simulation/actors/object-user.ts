import type { SessionObjects, SharedObject } from '../../../src/objects/shared-object';
import { RuntimeError } from '../../../src/protocol/runtime-error';
import { NnrpError } from '../../../src/wire/errors';
import { OwnershipHint } from '../../../src/wire/preview4/objects';
import type { Random } from '../random';
import type { World } from '../world';

const HINTS = Object.values(OwnershipHint);

/** An application that shares objects with the other end of a session. */
export class ObjectUser {
  constructor(
    private readonly world: World,
    private readonly name: string,
    private readonly objects: SessionObjects,
    private readonly random: Random,
    /** Operations that are under way. */
    private readonly frames: () => readonly number[],
  ) {}

  /** Does something, which may not be allowed as things are. */
  step(): void {
    const { ledger } = this.world;
    const what = this.random.weighted({ declare: 4, refer: 4, patch: 3, append: 3, release: 3 });
    try {
      ledger.tell(this.name, `objects: ${what}`);
      this.act(what);
      ledger.count(`objects: ${what}`);
    } catch (error) {
      if (!(error instanceof RuntimeError || error instanceof NnrpError)) throw error;
      ledger.count('objects: not allowed');
    }
  }

  private act(what: 'declare' | 'refer' | 'patch' | 'append' | 'release'): void {
    const { random, objects } = this;
    if (what === 'declare') {
      const lifetimeHintMs = random.chance(0.5) ? 0 : random.int(1, 200);
      objects.declare({ ownershipHint: random.pick(HINTS), lifetimeHintMs }, this.bytes(40), this.bytes(10));
      return;
    }
    const object = this.any();
    if (object === undefined) return;
    if (what === 'refer') object.refer({ frameId: this.frame() });
    else if (what === 'release') object.release();
    else if (what === 'append') object.append(this.bytes(30));
    else object.patch(this.bytes(30), { offset: random.int(0, object.bytes.length) });
  }

  private any(): SharedObject | undefined {
    const { all } = this.objects;
    return all.length === 0 ? undefined : this.random.pick(all);
  }

  /** An operation, or the session. */
  private frame(): number {
    const frames = this.frames();
    return frames.length === 0 || this.random.chance(0.3) ? 0 : this.random.pick(frames);
  }

  private bytes(most: number): Uint8Array {
    return this.random.bytes(this.random.int(0, most));
  }
}
