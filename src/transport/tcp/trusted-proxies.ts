import { BlockList, isIP } from 'node:net';

/** Which proxies are believed what they say of their clients: whoever else says it may say anything. */
export class TrustedProxies {
  private readonly list = new BlockList();

  /** Addresses and ranges: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`. Throws a `RangeError` for anything else. */
  constructor(named: readonly string[]) {
    if (!Array.isArray(named)) throw unknownProxy(named);
    for (const name of named) this.add(name);
  }

  /** Undefined where none is named. */
  static of(named: readonly string[] | undefined): TrustedProxies | undefined {
    return named === undefined ? undefined : new TrustedProxies(named);
  }

  /** Whether an address, as a socket has it, is that of one of them. */
  has(address: string | undefined): boolean {
    const plain = unmapped(address ?? '');
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  private add(name: unknown): void {
    if (typeof name !== 'string') throw unknownProxy(name);
    const [address = '', prefix, ...more] = name.split('/');
    const family = isIP(address);
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (family === 0 || more.length > 0) throw unknownProxy(name);
    if (prefix === undefined) {
      this.list.addAddress(address, type);
      return;
    }
    const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
    if (bits > (family === 4 ? 32 : 128)) throw unknownProxy(name);
    this.list.addSubnet(address, bits, type);
  }
}

/** An IPv4 address as such, where a socket of both families has it in the clothes of IPv6. */
export function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function unknownProxy(name: unknown): RangeError {
  return new RangeError(
    `trustProxy must be a list of IP addresses and ranges, as '10.0.0.7' and '10.0.0.0/8', got ${String(name)}`,
  );
}
